import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Rehearsal } from "pulumi-rehearsal";
import { AnswersBeside } from "../../local/answer-beside.ts";
import { roomMade } from "../../local/clean-room.ts";
import { warehouseFile } from "../../local/output-folder.ts";
import { temporaryFolder } from "../generator/thelook/merchant.ts";

describe("The answers beside a rehearsal", () => {
  const folder = temporaryFolder();

  it("do not wait for a job that the program no longer declares", async () => {
    const answers = new AnswersBeside(false);
    const rehearsal = { out: folder } as Rehearsal;
    await answers.adapter.besides?.(rehearsal);
    roomMade(rehearsal).resolve(true);
    const ended = await answers.finish().catch((error: NodeJS.ErrnoException) => error);
    // They begin with a copy of the warehouse, and there is none.
    expect(ended).to.include({ code: "ENOENT" });
  });

  it("have their copy of the warehouse before the night begins", async () => {
    const out = join(folder, "before-night");
    await mkdir(out, { recursive: true });
    await writeFile(warehouseFile({ out }), "the warehouse");
    const answers = new AnswersBeside(false);
    const rehearsal = { out } as Rehearsal;
    await answers.adapter.besides?.(rehearsal);
    const night = answers.copied();
    roomMade(rehearsal).resolve(true);
    await night;
    expect(await readFile(warehouseFile({ out: join(out, "answering") }), "utf8")).to.equal("the warehouse");
    // The folder has no room.
    expect(await answers.finish().catch((error: NodeJS.ErrnoException) => error)).to.include({ code: "ENOENT" });
  });
});
