import { isUserError, messageOf } from "../errors.ts";
import { fullName, type Table } from "../tables/table.ts";
import type { Dialect } from "./dialect.ts";

/** A row of a query's result: integers, decimals and floats are numbers, dates and timestamps are ISO strings (UTC). */
export type ResultRow = Record<string, string | number | boolean | null>;

/** How a CSV file is read into a table. */
export interface CsvSource {
  /** The files: `gs://…` for BigQuery, absolute paths for DuckDB. Each has one header line. */
  readonly uris: readonly string[];
  /** A column that the table does not have is an error, unless this is set. */
  readonly extraColumns?: "ignore";
  /** Whether this program wrote the files itself: then DuckDB skips the check of each value's form, a third of a load's time. */
  readonly trusted?: boolean;
  /**
   * Set for files that people exported by tools of their own: columns are found by name in any case, and `spare` ones may be missing
   * and are NULL then, and so are the unquoted texts NULL and \N. DuckDB also reads other delimiters, encodings, formats, and spellings of
   * times and NULL; BigQuery refuses them.
   */
  readonly exported?: { readonly spare: readonly string[] };
}

/** A staging table, as a FROM clause names it. */
export interface Staged {
  readonly name: string;
  readonly rows: number;
  /** Columns that an exported file lacks. */
  readonly missing: readonly string[];
}

/** How a program opens a warehouse. */
export interface OpenOptions {
  /** Reads only, so that other programs may read a DuckDB file at the same time. BigQuery ignores this. @default false */
  readonly readOnly?: boolean;
  /** Creates a missing DuckDB file. Otherwise it is an error, so that a mistyped path leaves no file behind. BigQuery ignores this. @default false */
  readonly create?: boolean;
}

/**
 * The store of tables. There are two adapters: BigQuery, and DuckDB as its stand-in on a laptop. Pulumi or the rehearsal creates
 * datasets and tables; an adapter changes rows only.
 */
export interface Warehouse {
  readonly url: string;
  readonly dialect: Dialect;
  /** The name of a declared table in a script: `dataset.table`, with its project in front if it is not the warehouse's own. */
  nameOf(table: Table): string;
  /**
   * Runs a script of one or more statements, separated by `;`, and returns the rows of the last one. If a statement fails, the
   * script's open transaction is rolled back. Throws UserError with the engine's message.
   */
  run(script: string): Promise<ResultRow[]>;
  /**
   * Loads CSV files into a new staging table with the table's columns, and returns the staging table's name, for use in `run`, and
   * its row count. It finds columns by the names in each file's header. An empty field is NULL, a quoted empty field is an empty
   * text. `close` drops the staging table.
   * Throws UserError that names file, line, column and value, as far as the engine gives them.
   */
  stage(table: Table, csv: CsvSource): Promise<Staged>;
  /**
   * Loads texts that this program computed into a new staging table, without writing them into a script, and returns its name.
   * @param near the table beside which it is staged, for the dataset
   * @param columns the names of the columns
   */
  stageTexts(near: Table, columns: readonly string[], rows: readonly (readonly string[])[]): Promise<string>;
  close(): Promise<void>;
}

/**
 * The script that replaces all rows of some tables by those of others in one transaction, so that all change or none.
 * @param nameOf the warehouse's `nameOf`, if some of its datasets are in other projects
 */
export function replaceRows(tables: readonly { table: Table; from: string }[], nameOf = fullName): string {
  const statements = tables.flatMap(({ table, from }) => {
    const name = nameOf(table);
    const columns = Object.keys(table.columns).join(", ");
    return [`DELETE FROM ${name} WHERE TRUE`, `INSERT INTO ${name} (${columns}) SELECT ${columns} FROM ${from}`];
  });
  return ["BEGIN TRANSACTION", ...statements, "COMMIT TRANSACTION"].join(";\n");
}

/**
 * The first row of a query; undefined if there is none, or the table or its dataset does not exist.
 * @throws UserError if the warehouse refuses or does not answer
 */
export async function rowIfThere(warehouse: Warehouse, query: string): Promise<ResultRow | undefined> {
  try {
    const [row] = await warehouse.run(query);
    return row;
  } catch (error) {
    if (isUserError(error) && missing.test(messageOf(error))) return undefined;
    throw error;
  }
}

/** BigQuery's words for a table or dataset that does not exist, and those of the DuckDB adapter. */
const missing = /not found: (table|dataset)|table is missing/i;

/** A number of rows, for the summary of a fill. */
export interface Count {
  /** The kind of rows, such as "users". */
  readonly of: string;
  /** Which of them, such as "read". */
  readonly what: string;
  readonly rows: number;
}

/** A count to ask the warehouse for: `sql` is a query for one number. */
export type CountQuery = Omit<Count, "rows"> & { readonly sql: string };

/** One query for all counts: its result is one row with a column per count. */
export function askCounts(queries: readonly CountQuery[]): string {
  return `SELECT ${queries.map(({ sql }, index) => `(${sql}) AS count_${index}`).join(",\n")}`;
}

/** The counts, in the order of the queries, from the row that the query of `askCounts` returned. */
export function readCounts(queries: readonly CountQuery[], row: ResultRow): Count[] {
  return queries.map(({ of, what }, index) => ({ of, what, rows: Number(row[`count_${index}`]) }));
}
