import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { openLake } from "../../../generator/lake/open-lake.ts";
import { thelook } from "../../../generator/tables/merchant.ts";
import { writeSynthetic } from "../../../generator/thelook/synthetic.ts";
import { openWarehouse } from "../../../generator/warehouse/open-warehouse.ts";
import type { Warehouse } from "../../../generator/warehouse/warehouse.ts";
import { temporaryFolder, UNTIL } from "./merchant.ts";

const files = ["users.csv", "orders.csv", "order_items.csv"];

describe("The synthetic thelook", () => {
  const folder = temporaryFolder();
  const write = async (name: string, options: Partial<Parameters<typeof writeSynthetic>[2]> = {}) => {
    const lake = await openLake(pathToFileURL(join(folder, name)).href);
    return writeSynthetic(lake, "thelook", { seed: 42, scale: 0.01, until: UNTIL, ...options });
  };
  const lines = (name: string, file: string) => readFileSync(join(folder, name, "thelook", file), "utf8").split("\n");
  const sums = (name: string) =>
    files.map((file) =>
      createHash("md5")
        .update(readFileSync(join(folder, name, "thelook", file)))
        .digest("hex"),
    );

  describe("at its full size", () => {
    let warehouse: Warehouse;
    let rows: Record<string, number>;
    const staged: Record<string, string> = {};
    before(async () => {
      rows = await write("full", { scale: 1 });
      warehouse = await openWarehouse(`duckdb://${join(folder, "full.duckdb")}`);
      for (const table of [thelook.users, thelook.orders, thelook.orderItems]) {
        const { name } = await warehouse.stage(table, { uris: [join(folder, "full", "thelook", `${table.file}.csv`)] });
        await warehouse.run(`CREATE TEMP TABLE ${table.table} AS SELECT DISTINCT * FROM ${name}`);
        staged[table.table] = name;
      }
    });
    after(() => warehouse.close());

    /** The one number that a query returns. */
    const number = async (select: string) => Number(Object.values((await warehouse.run(select))[0] ?? {})[0]);
    /** Shares of the values of a column, by value. */
    const shares = async (column: string, from: string) => {
      const found = await warehouse.run(
        `SELECT ${column} AS value, count(*) / sum(count(*)) OVER () AS share FROM ${from} GROUP BY 1`,
      );
      return Object.fromEntries(found.map(({ value, share }) => [String(value), Number(share)]));
    };
    const expectShares = (found: Record<string, number>, expected: Record<string, number>) => {
      expect(Object.keys(found)).to.have.members(Object.keys(expected));
      for (const [value, share] of Object.entries(expected)) expect(found[value], value).to.be.closeTo(share, 0.01);
    };

    it("has as many users, orders and items as the public data set", async () => {
      expect(await number("SELECT count(DISTINCT id) FROM users")).to.equal(100_000);
      expect(await number("SELECT count(DISTINCT order_id) FROM orders")).to.be.closeTo(125_000, 1_500);
      expect(await number("SELECT count(DISTINCT id) FROM order_items")).to.be.closeTo(181_000, 3_000);
    });

    it("returns the number of rows it wrote", async () => {
      for (const [table, name] of Object.entries(staged))
        expect(await number(`SELECT count(*) FROM ${name}`)).to.equal(rows[table]);
    });

    it("gives users 0 to 4 orders and orders 1 to 4 items, in the original's shares", async () => {
      const ordersOfUser = "(SELECT count(o.order_id) AS n FROM users LEFT JOIN orders o ON user_id = id GROUP BY id)";
      expectShares(await shares("n", ordersOfUser), { 0: 0.2, 1: 0.5, 2: 0.2, 3: 0.05, 4: 0.05 });
      const itemsOfOrder = "(SELECT count(*) AS n FROM order_items GROUP BY order_id)";
      expectShares(await shares("n", itemsOfOrder), { 1: 0.7, 2: 0.2, 3: 0.05, 4: 0.05 });
    });

    it("gives orders the original's statuses, and an item the status of its order", async () => {
      const expected = { Complete: 0.25, Shipped: 0.3, Processing: 0.2, Cancelled: 0.15, Returned: 0.1 };
      expectShares(await shares("status", "orders"), expected);
      const differing = "SELECT count(*) FROM order_items i JOIN orders o USING (order_id) WHERE i.status <> o.status";
      expect(await number(differing)).to.equal(0);
    });

    it("gives users the original's genders, ages and sources of traffic", async () => {
      expectShares(await shares("gender", "users"), { F: 0.5, M: 0.5 });
      const traffic = { Search: 0.7, Organic: 0.15, Facebook: 0.06, Email: 0.05, Display: 0.04 };
      expectShares(await shares("traffic_source", "users"), traffic);
      const ages = await shares("age", "users");
      expect(Object.keys(ages).map(Number)).to.have.members(Array.from({ length: 59 }, (_, index) => 12 + index));
      expect(Math.min(...Object.values(ages))).to.be.above(0.01);
    });

    it("spreads users over the original's countries, two of which are spelt in two ways", async () => {
      const found = await shares("country", "users");
      expect(found.China).to.be.closeTo(0.339, 0.01);
      expect(found["United States"]).to.be.closeTo(0.225, 0.01);
      expect(found.Brasil).to.be.closeTo(0.146, 0.01);
      expect(found.Poland).to.be.closeTo(0.0024, 0.001);
      expect(found).to.include.keys("Spain", "España", "Germany", "Colombia");
      expect(found.España).to.be.below(0.0002);
    });

    it("gives between a fifth and 27 % of the users an address they share", async () => {
      const sharing = "SELECT sum(n) / 100000 FROM (SELECT count(*) AS n FROM users GROUP BY email HAVING n > 1)";
      expect(await number(sharing)).to.be.within(0.2, 0.27);
      const form = "lower(first_name) || lower(last_name) || '@example.(com|net|org)'";
      expect(await number(`SELECT count(*) FROM users WHERE NOT regexp_full_match(email, ${form})`)).to.equal(0);
    });

    it("prices items as in fashion: many cheap, few expensive, 58 dollars on average", async () => {
      expect(await number("SELECT avg(sale_price) FROM order_items")).to.be.within(55, 60);
      expect(await number("SELECT median(sale_price) FROM order_items")).to.be.within(30, 45);
      expect(await number("SELECT count(*) FROM order_items WHERE sale_price <> round(sale_price, 2)")).to.equal(0);
      expect(
        await number(
          "SELECT max(n) FROM (SELECT count(DISTINCT sale_price) AS n FROM order_items GROUP BY product_id)",
        ),
      ).to.equal(1);
    });

    it("dates orders after their user's registration and before the end of the last day", async () => {
      const wrong = `SELECT count(*) FROM orders o JOIN users u ON u.id = o.user_id
        WHERE o.created_at < u.created_at OR o.created_at >= TIMESTAMP '2026-01-01'`;
      expect(await number(wrong)).to.equal(0);
      expect(await number("SELECT count(*) FROM orders WHERE created_at >= TIMESTAMP '2025-12-31'")).to.be.above(0);
    });

    it("dates dispatch, delivery and return by status, one after the other", async () => {
      const found = await warehouse.run(`SELECT status, count(shipped_at) / count(*) AS shipped,
        count(delivered_at) / count(*) AS delivered, count(returned_at) / count(*) AS returned,
        count(*) FILTER (shipped_at < created_at OR delivered_at < shipped_at OR returned_at < delivered_at) AS backwards
        FROM orders GROUP BY 1 ORDER BY 1`);
      expect(found.map((row) => Object.values(row))).to.deep.equal([
        ["Cancelled", 0, 0, 0, 0],
        ["Complete", 1, 1, 0, 0],
        ["Processing", 0, 0, 0, 0],
        ["Returned", 1, 1, 1, 0],
        ["Shipped", 1, 0, 0, 0],
      ]);
    });

    it("dates items up to four hours before their order and up to four days after", async () => {
      const hours = `SELECT min(h), max(h) FROM (SELECT (epoch(i.created_at) - epoch(o.created_at)) / 3600 AS h
        FROM order_items i JOIN orders o USING (order_id))`;
      const [range = {}] = await warehouse.run(hours);
      const [earliest, latest] = Object.values(range).map(Number);
      expect(earliest).to.be.within(-4.1, -3.9);
      expect(latest).to.be.within(80, 96);
    });

    it("has the flaws that a snapshot must cope with", async () => {
      expect(await number("SELECT count(*) / 100000 FROM users WHERE city = 'null'")).to.be.closeTo(0.03, 0.005);
      const repeats = (table: string) => `SELECT count(*) - (SELECT count(*) FROM ${table}) FROM ${staged[table]}`;
      for (const table of Object.keys(staged)) expect(await number(repeats(table))).to.be.within(100, 600);
      const empty = "SELECT count(*) FROM orders WHERE order_id NOT IN (SELECT order_id FROM order_items)";
      expect(await number(empty)).to.be.within(450, 800);
    });
  });

  it("writes timestamps and missing ones as BigQuery exports them", async () => {
    await write("form");
    const [header, first] = lines("form", "orders.csv");
    expect(header).to.equal(
      "order_id,user_id,status,gender,created_at,returned_at,shipped_at,delivered_at,num_of_item",
    );
    expect(first).to.match(/^\d+,\d+,\w+,[FM],\d{4}-\d\d-\d\d \d\d:\d\d:00\.000000 UTC,/);
    expect(lines("form", "orders.csv").some((line) => line.includes(",Cancelled,") && line.includes(",,,,"))).to.equal(
      true,
    );
  });

  it("is the same for the same seed, and different for another", async () => {
    await write("once");
    await write("again");
    await write("other", { seed: 43 });
    expect(sums("again")).to.deep.equal(sums("once"));
    for (const [index, sum] of sums("other").entries()) expect(sum).not.to.equal(sums("once")[index]);
  });

  it("adds users when the scale grows, and changes none", async () => {
    await write("small");
    await write("large", { scale: 0.013 });
    for (const file of files) {
      const small = lines("small", file).slice(0, -1);
      const large = lines("large", file);
      expect(large.slice(0, small.length), file).to.deep.equal(small);
      expect(large.length).to.be.above(small.length + 200);
    }
  });

  it("leaves the last run's files if a run fails", async () => {
    await write("kept");
    const before = sums("kept");
    const stop = () => {
      throw new Error("stopped");
    };
    const failed = await write("kept", { seed: 7, progress: stop }).catch((error: Error) => error.message);
    expect(failed).to.equal("stopped");
    expect(sums("kept")).to.deep.equal(before);
    expect(readdirSync(join(folder, "kept", "thelook"))).to.have.members(files);
  });

  for (const until of ["soon", "2025-02-31", "2025-13-01", "20251231", "2019-01-01", "1999-12-31"]) {
    it(`refuses "${until}" as the last day, and writes nothing`, async () => {
      const message = await write("refused", { until }).catch((error: Error) => `${error.name}: ${error.message}`);
      expect(message).to.match(new RegExp(`^UserError: until is "${until}": .*use a`));
      expect(existsSync(join(folder, "refused"))).to.equal(false);
    });
  }
});
