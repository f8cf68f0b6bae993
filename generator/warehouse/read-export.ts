import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import type { DuckDBConnection } from "@duckdb/node-api";
import { messageOf, UserError } from "../errors.ts";
import { duckdbTypes } from "../tables/derive.ts";
import { type ColumnType, columnNames, fullName, type Table } from "../tables/table.ts";
import { type ExportFile, plainName, readExportFile } from "./export-file.ts";
import { findFault, misfit, nulRefused, patterns, type Reading, textOf } from "./read-csv.ts";

/*
 * Reads the files of an export as people have them: from BigQuery, Snowflake, Spark, pandas or Excel. A form that has one meaning is
 * read, and anything else is refused.
 */

/** Unquoted, these stand for NULL in any column, as BigQuery, Snowflake and MySQL write it. */
export const nullMarkers = ["", "NULL", "\\N"] as const;
/** In columns of numbers and times, these stand for NULL, too, as pandas and R write it. */
const nullWords = [
  ...["null", "Null", "None", "none", "NaN", "nan", "-nan", "NaT"],
  ...["NA", "<NA>", "N/A", "n/a", "#N/A", "(null)", "[NULL]", "<null>"],
] as const;

const zone = "UTC|utc|GMT|Z|z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+";
// Excel keeps no seconds, and some tools no zero before the hour.
const clock = "([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6}0*)?)?";
/** As BigQuery's load reads them: with dashes or slashes, the year first. */
const day = "[12][0-9]{3}(-[0-9]{1,2}-[0-9]{1,2}|/[0-9]{1,2}/[0-9]{1,2})";

const lenient: Reading = {
  patterns: {
    ...patterns,
    // pandas writes the whole numbers of a column with gaps as 1.0, and R writes 100000 as 1e+05. A spreadsheet's 1E+05 may be rounded.
    INTEGER: "[+-]?[0-9]{1,19}([.]0*)?|[1-9]([.][0-9]{1,5})?e[+](0[5-9]|1[0-4])",
    // A day alone is its midnight. Places beyond the microsecond must be zeros.
    TIMESTAMP: `${day}([ Tt]${clock} ?(${zone})?)?`,
  },
  isEmpty: (value, type) =>
    nullMarkers.some((marker) => marker === value.trim()) ||
    (type !== "STRING" && nullWords.some((word) => word === value.trim())),
  // As DuckDB trims: it keeps a byte order mark.
  partOf: (value) => value.replace(/^[^\S\ufeff]+|[^\S\ufeff]+$/g, ""),
};

/** Files of one form with the same columns, which DuckDB reads at once: it needs memory and time to plan each SELECT. */
type Alike = readonly [ExportFile, ...ExportFile[]];

/**
 * The SELECTs that read the files of an export as rows of the table, one for all files alike, and the columns that files lack. They fail on
 * a value that does not fit.
 * @param spare columns that may be missing: they are NULL then
 * Throws UserError if a file is not a table, or lacks a column that must not be missing.
 */
export async function selectExport(
  connection: DuckDBConnection,
  table: Table,
  paths: readonly string[],
  spare: readonly string[],
): Promise<{ reads: string[]; missing: string[] }> {
  const byForm = new Map<string, [ExportFile, ...ExportFile[]]>();
  for (const path of paths) {
    const file = await readExportFile(table, path);
    const key = JSON.stringify([
      { ...file, path: "" },
      file.format === "parquet" && (await fieldsOf(connection, file)),
    ]);
    const alike = byForm.get(key);
    if (alike === undefined) byForm.set(key, [file]);
    else alike.push(file);
  }
  const reads: string[] = [];
  const missing = new Set<string>();
  for (const files of byForm.values()) {
    const read = await selectAlike(connection, table, files, spare);
    reads.push(read.sql);
    for (const name of read.missing) missing.add(name);
  }
  return { reads, missing: [...missing] };
}

async function selectAlike(
  connection: DuckDBConnection,
  table: Table,
  files: Alike,
  spare: readonly string[],
): Promise<{ sql: string; missing: string[] }> {
  const [file] = files;
  const { from, columns, unfit } = await source(connection, files);
  const names = columns.map(plainName);
  const missing = checkColumns(table, file, names, spare);
  const odd = unfit.find(({ name }) => Object.hasOwn(table.columns, plainName(name)));
  if (odd !== undefined) {
    const more = files.length === 1 ? "" : ` or one of ${files.length - 1} more`;
    throw new UserError(`${file.path}${more}: the column "${odd.name}" ${odd.what}`);
  }
  if (file.format === "csv") await refuseTrailingDelimiters(connection, table, files);
  const values = columnNames(table).map((name) => {
    const type = table.columns[name]?.type as ColumnType;
    const index = names.indexOf(name);
    if (index < 0) return `CAST(NULL AS ${duckdbTypes[type]}) AS ${name}`;
    const text = file.isPadded ? unpadded(`c${index}`) : `c${index}`;
    return `${type === "STRING" ? textOf(text) : castOf(text, type)} AS ${name}`;
  });
  return { sql: `SELECT ${values.join(", ")} FROM ${from}`, missing };
}

/** Finds the first value of an export's file that does not fit, and says where it is. */
export async function findExportFault(
  connection: DuckDBConnection,
  table: Table,
  path: string,
): Promise<string | undefined> {
  const file = await readExportFile(table, path);
  if (file.format === "csv") {
    const stream = createReadStream(path);
    const chunks = file.gzipped ? stream.pipe(createGunzip()) : stream;
    const fault = await findFault(table, { name: path, chunks }, file.form, lenient, plainName);
    const { delimiter } = file.form;
    // DuckDB knows more than the patterns, such as the names of time zones.
    if (fault === undefined) return findRow(connection, table, file);
    if (delimiter === "," || !fault.includes(" is not ")) return fault;
    return `${fault}. The file is separated by ${delimiter === "\t" ? "tabs" : delimiter}: if its numbers or days follow another country's habits, save it as CSV with commas (UTF-8)`;
  }
  return findRow(connection, table, file);
}

/** Finds the first value that DuckDB's cast refuses, and says in which row it is. */
async function findRow(connection: DuckDBConnection, table: Table, file: ExportFile): Promise<string | undefined> {
  const { from, columns } = await source(connection, [file]);
  for (const [index, written] of columns.entries()) {
    const name = plainName(written);
    const type = table.columns[name]?.type;
    if (type === undefined) continue;
    const isBad = type === "STRING" ? "contains(value, chr(0))" : isUnfit("value", type);
    const rows = await connection
      .runAndReadAll(
        `SELECT row, value FROM (SELECT row_number() OVER () AS row, c${index} AS value FROM ${from}) WHERE ${isBad} LIMIT 1`,
      )
      .catch((error: Error) => {
        throw new UserError(`${file.path}, column ${name} cannot be read (${firstLine(error)}): ${cureOf(error)}`);
      });
    const [found] = rows.getRows();
    if (found === undefined) continue;
    const at = `${file.path}, row ${found[0]}, column ${name}`;
    return type === "STRING" ? `${at}: ${nulRefused}` : `${at}: ${misfit(String(found[1]), type)}`;
  }
  return undefined;
}

/** Files as a FROM clause reads them. */
interface Source {
  /** Its columns are named c0, c1 and so on, all of them texts. */
  readonly from: string;
  /** The files' own names of these columns. */
  readonly columns: readonly string[];
  /** Columns whose values cannot be read, and the cure. */
  readonly unfit: readonly { readonly name: string; readonly what: string }[];
}

async function source(connection: DuckDBConnection, files: Alike): Promise<Source> {
  const [file] = files;
  if (file.format === "csv") return { from: csvSource(files, file.header.length), columns: file.header, unfit: [] };
  try {
    return await (file.format === "parquet" ? parquetSource : jsonSource)(connection, files);
  } catch (error) {
    // Find the file at fault.
    if (files.length > 1) for (const one of files) await source(connection, [one]);
    if (file.format === "json" && file.layout === "newline_delimited") await refuseBadLine(file);
    throw unreadable(file, error as Error);
  }
}

function unreadable({ path, format }: ExportFile, error: Error): UserError {
  const form = format === "parquet" ? "Parquet" : "JSON";
  return new UserError(`${path} cannot be read as ${form} (${firstLine(error)}): ${cureOf(error)}`);
}

const noObject = "a value is not an object";
const objectsWanted = "write one object for each row, and nothing between them";

/** Throws UserError for the first line that is not a JSON object. */
async function refuseBadLine({ path, gzipped }: ExportFile): Promise<void> {
  const stream = createReadStream(path);
  const input = gzipped ? stream.pipe(createGunzip()) : stream;
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    const at = `${path}, line ${number}`;
    if (line.includes("\ufffd")) throw new UserError(`${at}: not UTF-8 text; save the file as UTF-8`);
    const text = line.replace(/^\ufeff/, "").trim();
    if (text === "") continue;
    try {
      JSON.parse(text);
    } catch (error) {
      throw new UserError(
        `${at}: is not JSON (${messageOf(error)}); write one object a line, and nothing between them. Was the file cut short?`,
      );
    }
    if (!text.startsWith("{")) throw new UserError(`${at}: is not an object; ${objectsWanted}`);
  }
}

/** The cure for a file that DuckDB cannot read. */
function cureOf({ message }: Error): string {
  if (/out of memory/i.test(message)) return "it needs more memory than there is, so export it in several shards";
  if (message.includes(noObject)) return objectsWanted;
  if (/not utf-16/i.test(message))
    return "it has characters such as emoji, which DuckDB reads only in UTF-8, so save it as UTF-8";
  return "it is damaged, was cut short or is not UTF-8, so export or copy it again";
}

function firstLine({ message }: Error): string {
  return message.replace(/\n.*|\.? Try .*/s, "");
}

const nested = "has nested values, and a single value is wanted: flatten it";
/** DuckDB reads such decimals, which are BigQuery's BIGNUMERIC, as other numbers. */
const tooWide = "has decimals of more than 38 digits: export it as FLOAT64 or NUMERIC";

function parquetReader(files: Alike): string {
  // Some writers, such as Impala, store texts as bytes. A folder called country=Ukraine would replace the file's own column.
  return `read_parquet(${listOf(files)}, binary_as_string = true, hive_partitioning = false)`;
}

/** The names and types of a Parquet file's columns. */
async function fieldsOf(connection: DuckDBConnection, file: ExportFile): Promise<{ name: string; type: string }[]> {
  try {
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${parquetReader([file])}`);
    return described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
  } catch (error) {
    throw unreadable(file, error as Error);
  }
}

async function parquetSource(connection: DuckDBConnection, files: Alike): Promise<Source> {
  const reader = parquetReader(files);
  const fields = await fieldsOf(connection, files[0]);
  const schema = await connection.runAndReadAll(
    `SELECT name, coalesce(max(precision), 0) > 38 FROM parquet_schema(${listOf(files)}) GROUP BY name`,
  );
  const wide = new Map(schema.getRows().map(([name, isWide]) => [String(name), isWide === true]));
  const texts = fields.map(({ name }, index) => `CAST("${name.replaceAll('"', '""')}" AS VARCHAR) AS c${index}`);
  return {
    from: `(SELECT ${texts.join(", ")} FROM ${reader})`,
    columns: fields.map(({ name }) => name),
    unfit: [
      ...fields
        .filter(({ type }) => /^(STRUCT|MAP|UNION)\b|\]$/.test(type))
        .map(({ name }) => ({ name, what: nested })),
      ...[...wide].filter(([, isWide]) => isWide).map(([name]) => ({ name, what: tooWide })),
      // DuckDB numbers columns whose names differ in case alone: EMAIL_1.
      ...fields
        .filter(({ name }) => !wide.has(name))
        .map(({ name }) => ({ name: name.replace(/_\d+$/, ""), what: "is there twice: keep one of them" })),
    ],
  };
}

async function jsonSource(connection: DuckDBConnection, files: Alike): Promise<Source> {
  const { layout, gzipped } = files[0];
  const reader = `read_json_objects(${listOf(files)}, format = '${layout}', compression = '${gzipped ? "gzip" : "uncompressed"}')`;
  // In every row, because BigQuery leaves out the fields of a row that are NULL. DuckDB's own read_json confuses names that differ in case.
  // A name with other characters is not a column's.
  const found = await connection.runAndReadAll(
    `SELECT name, max(json_type(json, '$."' || name || '"') IN ('OBJECT', 'ARRAY')), max(len(list_filter(names, each -> each = name)) > 1)
     FROM (SELECT json, names, unnest(names) AS name FROM (SELECT json, CASE WHEN json_type(json) = 'OBJECT' THEN json_keys(json) ELSE error('${noObject}') END AS names FROM ${reader}))
     WHERE regexp_full_match(name, '[A-Za-z0-9_ -]+') GROUP BY name ORDER BY name`,
  );
  const columns = found.getRows().map(([name]) => String(name));
  const paths = columns.map((name) => quote(`$."${name}"`));
  const texts = columns.map((_, index) => `texts[${index + 1}] AS c${index}`);
  return {
    from: `(SELECT ${texts.join(", ")} FROM (SELECT json_extract_string(json, [${paths}]) AS texts FROM ${reader}))`,
    columns,
    unfit: found
      .getRows()
      .flatMap(([name, isNested, isTwice]) => [
        ...(isNested ? [{ name: String(name), what: nested }] : []),
        ...(isTwice ? [{ name: String(name), what: "stands twice in one object: keep one of them" }] : []),
      ]),
  };
}

function csvSource(files: Alike, fields: number, more = ""): string {
  const { gzipped, form } = files[0];
  const { delimiter, encoding, newline, skip } = form;
  const columns = Array.from({ length: fields }, (_, index) => `'c${index}': 'VARCHAR'`).join(", ");
  const others = [
    ...(newline === "\r" ? ["new_line = '\\r'"] : []),
    ...(encoding === "utf-8" ? [] : ["encoding = 'utf-16'"]),
  ];
  return `read_csv(${listOf(files)}, auto_detect = false, header = true, skip = ${skip}, delim = '${delimiter}', quote = '"', escape = '"',
    nullstr = [${nullMarkers.map(quote)}], allow_quoted_nulls = false, compression = '${gzipped ? "gzip" : "none"}',
    columns = {${columns}}${[...others, ...(more ? [more] : [])].map((option) => `, ${option}`).join("")})`;
}

function listOf(files: Alike): string {
  return `[${files.map(({ path }) => quote(path)).join(", ")}]`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** DuckDB ignores an empty field too many at the end of a row, and BigQuery refuses the row. */
async function refuseTrailingDelimiters(connection: DuckDBConnection, table: Table, files: Alike): Promise<void> {
  const longer = csvSource(files, files[0].header.length + 1, "ignore_errors = true");
  // If DuckDB cannot read the file at all, the load says why.
  const result = await connection.runAndReadAll(`SELECT 1 FROM ${longer} LIMIT 1`).catch(() => undefined);
  if (result === undefined || result.getRows().length === 0) return;
  for (const { path } of files) {
    const fault = await findExportFault(connection, table, path);
    if (fault !== undefined) throw new UserError(fault);
  }
  throw new UserError(`${files[0].path} has rows with a field more than the header`);
}

/**
 * The columns that an export's file lacks, of its names in lower case. Throws UserError if it needs one of them, has one twice, or
 * spells one another way.
 */
export function checkColumns(
  table: Table,
  file: ExportFile,
  names: readonly string[],
  spare: readonly string[],
): string[] {
  const wanted: string[] = columnNames(table);
  const at = file.format === "csv" ? `${file.path}, line ${1 + file.form.skip}` : file.path;
  const twice = wanted.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) throw new UserError(`${at}: column ${twice} appears twice`);
  const missing = wanted.filter((name) => !names.includes(name));
  const letters = (name: string) => name.replace(/[^a-z0-9]/g, "");
  for (const name of missing) {
    const alike = names.find((other) => !wanted.includes(other) && letters(other) === letters(name));
    if (alike !== undefined) throw new UserError(`${at}: the column "${alike}" must be called ${name}`);
  }
  const needed = missing.filter((name) => !spare.includes(name));
  if (needed.length === 0) return missing;
  const must = wanted.filter((name) => !spare.includes(name));
  const written = names
    .slice(0, 20)
    .join(", ")
    .replaceAll(/\p{Cc}/gu, "\ufffd")
    .slice(0, 300);
  const shown = written === "" ? "no column by such a name" : written;
  const cure =
    file.format === "csv"
      ? "Its first line must be a header with these names, separated by commas"
      : "Export the table again with columns of these names";
  const fault =
    missing.length === wanted.length
      ? `${file.path} is not a table ${fullName(table)}: it has`
      : `${at}: no column ${needed.join(", ")}; it has`;
  throw new UserError(`${fault} ${shown}, and needs ${must.join(", ")}. ${cure}`);
}

/** An expression for a text without the blanks around it: NULL for none. */
function unpadded(field: string): string {
  return `CASE WHEN trim(${field}) NOT IN (${nullMarkers.map(quote)}) THEN trim(${field}) END`;
}

/** An expression for the value of a text in a column's type: NULL for none, an error if the text does not fit. */
function castOf(field: string, type: ColumnType): string {
  return `CASE WHEN ${isNone(field)} THEN NULL ELSE coalesce(${valueIn(field, type)}, error('does not fit')) END`;
}

/** An expression that is true for a text that does not fit the column's type. */
function isUnfit(field: string, type: ColumnType): string {
  return `NOT ${isNone(field)} AND ${valueIn(field, type)} IS NULL`;
}

function isNone(field: string): string {
  return `coalesce(trim(${field}), '') IN (${[...nullMarkers, ...nullWords].map(quote)})`;
}

/** The value of a text; NULL if it does not fit. */
function valueIn(field: string, type: ColumnType): string {
  const text = `trim(${field})`;
  const number = `TRY_CAST(${text} AS DOUBLE)`;
  const value = {
    INTEGER: `TRY_CAST(regexp_replace(${text}, '[.]0*$', '') AS BIGINT)`,
    FLOAT64: `CASE WHEN isfinite(${number}) THEN ${number} END`,
    NUMERIC: `TRY_CAST(${text} AS DECIMAL(38, 9))`,
    BOOLEAN: `TRY_CAST(${text} AS BOOLEAN)`,
    DATE: `TRY_CAST(${text} AS DATE)`,
    TIMESTAMP: instantOf(text),
    STRING: text,
  }[type];
  return `CASE WHEN regexp_full_match(${text}, '${lenient.patterns[type]}') THEN ${value} END`;
}

/** The instant of a text, in UTC. A text without a zone is in UTC already. */
function instantOf(text: string): string {
  // BigQuery's own form, which nearly all files have, has a faster expression.
  const own = `regexp_full_match(${text}, '${patterns.TIMESTAMP}')`;
  const dashes = `regexp_replace(${text}, '^([0-9]{4})[/-]([0-9]{1,2})[/-]([0-9]{1,2})', '\\1-0\\2-0\\3')`;
  const days = `regexp_replace(${dashes}, '^([0-9]{4})-0?([0-9]{2})-0?([0-9]{2})', '\\1-\\2-\\3')`;
  const padded = `regexp_replace(regexp_replace(${days}, '^([0-9-]{10})[ Tt]([0-9]):', '\\1 0\\2:'), '^([0-9-]{10})t', '\\1T')`;
  const seconds = `regexp_replace(${padded}, '^([0-9-]{10}[ T][0-9]{2}:[0-9]{2})([^0-9:]|$)', '\\1:00\\2')`;
  const places = `regexp_replace(${seconds}, '([.][0-9]{6})0+', '\\1')`;
  const hours = `regexp_replace(${places}, '([+-][0-9]{2})([0-9]{2})$', '\\1:\\2')`;
  const zoned = `regexp_replace(regexp_replace(${hours}, '([0-9]) ?(Z|z|GMT|UTC|utc)$', '\\1+00'), ' ([+-][0-9:]+)$', '\\1')`;
  const complete = `CASE WHEN length(t) = 10 THEN t || ' 00:00:00+00' WHEN regexp_matches(t, '([+-][0-9]{2}(:[0-9]{2})?|[A-Za-z]+/.+)$') THEN t ELSE t || '+00' END`;
  // A lambda, because DuckDB would plan all steps again wherever they are written.
  const other = `list_transform([${zoned}], lambda t: ${complete})[1]`;
  return `CASE WHEN ${own} THEN TRY_CAST(${text} AS TIMESTAMP) ELSE TRY_CAST(${other} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END`;
}
