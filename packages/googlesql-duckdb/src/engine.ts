import { existsSync, readFileSync, realpathSync } from "node:fs";
import { DuckDBConnection, DuckDBInstance, type DuckDBPreparedStatement, StatementType } from "@duckdb/node-api";
import type { Type } from "./analyser/types.ts";
import { messageOf, RunError, UserError } from "./errors.ts";
import { registerFunctions, withCheck } from "./evaluate/evaluator.ts";
import { toValue, type Value } from "./values.ts";

/* Runs one SELECT at a time in DuckDB, within limits. */

/** How much one query may use. */
export interface Limits {
  /** @default 30 */
  readonly seconds: number;
  /** Rows of the answer. @default 500_000 */
  readonly rows: number;
  /** Bytes of the answer as JSON, about. @default 100_000_000 */
  readonly bytes: number;
  /** As DuckDB writes it, such as `1GB`. It applies to a file only; a connection keeps its own setting. @default "1GB" */
  readonly memory: string;
  /** When the query began, as `performance.now()` tells it: its analysis counts as well. @default now */
  readonly began?: number;
  /** Cancels the query. @default a query cannot be cancelled */
  readonly signal?: AbortSignal;
}

/** The limits of a query, unless its caller sets others. */
export const defaultLimits: Limits = { seconds: 30, rows: 500_000, bytes: 100_000_000, memory: "1GB" };

/** A database that can be read and not changed. */
export interface Engine {
  /**
   * Runs one SELECT.
   * @param types GoogleSQL's types of the columns
   * @param within limits instead of the engine's own
   * @throws RunError
   */
  rows(select: string, types: readonly Type[], within?: Limits): Promise<Value[][]>;
  /** Like `rows`, but hands over each row as it is read. How many there are has no limit. */
  each(select: string, types: readonly Type[], use: (row: Value[]) => void, within?: Limits): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a DuckDB file read-only, without access to other files, the network or extensions. No statement can change these settings.
 * Queries run side by side, each on a connection of its own.
 * @throws UserError if the file is missing, locked or unreadable; its `code` says which
 */
export async function openEngine(file: string, limits = defaultLimits): Promise<Engine> {
  if (!existsSync(file)) throw new UserError(`The database ${file} does not exist`, "DATABASE_MISSING");
  // DuckDB allows itself only the files beside the path that it is given, and looks for them beside the file that a link leads to.
  const instance = await DuckDBInstance.create(realpathSync(file), {
    access_mode: "READ_ONLY",
    enable_external_access: "false",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    memory_limit: limits.memory,
    // A query that outgrows the memory fails, instead of writing to disk.
    max_temp_directory_size: "0KB",
    disabled_optimizers: UNSAFE_OPTIMIZER,
    lock_configuration: "true",
  }).catch((error) => {
    throw /lock/i.test(messageOf(error))
      ? new UserError(`${file} is being written by another program: wait for it, or close it there`, "DATABASE_LOCKED")
      : new UserError(`${file} cannot be read: ${messageOf(error)}`, "DATABASE_UNREADABLE");
  });
  const registered = new Set<string>();
  const idle = new Map<string, Prepared>();
  const each: Engine["each"] = async (select, types, use, within = limits) => {
    const kept = idle.get(select);
    idle.delete(select);
    const connection = kept?.connection ?? (await instance.connect());
    try {
      registerFunctions(connection, select, registered);
      const ran = await read(connection, select, types, use, within, bytesOf(within.memory), kept);
      if (idle.has(select)) connection.closeSync();
      else idle.set(select, { connection, ...ran });
    } catch (error) {
      connection.closeSync();
      throw error;
    }
    for (const [oldest, { connection }] of idle) {
      if (idle.size <= KEPT_STATEMENTS) break;
      idle.delete(oldest);
      connection.closeSync();
    }
  };
  return {
    each,
    rows: (select, types, within = limits) => collected(within, (use) => each(select, types, use, within)),
    async close() {
      for (const { connection } of idle.values()) connection.closeSync();
      idle.clear();
      instance.closeSync();
    },
  };
}

/** A SELECT that has run, and the connection that it can run on again: DuckDB takes a seventh of a query's time to prepare it. */
interface Prepared extends Ran {
  readonly connection: DuckDBConnection;
}

interface Ran {
  readonly statement: DuckDBPreparedStatement;
  /** The number by which the statement names its check. */
  readonly id: bigint;
}

/** How many of them an engine keeps. */
const KEPT_STATEMENTS = 32;

/** DuckDB would compute a repeated expression once and before the TRY around it, and so fail where TRY gives NULL. */
const UNSAFE_OPTIMIZER = "common_subexpressions";

/** The version of @duckdb/node-api that this package depends on. */
function driverVersion(): string {
  const json = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return JSON.parse(json).dependencies["@duckdb/node-api"];
}

/**
 * Runs queries on an open connection, one after the other. Until `close`, the optimizer named above is off for the whole database.
 * @throws UserError if the connection is of another copy of @duckdb/node-api, or does not let settings change
 */
export async function engineOn(connection: DuckDBConnection, limits = defaultLimits): Promise<Engine> {
  if (!(connection instanceof DuckDBConnection))
    throw new UserError(
      `The connection comes from another version of @duckdb/node-api: run npm install @duckdb/node-api@${driverVersion()}`,
      "DATABASE_UNREADABLE",
    );
  const setting = async (sql: string) =>
    (await connection.runAndReadAll(sql).catch((error) => {
      throw new UserError(`The connection cannot be used: ${messageOf(error)}`, "DATABASE_UNREADABLE");
    })) as { getRows(): unknown[][] };
  const before = String((await setting("SELECT current_setting('disabled_optimizers')")).getRows()[0]?.[0] ?? "");
  const turnsOff = !before.split(",").includes(UNSAFE_OPTIMIZER);
  const disable = (names: string) => setting(`SET disabled_optimizers = '${names}'`);
  if (turnsOff) await disable([before, UNSAFE_OPTIMIZER].filter(Boolean).join(","));
  const registered = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  const each: Engine["each"] = (select, types, use, within = limits) => {
    registerFunctions(connection, select, registered);
    const done = last.then(async () => {
      await read(connection, select, types, use, within, Number.POSITIVE_INFINITY);
    });
    last = done.catch(() => {});
    return done;
  };
  return {
    each,
    rows: (select, types, within = limits) => collected(within, (use) => each(select, types, use, within)),
    async close() {
      await last;
      if (turnsOff) await disable(before);
    },
  };
}

/**
 * Collects the rows of an answer, up to the limits of rows and bytes.
 * @param read reads the answer, and hands over each of its rows
 * @throws RunError for an answer that is too large
 */
export async function collected<Row extends Value>(
  limits: Pick<Limits, "rows" | "bytes">,
  read: (use: (row: Row) => void) => Promise<void>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let bytes = 0;
  await read((row) => {
    bytes += sizeOf(row);
    rows.push(row);
    if (bytes > limits.bytes) throw tooLarge(`${Math.floor(limits.bytes / 1e6).toLocaleString("en-US")} MB`);
    if (rows.length > limits.rows) throw tooLarge(`${limits.rows.toLocaleString("en-US")} rows`);
  });
  return rows;
}

/**
 * Reads a whole answer, and returns its statement, which can run again. The answer is streamed, because DuckDB does not count an answer that
 * it holds as memory. But a stream that fails or is interrupted half way only ends early: that it was whole can be seen from its transaction,
 * which is aborted otherwise.
 */
async function read(
  connection: DuckDBConnection,
  select: string,
  types: readonly Type[],
  use: (row: Value[]) => void,
  limits: Limits,
  memory: number,
  prepared?: Ran,
): Promise<Ran> {
  const { began = performance.now() } = limits;
  const before = process.memoryUsage.rss();
  let exceeded: RunError | undefined;
  const check = () => {
    // DuckDB does not count the vectors that it computes as memory.
    if (process.memoryUsage.rss() - before > memory) exceeded ??= tooMuch(limits);
    if (performance.now() - began > limits.seconds * 1000) exceeded ??= tooLong(limits);
    if (limits.signal?.aborted) exceeded ??= new RunError("cancelled", "The query was cancelled");
    if (exceeded) connection.interrupt();
  };
  const alarm = setInterval(check, 50);
  const stop = () => {
    check();
    if (exceeded) throw exceeded;
  };
  const { sql, id, end } = withCheck(select, stop, prepared?.id);
  limits.signal?.addEventListener("abort", check);
  const isOurs = await connection.run("BEGIN TRANSACTION READ ONLY").then(
    () => true,
    // The caller's connection is in a transaction of its own.
    () => false,
  );
  try {
    check();
    if (exceeded) throw exceeded;
    const statement = prepared?.statement ?? (await connection.prepare(sql));
    if (statement.statementType !== StatementType.SELECT) throw new Error("not a SELECT");
    const result = await statement.stream();
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const columns = types.map((_, index) => chunk?.getColumnVector(index));
      // One row at a time: a chunk of long values may be larger than the limit.
      for (let row = 0; row < chunk.rowCount; row++)
        use(columns.map((column, index) => toValue(column?.getItem(row) ?? null, types[index] as Type)));
      check();
      if (exceeded) throw exceeded;
    }
    check();
    if (exceeded) throw exceeded;
    const isWhole = await connection.run("SELECT 1").then(
      () => true,
      () => false,
    );
    if (!isWhole) {
      if (isOurs) await connection.run("ROLLBACK");
      // Not streamed, the query says what it fails on.
      await statement.run();
      throw new Error("DuckDB stopped in the middle of the answer");
    }
    return { statement, id };
  } catch (error) {
    throw exceeded ?? runError(error, limits);
  } finally {
    clearInterval(alarm);
    end();
    limits.signal?.removeEventListener("abort", check);
    if (isOurs) await connection.run("ROLLBACK").catch(() => {});
  }
}

/** About how many bytes a value takes as JSON. */
function sizeOf(value: Value): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  return Object.values(value).reduce<number>((sum, each) => sum + sizeOf(each), 8);
}

function tooLarge(than: string): RunError {
  return new RunError("limit", `The answer has more than ${than}: add a LIMIT, or aggregate`);
}

function tooLong({ seconds }: Limits): RunError {
  return new RunError("limit", `The query ran longer than ${seconds} seconds and was stopped: ask for less`);
}

function tooMuch({ memory }: Pick<Limits, "memory">): RunError {
  return new RunError("limit", `The query needs more than ${memory} of memory: ask for less`);
}

/** "1GB" or "512MiB" as a number. */
function bytesOf(memory: string): number {
  const [, count, unit = "", binary] = /^\s*([\d.]+)\s*([KMGT]?)(i?)B?\s*$/i.exec(memory) ?? [];
  if (count === undefined) return Number.POSITIVE_INFINITY;
  return Number(count) * (binary ? 1024 : 1000) ** " KMGT".indexOf(unit.toUpperCase() || " ");
}

function runError(error: unknown, { memory }: Limits): RunError {
  if (error instanceof RunError) return error;
  const message = messageOf(error);
  if (/^Out of Memory/i.test(message)) return tooMuch({ memory });
  if (/^Max expression depth limit|max_expression_depth/.test(message))
    return new RunError("limit", "The query is nested too deeply to run: write it in a simpler form");
  const [, value, type] =
    /^Conversion Error: Type \w+ with value (\S+) can't be cast .* type (INT64)\b/.exec(message) ?? [];
  return new RunError("failed", type === undefined ? message : `${value} is out of the range of ${type}`);
}
