import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

/** A folder for the tests of the suite that calls this; deleted after them. */
export function temporaryFolder(): string {
  const folder = join(tmpdir(), `analysis-rules-${randomUUID()}`);
  before(() => mkdirSync(folder));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder that the caller deletes. */
export function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "analysis-rules-"));
}

/** Makes a DuckDB file with these statements. */
export async function makeDatabase(file: string, script: string): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  try {
    await connection.run(script);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
