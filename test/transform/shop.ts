import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { BigQuery } from "@google-cloud/bigquery";
import { expect } from "chai";
import { OAuth2Client } from "google-auth-library";
import { generateCoffee } from "../../generator/coffee/generate.ts";
import { openFolder } from "../../generator/lake/folder.ts";
import { readManifest } from "../../generator/lake/manifest.ts";
import { load } from "../../generator/load.ts";
import { recordLoad } from "../../generator/runs.ts";
import { bigquerySchema } from "../../generator/tables/derive.ts";
import { coffee, coffeeDataset, coffeeTables } from "../../generator/tables/index.ts";
import { createTables, openDuckDb } from "../../generator/warehouse/duckdb.ts";
import { runDbt } from "../../local/dbt.ts";
import { DbtServer } from "../../local/dbt-server.ts";
import { madeOnce } from "../support/made-once.ts";
import type { BigQuery as Server } from "../support/servers.ts";
import { type DbtOptions, type DbtReport, dbtBuild, transformFolder } from "./dbt-build.ts";
import { rowsOf } from "./models.ts";

/** The last of the sixty days. */
export const LAST_DAY = "2024-03-31";

export const shopSettings = { seed: 7, until: LAST_DAY, days: 60, scale: 0.4, shard: { index: 0, count: 1 } };

/** Sixty days of a small coffee shop. Its files are made once for all tests: nobody changes them. */
export interface Shop {
  /** A DuckDB file with the shop's tables loaded. */
  readonly warehouse: string;
  /** Loads the same CSV files into the emulated BigQuery. */
  loadInto(server: Server): Promise<void>;
}

export async function makeShop(): Promise<Shop> {
  const folder = await madeOnce("shop", async (made) => {
    const lake = lakeIn(made);
    await generateCoffee(lake, shopSettings);
    const url = urlOf(join(made, "warehouse.duckdb"));
    await createTables(url, coffeeDataset);
    const database = await openDuckDb(url);
    await load(database, lake).finally(() => database.close());
  });
  return {
    warehouse: join(folder, "warehouse.duckdb"),
    async loadInto(server) {
      const client = clientOf(server);
      const lake = lakeIn(folder);
      const manifest = await readManifest(lake, "csv_sources");
      const { files } = manifest;
      await client.createDataset("coffee_shop");
      for (const table of coffeeTables) {
        // The emulator loads only into nullable columns.
        const fields = bigquerySchema(table).map(({ name, type }) => ({ name, type }));
        for (const file of files.filter((each) => each.table === table.table)) {
          const options = { sourceFormat: "CSV", skipLeadingRows: 1, schema: { fields } };
          await client.dataset(table.dataset).table(table.table).load(lake.uri(file.path), options);
        }
      }
      for (const table of [coffee.loads, coffee.loadedFiles]) {
        const fields = bigquerySchema(table).map(({ name, type }) => ({ name, type }));
        await client.dataset(table.dataset).createTable(table.table, { schema: { fields } });
      }
      await client.query(recordLoad(manifest, coffee.loads.dataset));
      const held = files.map(
        ({ table, month = "all", md5, rows }) => `('${table}', '${month}', '${md5}', ${rows}, '${manifest.run}')`,
      );
      await client.query(
        `INSERT INTO coffee_shop.loaded_files (table_name, part, md5, row_count, run) VALUES ${held.join(", ")}`,
      );
    },
  };
}

/** The marts that dbt builds from the shop in DuckDB, and dbt's output. Built once for all tests as well. */
export interface BuiltShop {
  /** A DuckDB file with the shop's tables and its marts. */
  readonly warehouse: string;
  /** dbt's folder, which holds its log and `target`. */
  readonly dbt: string;
  readonly report: DbtReport;
  /** Every call of `progress`. */
  readonly steps: readonly (readonly [done: number, total: number])[];
}

/** @param dbt a running dbt, which the caller stops; without one, this starts its own */
export async function buildShop(dbt?: DbtServer): Promise<BuiltShop> {
  const shop = await makeShop();
  const folder = await madeOnce("built-shop", async (made) => {
    const warehouse = join(made, "warehouse.duckdb");
    await copyFile(shop.warehouse, warehouse);
    const steps: [number, number][] = [];
    const report = await dbtBuild({
      target: "duckdb",
      env: { DBT_DUCKDB_PATH: warehouse },
      folder: join(made, "dbt"),
      ...(dbt && { dbt }),
      progress: (done, total) => steps.push([done, total]),
    });
    await writeFile(join(made, "said.json"), JSON.stringify({ report, steps }));
  });
  const said = JSON.parse(await readFile(join(folder, "said.json"), "utf8"));
  return { warehouse: join(folder, "warehouse.duckdb"), dbt: join(folder, "dbt"), ...said };
}

/**
 * Runs the models, into `coffee_marts` on DuckDB and into `coffee_marts_build` on BigQuery: neither tests nor publishes them, and so takes a
 * third of the time of `dbtBuild`. Throws if a model fails.
 * @param command another command of dbt, with its own arguments
 */
export async function runModels(
  { target, env, folder, asOfDate, fullRefresh, dbt }: DbtOptions,
  command: readonly string[] = ["run"],
): Promise<void> {
  const targetFolder = join(folder, "target");
  const args = [...command, "--target", target, "--project-dir", transformFolder, "--profiles-dir", transformFolder];
  args.push("--target-path", targetFolder, "--log-path", folder);
  if (fullRefresh) args.push("--full-refresh");
  if (asOfDate !== undefined) args.push("--vars", JSON.stringify({ as_of_date: asOfDate }));
  const server = dbt ?? new DbtServer();
  const { error } = await runDbt(server, { args, env, targetFolder, log: join(folder, "dbt.log") }).finally(() => {
    if (dbt === undefined) server.stop();
  });
  if (error !== undefined) throw new Error(error);
}

const lakeIn = (folder: string) => openFolder(pathToFileURL(join(folder, "bucket")).href);

/** The variables that point the project's `bigquery` target at an emulator. */
export function emulatorEnv(server: Server): Record<string, string> {
  return {
    DBT_BIGQUERY_METHOD: "oauth-secrets",
    DBT_BIGQUERY_TOKEN: "emulated",
    DBT_BIGQUERY_API_ENDPOINT: server.url,
    DBT_BIGQUERY_PROJECT: server.project,
  };
}

/** A value in the form that both engines share: numbers as numbers, days as `YYYY-MM-DD`, timestamps as milliseconds. */
export type Value = string | number | boolean | null;

/** Runs a query on a DuckDB file. */
export async function queryDuckDb(file: string, sql: string): Promise<Record<string, Value>[]> {
  const database = await openDuckDb(urlOf(file));
  const rows = await database.run(sql).finally(() => database.close());
  return rows.map(comparable);
}

/** All rows of models in a DuckDB file, which is opened once for all of them: that takes as long as dozens of queries. */
export async function readModels(
  file: string,
  models: readonly string[],
): Promise<Record<string, Record<string, Value>[]>> {
  const database = await openDuckDb(urlOf(file));
  try {
    const rows: Record<string, Record<string, Value>[]> = {};
    for (const model of models) rows[model] = (await database.run(rowsOf(model))).map(comparable);
    return rows;
  } finally {
    await database.close();
  }
}

/** Expects the same rows of all models. chai compares thousands of rows for seconds, so it only says where they differ. */
export function expectSameRows(
  found: Readonly<Record<string, unknown[]>>,
  expected: Readonly<Record<string, unknown[]>>,
): void {
  expect(Object.keys(found)).to.have.members(Object.keys(expected));
  for (const [model, rows] of Object.entries(expected))
    if (!isDeepStrictEqual(found[model], rows)) expect(found[model], model).to.deep.equal(rows);
}

/** Runs a query on the emulated BigQuery. */
export async function queryBigQuery(server: Server, sql: string): Promise<Record<string, Value>[]> {
  const [rows] = await clientOf(server).query(sql);
  return rows.map(comparable);
}

const urlOf = (file: string): string => pathToFileURL(file).href.replace("file:", "duckdb:");

function clientOf({ url, project }: Server): BigQuery {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: "emulated" });
  return new BigQuery({ projectId: project, apiEndpoint: url, authClient, autoRetry: false });
}

function comparable(row: Record<string, unknown>): Record<string, Value> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): Value {
  if (value === null || typeof value === "boolean" || typeof value === "number") return value;
  // BigQuery's client wraps decimals in Big, and days and timestamps in objects with a value.
  if (typeof value === "object" && !("value" in value)) return Number(value);
  const text = typeof value === "object" ? String((value as { value: unknown }).value) : String(value);
  return /^\d{4}-\d\d-\d\d[T ]/.test(text) ? Date.parse(`${text.replace(" ", "T").replace(/Z?$/, "Z")}`) : text;
}
