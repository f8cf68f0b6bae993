import type { DuckDBConnection } from "@duckdb/node-api";
import { type Analysed, loadAnalyser } from "./analyser/analyser.ts";
import { type Catalogue, listedCatalogue, readCatalogue, type Table } from "./catalogue.ts";
import { type AnswerColumn, columnsOf } from "./columns.ts";
import { defaultLimits, engineOn, type Limits, openEngine } from "./engine.ts";
import { RunError, SqlError, UnsupportedSql } from "./errors.ts";
import { toDuckDb } from "./translate/translate.ts";
import { duckDbType, typeName } from "./translate/types.ts";
import type { Value } from "./values.ts";

/*
 * The package's public interface. A query goes through three steps: Google's analyser resolves it against the catalogue, the
 * translation turns the resolved tree into one SELECT of DuckDB, and DuckDB runs that.
 */

/** The database to open, and how to query it. */
export interface OpenOptions {
  /** A DuckDB file, which is opened read-only; or an open connection, which stays open after `close`. */
  readonly database: string | DuckDBConnection;
  /** The tables that queries can name. @default all tables and views of the database */
  readonly tables?: readonly Table[];
  /** Limits of each query. @default 30 seconds, 500,000 rows, 100 MB of answer, 1 GB of memory */
  readonly limits?: Partial<Limits>;
}

/** An answer. `Value` tells how each type is written. */
export interface Answer {
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly (readonly Value[])[];
}

/** A query that can be run. */
export interface CheckedQuery {
  readonly columns: readonly AnswerColumn[];
  /** The query in DuckDB's SQL. */
  readonly duckDb: string;
}

/** A DuckDB database that answers GoogleSQL queries. */
export interface GoogleSql {
  /** The tables that queries can name. */
  readonly tables: readonly Table[];
  /**
   * Analyses and translates a query, and does not run it.
   * @throws SqlError if the query is wrong; UnsupportedSql if BigQuery would run it and DuckDB cannot answer alike
   * @example
   * const { columns } = db.check("SELECT COUNT(*) AS n FROM orders"); // [{ name: "n", type: "INT64" }]
   */
  check(sql: string): CheckedQuery;
  /**
   * Runs a query.
   * @throws SqlError and UnsupportedSql as `check` does; RunError if the query hits a limit or fails on a value
   * @example
   * const { rows } = await db.run("SELECT SAFE_DIVIDE(1, 0), DATE '2026-02-28' + 1"); // [[null, "2026-03-01"]]
   */
  run(sql: string): Promise<Answer>;
  /** Closes the file, and ends the analyser. A connection that was passed in stays open. */
  close(): Promise<void>;
}

/**
 * Opens a DuckDB database for GoogleSQL queries. Loading the analyser takes about half a second.
 * @throws UserError if the database cannot be opened, a table's name is malformed, or the analyser is missing; its `code` says which
 * @example
 * const db = await openGoogleSql({ database: "shop.duckdb" });
 * const { columns, rows } = await db.run("SELECT city, COUNTIF(paid) AS paid FROM orders GROUP BY city");
 * await db.close();
 */
export async function openGoogleSql({ database, tables, limits }: OpenOptions): Promise<GoogleSql> {
  const within = { ...defaultLimits, ...limits };
  const engine = await (typeof database === "string" ? openEngine(database, within) : engineOn(database, within));
  try {
    const catalogue = tables === undefined ? await readCatalogue(engine) : listedCatalogue(tables);
    const analyser = await loadAnalyser(catalogue.forAnalyser);
    const prepare = (sql: string) => translated(() => analyser.analyse(sql), catalogue);
    return {
      tables: catalogue.tables,
      check(sql) {
        const { query, duckDb } = prepare(sql);
        return { columns: columnsOf(query), duckDb };
      },
      async run(sql) {
        const began = performance.now();
        const { query, duckDb } = prepare(sql);
        const types = query.outputs.map(({ column }) => column.type);
        const rows = await engine.rows(duckDb, types, { ...within, began }).catch((error) => {
          throw error instanceof RunError && error.why === "failed" ? withoutPrefix(error) : error;
        });
        return { columns: columnsOf(query), rows };
      },
      close() {
        analyser.close();
        return engine.close();
      },
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

function translated(analyse: () => Analysed, catalogue: Catalogue): { query: Analysed; duckDb: string } {
  try {
    const query = analyse();
    const relation = (id: string) => catalogue.relation(id);
    const duckDb = toDuckDb(query, { relation, notes: new Map(), sensitive: false });
    for (const { name, column } of query.outputs)
      if (duckDbType(column.type) === undefined)
        throw new UnsupportedSql(`the column ${name} of type ${typeName(column.type)}`);
    return { query, duckDb };
  } catch (error) {
    // A stack overflow. The analyser itself says so of most such queries; this one went further.
    if (error instanceof RangeError) throw new SqlError("The query is nested too deeply.");
    const isOfOther = error instanceof Error && /\bGEOGRAPHY\b/.test(error.message) && catalogue.others.length > 0;
    if (isOfOther && error instanceof UnsupportedSql)
      throw new UnsupportedSql(error.what, placeOf(error), otherTypes(catalogue.others));
    if (isOfOther && error instanceof SqlError)
      throw new SqlError(`${error.message}. ${otherTypes(catalogue.others)}`, error.line, error.column);
    throw error;
  }
}

function placeOf({ line, column }: UnsupportedSql) {
  return line === undefined || column === undefined ? undefined : { line, column };
}

/** The analyser knows a column of a type that GoogleSQL lacks as GEOGRAPHY. */
function otherTypes(columns: readonly string[]): string {
  return `These columns have types that GoogleSQL lacks and count as GEOGRAPHY: ${columns.join(", ")}. Cast them in a view.`;
}

/** "Invalid Input Error: division by zero" without DuckDB's class of the error. */
function withoutPrefix({ why, message }: RunError): RunError {
  return new RunError(why, `The query failed: ${message.split("\n")[0]?.replace(/^[A-Z][\w ]+ Error: /, "")}`);
}
