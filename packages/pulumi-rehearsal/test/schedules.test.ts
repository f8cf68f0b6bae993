import { expect } from "chai";
import { type Declared, inOrder } from "../src/index.ts";
import { userError } from "./user-error.ts";

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

describe("Schedules", () => {
  it("fire in the order of their first time of day", () => {
    const given = [
      schedule("d", "0 4 * * *"),
      schedule("a", "30 2 * * MON"),
      schedule("c", "10-20/5,5 3 1 JAN-MAR *"),
      schedule("b", "0 15,3 * * *"),
      schedule("first", "*/5 * * * *"),
    ];
    expect(inOrder(given).map(({ name }) => name)).to.deep.equal(["first", "a", "b", "c", "d"]);
  });

  for (const [cron, why] of [
    ["0 27 * * *", "Invalid value for hour: 27"],
    ["60 3 * * *", "Invalid value for minute: 60"],
    ["5-1 3 * * *", "From value is larger than to value"],
    ["*/0 3 * * *", "illegal stepping"],
    ["0 3 * * 8", "Invalid value for dayOfWeek: 8"],
    ["0 3 30 2 *", "it never fires"],
    ["0 3 * *", "it needs five fields"],
    ["0 0 3 * * *", "it needs five fields"],
    ["0 3 L * *", "it needs five fields"],
    ["0 3 ? * *", "it needs five fields"],
    ["0 3 * * MON#2", "it needs five fields"],
    ["@daily", "it needs five fields"],
    ["every 24 hours", "it needs five fields"],
  ] as const)
    it(`refuse the time "${cron}"`, async () => {
      const message = await userError(async () => inOrder([schedule("odd", cron)]));
      expect(message).to.contain("odd").and.contain(`"${cron}"`).and.contain(why).and.contain('as in "30 3 * * *"');
    });

  for (const zone of ["Europe/Kyyiv", "+02:00"])
    it(`refuse the time zone "${zone}"`, async () => {
      const message = await userError(async () => inOrder([schedule("odd", "0 4 * * *", zone)]));
      expect(message).to.contain("odd").and.contain(`"${zone}"`);
    });
});
