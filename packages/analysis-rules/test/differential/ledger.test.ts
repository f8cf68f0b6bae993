import { execFile } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { BudgetExceeded, type Charge, openLedger } from "../../src/differential/ledger.ts";
import { Refusal } from "../../src/refusal.ts";
import { RoomError } from "../../src/room.ts";
import { temporaryFolder } from "../temporary-files.ts";

const itInCI = process.env.CI ? it : it.skip;

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
  const fresh = () => join(folder, `${number++}-budget.jsonl`);
  const outcome = (spending: Promise<void>) =>
    spending.then(
      () => "spent",
      (error) => {
        expect(error).to.be.instanceOf(Refusal).and.instanceOf(BudgetExceeded);
        return (error as Refusal).message;
      },
    );
  const insufficient = "Privacy budget is not sufficient for table 'linked.v' in this query.";

  it("is spent query by query, until it does not cover the next one", async () => {
    const ledger = openLedger(fresh());
    expect(await ledger.spent("p.shared.v")).to.deep.equal({ epsilon: 0, delta: 0 });
    for (let query = 0; query < 3; query++) expect(await outcome(ledger.spend([charge()]))).to.equal("spent");
    expect(await outcome(ledger.spend([charge()]))).to.equal(insufficient);
    expect(await outcome(ledger.spend([charge({ epsilon: 0.001 })]))).to.equal(insufficient);
    expect(await ledger.spent("p.shared.v")).to.deep.equal({ epsilon: 3, delta: 3e-6 });
  });

  it("ends when its delta is spent as well", async () => {
    const ledger = openLedger(fresh());
    const tiny = charge({ epsilon: 0.001, delta: 0.4, deltaBudget: 1 });
    expect(await outcome(ledger.spend([tiny]))).to.equal("spent");
    expect(await outcome(ledger.spend([tiny]))).to.equal("spent");
    expect(await outcome(ledger.spend([tiny]))).to.equal(insufficient);
  });

  describe("that is too small", () => {
    const adviceAfter = async (before: readonly Charge[], asked: readonly Charge[]) => {
      const ledger = openLedger(fresh());
      for (const one of before) await ledger.spend([one]);
      return ledger.spend(asked).then(
        () => "spent",
        (error) => (error as Refusal).advice,
      );
    };

    it("advises a lower epsilon while some epsilon is left", async () => {
      expect(await adviceAfter([charge({ epsilon: 2.5 })], [charge()])).to.equal(
        `The query needs epsilon 1, and 0.5 of 3 is left. Ask for less, with OPTIONS (epsilon = …).`,
      );
      const third = charge();
      expect(await adviceAfter([third, third, third], [charge(), charge()])).to.equal(
        `The query needs epsilon 2, and 0 of 3 is left.`,
      );
    });

    it("says that no option lowers delta", async () => {
      const tenth = charge({ epsilon: 0.1, delta: 1e-6, deltaBudget: 3e-6 });
      expect(await adviceAfter([tenth, tenth, tenth], [tenth])).to.equal(
        `The query needs delta 0.000001, and 0 of 0.000003 is left. Each SELECT WITH DIFFERENTIAL_PRIVACY takes the delta that the rule sets, whatever OPTIONS say.`,
      );
    });
  });

  it("is not spent by a refused query", async () => {
    const ledger = openLedger(fresh());
    expect(await outcome(ledger.spend([charge({ epsilon: 2 })]))).to.equal("spent");
    expect(await outcome(ledger.spend([charge({ epsilon: 2 })]))).to.equal(insufficient);
    expect(await outcome(ledger.spend([charge({ epsilon: 1 })]))).to.equal("spent");
  });

  it("is spent for all views of a query or for none", async () => {
    const ledger = openLedger(fresh());
    const other = charge({ view: "p.shared.w", name: "linked.w", epsilonBudget: 0.5 });
    expect(await outcome(ledger.spend([charge(), other]))).to.equal(insufficient.replace("linked.v", "linked.w"));
    expect(await ledger.spent("p.shared.v")).to.deep.equal({ epsilon: 0, delta: 0 });
  });

  it("is spent twice by a query with two noisy SELECTs", async () => {
    const ledger = openLedger(fresh());
    expect(await outcome(ledger.spend([charge({ epsilon: 2 }), charge({ epsilon: 2 })]))).to.equal(insufficient);
    expect(await outcome(ledger.spend([charge(), charge()]))).to.equal("spent");
    expect((await ledger.spent("p.shared.v")).epsilon).to.equal(2);
  });

  it("covers ten charges of a tenth, despite floating-point errors", async () => {
    const ledger = openLedger(fresh());
    const tenth = charge({ epsilon: 0.1, epsilonBudget: 1 });
    for (let query = 0; query < 10; query++) expect(await outcome(ledger.spend([tenth]))).to.equal("spent");
    expect(await outcome(ledger.spend([tenth]))).to.equal(insufficient);
  });

  it("survives its process, and a line that was cut off", async () => {
    const file = fresh();
    await openLedger(file).spend([charge({ epsilon: 2 })]);
    appendFileSync(file, '\n{"id":"cut-off","charges":[{"vie');
    expect(await outcome(openLedger(file).spend([charge({ epsilon: 2 })]))).to.equal(insufficient);
    expect(await outcome(openLedger(file).spend([charge()]))).to.equal("spent");
    expect((await openLedger(file).spent("p.shared.v")).epsilon).to.equal(3);
  });

  it("is not spent if a line of its record is no charge", async () => {
    const whole = charge();
    const entry = (charges: readonly unknown[]) => JSON.stringify({ id: "x", charges });
    for (const line of [
      ...["5", "null", '{"a":1}', entry([whole, {}]), JSON.stringify({ charges: [whole] })],
      ...["view", "epsilon", "delta", "epsilonBudget", "deltaBudget"].map((name) =>
        entry([{ ...whole, [name]: null }]),
      ),
      entry([{ ...whole, epsilon: -1 }]),
    ]) {
      const file = fresh();
      appendFileSync(file, `${line}\n`);
      const error = await openLedger(file)
        .spend([charge()])
        .catch((thrown: Error) => thrown);
      expect(error).to.be.instanceOf(RoomError);
      expect((error as Error).message).to.include(`a line that is no charge: ${line.slice(0, 100)}`);
    }
  });

  it("is not spent if its record cannot be read or written", async () => {
    const inFile = join(fresh(), "budget.jsonl");
    for (const [ledger, reason] of [
      [openLedger(folder), "EISDIR"],
      [openLedger(inFile), "ENOENT"],
    ] as const) {
      const error = await ledger.spend([charge()]).catch((thrown) => thrown);
      expect(error).to.be.instanceOf(RoomError).with.property("reason", "unreadable");
      expect(error.message).to.match(
        new RegExp(`^the record of spent privacy budgets in .* cannot be used \\(${reason}`),
      );
    }
  });

  it("has no line for a refused query", async () => {
    const file = fresh();
    const ledger = openLedger(file);
    await ledger.spend([charge({ epsilon: 3 })]);
    const before = readFileSync(file, "utf8");
    for (let query = 0; query < 5; query++) await outcome(ledger.spend([charge()]));
    expect(readFileSync(file, "utf8")).to.equal(before);
  });

  it("is not overspent by concurrent queries of one process", async () => {
    const ledger = openLedger(fresh());
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => outcome(ledger.spend([charge()]))));
    expect(outcomes.filter((one) => one === "spent")).to.have.length(3);
    expect((await ledger.spent("p.shared.v")).epsilon).to.equal(3);
  });

  itInCI("is not overspent by concurrent processes", async () => {
    const file = fresh();
    const module = new URL("../../src/differential/ledger.ts", import.meta.url);
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
