import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { generateCoffee } from "../../generator/coffee/generate.ts";
import type { Lake } from "../../generator/lake/lake.ts";
import { type Manifest, manifestPath } from "../../generator/lake/manifest.ts";
import { openLake } from "../../generator/lake/open-lake.ts";
import { load } from "../../generator/load.ts";
import { coffeeTables } from "../../generator/tables/index.ts";
import { fullName } from "../../generator/tables/table.ts";
import { createTables } from "../../generator/warehouse/duckdb.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import type { Warehouse } from "../../generator/warehouse/warehouse.ts";
import { userError } from "../support/user-error.ts";

const small = { until: "2024-03-10", days: 10, scale: 0.1 };

describe("loading the coffee shop", () => {
  let folder: string;
  let lake: Lake;
  let warehouse: Warehouse;
  let manifest: Manifest;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "load-"));
    lake = await openLake(pathToFileURL(join(folder, "bucket")).href);
    const url = `duckdb://${join(folder, "warehouse.duckdb")}`;
    await createTables(url, coffeeTables);
    warehouse = await openWarehouse(url);
    manifest = await generateShop(7);
    await load(warehouse, lake);
  });
  afterEach(async () => {
    await warehouse.close();
    await rm(folder, { recursive: true });
  });

  const generateShop = (seed: number, count = 1) =>
    Array.from({ length: count }, (_, index) => ({ index, count })).reduce(
      (before, shard) => before.then(() => generateCoffee(lake, { ...small, seed, shard })),
      Promise.resolve({} as Manifest),
    );
  const pathOf = (table: string) => lake.uri(manifest.files.find((file) => file.table === table)?.path ?? "");
  const contents = async () => {
    const tables: Record<string, unknown> = {};
    for (const table of coffeeTables) {
      tables[table.table] = await warehouse.run(`SELECT * FROM ${fullName(table)} ORDER BY ALL`);
    }
    return tables;
  };
  /** Runs a load that must fail, and checks that all tables are as they were. */
  const refused = async () => {
    const before = await contents();
    const message = await userError(() => load(warehouse, lake));
    expect(await contents()).to.deep.equal(before);
    return message;
  };

  it("fills all six tables with as many rows as the manifest promises", async () => {
    for (const { table, rows } of manifest.files) {
      const [found] = await warehouse.run(`SELECT count(*) AS rows FROM coffee_shop.${table}`);
      expect(found?.rows, table).to.equal(rows).and.to.be.above(0);
    }
  });

  it("replaces rows and never adds any: a second load leaves every table the same", async () => {
    const before = await contents();
    await load(warehouse, lake);
    expect(await contents()).to.deep.equal(before);
  });

  it("loads a run of several shards as the same rows", async () => {
    const before = await contents();
    await generateShop(7, 3);
    await load(warehouse, lake);
    expect(await contents()).to.deep.equal(before);
  });

  it("replaces the rows by those of another run", async () => {
    const before = await contents();
    await generateShop(8);
    await load(warehouse, lake);
    expect(await contents()).not.to.deep.equal(before);
  });

  it("refuses an edited file, naming it", async () => {
    const text = await readFile(pathOf("orders"), "utf8");
    await writeFile(pathOf("orders"), text.replace("Takeaway", "Takeawai"));
    expect(await refused()).to.match(
      /Orders\.csv was changed: its MD5 is .* the manifest says .*generate the files again/s,
    );
  });

  it("refuses a truncated and a missing file, both in one message", async () => {
    await truncate(pathOf("order_details"), 1000);
    await rm(pathOf("stores"));
    expect(await refused())
      .to.match(/Stores\.csv is missing/)
      .and.to.match(/OrderDetails\.csv has 1000 bytes/);
  });

  it("names file, line, column and value if a file of the manifest does not fit its table", async () => {
    const path = pathOf("products");
    const text = (await readFile(path, "utf8")).replace(/^(1,[^\n]*?),(\d+\.\d\d|\d+),/m, "$1,dear,");
    expect(text).to.include(",dear,");
    await writeFile(path, text);
    await promise("products", { rows: manifest.files.find(({ table }) => table === "products")?.rows ?? 0 });
    expect(await refused()).to.match(/Products\.csv, line 2, column price: "dear" is not NUMERIC/);
  });

  it("refuses another row count than the manifest's", async () => {
    await appendFile(pathOf("stores"), "");
    await promise("stores", { rows: 1 });
    expect(await refused()).to.match(/coffee_shop\.stores: \d rows arrived, the manifest promises 1/);
  });

  it("refuses a missing manifest, one that was cut short, and one that lacks a table", async () => {
    const path = lake.uri(manifestPath("csv_sources"));
    const without = { ...manifest, files: manifest.files.filter(({ table }) => table !== "stores") };
    await lake.writeText(manifestPath("csv_sources"), JSON.stringify(without));
    expect(await refused()).to.include("names no file for stores");
    await truncate(path, 20);
    expect(await refused()).to.include("not JSON");
    await rm(path);
    expect(await refused()).to.include("run generate first");
  });

  it("leaves all six tables as they were if the last one cannot be replaced", async () => {
    await generateShop(8);
    await warehouse.run("ALTER TABLE coffee_shop.order_details RENAME COLUMN quantity TO pieces");
    expect(await refused()).to.include("quantity");
  });

  /** Rewrites a file's entry in the manifest to match the file, apart from the given fields. */
  async function promise(table: string, changes: { rows: number }): Promise<void> {
    const files = await Promise.all(
      manifest.files.map(async (file) =>
        file.table === table ? { ...file, ...(await lake.stat(file.path)), ...changes } : file,
      ),
    );
    await lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...manifest, files }));
  }
});
