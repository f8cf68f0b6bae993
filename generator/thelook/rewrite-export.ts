import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { thelook } from "../tables/merchant.ts";
import type { Columns, Table } from "../tables/table.ts";
import { openWarehouse } from "../warehouse/open-warehouse.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { ThelookTables } from "./snapshot.ts";
import { openSource } from "./source.ts";

type Progress = (step: string) => void;

/**
 * Reads an export of thelook to its end, and keeps nothing.
 * @param source the export's folder, `file:///FOLDER`
 * @throws UserError if the export cannot be read (see `openSource`)
 */
export async function checkExport(source: string): Promise<void> {
  await readAside(source, async () => {});
}

/**
 * Reads an export of thelook in any form that a laptop reads, and writes its tables the way BigQuery exports them: CSV in UTF-8 with
 * commas, times in UTC. BigQuery then loads the same rows as the laptop does.
 * @param source the export's folder, `file:///FOLDER`
 * @param use is given the folder with the written files, which is removed afterwards
 * @throws UserError if the export cannot be read (see `openSource`)
 */
export async function rewriteExport<T>(
  source: string,
  use: (folder: string) => Promise<T>,
  progress?: Progress,
): Promise<T> {
  const write = async (warehouse: Warehouse, tables: ThelookTables, work: string) => {
    const folder = join(work, "csv");
    await mkdir(folder);
    for (const table of Object.values<Table<Columns>>(thelook)) {
      const from = tables[table.table as keyof ThelookTables];
      const file = join(folder, `${table.file}.csv`).replaceAll("'", "''");
      const [row] = await warehouse.run(`SELECT COUNT(*) AS n FROM ${from}`);
      // A table that the export lacks stays missing: an empty file would be a fault.
      if (row?.n !== 0)
        await warehouse.run(`COPY (SELECT ${columnsOf(table)} FROM ${from}) TO '${file}' (FORMAT csv, HEADER)`);
    }
    return use(folder);
  };
  return readAside(source, write, progress);
}

/** Reads an export into a warehouse that is removed afterwards. */
async function readAside<T>(
  source: string,
  use: (warehouse: Warehouse, tables: ThelookTables, work: string) => Promise<T>,
  progress?: Progress,
): Promise<T> {
  const work = await mkdtemp(join(tmpdir(), "thelook-export-"));
  try {
    const warehouse = await openWarehouse(pathToFileURL(join(work, "export.duckdb")).href.replace("file:", "duckdb:"), {
      create: true,
    });
    try {
      return await use(warehouse, await openSource(warehouse, { source, seed: 0, progress }), work);
    } finally {
      await warehouse.close();
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function columnsOf({ columns }: Table<Columns>): string {
  const shown = Object.entries(columns).map(([name, { type }]) =>
    type === "TIMESTAMP" ? `strftime(${name}, '%Y-%m-%d %H:%M:%S.%f UTC') AS ${name}` : name,
  );
  return shown.join(", ");
}
