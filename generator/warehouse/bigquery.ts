import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BigQuery, type Job } from "@google-cloud/bigquery";
import { messageOf, UserError } from "../errors.ts";
import { explainAccess } from "../google-errors.ts";
import { limitSilence } from "../google-silence.ts";
import { readHead } from "../lake/gcs.ts";
import { bigquerySchema } from "../tables/derive.ts";
import { columnNames, fullName, type Table } from "../tables/table.ts";
import { dialects } from "./dialect.ts";
import { describeForm, examineExportFile, HEAD_BYTES } from "./export-file.ts";
import { commaForm, readHeader } from "./read-csv.ts";
import { checkColumns, nullMarkers } from "./read-export.ts";
import type { CsvSource, ResultRow, Warehouse } from "./warehouse.ts";

const STAGING_LIFETIME_MS = 60 * 60 * 1000;
const ROLES = "roles/bigquery.jobUser on the project and roles/bigquery.dataEditor on the datasets";

/**
 * Opens a warehouse in BigQuery: `bigquery://PROJECT?location=LOCATION`, with the location of the datasets (US by default).
 * `&datasets=DATASET:PROJECT,…` names datasets in other projects; jobs always run in PROJECT.
 * Uses Google's application default credentials. Throws UserError if the URL names no project.
 */
export async function openBigQuery(url: string): Promise<Warehouse> {
  const { projectId, location, projects } = parseUrl(url);
  const client = new BigQuery({ projectId, location });
  limitSilence();
  const projectOf = ({ dataset }: Table) => projects.get(dataset) ?? projectId;
  const nameIn = (table: Table) =>
    projects.has(table.dataset) ? `\`${projectOf(table)}.${fullName(table)}\`` : fullName(table);
  const tableOf = (table: Table) => client.dataset(table.dataset, { projectId: projectOf(table) }).table(table.table);
  const staged: Table[] = [];

  const explain = (error: unknown, job: Job | undefined, fault: (error: unknown) => string) => {
    const access = explainAccess(error, `BigQuery in project ${projectId}`, ROLES);
    // An error without BigQuery's list of reasons is a bug, so it keeps its stack trace.
    if (access !== undefined || !(error instanceof Error && "errors" in error)) return access ?? error;
    const id = job?.id ?? (error as { response?: { jobReference?: { jobId?: string } } }).response?.jobReference?.jobId;
    return new UserError(`${fault(error)}${id === undefined ? "" : ` (job ${id} in ${location})`}`);
  };

  return {
    url,
    dialect: dialects.bigquery,
    nameOf: nameIn,
    async run(script) {
      let job: Job | undefined;
      try {
        [job] = await client.createQueryJob({ query: script, location });
        // Read integers as objects: otherwise the client throws on one beyond 2^53.
        const [rows] = await job.getQueryResults({ wrapIntegers: true });
        return rows.map((row) => plainRow(row));
      } catch (error) {
        // BigQuery rolls back the script's transaction itself.
        throw explain(error, job, (failed) => `BigQuery: ${messageOf(failed)}`);
      }
    },
    async stage(table, csv) {
      const columns = await columnsOf(table, csv);
      const staging = { ...table, table: `_load_${table.table}_${randomUUID().replaceAll("-", "")}` };
      const target = tableOf(staging);
      let job: Job | undefined;
      try {
        const schema = { fields: schemaOf(table, columns) };
        // If this process is killed, BigQuery drops the table at its expiration time.
        await target.create({ schema, expirationTime: String(Date.now() + STAGING_LIFETIME_MS) });
        staged.push(staging);
        [job] = await client.createJob({
          location,
          configuration: {
            load: {
              sourceUris: [...csv.uris],
              destinationTable: { projectId: projectOf(staging), datasetId: staging.dataset, tableId: staging.table },
              schema,
              sourceFormat: "CSV",
              skipLeadingRows: 1,
              allowQuotedNewlines: true,
              // BigQuery takes one of the two settings. With the second, it reads these texts in an export as DuckDB does.
              ...(csv.exported ? { nullMarkers: [...nullMarkers] } : { nullMarker: "" }),
              // The table is new, so rows in it would be a mistake.
              writeDisposition: "WRITE_EMPTY",
              // If the table was dropped meanwhile, one that the load creates again would never expire.
              createDisposition: "CREATE_NEVER",
            },
          },
        });
        await job.promise();
        const [{ statistics }] = await job.getMetadata();
        const missing = csv.exported ? columnNames(table).filter((name) => !columns.includes(name)) : [];
        return {
          name: withMissing(nameIn(staging), table, missing),
          rows: Number(statistics?.load?.outputRows),
          missing,
        };
      } catch (error) {
        throw explain(error, job, (failed) => `${loadFault(failed)}; ${fullName(table)} is as it was`);
      }
    },
    async stageTexts(near, columns, rows) {
      const staging = { ...near, table: `_load_texts_${randomUUID().replaceAll("-", "")}` };
      const target = tableOf(staging);
      const schema = { fields: columns.map((name) => ({ name, type: "STRING", mode: "REQUIRED" })) };
      const folder = await mkdtemp(join(tmpdir(), "texts-"));
      try {
        const file = join(folder, "texts.json");
        const lines = rows.map((row) => JSON.stringify(Object.fromEntries(columns.map((name, at) => [name, row[at]]))));
        await writeFile(file, `${lines.join("\n")}\n`, { mode: 0o600 });
        await target.create({ schema, expirationTime: String(Date.now() + STAGING_LIFETIME_MS) });
        staged.push(staging);
        await target.load(file, {
          schema,
          location,
          sourceFormat: "NEWLINE_DELIMITED_JSON",
          writeDisposition: "WRITE_EMPTY",
          createDisposition: "CREATE_NEVER",
        });
        return nameIn(staging);
      } catch (error) {
        throw explain(error, undefined, (failed) => `BigQuery: ${messageOf(failed)}`);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async close() {
      const dropped = staged.splice(0).map((staging) =>
        tableOf(staging)
          .delete({ ignoreNotFound: true })
          // Ignore the error: the work is done, and the table expires by itself.
          .catch(() => {}),
      );
      await Promise.all(dropped);
    },
  };
}

function parseUrl(url: string) {
  const [, projectId, query = ""] = /^bigquery:\/\/([a-z0-9][a-z0-9.:-]+)\/?(?:\?(.+))?$/.exec(url) ?? [];
  const { location = "US", datasets, ...unknown } = Object.fromEntries(new URLSearchParams(query));
  const pairs = datasets?.split(",").map((pair) => /^(\w+):([a-z0-9][a-z0-9.:-]+)$/.exec(pair));
  if (projectId === undefined || !/^[\w-]+$/.test(location) || pairs?.includes(null) || Object.keys(unknown).length > 0)
    throw new UserError(
      `"${url}" is not a BigQuery project: use bigquery://PROJECT?location=US, and &datasets=DATASET:PROJECT for others`,
    );
  const projects = new Map(pairs?.map((pair) => [String(pair?.[1]), String(pair?.[2])]));
  return { projectId, location, projects };
}

/** The columns of the files, in file order. Throws UserError if the files differ: a load maps columns by position. */
async function columnsOf(table: Table, { uris, extraColumns, exported }: CsvSource): Promise<readonly string[]> {
  if (uris.length === 0) throw new UserError(`no CSV file to load ${fullName(table)} from`);
  const headers = await Promise.all(
    uris.map(async (uri) => {
      if (exported !== undefined) return exportHeader(table, uri, exported.spare);
      return readHeader(table, { name: uri, chunks: [await readHead(uri)] }, extraColumns);
    }),
  );
  const [first = []] = headers;
  const other = headers.findIndex((columns) => columns.join() !== first.join());
  if (other > 0)
    throw new UserError(`${uris[other]} has its columns in another order than ${uris[0]}: use one order in all files`);
  return first;
}

/** The header of an export's file in the form that BigQuery's own exports have. Throws UserError for another form. */
async function exportHeader(table: Table, uri: string, spare: readonly string[]): Promise<readonly string[]> {
  const file = await examineExportFile(table, uri, await readHead(uri, HEAD_BYTES));
  const { encoding, delimiter, newline, skip } = file.form;
  const own = { encoding, delimiter, newline, skip };
  const other = file.format !== "csv" || file.isPadded || JSON.stringify(own) !== JSON.stringify(commaForm);
  if (other)
    throw new UserError(
      `${uri} is ${describeForm(file)}, but the load into BigQuery reads only CSV in UTF-8 with commas: upload the export with npm run upload -- --thelook, which rewrites it`,
    );
  checkColumns(table, file, file.header, spare);
  return file.header;
}

/** The staging table, with columns that are NULL for those that the files lack. */
function withMissing(name: string, table: Table, missing: readonly string[]): string {
  if (missing.length === 0) return name;
  const types = new Map(bigquerySchema(table).map((field) => [field.name, field.type]));
  const typeOf = (column: string) => String(types.get(column)).replace("INTEGER", "INT64").replace("BOOLEAN", "BOOL");
  const nulls = missing.map((column) => `CAST(NULL AS ${typeOf(column)}) AS ${column}`);
  return `(SELECT *, ${nulls.join(", ")} FROM ${name})`;
}

function schemaOf(table: Table, columns: readonly string[]) {
  const fields = new Map(bigquerySchema(table).map((field) => [field.name, field]));
  // Extra columns are loaded under numbered names, and stay behind in the staging table.
  return columns.map(
    (name, index) => fields.get(name) ?? { name: `_ignored_${index}`, type: "STRING", mode: "NULLABLE" },
  );
}

/**
 * Says why BigQuery could not load a file. Of the errors in the client's list it takes the first that locates the bad value, and
 * names file, line, column and value first, as far as BigQuery gives them.
 */
export function loadFault(error: unknown): string {
  const { errors } = error as { errors?: { message?: string; location?: string }[] };
  const single = (errors ?? []).filter(({ message }) => !/encountered too many errors/i.test(message ?? ""));
  const telling = single.find(({ message }) => /line_number|could not parse|too (many|few)/i.test(message ?? ""));
  const { message = messageOf(error), location } = telling ?? single[0] ?? errors?.[0] ?? {};
  const part = (name: string) => new RegExp(`\\b${name}: ("[^"]*"|\\S+)`).exec(message)?.[1];
  const [line, column, type, value] = ["line_number", "column_name", "column_type", "value"].map(part);
  const file = location?.startsWith("gs://") ? location : part("File");
  const at = [file, line && `line ${line}`, column && `column ${column.replaceAll('"', "")}`]
    .filter(Boolean)
    .join(", ");
  if (at === "") return `BigQuery: ${message}`;
  return value && type ? `${at}: ${value} is not ${type}` : `${at}: ${message}`;
}

function plainRow(row: Record<string, unknown>): ResultRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
}

/** Converts BigQuery's classes for integers, decimals, dates and timestamps to the values that the DuckDB adapter returns. */
function plain(value: unknown): ResultRow[string] {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  const kind = value?.constructor.name;
  const text = String((value as { value?: unknown }).value ?? value);
  if (kind === "BigQueryInt") return Number.isSafeInteger(Number(text)) ? Number(text) : text;
  if (kind === "Big") return Number(text);
  // The client gives nine decimal places, BigQuery stores six.
  if (kind === "BigQueryTimestamp") return text.replace(/(\.\d{6})000Z$/, "$1Z");
  return text;
}
