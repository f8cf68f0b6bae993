import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BigQuery } from "@google-cloud/bigquery";
import { OAuth2Client } from "google-auth-library";
import { generateCoffee } from "../../generator/coffee/generate.ts";
import { openFolder } from "../../generator/lake/folder.ts";
import { load } from "../../generator/load.ts";
import { bigquerySchema } from "../../generator/tables/derive.ts";
import { coffeeTables } from "../../generator/tables/index.ts";
import { createTables, openDuckDb } from "../../generator/warehouse/duckdb.ts";
import type { BigQuery as Server } from "../support/servers.ts";

/** Sixty days of a small coffee shop, in a folder of their own. */
export interface Shop {
  /** Where the tests may write. */
  readonly folder: string;
  /** A DuckDB file with the shop's tables loaded. */
  readonly warehouse: string;
  /** Loads the same CSV files into the emulated BigQuery. */
  loadInto(server: Server): Promise<void>;
  remove(): Promise<void>;
}

/** The last of the sixty days. */
export const LAST_DAY = "2024-03-31";

export async function makeShop(): Promise<Shop> {
  const folder = await mkdtemp(join(tmpdir(), "gcp-data-demos-"));
  const lake = openFolder(pathToFileURL(join(folder, "bucket")).href);
  const shard = { index: 0, count: 1 };
  const manifest = await generateCoffee(lake, { seed: 7, until: LAST_DAY, days: 60, scale: 0.4, shard });
  const warehouse = join(folder, "warehouse.duckdb");
  await createTables(urlOf(warehouse), coffeeTables);
  const database = await openDuckDb(urlOf(warehouse));
  await load(database, lake).finally(() => database.close());
  return {
    folder,
    warehouse,
    async loadInto(server) {
      const client = clientOf(server);
      await client.createDataset("coffee_shop");
      for (const table of coffeeTables) {
        // The emulator loads into nullable columns only.
        const fields = bigquerySchema(table).map(({ name, type }) => ({ name, type }));
        for (const file of manifest.files.filter((each) => each.table === table.table)) {
          const options = { sourceFormat: "CSV", skipLeadingRows: 1, schema: { fields } };
          await client.dataset(table.dataset).table(table.table).load(lake.uri(file.path), options);
        }
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The variables that point the project's `bigquery` target at an emulator. */
export function emulatorEnv(server: Server): Record<string, string> {
  return {
    DBT_BIGQUERY_METHOD: "oauth-secrets",
    DBT_BIGQUERY_TOKEN: "emulated",
    DBT_BIGQUERY_API_ENDPOINT: server.url,
    DBT_BIGQUERY_PROJECT: server.project,
  };
}

/** A value as both engines give it: numbers as numbers, days as `YYYY-MM-DD`, instants as milliseconds. */
export type Value = string | number | boolean | null;

/** Rows of a query on a DuckDB file. */
export async function queryDuckDb(file: string, sql: string): Promise<Record<string, Value>[]> {
  const database = await openDuckDb(urlOf(file));
  const rows = await database.run(sql).finally(() => database.close());
  return rows.map(comparable);
}

/** Rows of a query on the emulated BigQuery. */
export async function queryBigQuery(server: Server, sql: string): Promise<Record<string, Value>[]> {
  const [rows] = await clientOf(server).query(sql);
  return rows.map(comparable);
}

const urlOf = (file: string): string => pathToFileURL(file).href.replace("file:", "duckdb:");

export const transformFolder = fileURLToPath(new URL("../../transform/", import.meta.url));

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
  // BigQuery's client wraps decimals in Big, and days and instants in objects with a value.
  if (typeof value === "object" && !("value" in value)) return Number(value);
  const text = typeof value === "object" ? String((value as { value: unknown }).value) : String(value);
  return /^\d{4}-\d\d-\d\d[T ]/.test(text) ? Date.parse(`${text.replace(" ", "T").replace(/Z?$/, "Z")}`) : text;
}
