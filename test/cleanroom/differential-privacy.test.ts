import { rmSync } from "node:fs";
import { join } from "node:path";
import { type CleanRoom, explanationLines, Refusal } from "analysis-rules";
import { expect } from "chai";
import { BUDGET_FILE, openRehearsedRoom } from "../../local/rehearsed-room.ts";
import { syntheticExport, temporaryFolder } from "../generator/thelook/merchant.ts";
import { filledRoom } from "./filled-room.ts";

describe("Differential privacy in the clean room", () => {
  const folder = temporaryFolder();
  let place: string;
  let room: CleanRoom;
  before(async () => {
    place = await filledRoom(folder, await syntheticExport(0.01));
    room = await openRehearsedRoom(place);
  });
  after(() => room.close());
  beforeEach(() => rmSync(join(place, BUDGET_FILE), { force: true }));

  const view = "linked_ewallet_provider.transactions_private";
  const bounds = "contribution_bounds_per_group";
  const count = `SELECT WITH DIFFERENTIAL_PRIVACY COUNT(*, ${bounds} => (0, 5)) AS n FROM ${view}`;
  const outcome = (sql: string) =>
    room.ask("merchant", sql).then(
      ({ rows }) => rows,
      (error) => error,
    );

  it("answers, and shows the remaining budget", async () => {
    const { rows, explanation } = await room.ask("merchant", count);
    expect(Number(rows[0]?.[0])).to.be.within(300, 600);
    expect(explanation.budgets).to.deep.equal([
      {
        view,
        epsilonTaken: 1,
        deltaTaken: 1e-6,
        epsilonLeft: 2,
        epsilonBudget: 3,
        deltaLeft: 1.9e-5,
        deltaBudget: 2e-5,
      },
    ]);
    const again = await room.ask("merchant", count.replace("PRIVACY", "PRIVACY OPTIONS(epsilon = 0.25)"));
    expect(again.explanation.budgets[0]?.epsilonLeft).to.equal(1.75);
  });

  it("shows the remaining delta, of which every query takes the same amount", async () => {
    const sparing = count.replace("PRIVACY", "PRIVACY OPTIONS(epsilon = 0.1, delta = 1e-9)");
    await room.ask("merchant", sparing);
    const { explanation } = await room.ask("merchant", sparing);
    expect(explanationLines(explanation)).to.include(
      `Budget left of ${view}: epsilon 2.8 of 3, delta 0.000018 of 0.00002`,
    );
  });

  it("answers without bounds for the same epsilon", async () => {
    const { rows, explanation } = await room.ask("merchant", count.replace(`, ${bounds} => (0, 5)`, ""));
    expect(Number(rows[0]?.[0])).to.be.within(300, 600);
    expect(explanation.budgets[0]?.epsilonLeft).to.equal(2);
  });

  it("gives the place of an aggregate or option that it refuses", async () => {
    const place = async (sql: string) => {
      const { line, column } = await outcome(sql);
      return [line, column];
    };
    const list = `1 AS one,\n MAX(status) AS n FROM ${view}`;
    expect(await place(`SELECT WITH DIFFERENTIAL_PRIVACY ${list}`)).to.deep.equal([2, 2]);
    expect(await place(`SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(\n  epsilon = 9) ${list}`)).to.deep.equal([2, 3]);
    expect(await place(`SELECT WITH DIFFERENTIAL_PRIVACY\nOPTIONS(epsilon = 9) ${count.slice(33)}`)).to.deep.equal([
      2, 9,
    ]);
  });

  it("stops answering both parties when the budget is spent", async () => {
    for (let query = 0; query < 3; query++) expect(await outcome(count)).to.be.an("array");
    const error = await outcome(count);
    expect(error).to.be.instanceOf(Refusal);
    expect(error.message).to.equal(`Privacy budget is not sufficient for table '${view}' in this query.`);
    expect(error.advice).to.match(/On a laptop, npm start restores the whole budget\.$/);
    const own = view.replace("linked_ewallet_provider", "ewallet_provider_shared");
    const owner = await room.ask("wallet", count.replace(view, own)).catch((thrown) => thrown);
    expect(owner.message).to.equal(`Privacy budget is not sufficient for table '${own}' in this query.`);
  });

  const list = `COUNT(*, ${bounds} => (0, 5)) AS n`;
  for (const sql of [
    `SELECT status, transaction_amount FROM ${view}`,
    `SELECT * FROM ${view} LIMIT 1`,
    `SELECT COUNT(*) AS n FROM ${view}`,
    `SELECT WITH AGGREGATION_THRESHOLD COUNT(*) AS n FROM ${view}`,
    `SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(epsilon = 2) ${list} FROM ${view}`,
    `SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(delta = 0.5) ${list} FROM ${view}`,
    `SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(privacy_unit_column = transaction_month) ${list} FROM ${view}`,
    `SELECT WITH DIFFERENTIAL_PRIVACY provider_user_id, ${list} FROM ${view} GROUP BY provider_user_id`,
    `SELECT WITH DIFFERENTIAL_PRIVACY provider_user_id + 1 AS u, ${list} FROM ${view} GROUP BY u`,
    `SELECT WITH DIFFERENTIAL_PRIVACY ${list} FROM ${view} WHERE provider_user_id = 7`,
    `SELECT WITH DIFFERENTIAL_PRIVACY ${list} FROM (SELECT status FROM ${view})`,
    `SELECT WITH DIFFERENTIAL_PRIVACY ${list} FROM (SELECT status, 1 AS provider_user_id FROM ${view})`,
    `SELECT WITH DIFFERENTIAL_PRIVACY ${list} FROM (SELECT provider_user_id + 0 AS provider_user_id FROM ${view})`,
    `SELECT WITH DIFFERENTIAL_PRIVACY ${list} FROM ${view} AS t JOIN merchant.orders AS o ON o.status = t.status`,
    `SELECT WITH DIFFERENTIAL_PRIVACY ${list} FROM ${view}, merchant.orders`,
    `SELECT WITH DIFFERENTIAL_PRIVACY ${list} FROM ${view} AS a JOIN ${view} AS b ON a.provider_user_id = b.provider_user_id`,
    `SELECT WITH DIFFERENTIAL_PRIVACY MAX(transaction_amount) AS n FROM ${view}`,
    `SELECT WITH DIFFERENTIAL_PRIVACY ${list} FROM merchant.orders WHERE status IN (SELECT status FROM ${view})`,
    `SELECT id, (SELECT WITH DIFFERENTIAL_PRIVACY ${list} FROM ${view} WHERE status = o.status) AS n FROM merchant.order_items AS o`,
  ])
    it(`refuses ${sql.replaceAll(view, "private")}`, async () => {
      const error = await outcome(sql);
      expect(error, JSON.stringify(error)).to.be.instanceOf(Error);
      expect(error.constructor.name).to.be.oneOf(["Refusal", "SqlError", "UnsupportedSql"]);
      const { explanation } = await room.ask("merchant", count);
      expect(explanation.budgets[0]?.epsilonLeft, "the refused query cost something").to.equal(2);
    });

  it("spends nothing for a query that is only checked", async () => {
    await room.check("merchant", count);
    const error = await room.check("merchant", count.replace("(0, 5)", "(5, 0)")).catch((thrown) => thrown);
    expect(error).to.be.instanceOf(Refusal);
    const { explanation } = await room.ask("merchant", count);
    expect(explanation.budgets[0]?.epsilonLeft).to.equal(2);
  });
});
