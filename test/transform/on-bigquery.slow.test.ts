import { copyFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { coffee } from "../../generator/tables/index.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import { DbtServer } from "../../local/dbt-server.ts";
import { customersMarts, readCustomers } from "../../report/customers/read.ts";
import { openMarts } from "../../report/marts.ts";
import { readSales, salesMarts } from "../../report/sales/read.ts";
import { type BigQuery, skipWithout, startDbtBigQuery } from "../support/servers.ts";
import { type DbtReport, dbtBuild } from "./dbt-build.ts";
import { rowsOf, timeless } from "./models.ts";
import {
  type BuiltShop,
  buildShop,
  emulatorEnv,
  expectSameRows,
  LAST_DAY,
  makeShop,
  queryBigQuery,
  readModels,
  runModels,
} from "./shop.ts";

/** The version of February is another one, see below. */
const published = timeless.filter((model) => model !== "built_months");

describe("the dbt project on BigQuery", function () {
  this.timeout(600_000);
  let shop: BuiltShop;
  let folder: string;
  let emulator: BigQuery;
  let report: DbtReport;
  let afterFirst: Record<string, unknown[]>;
  let afterPart: Record<string, unknown[]>;
  let order: number;
  const dbt = new DbtServer();

  async function readAll() {
    const rows: Record<string, unknown[]> = {};
    for (const model of published) rows[model] = await queryBigQuery(emulator, rowsOf(model));
    return rows;
  }

  before(async function () {
    skipWithout("crucible", this);
    const built = await buildShop();
    folder = await mkdtemp(join(tmpdir(), "dbt-bigquery-"));
    // A process that has a DuckDB file open keeps others out.
    shop = { ...built, warehouse: join(folder, "built.duckdb") };
    await copyFile(built.warehouse, shop.warehouse);
    emulator = await startDbtBigQuery();
    await (await makeShop()).loadInto(emulator);
    const env = emulatorEnv(emulator);
    const options = { target: "bigquery", env, folder: join(folder, "dbt-bigquery"), dbt } as const;
    report = await dbtBuild(options);
    afterFirst = await readAll();
    // February has another file now, in which one order was paid by card: dbt builds that month again.
    const february = "table_name = 'orders' and part = '2024-02'";
    const [first] = await queryBigQuery(
      emulator,
      "select min(order_id) as id from coffee_shop.orders where order_date < date '2024-03-01' and payment_method = 'cash'",
    );
    order = first?.id as number;
    const columns = Object.keys(coffee.orders.columns).join(", ");
    await queryBigQuery(
      emulator,
      `insert into coffee_shop.loaded_files (table_name, part, md5, row_count, run)
       select table_name, part, 'another', row_count, run from coffee_shop.loaded_files where ${february};
       delete from coffee_shop.loaded_files where ${february} and md5 <> 'another';
       insert into coffee_shop.orders (${columns})
       select ${columns.replace("payment_method", "'card'")} from coffee_shop.orders where order_id = ${order};
       delete from coffee_shop.orders where order_id = ${order} and payment_method = 'cash'`,
    );
    const build = ["build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"];
    await runModels(options, [...build, "--exclude", "flat_visit_gaps"]);
    afterPart = await readAll();
    // Tables of an older version of the project, with other columns, partitions and clusters.
    await queryBigQuery(
      emulator,
      `drop table coffee_marts.dim_event;
       create table coffee_marts.dim_event (event_id int64, starts_on date) partition by starts_on;
       drop table coffee_marts.flat_customer_metrics;
       create table coffee_marts.flat_customer_metrics (segment string, older int64) cluster by segment`,
    );
    await runModels(options, build);
  });
  after(async () => {
    dbt.stop();
    await emulator?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it("builds as many models and passes as many tests as on DuckDB", () => {
    expect(report).to.deep.equal(shop.report);
  });

  it("builds only the month that changed", async () => {
    const query = "select month, is_changed from coffee_marts_build.loaded_months order by month";
    expect(await queryBigQuery(emulator, query)).to.deep.equal([
      { month: "2024-02-01", is_changed: true },
      { month: "2024-03-01", is_changed: false },
    ]);
  });

  it("gives the same rows as DuckDB", async () => {
    const expected = await readModels(shop.warehouse, published);
    for (const [model, rows] of Object.entries(expected)) expect(rows, model).not.to.be.empty;
    expectSameRows(afterFirst, expected);
  });

  it("publishes nothing of a build that leaves out a model", () => {
    expectSameRows(afterPart, afterFirst);
  });

  it("publishes the month that such a build had built, after the next whole one", async () => {
    const paid = (row: Record<string, unknown>) =>
      row.order_id === order && "payment_method" in row ? { ...row, payment_method: "card" } : row;
    const expected = await readModels(shop.warehouse, published);
    expectSameRows(
      await readAll(),
      Object.fromEntries(Object.entries(expected).map(([model, rows]) => [model, rows.map(paid)])),
    );
  });

  it("drops a published table before it is replaced by one with other partitions or clusters, which BigQuery refuses", async () => {
    const log = await readFile(join(folder, "dbt-bigquery", "dbt.log"), "utf8");
    expect(log.match(/Dropping \w+, to publish/g)).to.deep.equal(["Dropping dim_event, to publish"]);
  });

  it("gives the reports the same data on both, and the same sentence about a missing mart", async () => {
    process.env.METADATA_SERVER_DETECTION = "none";
    process.env.BIGQUERY_EMULATOR_HOST = `${emulator.url}/bigquery/v2`;
    try {
      const urls = [pathToFileURL(shop.warehouse).href.replace("file:", "duckdb:"), `bigquery://${emulator.project}`];
      const [onDuckDb, onBigQuery] = await Promise.all(
        urls.map(async (url) => {
          const warehouse = await openWarehouse(url);
          const names = [...salesMarts, ...Object.values(customersMarts).flat(), "no_such_mart"];
          const marts = await openMarts(warehouse, names);
          const data = { sales: await readSales(marts), customers: await readCustomers(marts, LAST_DAY) };
          await warehouse.close();
          return { data, tables: marts.tables, missing: marts.missing("flat_orders", "no_such_mart") };
        }),
      );
      expect(onDuckDb?.data.sales.cells.day.length).to.be.greaterThan(100);
      expect(onDuckDb?.missing).to.include("coffee_marts.no_such_mart does not exist");
      expect(onBigQuery).to.deep.equal(onDuckDb);
    } finally {
      delete process.env.METADATA_SERVER_DETECTION;
      delete process.env.BIGQUERY_EMULATOR_HOST;
    }
  });

  it("has no outer join without an equality of both sides, which BigQuery refuses and so does the emulator here", async () => {
    const join = (on: string) =>
      `select s.store_id from coffee_shop.stores as s left join coffee_shop.events as e on ${on}`;
    const dates = "s.opened_on between e.starts_on and e.ends_on";
    expect(await queryBigQuery(emulator, join(`s.store_id = e.store_id and ${dates}`))).not.to.be.empty;
    for (const on of [dates, `${dates} and s.store_id = coalesce(e.store_id, s.store_id)`]) {
      const refused = await queryBigQuery(emulator, join(on)).catch(({ message }: Error) => message);
      expect(refused).to.include("LEFT OUTER JOIN cannot be used without a condition that is an equality of fields");
    }
  });

  it("never casts to a type with a precision, which BigQuery refuses and the emulator allows", async () => {
    const compiled = join(folder, "dbt-bigquery", "target", "run");
    const files = (await readdir(compiled, { recursive: true })).filter((file) => file.endsWith(".sql"));
    expect(files.length).to.be.above(60);
    for (const file of files) {
      const sql = await readFile(join(compiled, file), "utf8");
      expect(sql, file).not.to.match(/\bas\s+(big)?(decimal|numeric|string|bytes)\s*\(/i);
    }
  });
});
