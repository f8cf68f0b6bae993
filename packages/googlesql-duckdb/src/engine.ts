import { existsSync } from "node:fs";
import { DuckDBConnection, DuckDBInstance, StatementType } from "@duckdb/node-api";
import type { Type } from "./analyser/analyser.ts";
import { messageOf, RunError, UserError } from "./errors.ts";
import { toValue, type Value } from "./values.ts";

/* Runs one SELECT at a time in DuckDB, within limits. */

/** How much one query may use. */
export interface Limits {
  /** @default 30 */
  readonly seconds: number;
  /** Rows of the answer. @default 500_000 */
  readonly rows: number;
  /** As DuckDB writes it, such as `1GB`. It applies to a file only; a connection keeps its own setting. @default "1GB" */
  readonly memory: string;
}

export const defaultLimits: Limits = { seconds: 30, rows: 500_000, memory: "1GB" };

/** A database that can be read and not changed. */
export interface Engine {
  /**
   * Runs one SELECT.
   * @param types GoogleSQL's types of the columns
   * @param within limits instead of the engine's own
   * @throws RunError
   */
  rows(select: string, types: readonly Type[], within?: Limits): Promise<Value[][]>;
  close(): Promise<void>;
}

/**
 * Opens a DuckDB file read-only, without access to other files, the network or extensions. No statement can change these settings.
 * Queries run side by side, each on a connection of its own.
 * @throws UserError if the file is missing, locked or unreadable; its `code` says which
 */
export async function openEngine(file: string, limits = defaultLimits): Promise<Engine> {
  if (!existsSync(file)) throw new UserError(`The database ${file} does not exist`, "DATABASE_MISSING");
  const instance = await DuckDBInstance.create(file, {
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
  return {
    async rows(select, types, within = limits) {
      const connection = await instance.connect();
      try {
        return await read(connection, select, types, within);
      } finally {
        connection.closeSync();
      }
    },
    close: async () => instance.closeSync(),
  };
}

/** DuckDB would compute a repeated expression once and before the TRY around it, and so fail where TRY gives NULL. */
const UNSAFE_OPTIMIZER = "common_subexpressions";

/**
 * Runs queries on an open connection, one after the other. Until `close`, the optimizer named above is off for the whole database.
 * @throws UserError if the connection is of another copy of @duckdb/node-api, or does not let settings change
 */
export async function engineOn(connection: DuckDBConnection, limits = defaultLimits): Promise<Engine> {
  if (!(connection instanceof DuckDBConnection))
    throw new UserError(
      "The connection is of another version of @duckdb/node-api: install the version that googlesql-duckdb depends on",
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
  let last: Promise<unknown> = Promise.resolve();
  return {
    rows(select, types, within = limits) {
      const rows = last.then(() => read(connection, select, types, within));
      last = rows.catch(() => {});
      return rows;
    },
    async close() {
      await last;
      if (turnsOff) await disable(before);
    },
  };
}

async function read(
  connection: DuckDBConnection,
  select: string,
  types: readonly Type[],
  limits: Limits,
): Promise<Value[][]> {
  const alarm = setTimeout(() => connection.interrupt(), limits.seconds * 1000);
  try {
    const statement = await connection.prepare(select);
    if (statement.statementType !== StatementType.SELECT) throw new Error("not a SELECT");
    const result = await statement.stream();
    const rows: Value[][] = [];
    for await (const chunk of result.yieldRows()) {
      for (const row of chunk) rows.push(row.map((value, index) => toValue(value, types[index] as Type)));
      if (rows.length > limits.rows)
        throw new RunError(
          "limit",
          `The answer has more than ${limits.rows.toLocaleString("en-US")} rows: add a LIMIT, or aggregate`,
        );
    }
    return rows;
  } catch (error) {
    throw runError(error, limits);
  } finally {
    clearTimeout(alarm);
  }
}

function runError(error: unknown, { seconds, memory }: Limits): RunError {
  if (error instanceof RunError) return error;
  const message = messageOf(error);
  if (/^INTERRUPT/.test(message))
    return new RunError("limit", `The query ran longer than ${seconds} seconds and was stopped: ask for less`);
  if (/^Out of Memory/i.test(message))
    return new RunError("limit", `The query needs more than ${memory} of memory: ask for less`);
  return new RunError("failed", message);
}
