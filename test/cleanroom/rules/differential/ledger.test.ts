import { execFile } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { BUDGET_FILE, type Charge, openLedger } from "../../../../cleanroom/rules/differential/ledger.ts";
import { Refusal } from "../../../../cleanroom/rules/refusal.ts";
import { temporaryFolder } from "../../../generator/thelook/merchant.ts";

const charge = (named: Partial<Charge> = {}): Charge => ({
  view: "p.shared.v",
  name: "linked.v",
  epsilon: 1,
  delta: 1e-6,
  epsilonBudget: 3,
  deltaBudget: 1,
  ...named,
});

describe("The privacy budget", () => {
  const folder = temporaryFolder();
  let number = 0;
  const fresh = () => join(folder, `${number++}-${BUDGET_FILE}`);
  const outcome = (spending: Promise<void>) =>
    spending.then(
      () => "spent",
      (error) => {
        expect(error).to.be.instanceOf(Refusal);
        return (error as Refusal).message;
      },
    );
  const insufficient = "Privacy budget is not sufficient for table 'linked.v' in this query.";

  it("is spent query by query, until it is not sufficient for one more", async () => {
    const ledger = openLedger(fresh());
    expect(await ledger.spent("p.shared.v")).to.deep.equal({ epsilon: 0, delta: 0 });
    for (let query = 0; query < 3; query++) expect(await outcome(ledger.spend([charge()]))).to.equal("spent");
    expect(await outcome(ledger.spend([charge()]))).to.equal(insufficient);
    expect(await outcome(ledger.spend([charge({ epsilon: 0.001 })]))).to.equal(insufficient);
    expect(await ledger.spent("p.shared.v")).to.deep.equal({ epsilon: 3, delta: 3e-6 });
  });

  it("ends as well where its delta is used up", async () => {
    const ledger = openLedger(fresh());
    const tiny = charge({ epsilon: 0.001, delta: 0.4, deltaBudget: 1 });
    expect(await outcome(ledger.spend([tiny]))).to.equal("spent");
    expect(await outcome(ledger.spend([tiny]))).to.equal("spent");
    expect(await outcome(ledger.spend([tiny]))).to.equal(insufficient);
  });

  describe("that is not sufficient", () => {
    const adviceAfter = async (before: readonly Charge[], asked: readonly Charge[]) => {
      const ledger = openLedger(fresh());
      for (const one of before) await ledger.spend([one]);
      return ledger.spend(asked).then(
        () => "spent",
        (error) => (error as Refusal).advice,
      );
    };
    const again = "On a laptop, npm start makes the budget whole again.";

    it("is told to be that of epsilon, of which less may be asked for while some is left", async () => {
      expect(await adviceAfter([charge({ epsilon: 2.5 })], [charge()])).to.equal(
        `The query takes epsilon 1, and 0.5 of 3 is left. Ask for less, by OPTIONS (epsilon = …). ${again}`,
      );
      const third = charge();
      expect(await adviceAfter([third, third, third], [charge(), charge()])).to.equal(
        `The query takes epsilon 2, and 0 of 3 is left. ${again}`,
      );
    });

    it("is told to be that of delta, which no option saves", async () => {
      const tenth = charge({ epsilon: 0.1, delta: 1e-6, deltaBudget: 3e-6 });
      expect(await adviceAfter([tenth, tenth, tenth], [tenth])).to.equal(
        `The query takes delta 0.000001, and 0 of 0.000003 is left. Delta is what the rule says for each SELECT WITH DIFFERENTIAL_PRIVACY, whatever OPTIONS say. ${again}`,
      );
    });
  });

  it("is not spent by a query that is refused", async () => {
    const ledger = openLedger(fresh());
    expect(await outcome(ledger.spend([charge({ epsilon: 2 })]))).to.equal("spent");
    expect(await outcome(ledger.spend([charge({ epsilon: 2 })]))).to.equal(insufficient);
    expect(await outcome(ledger.spend([charge({ epsilon: 1 })]))).to.equal("spent");
  });

  it("is spent for all of a query's views or for none", async () => {
    const ledger = openLedger(fresh());
    const other = charge({ view: "p.shared.w", name: "linked.w", epsilonBudget: 0.5 });
    expect(await outcome(ledger.spend([charge(), other]))).to.equal(insufficient.replace("linked.v", "linked.w"));
    expect(await ledger.spent("p.shared.v")).to.deep.equal({ epsilon: 0, delta: 0 });
  });

  it("is spent twice by a query that asks twice", async () => {
    const ledger = openLedger(fresh());
    expect(await outcome(ledger.spend([charge({ epsilon: 2 }), charge({ epsilon: 2 })]))).to.equal(insufficient);
    expect(await outcome(ledger.spend([charge(), charge()]))).to.equal("spent");
    expect((await ledger.spent("p.shared.v")).epsilon).to.equal(2);
  });

  it("is used up to the last, whatever floating point says of ten tenths", async () => {
    const ledger = openLedger(fresh());
    const tenth = charge({ epsilon: 0.1, epsilonBudget: 1 });
    for (let query = 0; query < 10; query++) expect(await outcome(ledger.spend([tenth]))).to.equal("spent");
    expect(await outcome(ledger.spend([tenth]))).to.equal(insufficient);
  });

  it("outlives the process, and a line that was cut off", async () => {
    const file = fresh();
    await openLedger(file).spend([charge({ epsilon: 2 })]);
    appendFileSync(file, '\n{"id":"cut-off","charges":[{"vie');
    expect(await outcome(openLedger(file).spend([charge({ epsilon: 2 })]))).to.equal(insufficient);
    expect(await outcome(openLedger(file).spend([charge()]))).to.equal("spent");
    expect((await openLedger(file).spent("p.shared.v")).epsilon).to.equal(3);
  });

  it("does not grow by queries that are refused", async () => {
    const file = fresh();
    const ledger = openLedger(file);
    await ledger.spend([charge({ epsilon: 3 })]);
    const before = readFileSync(file, "utf8");
    for (let query = 0; query < 5; query++) await outcome(ledger.spend([charge()]));
    expect(readFileSync(file, "utf8")).to.equal(before);
  });

  it("is not overspent by queries at once in one process", async () => {
    const ledger = openLedger(fresh());
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => outcome(ledger.spend([charge()]))));
    expect(outcomes.filter((one) => one === "spent")).to.have.length(3);
    expect((await ledger.spent("p.shared.v")).epsilon).to.equal(3);
  });

  it("is not overspent by processes at once", async () => {
    const file = fresh();
    const module = new URL("../../../../cleanroom/rules/differential/ledger.ts", import.meta.url);
    const script = `
      const { openLedger } = await import(${JSON.stringify(module.href)});
      const ledger = openLedger(${JSON.stringify(file)});
      let spent = 0;
      for (let query = 0; query < 20; query++)
        await ledger.spend([${JSON.stringify(charge({ epsilonBudget: 30 }))}]).then(() => spent++, () => {});
      console.log(spent);`;
    const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
    const outputs = await Promise.all([run(), run(), run(), run()]);
    const spent = outputs.map(({ stdout }) => Number(stdout));
    expect(spent.reduce((sum, one) => sum + one, 0)).to.equal(30);
    expect((await openLedger(file).spent("p.shared.v")).epsilon).to.equal(30);
  });
});
