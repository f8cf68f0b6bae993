import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { generateCoffee } from "../../generator/coffee/generate.ts";
import type { Lake } from "../../generator/lake/lake.ts";
import { openLake } from "../../generator/lake/open-lake.ts";
import { load } from "../../generator/load.ts";
import { builtRun, lastLoadTime, loadedRun, madeRun } from "../../generator/runs.ts";
import { coffeeDataset } from "../../generator/tables/index.ts";
import { createTables } from "../../generator/warehouse/duckdb.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import type { Warehouse } from "../../generator/warehouse/warehouse.ts";
import { userError } from "../support/user-error.ts";

describe("The records of the night", () => {
  let folder: string;
  let lake: Lake;
  let warehouse: Warehouse;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "runs-"));
    lake = await openLake(pathToFileURL(join(folder, "bucket")).href);
    const url = `duckdb://${join(folder, "warehouse.duckdb")}`;
    await createTables(url, coffeeDataset);
    warehouse = await openWarehouse(url);
  });
  afterEach(async () => {
    await warehouse.close();
    await rm(folder, { recursive: true });
  });

  const generate = (until: string) =>
    generateCoffee(lake, { seed: 7, scale: 0.1, until, days: 3, shard: { index: 0, count: 1 } });

  it("are missing before the first night", async () => {
    expect(await madeRun(lake)).to.equal(undefined);
    expect(await loadedRun(warehouse)).to.equal(undefined);
    expect(await lastLoadTime(warehouse)).to.equal(undefined);
    expect(await builtRun(warehouse)).to.equal(undefined);
  });

  it("name the run in the bucket, and the loaded one, which is the older until the load", async () => {
    const first = await generate("2024-03-10");
    await load(warehouse, lake);
    const second = await generate("2024-03-11");
    expect(await madeRun(lake)).to.deep.equal({ run: second.run, until: "2024-03-11" });
    expect(await loadedRun(warehouse)).to.deep.equal({ run: first.run, until: "2024-03-10" });
    const before = Date.now();
    await load(warehouse, lake);
    expect(await lastLoadTime(warehouse)).to.be.within(before, Date.now());
    expect(await loadedRun(warehouse)).to.deep.equal({ run: second.run, until: "2024-03-11" });
    expect(await warehouse.run("SELECT load_id FROM coffee_shop.loads ORDER BY 1")).to.deep.equal([
      { load_id: 1 },
      { load_id: 2 },
    ]);
  });

  it("name the run that the published marts were built from", async () => {
    await warehouse.run(`CREATE SCHEMA coffee_marts;
      CREATE TABLE coffee_marts.built_from AS SELECT '2024-03-10-a' AS run, DATE '2024-03-10' AS data_until`);
    expect(await builtRun(warehouse)).to.deep.equal({ run: "2024-03-10-a", until: "2024-03-10" });
  });

  it("do not record a load that failed", async () => {
    const { files } = await generate("2024-03-10");
    await writeFile(lake.uri(files[0]?.path ?? ""), "");
    expect(await userError(() => load(warehouse, lake))).to.include("Nothing was loaded");
    expect(await loadedRun(warehouse)).to.equal(undefined);
  });

  it("take a broken manifest for a fault, and not for a run that is missing", async () => {
    await lake.writeText("csv_sources/manifest.json", "{");
    expect(await userError(() => madeRun(lake))).to.include("not JSON");
  });
});
