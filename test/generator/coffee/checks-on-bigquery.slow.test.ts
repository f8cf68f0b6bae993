import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { expect } from "chai";
import { type GoogleSql, openGoogleSql } from "googlesql-duckdb";
import { checkRows } from "../../../generator/coffee/checks.ts";
import { generateCoffee } from "../../../generator/coffee/generate.ts";
import type { Manifest } from "../../../generator/lake/manifest.ts";
import { openLake } from "../../../generator/lake/open-lake.ts";
import { load } from "../../../generator/load.ts";
import { coffeeDataset, coffeeTables } from "../../../generator/tables/index.ts";
import { fullName } from "../../../generator/tables/table.ts";
import { dialects } from "../../../generator/warehouse/dialect.ts";
import { createTables } from "../../../generator/warehouse/duckdb.ts";
import { openWarehouse } from "../../../generator/warehouse/open-warehouse.ts";
import type { ResultRow, Warehouse } from "../../../generator/warehouse/warehouse.ts";
import { userError } from "../../support/user-error.ts";

/* The load's checks as BigQuery gets them: Google's analyser reads each query. */

describe("the load's checks on BigQuery", () => {
  let folder: string;
  let manifest: Manifest;
  let connection: DuckDBConnection;
  let googleSql: GoogleSql;
  const asked: string[] = [];
  const warehouse = {
    dialect: dialects.bigquery,
    nameOf: fullName,
    async run(sql: string) {
      asked.push(sql);
      const { columns, rows } = await googleSql.run(sql);
      return rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]])) as ResultRow);
    },
  } as Warehouse;
  const check = () => {
    const staged = coffeeTables.map((table) => {
      const files = manifest.files.filter((file) => file.table === table.table);
      const rows = files.reduce((sum, file) => sum + file.rows, 0);
      return {
        table,
        from: `waiting.${table.table}`,
        rows,
        replaced: "TRUE",
        uris: files.map(({ path }) => path),
        files,
      };
    });
    return checkRows(warehouse, staged, manifest.settings);
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "checks-"));
    const file = join(folder, "warehouse.duckdb");
    await createTables(`duckdb://${file}`, coffeeDataset);
    const lake = await openLake(pathToFileURL(join(folder, "bucket")).href);
    // Kyiv's clocks go forward on the third of its days.
    const shop = { until: "2024-04-02", days: 5, scale: 0.1, seed: 7, shard: { index: 0, count: 1 } };
    manifest = await generateCoffee(lake, shop);
    const loaded = await openWarehouse(`duckdb://${file}`);
    await load(loaded, lake).finally(() => loaded.close());
    connection = await (await DuckDBInstance.create(file)).connect();
    await connection.run("CREATE SCHEMA waiting");
    for (const table of coffeeTables)
      await connection.run(`CREATE TABLE waiting.${table.table} AS FROM ${fullName(table)}`);
    googleSql = await openGoogleSql({ database: connection });
  });
  after(async () => {
    await googleSql.close();
    connection.closeSync();
    await rm(folder, { recursive: true });
  });

  it("are queries that Google's analyser accepts, pass a good run, and refuse NaN", async () => {
    await check();
    expect(asked.length).to.be.above(8);
    // NaN, which BigQuery loads, is neither below nor above a bound.
    expect(asked.join()).to.include("NOT (latitude >= -90 AND latitude <= 90)").and.not.include("latitude < ");
  });

  it("refuse times by the clocks of another season, and on the night of the change times that Kyiv did not have", async () => {
    const change = (day: string, hours: number, hour = "order_hour") =>
      connection.run(
        `UPDATE waiting.orders SET ordered_at = ordered_at + to_hours(${hours}), order_hour = ${hour}
         WHERE order_id = (SELECT MIN(order_id) FROM coffee_shop.orders WHERE order_date = '${day}')`,
      );
    await change("2024-03-30", -1);
    await change("2024-04-01", 1);
    // That day's first order is at eight, 05:00 UTC, and after 02:59 came 04:00.
    await change("2024-03-31", -4, "3");
    const error = await userError(check);
    await connection.run("DELETE FROM waiting.orders; INSERT INTO waiting.orders FROM coffee_shop.orders");
    expect(error).to.match(
      /ordered_at is .*, which is not in order_hour of order_date by .* Kyiv \(and 2 more rows\)$/m,
    );
  });

  it("refuse bytes that BigQuery replaced because they were not UTF-8", async () => {
    await connection.run("UPDATE waiting.orders SET promo_code = 'Kav' || chr(65533) WHERE order_id % 2 = 0");
    expect(await userError(check)).to.match(/Orders-.*, order_id \d+: promo_code is "Kav\ufffd", which has .* UTF-8/);
  });
});
