import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openWarehouse, type Warehouse } from "../../generator/warehouse/warehouse.ts";
import { dbtBuild } from "../../local/dbt.ts";
import { makeShop } from "../transform/shop.ts";

/** The marts of a small coffee shop, built by dbt in a DuckDB file. */
export interface BuiltMarts {
  /** Where the tests may write. */
  readonly folder: string;
  /** Opens the marts, or a copy of them that `script` has changed first. One at a time may have a file open. */
  open(script?: string): Promise<Warehouse>;
  remove(): Promise<void>;
}

let copies = 0;

/** Made once for all the files that ask for them: that takes some ten seconds. Nobody changes them but in copies. */
export function makeMarts(): Promise<BuiltMarts> {
  made ??= make();
  return made;
}

let made: Promise<BuiltMarts> | undefined;

after(async () => (await made?.catch(() => undefined))?.remove());

async function make(): Promise<BuiltMarts> {
  const { folder, warehouse, remove } = await makeShop();
  await dbtBuild({ target: "duckdb", env: { DBT_DUCKDB_PATH: warehouse }, folder: join(folder, "dbt") });
  return {
    folder,
    remove,
    async open(script) {
      const file = join(folder, `copy-${++copies}.duckdb`);
      await copyFile(warehouse, file);
      const opened = await openWarehouse(pathToFileURL(file).href.replace("file:", "duckdb:"));
      if (script !== undefined) await opened.run(script);
      return opened;
    },
  };
}
