import type { CatalogTable } from "./analyser/analyser.ts";
import type { ColumnKind } from "./analyser/types.ts";
import { defaultLimits, type Engine, type Limits } from "./engine.ts";
import { UserError } from "./errors.ts";
import { name as quoted } from "./translate/sql.ts";

/* The tables that queries can name: listed by the caller, or read from the database. */

/** A table or view of the database, as queries see it. */
export interface Table {
  /** The name that queries write: `table`, `dataset.table` or `project.dataset.table`. */
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** The table's name in DuckDB, `schema.table`. @default name */
  readonly relation?: string;
}

/** A column of a table that queries can name. */
export interface TableColumn {
  /** The name in GoogleSQL and in DuckDB. */
  readonly name: string;
  /** GoogleSQL's type. DuckDB's must be the one beside it in README's table of types, such as BIGINT for INT64. */
  readonly type: ColumnKind;
}

/** The tables, for the analyser and for DuckDB. */
export interface Catalogue {
  readonly tables: readonly Table[];
  readonly forAnalyser: readonly CatalogTable[];
  relation(id: string): { readonly sql: string };
  /** Columns of types that GoogleSQL lacks, such as "shop.orders.total (HUGEINT)". */
  readonly others: readonly string[];
}

/** The catalogue of the tables that a caller lists. */
export function listedCatalogue(tables: readonly Table[]): Catalogue {
  for (const { name } of tables)
    if (!/^[^.`]+(\.[^.`]+){0,2}$/.test(name))
      throw new UserError(
        `The table name "${name}" is none of table, dataset.table and project.dataset.table`,
        "WRONG_CATALOGUE",
      );
  const relations = new Map(tables.map(({ name, relation = name }) => [name, { sql: path(relation.split(".")) }]));
  return {
    tables,
    forAnalyser: tables.map(({ name, columns }) => entry(name, [name.split(".")], columns)),
    relation: (id) => relations.get(id) as { sql: string },
    others: [],
  };
}

/**
 * The catalogue of all tables and views of the database. Queries name them `schema.table` or `database.schema.table`, and those of
 * the schema main also by their name alone. Columns of smaller or similar types are cast to GoogleSQL's.
 */
export async function readCatalogue(engine: Engine): Promise<Catalogue> {
  const found = new Map<string, { parts: string[]; columns: { name: string; duckDb: string }[] }>();
  const strings = Array.from({ length: 5 }, () => ({ typeKind: "TYPE_STRING" }));
  for (const row of (await engine.rows(COLUMNS, strings, UNLIMITED)) as string[][]) {
    const [database = "", schema = "", table = "", name = "", duckDb = ""] = row;
    const id = `${schema}.${table}`;
    const entry = found.get(id) ?? { parts: [database, schema, table], columns: [] };
    entry.columns.push({ name, duckDb });
    found.set(id, entry);
  }
  const entries = [...found].map(([id, { parts, columns }]) => {
    const typed = columns.map((column) => ({ ...column, ...(typeOf(column.duckDb) ?? other) }));
    const [, schema, table] = parts as [string, string, string];
    const paths = [parts, [schema, table], ...(schema === "main" ? [[table]] : [])];
    const casts = typed.flatMap(({ name, cast }) => (cast ? [`${cast(quoted(name))} AS ${quoted(name)}`] : []));
    const from = path(parts);
    const sql = casts.length === 0 ? from : `(SELECT * REPLACE (${casts.join(", ")}) FROM ${from})`;
    return { id, typed, paths, sql };
  });
  const relations = new Map(entries.map(({ id, sql }) => [id, { sql }]));
  return {
    tables: entries.map(({ id, typed }) => ({
      name: id,
      columns: typed.flatMap(({ name, kind }) => (kind === "OTHER" ? [] : [{ name, type: kind }])),
    })),
    forAnalyser: entries.map(({ id, typed, paths }) =>
      entry(
        id,
        paths,
        typed.map(({ name, kind }) => ({ name, type: kind })),
      ),
    ),
    relation: (id) => relations.get(id) as { sql: string },
    others: entries.flatMap(({ id, typed }) =>
      typed.filter(({ kind }) => kind === "OTHER").map(({ name, duckDb }) => `${id}.${name} (${duckDb})`),
    ),
  };
}

/** A caller's limits are for queries, and not for reading the catalogue. */
const UNLIMITED: Limits = { ...defaultLimits, seconds: 600, rows: Number.POSITIVE_INFINITY };

const COLUMNS = `SELECT database_name, schema_name, table_name, column_name, data_type FROM duckdb_columns()
  WHERE database_name = current_database() AND NOT internal ORDER BY schema_name, table_name, column_index`;

/** A query may quote a path in parts, `a`.`b`, or as a whole, `a.b`. */
function entry(
  id: string,
  paths: readonly (readonly string[])[],
  columns: readonly { readonly name: string; readonly type: ColumnKind | "OTHER" }[],
): CatalogTable {
  const written = paths.flatMap((path) => (path.length === 1 ? [path] : [path, [path.join(".")]]));
  return { id, paths: written, columns: columns.map(({ name, type }) => ({ name, kind: type })) };
}

function path(parts: readonly string[]): string {
  return parts.map(quoted).join(".");
}

interface Typed {
  readonly kind: ColumnKind | "OTHER";
  /** How a column of the type becomes one of GoogleSQL's, unless it is one. */
  readonly cast?: (column: string) => string;
}

const other: Typed = { kind: "OTHER" };

const to = (type: string) => (column: string) => `CAST(${column} AS ${type})`;

/** GoogleSQL's type for DuckDB's; undefined if there is none. */
function typeOf(duckDb: string): Typed | undefined {
  const [, digits, places] = /^DECIMAL\((\d+),(\d+)\)$/.exec(duckDb) ?? [];
  if (digits !== undefined && places !== undefined) {
    const fits = Number(places) <= 9 && Number(digits) - Number(places) <= 29;
    return fits ? { kind: "NUMERIC", cast: to("DECIMAL(38, 9)") } : undefined;
  }
  if (duckDb.startsWith("ENUM(") && duckDb.endsWith(")")) return { kind: "STRING", cast: to("VARCHAR") };
  return types[duckDb];
}

/** DuckDB takes NaN for the greatest number and for equal to itself, GoogleSQL for neither. */
function withoutNaN(column: string): string {
  return `CASE WHEN isnan(${column}) THEN error('NaN, which DuckDB compares in another way than BigQuery: make it NULL in a view') ELSE ${column} END`;
}

const integer: Typed = { kind: "INT64", cast: to("BIGINT") };

const types: Readonly<Record<string, Typed>> = {
  BIGINT: { kind: "INT64" },
  ...Object.fromEntries(
    ["TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"].map((type) => [type, integer]),
  ),
  DOUBLE: { kind: "FLOAT64", cast: withoutNaN },
  FLOAT: { kind: "FLOAT64", cast: (column) => withoutNaN(to("DOUBLE")(column)) },
  VARCHAR: { kind: "STRING" },
  UUID: { kind: "STRING", cast: to("VARCHAR") },
  BLOB: { kind: "BYTES" },
  BOOLEAN: { kind: "BOOL" },
  DATE: { kind: "DATE" },
  TIME: { kind: "TIME" },
  TIMESTAMP: { kind: "TIMESTAMP" },
  TIMESTAMP_S: { kind: "TIMESTAMP", cast: to("TIMESTAMP") },
  TIMESTAMP_MS: { kind: "TIMESTAMP", cast: to("TIMESTAMP") },
  "TIMESTAMP WITH TIME ZONE": { kind: "TIMESTAMP", cast: (column) => `make_timestamp(epoch_us(${column}))` },
};
