import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { explanationLines } from "../src/explanation.ts";
import { type CleanRoom, openRoom, type RoomOptions } from "../src/open-room.ts";
import type { AnalysisRule } from "../src/policy.ts";
import { type Room, RoomError, type RoomTable, readRoom } from "../src/room.ts";
import { makeDatabase, temporaryFolder } from "./temporary-files.ts";

const noise: AnalysisRule = {
  differentialPrivacy: {
    privacyUnitColumn: "email",
    maxEpsilonPerQuery: 1,
    epsilonBudget: 2,
    deltaPerQuery: 1e-6,
    deltaBudget: 1,
  },
};

const describeRoom = (rule: AnalysisRule, owner = "shop"): Room => {
  const table: RoomTable = {
    id: "shop.shared.customers",
    project: "bank",
    dataset: "linked",
    table: "customers",
    owner,
    columns: [
      { name: "email", kind: "STRING" },
      { name: "city", kind: "STRING" },
    ],
    rule,
    relation: "main.customers",
  };
  return {
    parties: {
      shop: { title: "the shop", project: "shop", tables: [] },
      bank: { title: "the bank", project: "bank", tables: [table] },
    },
  };
};

const described = describeRoom(noise);
const view = described.parties.bank?.tables[0] as RoomTable;
/** The name linked.customers would be checked as the first table, and read the second. */
const twoProjects: Room = {
  parties: {
    ...described.parties,
    bank: {
      title: "the bank",
      project: "bank",
      tables: [
        { ...view, project: "shop" },
        { ...view, metadataOnly: true },
      ],
    },
  },
};

describe("A room", () => {
  const folder = temporaryFolder();
  let database: string;
  before(async () => {
    database = join(folder, "shop.duckdb");
    await makeDatabase(
      database,
      "CREATE TABLE customers AS SELECT 'mail' || n AS email, if(n < 50, 'Kyiv', 'Lviv') AS city FROM range(70) t(n)",
    );
  });
  const ledger = () => join(folder, "budget.jsonl");
  const failure = (options: RoomOptions) =>
    openRoom(options).then(
      () => expect.fail("it was opened"),
      (error) => error,
    );

  for (const [what, room, message] of [
    ["has a rule that BigQuery would refuse", describeRoom({}), /^linked\.customers of bank: has no rule/],
    [
      "has a view whose owner takes no part",
      describeRoom(noise, "baker"),
      "linked.customers of bank: its owner is baker, who is not a party: use one of shop, bank",
    ],
    ["is null", null as unknown as Room, /^the room's description has no parties/],
    ["has a party without tables", { parties: { bank: {} } } as unknown as Room, /^the party bank is not described/],
    [
      "has a table without an owner",
      { parties: { bank: { title: "", project: "", tables: [{ id: "a" }] } } } as unknown as Room,
      /^a table of bank lacks its id/,
    ],
    [
      "has a view with a rule under the name of a table that its owner reads freely",
      {
        parties: {
          bank: describeRoom(noise).parties.bank,
          shop: {
            title: "the shop",
            project: "shop",
            tables: describeRoom(noise).parties.bank?.tables.map(({ rule, ...table }) => table),
          },
        },
      } as Room,
      /^bank\.linked\.customers of shop: bank has a different table of this name; give both the same id/,
    ],
    [
      "has one name for tables of two owners",
      {
        parties: {
          bank: describeRoom(noise).parties.bank,
          shop: { title: "the shop", project: "shop", tables: describeRoom(noise, "bank").parties.bank?.tables },
        },
      } as Room,
      /^bank\.linked\.customers of shop: bank has a different table of this name/,
    ],
    [
      "has two tables of a party with one dataset and name, in two projects",
      twoProjects,
      "linked.customers of bank is both shop.linked.customers and bank.linked.customers: put one of them into a dataset of another name",
    ],
    ["has null for its parties", { parties: null } as unknown as Room, /^the room's description has no parties/],
    ["has a party without a title", { parties: { bank: { tables: [] } } } as unknown as Room, /^the party bank is not/],
    ["has no parties", {} as Room, /^the room's description has no parties/],
    ["has an empty list of parties", { parties: {} }, /^the room's description has no parties/],
  ] as const)
    it(`is not opened if it ${what}`, async () => {
      const error = await failure({ database, room, ledger: ledger() });
      expect(error).to.be.instanceOf(RoomError).with.property("reason", "wrong");
      expect(error.message).to.match(typeof message === "string" ? new RegExp(`^${message}$`) : message);
    });

  it("is opened if two parties name one table, and describe it alike", async () => {
    const { tables = [] } = described.parties.bank ?? {};
    const shop = { title: "the shop", project: "shop", tables };
    const room = await openRoom({ database, room: { parties: { ...described.parties, shop } }, ledger: ledger() });
    await room.close();
  });

  it("is not opened if a view has a privacy budget and no ledger is given", async () => {
    const error = await failure({ database, room: describeRoom(noise) });
    expect(error).to.be.instanceOf(RoomError);
    expect(error.message).to.equal("a view has differential privacy, but there is no ledger to record its budget");
  });

  it("is read from a JSON file; a missing file and a faulty one give different errors", () => {
    const file = join(folder, "room.json");
    expect(() => readRoom(file))
      .to.throw(RoomError, `${file} does not exist`)
      .with.property("reason", "missing");
    writeFileSync(file, '{"parties": ');
    expect(() => readRoom(file))
      .to.throw(RoomError, "cannot be read")
      .with.property("reason", "unreadable");
    writeFileSync(file, JSON.stringify(describeRoom(noise)));
    expect(readRoom(file)).to.deep.equal(describeRoom(noise));
  });

  describe("that is open", () => {
    let room: CleanRoom;
    before(async () => {
      room = await openRoom({ database, room: describeRoom(noise), ledger: ledger() });
    });
    after(() => room.close());

    it("answers only its parties", async () => {
      for (const asked of [room.ask("baker", "SELECT 1"), room.check("toString", "SELECT 1"), room.rulesFor("x", "")]) {
        const error = await asked.then(
          () => undefined,
          (thrown) => thrown,
        );
        expect(error).to.be.instanceOf(RoomError);
        expect(error.message).to.match(/^no party is called (baker|toString|x): use one of shop, bank$/);
      }
    });

    it("explains a query that it only checks, and spends nothing", async () => {
      const sql =
        "SELECT WITH DIFFERENTIAL_PRIVACY COUNT(*, contribution_bounds_per_group => (0, 1)) FROM linked.customers";
      const lines = [
        "View linked.customers, which the shop owns",
        "  differential privacy: noise for each email, epsilon up to 1 and delta 0.000001 a query, epsilon 2 and delta 1 in all",
        "Budget left of linked.customers: epsilon 2 of 2, delta 1 of 1",
        "Checked:",
        "  answers with noise for each email",
      ];
      expect(explanationLines(await room.check("bank", sql))).to.deep.equal(lines);
      expect(explanationLines(await room.check("bank", sql))).to.deep.equal(lines);
    });

    it("tells what a query takes of each view's budget", async () => {
      const { parties } = described;
      const tables = ["customers", "visits"].map((table) => ({ ...view, id: `shop.shared.${table}`, table }));
      const two = await openRoom({
        database,
        room: { parties: { ...parties, bank: { title: "the bank", project: "bank", tables } } },
        ledger: join(folder, "two.jsonl"),
      });
      const count = (table: string, epsilon: number) =>
        `(SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(epsilon=${epsilon}) COUNT(*, contribution_bounds_per_group => (0, 1)) FROM linked.${table})`;
      const { budgets } = await two.check("bank", `SELECT ${count("customers", 1)}, ${count("visits", 0.5)}`);
      await two.close();
      expect(budgets.map(({ view, epsilonTaken }) => [view, epsilonTaken])).to.deep.equal([
        ["linked.customers", 1],
        ["linked.visits", 0.5],
      ]);
    });

    it("answers with noise whether or not one person alone makes more groups than an answer may have", async () => {
      const small = await openRoom({
        database,
        room: describeRoom(noise),
        ledger: join(folder, "groups.jsonl"),
        limits: { rows: 1000, bytes: 20_000 },
      });
      const asked = (city: string) =>
        small.ask(
          "bank",
          `SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS(max_groups_contributed = 100000) n, COUNT(*, contribution_bounds_per_group => (0, 1)) AS c
           FROM (SELECT email, a.n * 1000 + b.n AS n FROM linked.customers
             JOIN (SELECT n FROM UNNEST(GENERATE_ARRAY(1, 5)) AS n) AS a ON TRUE
             JOIN (SELECT n FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS n) AS b ON TRUE
             WHERE city = '${city}') GROUP BY n`,
        );
      try {
        expect((await asked("Lviv")).rows).to.deep.equal((await asked("Odesa")).rows);
      } finally {
        await small.close();
      }
    });

    it("lists the rules of a query that it refuses", async () => {
      expect(await room.rulesFor("bank", "SELECT * FROM linked.customers")).to.deep.equal([
        {
          view: "linked.customers",
          owner: "shop",
          ownerTitle: "the shop",
          rule: "differential privacy: noise for each email, epsilon up to 1 and delta 0.000001 a query, epsilon 2 and delta 1 in all",
        },
      ]);
    });
  });
});

describe("analysis-rules/policy", () => {
  it("imports nothing, so that declaring a rule needs neither DuckDB nor the analyser", () => {
    const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    const source = readFileSync(new URL(`../${exports["./policy"]}`, import.meta.url), "utf8");
    expect(source).not.to.match(/^import|^export .* from|import\(/m);
  });
});
