import { expect } from "chai";
import type { Declared } from "../../local/declaration.ts";
import { inOrder } from "../../local/schedules.ts";
import { userError } from "../support/user-error.ts";

function schedule(name: string, cron: string, timeZone = "Europe/Kyiv"): Declared {
  const type = "gcp:cloudscheduler/job:Job";
  const inputs = { name, schedule: cron, timeZone };
  return {
    urn: `urn:pulumi:test::test::${type}::${name}`,
    type,
    name,
    inputs,
    outputs: inputs,
    dependencies: [],
    provider: "",
  };
}

describe("Schedules are fired", () => {
  it("in the order of their times of day", () => {
    const given = [
      schedule("c", "0 4 * * *"),
      schedule("a", "30 2 * * 1"),
      schedule("b", "0 3,15 * * *"),
      schedule("first", "*/5 * * * *"),
    ];
    expect(inOrder(given).map(({ name }) => name)).to.deep.equal(["first", "a", "b", "c"]);
  });

  it("in time zones that there are", async () => {
    const message = await userError(async () => inOrder([schedule("odd", "0 4 * * *", "Europe/Kyyiv")]));
    expect(message).to.contain("odd").and.contain('"Europe/Kyyiv"');
  });
});
