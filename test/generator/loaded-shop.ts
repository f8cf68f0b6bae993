import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { generateCoffee } from "../../generator/coffee/generate.ts";
import type { Lake } from "../../generator/lake/lake.ts";
import { type Manifest, manifestPath } from "../../generator/lake/manifest.ts";
import { openLake } from "../../generator/lake/open-lake.ts";
import { type LoadOptions, load } from "../../generator/load.ts";
import { coffeeDataset, coffeeTables } from "../../generator/tables/index.ts";
import { fullName } from "../../generator/tables/table.ts";
import { createTables } from "../../generator/warehouse/duckdb.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import type { Warehouse } from "../../generator/warehouse/warehouse.ts";
import { userError } from "../support/user-error.ts";

/** A bucket with a run of the coffee shops, and a warehouse that holds it. Each test has copies of its own. */
export class LoadedShop {
  lake!: Lake;
  warehouse!: Warehouse;
  /** The manifest in the bucket, as it was when the test began. */
  manifest!: Manifest;
  readonly settings: { readonly until: string; readonly days: number; readonly scale: number; readonly seed: number };

  /** Makes them before the tests of the surrounding `describe`, and a copy before each. */
  constructor(settings: LoadedShop["settings"]) {
    this.settings = settings;
    let loaded: string;
    let folder: string;
    before(async () => {
      loaded = await mkdtemp(join(tmpdir(), "loaded-"));
      await createTables(`duckdb://${join(loaded, "warehouse.duckdb")}`, coffeeDataset);
      await this.openIn(loaded);
      await this.generate();
      await load(this.warehouse, this.lake);
      await this.warehouse.close();
    });
    after(() => rm(loaded, { recursive: true }));
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "load-"));
      await cp(loaded, folder, { recursive: true });
      await this.openIn(folder);
      this.manifest = JSON.parse((await this.lake.readText(manifestPath("csv_sources"))) ?? "");
    });
    afterEach(async () => {
      await this.warehouse.close();
      await rm(folder, { recursive: true });
    });
  }

  private async openIn(place: string): Promise<void> {
    this.lake = await openLake(pathToFileURL(join(place, "bucket")).href);
    this.warehouse = await openWarehouse(`duckdb://${join(place, "warehouse.duckdb")}`);
  }

  /** Generates another run into the bucket. @param count how many shards make it */
  async generate(changes: Partial<LoadedShop["settings"]> = {}, count = 1): Promise<Manifest> {
    let made = {} as Manifest;
    for (let index = 0; index < count; index++)
      made = await generateCoffee(this.lake, { ...this.settings, ...changes, shard: { index, count } });
    return made;
  }

  pathOf(table: string): string {
    return this.lake.uri(this.manifest.files.find((file) => file.table === table)?.path ?? "");
  }

  /** All rows of all tables. */
  async contents(): Promise<Record<string, unknown>> {
    const tables: Record<string, unknown> = {};
    for (const table of coffeeTables)
      tables[table.table] = await this.warehouse.run(`SELECT * FROM ${fullName(table)} ORDER BY ALL`);
    return tables;
  }

  /** Runs a load that must fail, and checks that all tables are as they were. */
  async refused(options: LoadOptions = {}): Promise<string> {
    const before = await this.contents();
    const message = await userError(() => load(this.warehouse, this.lake, options));
    expect(await this.contents()).to.deep.equal(before);
    return message;
  }

  /** Rewrites a file's entry in the manifest to match the file, apart from the given fields. */
  async promise(table: string, changes: { rows?: number }): Promise<void> {
    const files = await Promise.all(
      this.manifest.files.map(async (file) =>
        file.table === table ? { ...file, ...(await this.lake.stat(file.path)), ...changes } : file,
      ),
    );
    await this.lake.writeText(manifestPath("csv_sources"), JSON.stringify({ ...this.manifest, files }));
  }
}
