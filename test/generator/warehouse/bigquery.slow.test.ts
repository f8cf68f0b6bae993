import { BigQuery } from "@google-cloud/bigquery";
import { expect } from "chai";
import { openLake } from "../../../generator/lake/open-lake.ts";
import { bigquerySchema } from "../../../generator/tables/derive.ts";
import { integer, string, table } from "../../../generator/tables/table.ts";
import { loadFault } from "../../../generator/warehouse/bigquery.ts";
import { openWarehouse } from "../../../generator/warehouse/open-warehouse.ts";
import type { CsvSource } from "../../../generator/warehouse/warehouse.ts";
import { type Google, startGoogle } from "../../support/google.ts";
import { skipWithout } from "../../support/servers.ts";
import { userError } from "../../support/user-error.ts";

const things = table(
  { dataset: "shop", table: "things", description: "Things", primaryKey: ["id"] },
  { id: integer("Number"), name: string("Name") },
);

describe("BigQuery", () => {
  let google: Google;
  let client: BigQuery;
  const put = async (name: string, text: string) => {
    const lake = await openLake("gs://demo-bucket/csv");
    await lake.writeText(name, text);
    return lake.uri(name);
  };

  before(async function () {
    skipWithout("bqemulator", this);
    google = await startGoogle({ bigquery: true });
    client = new BigQuery({ projectId: google.project });
    await client.createDataset("shop");
    await google.makeBucket("demo-bucket");
  });
  afterEach(() => {
    google.intercept = undefined;
  });
  after(() => google?.stop());

  it("keeps a staging table in the table's dataset, for an hour at most, and drops it when closed", async () => {
    const created: Buffer[] = [];
    google.intercept = (request) => {
      if (request.method === "POST" && /\/tables\b/.test(request.url ?? ""))
        request.on("data", (part) => created.push(part));
      return false;
    };
    const warehouse = await openWarehouse(`bigquery://${google.project}`);
    const { name } = await warehouse.stage(things, { uris: [await put("a.csv", "id,name\n1,a\n")] });
    expect(name).to.match(/^shop\._load_things_[0-9a-f]{32}$/);
    const { schema, expirationTime } = JSON.parse(Buffer.concat(created).toString());
    expect(schema.fields).to.deep.equal(bigquerySchema(things));
    expect(Number(expirationTime) - Date.now()).to.be.within(50 * 60_000, 60 * 60_000);
    await warehouse.close();
    expect(await client.dataset("shop").table(name.replace("shop.", "")).exists()).to.deep.equal([false]);
  });

  it("sets what BigQuery needs and the emulator does not: line breaks within quotes, and NULL for empty fields", async () => {
    const jobs: Buffer[] = [];
    google.intercept = (request) => {
      if (request.method === "POST" && /\/jobs\b/.test(request.url ?? ""))
        request.on("data", (part) => jobs.push(part));
      return false;
    };
    const warehouse = await openWarehouse(`bigquery://${google.project}`);
    const staged = async (exported?: CsvSource["exported"]) => {
      jobs.length = 0;
      await warehouse.stage(things, { uris: [await put("a.csv", "id,name\n1,a\n")], ...(exported && { exported }) });
      return JSON.parse(Buffer.concat(jobs).toString()).configuration.load;
    };
    const load = await staged();
    expect(load).to.include({ allowQuotedNewlines: true, nullMarker: "", skipLeadingRows: 1 });
    expect(load).not.to.have.property("nullMarkers");
    // People's exports may write NULL in words. BigQuery refuses both settings together.
    const other = await staged({ spare: [] });
    expect(other.nullMarkers).to.deep.equal(["", "NULL", "\\N"]);
    expect(other).not.to.have.property("nullMarker");
    await warehouse.close();
  });

  it("refuses files of one table whose columns are in different orders", async () => {
    const warehouse = await openWarehouse(`bigquery://${google.project}`);
    const uris = [await put("a.csv", "id,name\n1,a\n"), await put("b.csv", "name,id\nb,2\n")];
    expect(await userError(() => warehouse.stage(things, { uris }))).to.equal(
      "gs://demo-bucket/csv/b.csv has its columns in another order than gs://demo-bucket/csv/a.csv: use one order in all files",
    );
    await warehouse.close();
  });

  it("names the job of a script or load that failed, and leaves the table as it was", async () => {
    const warehouse = await openWarehouse(`bigquery://${google.project}?location=EU`);
    expect(await userError(() => warehouse.run("SELECT 1; SELECT nope FROM shop.none"))).to.match(
      /^BigQuery: .*none.* \(job [\w-]+ in EU\)$/s,
    );
    const uris = [await put("bad.csv", "id,name\n1,a\nx,b\n")];
    expect(await userError(() => warehouse.stage(things, { uris }))).to.match(
      /; shop\.things is as it was \(job [\w-]+ in EU\)$/,
    );
    await warehouse.close();
  });

  it("says what to do without credentials, permission or network", async () => {
    const refused = (status: number, message: string) => {
      google.intercept = (_, response) => {
        response.writeHead(status, { "Content-Type": "application/json" });
        response.end(JSON.stringify({ error: { code: status, message, errors: [{ message }] } }));
        return true;
      };
    };
    const warehouse = await openWarehouse("bigquery://some-project");
    refused(403, "User does not have bigquery.jobs.create permission");
    expect(await userError(() => warehouse.run("SELECT 1"))).to.match(
      /^BigQuery in project some-project refuses this account, which needs roles\/bigquery\.jobUser .*jobs\.create/,
    );
    refused(401, "Request had invalid authentication credentials");
    expect(await userError(() => warehouse.run("SELECT 1"))).to.match(
      /^no Google credentials for BigQuery in project some-project: run gcloud auth application-default login/,
    );
    google.intercept = (_, response) => response.destroy() !== undefined;
    expect(await userError(() => warehouse.run("SELECT 1"))).to.match(
      /^BigQuery in project some-project cannot be reached/,
    );
  });
});

describe("BigQuery, without a server", () => {
  it("refuses a URL without a valid project or location", async () => {
    for (const url of ["bigquery://", "bigquery://My_Project", "bigquery://project?region=EU", "bigquery://a/b"])
      expect(await userError(() => openWarehouse(url))).to.contain("use bigquery://PROJECT?location=US");
    expect(await userError(() => openWarehouse("postgres://x"))).to.contain("is not a warehouse");
  });

  describe("explaining a failed load", () => {
    // BigQuery's own messages; the first of a list is a summary.
    const summary = {
      message:
        "Error while reading data, error message: CSV processing encountered too many errors, giving up. Rows: 3",
    };

    it("names file, line, column and value first if BigQuery gives them", () => {
      const detail = {
        message:
          "Error while reading data, error message: Unable to parse; line_number: 3 byte_offset_to_start_of_line: 20 " +
          'column_index: 0 column_name: "id" column_type: INT64 value: "x" File: gs://bucket/bad.csv',
      };
      expect(loadFault({ message: "", errors: [summary, detail] })).to.equal(
        'gs://bucket/bad.csv, line 3, column id: "x" is not INT64',
      );
    });

    it("gives BigQuery's message with the file otherwise", () => {
      expect(loadFault({ message: "", errors: [{ ...summary, location: "gs://bucket/bad.csv" }] })).to.equal(
        `gs://bucket/bad.csv: ${summary.message}`,
      );
      expect(loadFault(new Error("Backend error"))).to.equal("BigQuery: Backend error");
    });
  });
});
