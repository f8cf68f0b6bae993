import { appendFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BigQuery } from "@google-cloud/bigquery";
import { expect } from "chai";
import { PassThroughClient } from "google-auth-library";
import { type FillSummary, fill } from "../../../generator/fill.ts";
import { bigquerySchema } from "../../../generator/tables/derive.ts";
import { thelook } from "../../../generator/tables/merchant.ts";
import type { Table } from "../../../generator/tables/table.ts";
import { openWarehouse } from "../../../generator/warehouse/open-warehouse.ts";
import type { Warehouse } from "../../../generator/warehouse/warehouse.ts";
import { type BigQuery as Server, skipWithout, startBigQuery } from "../../support/servers.ts";
import { allRows, emptyWarehouse, filledTables, syntheticExport, temporaryFolder } from "../thelook/merchant.ts";

describe("The merchant and the e-wallet in BigQuery", () => {
  const folder = temporaryFolder();
  const duckdb = emptyWarehouse(folder);
  let server: Server;
  let bigquery: Warehouse;
  let reports: { duckdb: FillSummary; bigquery: FillSummary };

  before(async function () {
    this.timeout(900_000);
    skipWithout("bqemulator", this);
    const source = pathToFileURL(join(folder, "thelook")).href;
    await cp(fileURLToPath(await syntheticExport(0.01)), join(folder, "thelook"), { recursive: true });
    server = await startBigQuery();
    const client = new BigQuery({
      projectId: server.project,
      apiEndpoint: server.url,
      authClient: new PassThroughClient() as never,
    });
    await createTables(client, filledTables);
    await client.createDataset("thelook", { location: "US" });
    for (const table of Object.values(thelook)) {
      const file = fileURLToPath(`${source}/${table.file}.csv`);
      appendFileSync(file, dirty[table.table] ?? "");
      await client
        .dataset("thelook")
        .table(table.table)
        .load(file, {
          sourceFormat: "CSV",
          skipLeadingRows: 1,
          schema: { fields: bigquerySchema(table) },
        });
    }
    // The emulator's address is the only one, and the client must not look for credentials beyond this machine.
    process.env.METADATA_SERVER_DETECTION = "none";
    process.env.BIGQUERY_EMULATOR_HOST = `${server.url}/bigquery/v2`;
    bigquery = await openWarehouse(`bigquery://${server.project}`);
    reports = {
      duckdb: await fill(duckdb(), { source, seed: 42 }),
      bigquery: await fill(bigquery, { source: `bigquery://${server.project}/thelook`, seed: 42 }),
    };
  });
  after(async () => {
    delete process.env.METADATA_SERVER_DETECTION;
    delete process.env.BIGQUERY_EMULATOR_HOST;
    await server?.stop();
  });

  it("hold the same rows as in DuckDB", async () => {
    const expected = await allRows(duckdb());
    const found = await allRows(bigquery);
    for (const [table, rows] of Object.entries(expected)) {
      expect(rows.length, table).to.be.above(table === "merchant.distribution_centers" ? 9 : 100);
      expect(found[table], table).to.deep.equal(rows);
    }
  });

  it("are summed up in the same counts", () => {
    for (const { of, what, rows } of reports.duckdb.counts) expect(rows, `${of} ${what}`).to.be.above(0);
    expect(reports.bigquery).to.deep.equal({ ...reports.duckdb, source: reports.bigquery.source });
  });

  it("stay the same when they are filled again", async () => {
    const before = await allRows(bigquery);
    await fill(bigquery, { source: reports.bigquery.source, seed: 42 });
    expect(await allRows(bigquery)).to.deep.equal(before);
  });

  it("cannot be filled from a folder, and the message says what to use instead", async () => {
    const failed = await fill(bigquery, { source: "file:///export", seed: 1 }).catch((error: Error) => error.message);
    expect(failed).to.match(/BigQuery cannot read file:\/\/\/export: upload it/);
  });
});

async function createTables(client: BigQuery, tables: readonly Table[]): Promise<void> {
  for (const dataset of new Set(tables.map((table) => table.dataset)))
    await client.createDataset(dataset, { location: "US" });
  for (const table of tables)
    await client.dataset(table.dataset).createTable(table.table, { schema: { fields: bigquerySchema(table) } });
}

/** Rows for each of the snapshot's rules, as lines of CSV: without ids, of repeated ids, of one address written in two ways… */
const dirty: Record<string, string> = {
  distribution_centers: [",Nowhere,1,2", "11,Kyiv,50.45,30.52", "11,Kyiv,50.45,30.53", "11,Kyiv,50.45,30.53"].join(
    "\n",
  ),
  products: [
    ",1,Jeans,No Id,Own,2,Men,A,1",
    "900000,1,Jeans,Twice,Own,2,Men,A,1",
    "900000,1,Jeans,Twice,Own,2,Men,A,1",
    "900001,1,Jeans,Two Prices,Own,2,Men,A,1",
    "900001,1,Jeans,Two Prices,Own,3,Men,A,1",
    '900002,1,Jeans,"A ""Name"", quoted",Own,2,Men,A,99',
  ].join("\n"),
  users: [
    "900000,Twice,Same,twice@example.com,30,F,,,,Kyiv,Ukraine,,,Search,2024-01-01 00:00:00.000000 UTC",
    "900000,Twice,Same,twice@example.com,30,F,,,,Kyiv,Ukraine,,,Search,2024-01-01 00:00:00.000000 UTC",
    ",No,Id,no.id@example.com,30,F,,,,Kyiv,Ukraine,,,Search,2024-01-01 00:00:00.000000 UTC",
    "900001,No,Mail,,30,F,,,,Kyiv,Ukraine,,,Search,2024-01-01 00:00:00.000000 UTC",
    "900002,Zoë,Late,ZOË@Example.com ,31,F,,,,null,Ukraine,,,Search,2024-02-01 00:00:00.000000 UTC",
    "900003,Zoë,Soon,zoë@example.com,31,F,,,,Lviv,Ukraine,49.84,24.03,Search,2024-01-01 00:00:00.000000 UTC",
    "900003,Zoë,Soon,zoë@example.com,,F,,,,Lviv,Ukraine,49.84,24.03,Search,2024-01-01 00:00:00.000000 UTC",
    "900004,Old,Age,old@example.com,400,,,,,,,,,,",
  ].join("\n"),
  orders: [
    ",900003,Complete,F,2024-03-01 00:00:00.000000 UTC,,,,1",
    "900001,900001,Complete,F,2024-03-01 00:00:00.000000 UTC,,,,1",
    "900002,900002,Shipped,F,2024-03-01 00:00:00.000000 UTC,,2024-03-02 00:00:00.000000 UTC,,2",
    "900002,900002,Processing,F,2024-03-01 00:00:00.000000 UTC,,,,2",
    "900003,999999,Complete,F,2024-03-01 00:00:00.000000 UTC,,,,1",
    "900004,900004,,,,,,,",
  ].join("\n"),
  order_items: [
    ",900002,900002,1,1,Shipped,2024-03-01 00:00:00.000000 UTC,,,,5",
    "900001,900001,900001,1,1,Complete,2024-03-01 00:00:00.000000 UTC,,,,5",
    "900002,900002,900003,1,1,Shipped,2024-03-01 00:00:00.000000 UTC,,,,59.990001678466797",
    "900002,900002,900003,1,1,Shipped,2024-03-01 00:00:00.000000 UTC,,,,60",
    "900003,900002,900002,1,1,Shipped,2024-03-01 00:00:00.000000 UTC,,,,",
    "900004,999999,900002,1,1,Shipped,2024-03-01 00:00:00.000000 UTC,,,,5",
    "900005,900004,,,,,,,,,7.25",
    "900006,900004,,999999,,,,,,,8",
  ].join("\n"),
};
