import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { openDuckDb } from "../../generator/warehouse/duckdb.ts";
import { dbtBuild } from "./dbt-build.ts";
import { buildShop, queryDuckDb } from "./shop.ts";

const root = join(import.meta.dirname, "../..");

/** The shop's rows, a year earlier and with fewer orders, as the CSV files of somebody else's shop, whose till gives discounts to the kopiyka. */
const own: Readonly<Record<string, string>> = {
  stores: "SELECT * REPLACE (opened_on - 364 AS opened_on) FROM coffee_shop.stores",
  products: "SELECT * REPLACE (launched_on - 364 AS launched_on) FROM coffee_shop.products",
  customers: `SELECT * REPLACE (registration_date - 364 AS registration_date) FROM coffee_shop.customers
    WHERE registration_date < '2024-03-20'`,
  orders: `SELECT * REPLACE (order_date - 364 AS order_date, ordered_at - INTERVAL 364 DAY AS ordered_at,
      round(sub_total * discount_rate, 2) AS discount_amount, sub_total - round(sub_total * discount_rate, 2) AS total_amount)
    FROM coffee_shop.orders WHERE order_date < '2024-03-20'`,
  order_details: `SELECT * FROM coffee_shop.order_details
    WHERE order_id IN (SELECT order_id FROM coffee_shop.orders WHERE order_date < '2024-03-20')`,
  events: "SELECT * REPLACE (starts_on - 364 AS starts_on, ends_on - 364 AS ends_on) FROM coffee_shop.events",
};

describe("A shop of one's own", function () {
  this.timeout(300_000);
  let folder: string;
  let warehouse: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "own-shop-"));
    warehouse = join(folder, ".local", "warehouse.duckdb");
    await mkdir(join(folder, ".local"));
    await copyFile((await buildShop()).warehouse, warehouse);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("takes the place of the generated one, with other days, if it is loaded as docs/change-it.md says", async () => {
    const database = await openDuckDb(pathToFileURL(warehouse).href.replace("file:", "duckdb:"));
    try {
      for (const [table, sql] of Object.entries(own))
        await database.run(`COPY (${sql}) TO '${join(folder, table)}.csv' (HEADER)`);
    } finally {
      await database.close();
    }
    const recipe = await readFile(join(root, "docs/change-it.md"), "utf8");
    const [, program = ""] = /\.venv\/bin\/python - DIR <<'END'\n(.+?)\n {3}END\n/s.exec(recipe) ?? [];
    const script = program.replaceAll(/^ {3}/gm, "");
    await promisify(execFile)(join(root, ".venv/bin/python"), ["-c", script, folder], { cwd: folder });

    const env = { DBT_DUCKDB_PATH: warehouse };
    await dbtBuild({ target: "duckdb", env, folder: join(folder, "dbt") });
    const days = "SELECT min(order_date) AS first, max(order_date) AS last, count(*) AS orders FROM";
    expect(await queryDuckDb(warehouse, `${days} coffee_marts.flat_orders`)).to.deep.equal(
      await queryDuckDb(warehouse, `${days} coffee_shop.orders`),
    );
    const [run] = await queryDuckDb(warehouse, "SELECT status, data_until FROM coffee_marts.last_build");
    expect(run).to.deep.equal({ status: "published", data_until: "2023-03-21" });
  });
});
