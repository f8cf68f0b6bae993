import { expect } from "chai";
import { UnsupportedSql } from "googlesql-duckdb/tree";
import { type Planner, plannerFor } from "../src/planner.ts";
import { NotFound, type RoomTable } from "../src/room.ts";

const visits: RoomTable = {
  id: "visits",
  project: "shop-project",
  dataset: "shop",
  table: "visits",
  owner: "shop",
  relation: "shop.visits",
  columns: [{ name: "day", kind: "DATE" }],
};

describe("A planner", () => {
  let planner: Planner;
  before(() => {
    planner = plannerFor({
      parties: {
        shop: { title: "Shop", project: "shop-project", tables: [visits] },
        bank: { title: "Bank", project: "bank-project", tables: [] },
      },
    });
  });
  after(() => planner.close());
  const sql = "SELECT COUNT(*) AS n FROM shop.visits";

  it("plans a query once, for the party that asks", async () => {
    const plan = await planner.plan("shop", sql);
    expect(await planner.plan("shop", sql)).to.equal(plan);
    expect(await planner.plan("shop", `${sql} `)).not.to.equal(plan);
    const error = await planner.plan("bank", sql).catch((caught) => caught);
    expect(error).to.be.instanceOf(NotFound);
  });

  it("reports a table that a party cannot see before anything that it cannot do", async () => {
    for (const [party, asked, expected] of [
      ["shop", "SELECT * FROM `shop.visits_*`", NotFound],
      ["shop", "SELECT * FROM shop.INFORMATION_SCHEMA.TABLES", NotFound],
      ["bank", "SELECT ST_ASTEXT(day) FROM shop.visits WHERE day = @day", NotFound],
      ["shop", "SELECT * FROM shop.visits WHERE day = @day", UnsupportedSql],
    ] as const) {
      const error = await planner.plan(party, asked).catch((caught) => caught);
      expect(error, asked).to.be.instanceOf(expected);
    }
  });

  it("forgets the oldest of many plans, and plans a very long query each time", async () => {
    const plan = await planner.plan("shop", sql);
    for (let more = 0; more < 64; more++) await planner.plan("shop", `SELECT ${more}`);
    expect(await planner.plan("shop", sql)).not.to.equal(plan);
    const long = `${sql} -- ${"long ".repeat(2000)}`;
    expect(await planner.plan("shop", long)).not.to.equal(await planner.plan("shop", long));
  });
});
