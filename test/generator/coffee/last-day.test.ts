import { expect } from "chai";
import { generateCoffee } from "../../../generator/coffee/generate.ts";
import { lastDay } from "../../../generator/coffee/last-day.ts";
import { readManifest } from "../../../generator/lake/manifest.ts";
import { temporaryLake } from "./support.ts";

describe("The last day of a run", () => {
  let here: Awaited<ReturnType<typeof temporaryLake>>;
  beforeEach(async () => {
    here = await temporaryLake();
  });
  afterEach(() => here.remove());
  // Midnight in Kyiv is 22:00 UTC in winter.
  const before = Date.parse("2025-12-31T21:59:00Z");
  const after = Date.parse("2025-12-31T22:01:00Z");

  it("is the same for all tasks of an execution that runs across midnight, so that the run is complete", async () => {
    for (const [index, now] of [before, after, after].entries()) {
      const until = await lastDay(here.lake, "csv_sources", { tasks: 3, execution: "coffee-data-job-a1" }, now);
      const shard = { index, count: 3 };
      await generateCoffee(here.lake, { seed: 7, scale: 0.1, until, days: 2, shard });
    }
    expect((await readManifest(here.lake, "csv_sources")).settings).to.include({ until: "2025-12-30", shards: 3 });
  });

  it("is that of the clock for the next execution, for a single task, and outside Cloud Run", async () => {
    const until = (tasks: number, execution: string | undefined, now: number) =>
      lastDay(here.lake, "csv_sources", { tasks, execution }, now);
    expect(await until(2, "one", before)).to.equal("2025-12-30");
    expect(await until(2, "two", after)).to.equal("2025-12-31");
    expect(await until(1, "one", after)).to.equal("2025-12-31");
    expect(await until(2, undefined, after)).to.equal("2025-12-31");
  });
});
