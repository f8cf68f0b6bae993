import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BigQuery } from "@google-cloud/bigquery";
import { expect } from "chai";
import { openLake } from "../../../generator/lake/open-lake.ts";
import { bigquerySchema } from "../../../generator/tables/derive.ts";
import { allTables } from "../../../generator/tables/index.ts";
import { integer, nullable, numeric, string, type Table, table, timestamp } from "../../../generator/tables/table.ts";
import { createTables } from "../../../generator/warehouse/duckdb.ts";
import { openWarehouse } from "../../../generator/warehouse/open-warehouse.ts";
import { replaceRows, type Warehouse } from "../../../generator/warehouse/warehouse.ts";
import { type Google, startGoogle } from "../../support/google.ts";
import { arbitraryRow, csvOf, sample } from "../../support/rows.ts";
import { skipWithout } from "../../support/servers.ts";
import { userError } from "../../support/user-error.ts";

const things = table(
  { dataset: "contract", table: "things", description: "Things", primaryKey: ["id"] },
  {
    id: integer("Number"),
    name: nullable(string("Name")),
    price: nullable(numeric("Price")),
    seen_at: nullable(timestamp("When")),
  },
);
const others = table(
  { dataset: "contract", table: "others", description: "Others", primaryKey: ["id"] },
  { id: integer("Number") },
);
const tables: readonly Table[] = [things, others, ...allTables];

interface Place {
  warehouse: Warehouse;
  /** Writes a file where the warehouse can read it, and returns its URI. */
  put(name: string, text: string): Promise<string>;
  close(): Promise<void>;
}

async function onDuckDb(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "warehouse "));
  const url = pathToFileURL(join(folder, "new", "file.duckdb")).href.replace("file:", "duckdb:");
  await createTables(url, tables);
  const warehouse = await openWarehouse(url);
  return {
    warehouse,
    async put(name, text) {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    async close() {
      await warehouse.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function onBigQuery(): Promise<Place> {
  const google: Google = await startGoogle({ bigquery: true });
  const lake = await openLake(`gs://${await google.makeBucket("demo-bucket")}/csv`);
  const client = new BigQuery({ projectId: google.project });
  for (const dataset of new Set(tables.map(({ dataset }) => dataset))) await client.createDataset(dataset);
  for (const table of tables)
    await client.dataset(table.dataset).createTable(table.table, { schema: { fields: bigquerySchema(table) } });
  const warehouse = await openWarehouse(`bigquery://${google.project}?location=US`);
  return {
    warehouse,
    async put(name, text) {
      await lake.writeText(name, text);
      return lake.uri(name);
    },
    async close() {
      await warehouse.close();
      await google.stop();
    },
  };
}

for (const [engine, open] of Object.entries({ DuckDB: onDuckDb, BigQuery: onBigQuery })) {
  describe(`a warehouse on ${engine}`, () => {
    let place: Place;
    let warehouse: Warehouse;
    before(async function () {
      if (engine === "BigQuery") {
        // The emulator repeats what DuckDB does, in ten times the time.
        if (!process.env.CI) this.skip();
        skipWithout("bqemulator", this);
      }
      place = await open();
      warehouse = place.warehouse;
    });
    after(() => place?.close());

    const stage = async (of: Table, text: string, extraColumns?: "ignore") => {
      const uris = [await place.put("file.csv", text)];
      return warehouse.stage(of, extraColumns ? { uris, extraColumns } : { uris });
    };
    const idsOf = async (name: string) =>
      (await warehouse.run(`SELECT id FROM contract.${name} ORDER BY id`)).map(({ id }) => id);

    it("returns the last statement's rows, each value as plain JavaScript", async () => {
      const rows = await warehouse.run(`
        SELECT 1 AS unseen;
        SELECT 7 AS small, CAST('9007199254740993' AS ${warehouse.dialect.type("INT64")}) AS large,
          CAST('12.50' AS NUMERIC) AS amount, 0.1 AS ratio, 'é' AS text, TRUE AS flag, DATE '2025-02-28' AS day,
          TIMESTAMP '2025-09-12 01:11:58' AS at, TIMESTAMP '2025-09-12 01:11:58.000001' AS exact, NULL AS nothing`);
      expect(rows).to.deep.equal([
        {
          small: 7,
          large: "9007199254740993",
          amount: 12.5,
          ratio: 0.1,
          text: "é",
          flag: true,
          day: "2025-02-28",
          at: "2025-09-12T01:11:58.000Z",
          exact: "2025-09-12T01:11:58.000001Z",
          nothing: null,
        },
      ]);
    });

    it("returns no rows if the last statement is not a query", async () => {
      expect(await warehouse.run("DELETE FROM contract.others WHERE TRUE")).to.deep.equal([]);
    });

    it("stages a file by the names in its header, and replaces the rows of a table with it", async () => {
      const staged = await stage(things, 'name,id,seen_at,price\n"a, ""b""\nc",1,2025-09-12 01:11:58,2.5\n,2,,\n');
      expect(staged.rows).to.equal(2);
      for (let twice = 0; twice < 2; twice++) await warehouse.run(replaceRows([{ table: things, from: staged.name }]));
      expect(await warehouse.run("SELECT * FROM contract.things ORDER BY id")).to.deep.equal([
        { id: 1, name: 'a, "b"\nc', price: 2.5, seen_at: "2025-09-12T01:11:58.000Z" },
        { id: 2, name: null, price: null, seen_at: null },
      ]);
    });

    it("reads timestamps with and without a zone as UTC, and the word null as text", async () => {
      const { name } = await stage(
        things,
        "id,name,price,seen_at\n1,null,,2025-09-12 01:11:58.000000 UTC\n2,NULL,,2025-09-12T01:11:58.123456Z\n",
      );
      expect(await warehouse.run(`SELECT name, seen_at FROM ${name} ORDER BY id`)).to.deep.equal([
        { name: "null", seen_at: "2025-09-12T01:11:58.000Z" },
        { name: "NULL", seen_at: "2025-09-12T01:11:58.123456Z" },
      ]);
    });

    it("tells a quoted empty text from NULL", async () => {
      const { name } = await stage(things, 'id,name,price,seen_at\n1,"",,\n2,,,\n');
      expect(await warehouse.run(`SELECT name FROM ${name} ORDER BY id`)).to.deep.equal([{ name: "" }, { name: null }]);
    });

    it("stages texts that no script contains, in rows and columns as given", async () => {
      const texts = [
        ["a", 'quotes " and \\ and \n'],
        ["b", "Київ"],
      ];
      const name = await warehouse.stageTexts(things, ["plain", "keyed"], texts);
      const rows = await warehouse.run(`SELECT plain, keyed FROM ${name} ORDER BY plain`);
      expect(rows.map(({ plain, keyed }) => [plain, keyed])).to.deep.equal(texts);
    });

    it("stages several files as one table", async () => {
      const uris = [await place.put("shard-0.csv", "id\n1\n2\n"), await place.put("shard-1.csv", "id\n3\n")];
      const { name, rows } = await warehouse.stage(others, { uris });
      expect(rows).to.equal(3);
      expect(await warehouse.run(`SELECT SUM(id) AS total FROM ${name}`)).to.deep.equal([{ total: 6 }]);
    });

    it("stages a file that has a header and no rows", async () => {
      expect((await stage(others, "id\n")).rows).to.equal(0);
    });

    it("ignores columns that the table does not have, if told to", async () => {
      const { name, rows } = await stage(others, 'geom,id,"odd, name"\nPOINT(1 2),5,x\n', "ignore");
      expect(rows).to.equal(1);
      expect(await warehouse.run(`SELECT id FROM ${name}`)).to.deep.equal([{ id: 5 }]);
    });

    it("leaves every table as it was if the rows of one cannot be replaced", async () => {
      const first = await stage(others, "id\n1\n");
      await warehouse.run(replaceRows([{ table: others, from: first.name }]));
      const second = await stage(others, "id\n2\n");
      const script = replaceRows([
        { table: others, from: second.name },
        { table: things, from: "contract.no_such_table" },
      ]);
      expect(await userError(() => warehouse.run(script))).to.contain("no_such_table");
      expect(await idsOf("others")).to.deep.equal([1]);
      await warehouse.run(replaceRows([{ table: others, from: second.name }]));
      expect(await idsOf("others")).to.deep.equal([2]);
    });

    it("refuses a file of another table, one with missing or unknown columns, an empty one and a missing one", async () => {
      const expected = "expected the header id,name,price,seen_at";
      const uri = await place.put("file.csv", "");
      const refuse = (text: string) => userError(() => stage(things, text));
      expect(await refuse("")).to.equal(`${uri} is empty: ${expected}`);
      expect(await refuse("PK\u0003\u0004\n")).to.equal(`${uri} is not a CSV of contract.things: ${expected}`);
      expect(await refuse("id,seen_at,name\n")).to.equal(`${uri}, line 1: no column price; ${expected}`);
      expect(await refuse("id,name,price,seen_at,cup\n")).to.equal(`${uri}, line 1: unknown column cup; ${expected}`);
      expect(await refuse("id,name,id,price,seen_at\n")).to.equal(
        `${uri}, line 1: column id appears twice; ${expected}`,
      );
      const missing = uri.replace("file.csv", "none.csv");
      expect(await userError(() => warehouse.stage(things, { uris: [missing] }))).to.contain(
        `${missing} does not exist`,
      );
      expect(await userError(() => warehouse.stage(things, { uris: [] }))).to.equal(
        "no CSV file to load contract.things from",
      );
    });

    it("refuses a value that does not fit its column", async () => {
      expect(await userError(() => stage(things, "id,name,price,seen_at\n1,a,1,\nx,b,1,\n"))).to.match(
        /file\.csv|\bx\b/,
      );
      expect(await userError(() => stage(things, "id,name,price,seen_at\n1,a\n"))).to.be.a("string");
    });

    for (const of of allTables) {
      it(`loads rows of ${of.dataset}.${of.table} from a CSV file unchanged`, async () => {
        const rows = sample(arbitraryRow(of), 25);
        const staged = await stage(of, csvOf(of, rows));
        expect(staged.rows).to.equal(rows.length);
        await warehouse.run(replaceRows([{ table: of, from: staged.name }]));
        const names = Object.keys(of.columns).join(", ");
        const found = await warehouse.run(`SELECT ${names} FROM ${of.dataset}.${of.table}`);
        expect(found).to.have.deep.members(rows);
      });
    }
  });
}
