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

const files = ["users.csv", "orders.csv", "order_items.csv", "products.csv", "distribution_centers.csv"];
/** The files whose rows are repeated, and whose number grows with the scale. */
const people = files.slice(0, 3);

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
      warehouse = await openWarehouse(`duckdb://${join(folder, "full.duckdb")}`, { create: true });
      for (const table of Object.values(thelook)) {
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
      const forms = ["com", "net", "org"].map((end) => `lower(first_name) || lower(last_name) || '@example.${end}'`);
      expect(await number(`SELECT count(*) FROM users WHERE email NOT IN (${forms.join(", ")})`)).to.equal(0);
    });

    it("makes some names more popular than others, and not in the order of the alphabet", async () => {
      for (const name of ["first_name", "last_name"]) {
        const along =
          await number(`SELECT corr(by_count, by_name) FROM (SELECT row_number() OVER (ORDER BY COUNT(*) DESC) AS by_count,
          row_number() OVER (ORDER BY ${name}) AS by_name FROM users GROUP BY ${name})`);
        expect(along, name).to.be.within(-0.25, 0.25);
      }
    });

    it("prices items as in fashion: many cheap, few expensive, men's at 63 dollars on average and women's at 56", async () => {
      const sold = "order_items i JOIN products p ON p.id = i.product_id";
      expect(await number("SELECT avg(sale_price) FROM order_items")).to.be.within(57, 62);
      expect(await number("SELECT median(sale_price) FROM order_items")).to.be.within(35, 45);
      expect(await number(`SELECT avg(sale_price) FROM ${sold} WHERE department = 'Men'`)).to.be.within(60, 66);
      expect(await number(`SELECT avg(sale_price) FROM ${sold} WHERE department = 'Women'`)).to.be.within(53, 59);
      expect(await number("SELECT count(*) FROM order_items WHERE sale_price <> round(sale_price, 2)")).to.equal(0);
      expect(await number(`SELECT count(*) FROM ${sold} WHERE sale_price <> retail_price`)).to.equal(0);
    });

    it("sells to women from their department and to men from theirs, and nearly every product", async () => {
      const sold = "order_items i JOIN products p ON p.id = i.product_id JOIN users u ON u.id = i.user_id";
      expect(await number("SELECT count(*) FROM order_items")).to.equal(await number(`SELECT count(*) FROM ${sold}`));
      expect(await number(`SELECT count(*) FROM ${sold} WHERE (department = 'Women') <> (u.gender = 'F')`)).to.equal(0);
      expect(await number("SELECT count(DISTINCT product_id) FROM order_items")).to.be.within(28_900, 29_120);
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

    it("dates a single item up to four hours before its order", async () => {
      const hours = "(epoch(i.created_at) - epoch(o.created_at)) / 3600";
      const single = `FROM order_items i JOIN orders o USING (order_id) WHERE o.num_of_item = 1`;
      expect(await number(`SELECT min(${hours}) ${single}`)).to.be.within(-4, -3.9);
      expect(await number(`SELECT avg(${hours}) ${single}`)).to.be.closeTo(-1.875, 0.02);
      expect(await number(`SELECT max(${hours}) ${single}`)).to.be.within(0.1, 0.3);
    });

    it("drifts each item of an order of several by 0 to 4 days, the first too, so that 30 % follow the dispatch", async () => {
      // Half a day more than the time before the order keeps an item of day 0 on day 0.
      const drifts = `SELECT floor((epoch(i.created_at) - epoch(o.created_at)) / 86400 + 0.5) AS days,
        row_number() OVER (PARTITION BY order_id ORDER BY i.id) = 1 AS is_first
        FROM order_items i JOIN orders o USING (order_id) WHERE o.num_of_item > 1`;
      for (const from of [drifts, `SELECT days FROM (${drifts}) WHERE is_first`])
        expectShares(await shares("days", `(${from})`), { 0: 0.2, 1: 0.2, 2: 0.2, 3: 0.2, 4: 0.2 });
      const late = "SELECT count(*) FILTER (created_at > shipped_at) / count(shipped_at) FROM order_items";
      expect(await number(late)).to.be.within(0.27, 0.33);
    });

    it("lets nobody register or order after 19 h, and dates all orders of a user at the time of the registration", async () => {
      for (const table of ["users", "orders"])
        expect(await number(`SELECT max(hour(created_at)) FROM ${table}`)).to.equal(18);
      const other = `SELECT count(*) FROM orders o JOIN users u ON u.id = o.user_id
        WHERE o.created_at::TIME <> u.created_at::TIME OR o.created_at - u.created_at < INTERVAL 1 DAY`;
      expect(await number(other)).to.equal(0);
    });

    it("doubles the orders of the last month, as the original does by the way it draws days", async () => {
      const month = (first: string) =>
        number(`SELECT count(*) FROM orders WHERE date_trunc('month', created_at) = DATE '${first}'`);
      expect((await month("2025-12-01")) / (await month("2025-11-01"))).to.be.within(1.7, 2.2);
    });

    it("has the flaws that a snapshot must cope with", async () => {
      expect(await number("SELECT count(*) / 100000 FROM users WHERE city = 'null'")).to.be.closeTo(0.0095, 0.003);
      const repeats = (table: string) => `SELECT count(*) - (SELECT count(*) FROM ${table}) FROM ${staged[table]}`;
      for (const table of ["users", "orders", "order_items"])
        expect(await number(repeats(table))).to.be.within(100, 600);
      for (const table of ["products", "distribution_centers"]) expect(await number(repeats(table))).to.equal(0);
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

  it("has no repeated row and no order without items if it is to be clean, and the same people", async () => {
    await write("clean", { dirtShare: 0 });
    await write("dirty", { dirtShare: 0.5 });
    for (const file of people) {
      const clean = lines("clean", file);
      const dirty = lines("dirty", file);
      expect(new Set(clean).size, file).to.equal(clean.length);
      expect(new Set(dirty).size, file).to.be.below(0.9 * dirty.length);
      expect([...new Set(dirty)].filter((line) => !clean.includes(line))).to.deep.equal([]);
    }
    const orders = lines("clean", "orders.csv").slice(1, -1);
    const sold = new Set(lines("clean", "order_items.csv").map((line) => line.split(",")[1]));
    for (const order of orders) expect(sold).to.include(order.split(",")[0]);
  });

  it("is the same for the same seed, and different for another", async () => {
    await write("once");
    await write("again");
    await write("other", { seed: 43 });
    expect(sums("again")).to.deep.equal(sums("once"));
    const [users, orders, items, products, centers] = sums("other");
    for (const [index, sum] of [users, orders, items, products].entries())
      expect(sum, files[index]).not.to.equal(sums("once")[index]);
    expect(centers).to.equal(sums("once")[4]);
  });

  it("adds users when the scale grows, and changes none", async () => {
    await write("small");
    await write("large", { scale: 0.013 });
    expect(sums("large").slice(3)).to.deep.equal(sums("small").slice(3));
    for (const file of people) {
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
