import { mkdtempSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import type { Warehouse } from "../../generator/warehouse/warehouse.ts";
import { buildShop } from "../transform/shop.ts";

/** The marts of a small coffee shop, built by dbt in a DuckDB file. */
export interface BuiltMarts {
  /** A folder in which tests may write. */
  readonly folder: string;
  /** Opens a copy of the marts, after `script` has changed it. */
  open(script?: string): Promise<Warehouse>;
}

/** Returns the same marts to all test files of a process. */
export function makeMarts(): Promise<BuiltMarts> {
  made ??= make();
  return made;
}

let made: Promise<BuiltMarts> | undefined;
let copies = 0;

async function make(): Promise<BuiltMarts> {
  const { warehouse } = await buildShop();
  const folder = mkdtempSync(join(tmpdir(), "marts-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    async open(script) {
      const file = join(folder, `copy-${++copies}.duckdb`);
      await copyFile(warehouse, file);
      const opened = await openWarehouse(pathToFileURL(file).href.replace("file:", "duckdb:"));
      if (script !== undefined) await opened.run(script);
      return opened;
    },
  };
}
