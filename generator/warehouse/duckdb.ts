import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { messageOf, UserError } from "../errors.ts";
import { makeFolder, pathOfUrl } from "../lake/folder.ts";
import { duckdbDdl, duckdbTypes } from "../tables/derive.ts";
import { type Column, columnNames, fullName, type Table } from "../tables/table.ts";
import { dialects } from "./dialect.ts";
import { findFault, openCsv, patterns, readHeader, textOf } from "./read-csv.ts";
import { findExportFault, selectExport } from "./read-export.ts";
import { duckdbMemory, duckdbThreads } from "./threads.ts";
import type { CsvSource, OpenOptions, ResultRow, Warehouse } from "./warehouse.ts";

// Imported at run time: the cloud's bundle does not contain DuckDB, and nothing there opens this file.
const {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  ResultReturnType,
} = await import("@duckdb/node-api");

/**
 * Opens a warehouse in one DuckDB file: `duckdb:///absolute/file.duckdb`, percent-encoded like `pathToFileURL`. Throws UserError if the
 * file is missing or not a database, another program has it open, or its folder is read-only.
 * @param options.readOnly lets other programs read the file at the same time
 * @param options.create creates the file if it is missing
 */
export async function openDuckDb(url: string, options: OpenOptions = {}): Promise<Warehouse> {
  const { connection, close } = await connect(url, options);
  let staged = 0;
  // Calls take turns: a connection has one transaction, and must be idle when it is closed.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };

  return {
    url,
    dialect: dialects.duckdb,
    nameOf: fullName,
    run: (script) =>
      inTurn(async () => {
        try {
          return await rowsOf(connection, script);
        } catch (error) {
          // DuckDB keeps a failed transaction open, so roll it back. Without a transaction ROLLBACK fails, which does no harm.
          await connection.run("ROLLBACK").catch(() => {});
          throw new UserError(explainRun(messageOf(error), script));
        }
      }),
    stage: (table, csv) =>
      inTurn(async () => {
        const name = `_load_${table.table}_${++staged}`;
        const { reads, missing } =
          csv.exported === undefined
            ? { reads: await selectCsv(table, csv), missing: [] }
            : await selectExport(connection, table, csv.uris, csv.exported.spare);
        if (reads.length === 0) throw new UserError(`no CSV file to load ${fullName(table)} from`);
        try {
          await connection.run(`CREATE TEMP TABLE ${name} AS ${reads.join("\nUNION ALL ")}`);
        } catch (error) {
          for (const file of csv.uris) {
            const fault =
              csv.exported === undefined
                ? await findFault(table, await openCsv(file))
                : await findExportFault(connection, table, file);
            if (fault !== undefined) throw new UserError(fault);
          }
          throw new UserError(
            `cannot read ${csv.uris.join(", ")}: ${messageOf(error).split("\n").slice(0, 3).join(" ")}`,
          );
        }
        const [count] = await rowsOf(connection, `SELECT count(*) AS n FROM ${name}`);
        return { name, rows: Number(count?.n), missing };
      }),
    stageTexts: (_, columns, rows) =>
      inTurn(async () => {
        const name = `_load_texts_${++staged}`;
        await connection.run(`CREATE TEMP TABLE ${name} (${columns.map((column) => `${column} VARCHAR`).join(", ")})`);
        const appender = await connection.createAppender(name);
        try {
          for (const row of rows) {
            for (const value of row) appender.appendVarchar(value);
            appender.endRow();
          }
        } finally {
          appender.closeSync();
        }
        return name;
      }),
    close: () => inTurn(async () => close()),
  };
}

/**
 * Creates the schemas and tables that a DuckDB file lacks, replaces tables whose columns, types or modes differ from the
 * definition, and keeps the rows of all others, as Pulumi does in BigQuery. Throws UserError like `openDuckDb`.
 */
export async function createTables(url: string, tables: readonly Table[]): Promise<void> {
  const { connection, close } = await connect(url, { create: true });
  try {
    const found = await rowsOf(
      connection,
      `SELECT schema_name || '.' || table_name AS name, column_name, data_type, is_nullable FROM duckdb_columns()
       WHERE database_name = current_database() ORDER BY column_index`,
    );
    for (const table of tables) {
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${table.dataset}`);
      const shape = found
        .filter(({ name }) => name === fullName(table))
        .map((of) => shapeOf(String(of.column_name), String(of.data_type), of.is_nullable === true));
      const wanted = Object.entries(table.columns).map(([name, { type, mode }]) =>
        shapeOf(name, duckdbTypes[type], mode === "NULLABLE"),
      );
      if (shape.join() !== wanted.join()) await connection.run(duckdbDdl(table));
    }
  } finally {
    close();
  }
}

function shapeOf(name: string, type: string, nullable: boolean): string {
  return `${name} ${type.replaceAll(" ", "")} ${nullable}`;
}

async function connect(
  url: string,
  { readOnly = false, create = false }: OpenOptions,
): Promise<{ connection: DuckDBConnection; close: () => void }> {
  const named = pathOfUrl(url.replace(/^duckdb:/, "file:"));
  // DuckDB keeps its log beside the name that it is given, and must find it beside the file: follow links here.
  const path = await realpath(named).catch(() => named);
  if (!create && !existsSync(path))
    throw new UserError(`there is no database ${path}: npm start creates one, .local/warehouse.duckdb`);
  let instance: InstanceType<typeof DuckDBInstance>;
  try {
    if (create) await makeFolder(dirname(path));
    // Use the cache, because two instances of one file in one process do not see each other's lock. Without the setting, DuckDB
    // tries to download an extension for an unknown function.
    instance = await DuckDBInstance.fromCache(path, {
      autoinstall_known_extensions: "false",
      threads: String(duckdbThreads),
      memory_limit: duckdbMemory,
      // The form of a new file. DuckDB's default is as old as 1.0 and costs a third more time to write.
      storage_compatibility_version: "v1.3.0",
      ...(readOnly && { access_mode: "READ_ONLY" }),
    });
  } catch (error) {
    throw new UserError(explainOpen(path, messageOf(error)));
  }
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  return { connection, close };
}

function explainRun(message: string, script: string): string {
  if (/^Invalid Input Error/.test(message)) return message.replace(/^Invalid Input Error: */, "");
  if (/No space left|out of disk/i.test(message)) return `no space left for the database: free some (${message})`;
  if (/^Catalog Error: Table|schema .* does not exist/i.test(message))
    return `a declared table is missing from the database: run npm start, which creates it (${message.split("\n")[0]})`;
  return `DuckDB: ${message}\nin: ${script.trim().replace(/\s+/g, " ").slice(0, 300)}`;
}

function explainOpen(path: string, message: string): string {
  if (/could not set lock|file handle conflict/i.test(message)) {
    const holder = /held in (.+ \(PID \d+\))/.exec(message)?.[1] ?? "another program";
    return `${path} is open in ${holder}: close it there and run this again`;
  }
  if (/not a valid DuckDB|version number/i.test(message))
    return `${path} is not a database that this DuckDB reads: move it away, or choose another file (${message})`;
  return `cannot open the database ${path}: ${message}; choose another file, or allow writing there`;
}

/**
 * SELECTs that read CSV files as rows of the table: one for all files with the same header, because DuckDB plans each of them. They fail on a
 * value that does not fit.
 */
async function selectCsv(table: Table, { uris, extraColumns, trusted }: CsvSource): Promise<string[]> {
  const byHeader = new Map<string, { readonly header: readonly string[]; readonly files: string[] }>();
  for (const file of uris) {
    const header = await readHeader(table, await openCsv(file), extraColumns);
    const key = JSON.stringify(header);
    const alike = byHeader.get(key) ?? { header, files: [] };
    alike.files.push(`'${file.replaceAll("'", "''")}'`);
    byHeader.set(key, alike);
  }
  return [...byHeader.values()].map(({ header, files }) => {
    // Numbered names, because the header may contain any text.
    const fields = header.map((_, index) => `'c${index}': 'VARCHAR'`).join(", ");
    const values = columnNames(table).map(
      (name) => `${castOf(`c${header.indexOf(name)}`, table.columns[name] as Column, trusted)} AS ${name}`,
    );
    return `SELECT ${values.join(", ")} FROM read_csv([${files.join(", ")}], auto_detect = false, header = true,
      delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, columns = {${fields}})`;
  });
}

function castOf(field: string, { type, mode }: Column, trusted?: boolean): string {
  if (trusted && mode === "NULLABLE") return type === "STRING" ? field : `CAST(${field} AS ${duckdbTypes[type]})`;
  const whenEmpty = mode === "REQUIRED" ? "error('empty')" : "NULL";
  if (type === "STRING") return mode === "REQUIRED" ? `coalesce(${textOf(field)}, ${whenEmpty})` : textOf(field);
  const cast =
    type === "NUMERIC"
      ? // DuckDB parses short decimals thirty times as fast as long ones.
        `coalesce(CAST(TRY_CAST(${field} AS DECIMAL(18, 9)) AS DECIMAL(38, 9)), CAST(${field} AS DECIMAL(38, 9)))`
      : `CAST(${field} AS ${duckdbTypes[type]})`;
  // A number too large for a FLOAT64 would become infinite.
  const fits = type === "FLOAT64" ? `isfinite(CAST(${field} AS DOUBLE))` : "TRUE";
  return `CASE WHEN coalesce(${field}, '') = '' THEN ${whenEmpty}
    WHEN regexp_full_match(${field}, '${patterns[type]}') AND ${fits} THEN ${cast} ELSE error('does not fit') END`;
}

/**
 * Runs the statements of a script one by one, and returns the rows of the last. For a whole script, DuckDB would return those of the
 * first.
 */
async function rowsOf(connection: DuckDBConnection, script: string): Promise<ResultRow[]> {
  const statements = await connection.extractStatements(script);
  let rows: Record<string, DuckDBValue>[] = [];
  for (let index = 0; index < statements.count; index++) {
    const statement = await statements.prepare(index);
    try {
      const result = await statement.run();
      rows = result.returnType === ResultReturnType.QUERY_RESULT ? await result.getRowObjects() : [];
    } finally {
      statement.destroySync();
    }
  }
  // In place: a report reads half a million values.
  for (const row of rows as ResultRow[]) for (const name in row) row[name] = plain(row[name] as DuckDBValue);
  return rows as ResultRow[];
}

function plain(value: DuckDBValue): ResultRow[string] {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  if (value instanceof DuckDBDateValue) return value.toString();
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return isoOf(value.micros);
  return String(value);
}

/** Microseconds since 1970 as `YYYY-MM-DDTHH:MM:SS.sssZ`, with six decimal places where milliseconds are not enough. */
function isoOf(micros: bigint): string {
  const beyond = ((micros % 1000n) + 1000n) % 1000n;
  const iso = new Date(Number((micros - beyond) / 1000n)).toISOString();
  return beyond === 0n ? iso : iso.replace("Z", `${String(beyond).padStart(3, "0")}Z`);
}
