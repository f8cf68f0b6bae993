import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type CleanRoom, openRoom } from "../src/open-room.ts";
import type { AnalysisRule } from "../src/policy.ts";
import { type LoggedQuery, readQueryLog } from "../src/query-log.ts";
import { addRecord } from "../src/record-file.ts";
import { type Room, RoomError, type RoomTable } from "../src/room.ts";
import { makeDatabase, temporaryFolder } from "./temporary-files.ts";

const threshold: AnalysisRule = { aggregationThreshold: { threshold: 30, privacyUnitColumn: "email" } };
const noise: AnalysisRule = {
  differentialPrivacy: {
    privacyUnitColumn: "email",
    maxEpsilonPerQuery: 1,
    epsilonBudget: 1.5,
    deltaPerQuery: 1e-6,
    deltaBudget: 1,
  },
};

const view = (dataset: string, project: string, table: string, rule: AnalysisRule): RoomTable => ({
  id: `shop-project.shared.${table}`,
  project,
  dataset,
  table,
  owner: "shop",
  columns: [
    { name: "email", kind: "STRING" },
    { name: "city", kind: "STRING" },
  ],
  rule,
  relation: "main.customers",
});
const views = (dataset: string, project: string) => [
  view(dataset, project, "customers", threshold),
  ...["noisy", "visits", "people"].map((name) => view(dataset, project, name, noise)),
];
const reach = { id: "shop-project.shared.reach", project: "bank-project", dataset: "linked", name: "reach" };
const size = { ...reach, id: "shop-project.shared.size", name: "size" };
const noisyCount = (table: string) =>
  `SELECT WITH DIFFERENTIAL_PRIVACY COUNT(*, contribution_bounds_per_group => (0, 1)) AS n FROM ${table}`;
const room: Room = {
  parties: {
    shop: { title: "the shop", project: "shop-project", tables: views("shared", "shop-project") },
    bank: {
      title: "the bank",
      project: "bank-project",
      tables: views("linked", "bank-project"),
      functions: [reach, size],
    },
  },
  templates: {
    [reach.id]: {
      owner: "shop",
      parameters: [{ name: "listed", type: "TABLE<email STRING>" }],
      columns: [{ name: "people", kind: "INT64" }],
      query: "SELECT COUNT(*) AS people FROM listed",
      guards: "None.",
    },
    [size.id]: {
      owner: "shop",
      parameters: [],
      columns: [{ name: "n", kind: "INT64" }],
      query: noisyCount("shared.people"),
      guards: "Noise.",
    },
  },
};

describe("The log of queries", () => {
  const folder = temporaryFolder();
  const log = join(folder, "log.jsonl");
  let open: CleanRoom;
  before(async () => {
    const database = join(folder, "shop.duckdb");
    await makeDatabase(
      database,
      "CREATE TABLE customers AS SELECT 'mail' || n AS email, if(n < 50, 'Kyiv', 'Lviv') AS city FROM range(70) t(n)",
    );
    open = await openRoom({ database, room, ledger: join(folder, "budget.jsonl"), log });
  });
  after(() => open.close());

  /** The entries that a query adds to the log. */
  const logged = async (party: string, sql: string): Promise<LoggedQuery[]> => {
    const before = (await readQueryLog(log)).length;
    await open.ask(party, sql).catch(() => {});
    return (await readQueryLog(log)).slice(before);
  };
  const byCity = "SELECT WITH AGGREGATION_THRESHOLD city, COUNT(*) AS n FROM linked.customers GROUP BY city";
  const noisy = noisyCount("linked.noisy");

  it("tells the owner who asked what, with the names of BigQuery's view, and how many groups were suppressed", async () => {
    const [entry, ...more] = await logged("bank", byCity);
    expect(more).to.deep.equal([]);
    const { job_id, job_start_time, job_end_time, ...rest } = entry as LoggedQuery;
    expect(job_id).to.match(/^[-0-9a-f]{36}$/);
    expect(Date.parse(job_end_time) - Date.parse(job_start_time)).to.be.within(0, 60_000);
    expect(rest).to.deep.equal({
      job_principal_subject: "bank",
      outcome: "answered",
      rows: 1,
      groups_suppressed: 1,
      resources: [
        {
          owner: "shop",
          project_id: "shop-project",
          dataset_id: "shared",
          table_id: "customers",
          shared_resource_type: "VIEW",
          linked_project_id: "bank-project",
          linked_dataset_id: "linked",
          epsilon: 0,
          delta: 0,
        },
      ],
    });
  });

  it("does not tell the asker how many groups were suppressed", async () => {
    const { explanation } = await open.ask("bank", byCity);
    expect(explanation).not.to.have.property("suppressedGroups");
  });

  it("has the rule that refused a query, and what it named", async () => {
    const [entry] = await logged("bank", "SELECT city FROM linked.customers");
    expect(entry).to.include({ outcome: "refused", rule: "aggregation threshold" }).and.not.to.have.property("rows");
    expect(entry?.resources.map(({ table_id }) => table_id)).to.deep.equal(["customers"]);
  });

  it("records what an answer spent of the budget, and the refusal once the budget is spent", async () => {
    const [first] = await logged("bank", noisy);
    expect(first).to.include({ outcome: "answered", rows: 1 });
    expect(first?.resources[0]).to.include({ table_id: "noisy", epsilon: 1, delta: 1e-6 });
    const [second] = await logged("bank", noisy);
    expect(second).to.include({ outcome: "refused", rule: "privacy budget" });
    expect(second?.resources[0]).to.include({ table_id: "noisy", epsilon: 0 });
  });

  it("tells what a template spent from what the rest of the query spent", async () => {
    const [entry] = await logged("bank", `SELECT * FROM linked.size(), (${noisyCount("linked.visits")})`);
    expect(entry?.resources.map(({ table_id, epsilon }) => [table_id, epsilon])).to.deep.equal([
      ["visits", 1],
      ["size", 1],
    ]);
  });

  it("counts a view once, however often a query names it", async () => {
    const [entry] = await logged("bank", `${byCity} UNION ALL ${byCity}`);
    expect(entry?.resources).to.have.length(1);
  });

  it("has each of the views of a dataset that a query names", async () => {
    const [entry] = await logged("bank", `SELECT * FROM (${byCity}), (${noisy})`);
    expect(entry?.resources.map(({ table_id }) => table_id)).to.have.members(["customers", "noisy"]);
  });

  it("counts each call of a template in a query", async () => {
    const call = "SELECT people FROM linked.reach((SELECT 'a' AS email))";
    for (const [sql, calls] of [
      [call, 1],
      [`${call} UNION ALL ${call} UNION ALL ${call}`, 3],
    ] as const) {
      const [entry] = await logged("bank", sql);
      expect(entry?.resources.map((resource) => resource.calls)).to.deep.equal([calls]);
    }
  });

  it("has calls of templates: answered, refused and failed ones", async () => {
    const call = "linked.reach((SELECT 'a' AS email))";
    const forEach = "SELECT (SELECT people FROM linked . `reach` ((SELECT one AS email))) FROM UNNEST(['a']) AS one";
    for (const [sql, outcome, rule] of [
      [`SELECT people FROM ${call}`, "answered", undefined],
      [forEach, "refused", "query template"],
      ["SELECT people FROM linked.reach((SELECT 'a' AS mail)) -- linked.noisy", "failed", "GoogleSQL"],
      ["SELECT people FROM linked.REACH(", "failed", "GoogleSQL"],
      ["SELECT '--', people FROM linked.reach((SELECT 1 AS mail))", "failed", "GoogleSQL"],
      ["SELECT people FROM linked./* a\n */reach # b\n ((SELECT 1 AS mail))", "failed", "GoogleSQL"],
    ] as const) {
      const [entry, ...more] = await logged("bank", sql);
      expect(more, sql).to.deep.equal([]);
      expect([entry?.outcome, entry?.rule], sql).to.deep.equal([outcome, rule]);
      expect(entry?.resources, sql).to.have.length(1);
      expect(entry?.resources[0], sql).to.include({ table_id: "reach", shared_resource_type: "TABLE_VALUED_FUNCTION" });
    }
    expect(await logged("bank", "SELECT 1 -- linked.reach(")).to.deep.equal([]);
  });

  it("has wrong queries as failed", async () => {
    const [entry] = await logged("bank", "SELECT nothing FROM linked.customers");
    expect(entry).to.include({ outcome: "failed", rule: "GoogleSQL" });
  });

  it("leaves out queries that name no view of another party", async () => {
    expect(await logged("shop", byCity.replace("linked", "shared"))).to.deep.equal([]);
    expect(await logged("bank", "SELECT 1")).to.deep.equal([]);
    expect(await logged("bank", "SELECT FROM WHERE")).to.deep.equal([]);
    expect(await logged("bank", "SELECT * FROM linked.secrets")).to.deep.equal([]);
  });

  it("is refused in one sentence if it cannot be read", async () => {
    const error = await readQueryLog(import.meta.dirname).catch((thrown) => thrown);
    expect(error).to.be.instanceOf(RoomError);
    expect(error.message).to.match(/^the record of queries on shared views in .* cannot be used \(EISDIR/);
  });

  it("tells to free some space if the disk is full", async function () {
    if (!existsSync("/dev/full")) this.skip();
    const error = await addRecord("/dev/full", "queries", {}).catch((thrown) => thrown);
    expect(error).to.be.instanceOf(RoomError);
    expect(error.message).to.match(
      /^the record of queries in \/dev\/full cannot be used \(ENOSPC.*\): free some space$/,
    );
  });

  it("is readable after a line was cut off, and empty before the first query", async () => {
    const before = await readQueryLog(log);
    appendFileSync(log, '\n{"job_id": "cut');
    await open.ask("bank", byCity);
    expect(await readQueryLog(log)).to.have.length(before.length + 1);
    expect(await readQueryLog(join(folder, "none.jsonl"))).to.deep.equal([]);
  });
});
