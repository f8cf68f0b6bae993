import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { type GenerateOptions, generateCoffee } from "../../../generator/coffee/generate.ts";
import { openFolder } from "../../../generator/lake/folder.ts";
import type { Lake } from "../../../generator/lake/lake.ts";
import type { Manifest } from "../../../generator/lake/manifest.ts";
import { duckdbDdl } from "../../../generator/tables/derive.ts";
import { coffee, coffeeTables } from "../../../generator/tables/index.ts";
import { fullName } from "../../../generator/tables/table.ts";
import { madeOnce } from "../../support/made-once.ts";

export const oneShard = { index: 0, count: 1 };

/** A lake in a new temporary folder, and how to remove it. */
export async function temporaryLake(): Promise<{ lake: Lake; folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "coffee-"));
  const lake = openFolder(pathToFileURL(folder).href);
  return { lake, folder, remove: () => rm(folder, { recursive: true }) };
}

/** The files of a run: the rows of each table, shard after shard without headers, and the ground truth. */
export interface Files {
  readonly manifest: Manifest;
  readonly byTable: Readonly<Record<string, string>>;
  readonly truth: string;
}

/** Generates all shards, the last one first, and reads the files of the published run. */
export async function generateAll(options: Omit<GenerateOptions, "shard">, shards = 1): Promise<Files> {
  const { lake, remove } = await temporaryLake();
  try {
    for (let index = shards - 1; index >= 0; index--) {
      await generateCoffee(lake, { ...options, shard: { index, count: shards } });
    }
    const manifest = JSON.parse((await lake.readText("csv_sources/manifest.json")) ?? "{}") as Manifest;
    const byTable: Record<string, string> = {};
    for (const { table, path } of manifest.files) {
      const text = await readFile(lake.uri(path), "utf8");
      const rows = text.slice(text.indexOf("\n") + 1);
      byTable[table] = (byTable[table] ?? "") + rows;
    }
    return { manifest, byTable, truth: (await lake.readText("ground_truth/Customers.csv")) ?? "" };
  } finally {
    await remove();
  }
}

/** The rows of `csv` of the days in [from, to]; the first column begins with the day. */
export function rowsOfDays(csv: string | undefined, from: string, to: string): string {
  const first = from.replaceAll("-", "");
  const last = to.replaceAll("-", "");
  return (csv ?? "")
    .split(/(?<=\n)/)
    .filter((row) => row.slice(0, 8) >= first && row.slice(0, 8) <= last)
    .join("");
}

/** A DuckDB with a run's tables, loaded as typed rows, and the ground truth beside them. */
export interface Shop {
  /** The rows of a query, its columns as numbers where they are numeric. */
  rows(sql: string): Promise<Record<string, number | string | null>[]>;
  /** The one value of a query, as a number. */
  value(sql: string): Promise<number>;
  /** Runs statements that return nothing. */
  run(sql: string): Promise<void>;
  close(): void;
}

/** The DuckDB file of a run's tables. Test files that ask for the same run share it, and must not change it. */
export async function shopFile(options: Omit<GenerateOptions, "shard">): Promise<string> {
  const { seed, until, scale, days = "all" } = options;
  const name = `coffee-${seed}-${until}-${days}-${scale}`;
  return join(await madeOnce(name, (made) => fillShop(join(made, "shop.duckdb"), options)), "shop.duckdb");
}

/** Opens a run's tables by a connection that can change nothing of them. */
export async function openShop(options: Omit<GenerateOptions, "shard">): Promise<Shop> {
  const file = await shopFile(options);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  // Views of a test go to the database in memory.
  await connection.run(`ATTACH '${file}' AS shop (READ_ONLY);
    CREATE SCHEMA ground_truth; CREATE VIEW ground_truth.customers AS FROM shop.ground_truth.customers;
    SET search_path = 'memory.main,shop.coffee_shop'`);
  const rows: Shop["rows"] = async (sql) => {
    const reader = await connection.runAndReadAll(sql);
    return reader.getRowObjectsJson().map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => {
          const number = Number(value);
          return [name, value === null ? null : Number.isNaN(number) ? String(value) : number];
        }),
      ),
    );
  };
  return {
    rows,
    async value(sql) {
      const [row = {}] = await rows(sql);
      return Object.values(row)[0] as number;
    },
    async run(sql) {
      await connection.run(sql);
    },
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function fillShop(file: string, options: Omit<GenerateOptions, "shard">): Promise<void> {
  const { lake, remove } = await temporaryLake();
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  try {
    const { files } = await generateCoffee(lake, { ...options, shard: oneShard });
    await connection.run("CREATE SCHEMA coffee_shop; CREATE SCHEMA ground_truth");
    for (const table of [...coffeeTables, coffee.customerTruth]) {
      // DuckDB parses short decimals thirty times as fast as long ones.
      await connection.run(duckdbDdl(table).replaceAll("DECIMAL(38, 9)", "DECIMAL(18, 9)"));
      const paths =
        table === coffee.customerTruth
          ? ["ground_truth/Customers.csv"]
          : files.flatMap((file) => (file.table === table.table ? file.path : []));
      // Looking at each of a hundred files to detect its form would take most of the time.
      for (const path of paths)
        await connection.run(
          `COPY ${fullName(table)} FROM '${lake.uri(path)}' (FORMAT csv, HEADER, STRICT_MODE, AUTO_DETECT false)`,
        );
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
    await remove();
  }
}
