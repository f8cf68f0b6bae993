import { randomUUID } from "node:crypto";
import { BigQuery, type Job } from "@google-cloud/bigquery";
import { messageOf, UserError } from "../errors.ts";
import { explainAccess } from "../google-errors.ts";
import { readHead } from "../lake/gcs.ts";
import { bigquerySchema } from "../tables/derive.ts";
import { fullName, type Table } from "../tables/table.ts";
import { readHeader } from "./csv.ts";
import { dialects } from "./dialect.ts";
import type { CsvSource, ResultRow, Warehouse } from "./warehouse.ts";

const STAGING_LIFETIME_MS = 60 * 60 * 1000;
const ROLES = "roles/bigquery.jobUser on the project and roles/bigquery.dataEditor on the datasets";

/**
 * A warehouse in BigQuery: `bigquery://PROJECT?location=LOCATION`, the location being the datasets' (US unless given). Datasets of
 * other projects are named by `&datasets=DATASET:PROJECT,…`; jobs run in the first project.
 * Credentials are Google's application default ones. Throws UserError for a URL that names no project.
 */
export async function openBigQuery(url: string): Promise<Warehouse> {
  const { projectId, location, projects } = parseUrl(url);
  const client = new BigQuery({ projectId, location });
  const projectOf = ({ dataset }: Table) => projects.get(dataset) ?? projectId;
  const nameIn = (table: Table) =>
    projects.has(table.dataset) ? `\`${projectOf(table)}.${fullName(table)}\`` : fullName(table);
  const tableOf = (table: Table) => client.dataset(table.dataset, { projectId: projectOf(table) }).table(table.table);
  const staged: Table[] = [];

  const explain = (error: unknown, job: Job | undefined, fault: (error: unknown) => string) => {
    const access = explainAccess(error, `BigQuery in project ${projectId}`, ROLES);
    // What fails before it is a job, and not for a reason that BigQuery gives, is a bug.
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
        // Integers come as text, so that one beyond 2^53 is no error.
        const [rows] = await job.getQueryResults({ wrapIntegers: true });
        return rows.map((row) => plainRow(row));
      } catch (error) {
        // What the script's transaction had done, BigQuery undoes itself.
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
        // Should this process be killed, BigQuery drops the table when its time is over.
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
              nullMarker: "",
              // The table is new and empty: anything else in it would be a mistake.
              writeDisposition: "WRITE_EMPTY",
              // Were it dropped meanwhile, a table made again would never expire.
              createDisposition: "CREATE_NEVER",
            },
          },
        });
        await job.promise();
        const [{ statistics }] = await job.getMetadata();
        return { name: nameIn(staging), rows: Number(statistics?.load?.outputRows) };
      } catch (error) {
        throw explain(error, job, (failed) => `${loadFault(failed)}; ${fullName(table)} is as it was`);
      }
    },
    async close() {
      const dropped = staged.splice(0).map((staging) =>
        tableOf(staging)
          .delete({ ignoreNotFound: true })
          // It expires by itself, and the work is done.
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

/** The columns of the files, in their order. Throws UserError where files differ: a load takes all columns by their place. */
async function columnsOf(table: Table, { uris, extraColumns }: CsvSource): Promise<string[]> {
  if (uris.length === 0) throw new UserError(`no CSV file to load ${fullName(table)} from`);
  const headers = await Promise.all(
    uris.map(async (uri) => readHeader(table, { name: uri, chunks: [await readHead(uri)] }, extraColumns)),
  );
  const [first = []] = headers;
  const other = headers.findIndex((columns) => columns.join() !== first.join());
  if (other > 0)
    throw new UserError(`${uris[other]} has its columns in another order than ${uris[0]}: make them alike`);
  return first;
}

function schemaOf(table: Table, columns: readonly string[]) {
  const fields = new Map(bigquerySchema(table).map((field) => [field.name, field]));
  // Columns that are not the table's are loaded too, by numbered names, and left behind in the staging table.
  return columns.map(
    (name, index) => fields.get(name) ?? { name: `_ignored_${index}`, type: "STRING", mode: "NULLABLE" },
  );
}

/**
 * What is wrong with a file that BigQuery could not load. Of the errors that the client's error lists, the first that says where the
 * bad value is: file, line, column and value come first, where BigQuery tells them.
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

/** BigQuery's classes for integers, decimals, dates and timestamps, as DuckDB's adapter returns them. */
function plain(value: unknown): ResultRow[string] {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  const kind = value?.constructor.name;
  const text = String((value as { value?: unknown }).value ?? value);
  if (kind === "BigQueryInt") return Number.isSafeInteger(Number(text)) ? Number(text) : text;
  if (kind === "Big") return Number(text);
  // Nine places of a second, of which BigQuery keeps six.
  if (kind === "BigQueryTimestamp") return text.replace(/(\.\d{6})000Z$/, "$1Z");
  return text;
}
