import { existsSync } from "node:fs";
import { type DuckDBConnection, DuckDBInstance, StatementType } from "@duckdb/node-api";
import { messageOf, UserError } from "../../generator/errors.ts";
import type { Type } from "../googlesql/analyser.ts";
import { toValue, type Value } from "./values.ts";

/** What a query may use up. */
export interface Limits {
  readonly seconds: number;
  readonly rows: number;
  /** As DuckDB writes it, such as `1GB`. */
  readonly memory: string;
}

export const defaultLimits: Limits = { seconds: 30, rows: 500_000, memory: "1GB" };

/** What stopped a query at its run. The message holds no data for `limit`; for `failed` it is DuckDB's, which may hold some. */
export class RunError extends Error {
  readonly why: "limit" | "failed";

  constructor(why: RunError["why"], message: string) {
    super(message);
    this.name = "RunError";
    this.why = why;
  }
}

/** A warehouse that can be read and in no way changed. */
export interface Engine {
  /** The rows of one SELECT, whose columns have these types of GoogleSQL. Throws RunError. */
  rows(select: string, types: readonly Type[]): Promise<Value[][]>;
  close(): void;
}

/**
 * Opens a DuckDB file to be read: without the file system, the network and extensions, and with settings that no statement changes.
 * Throws UserError where the file cannot be opened.
 */
export async function openEngine(file: string, limits = defaultLimits): Promise<Engine> {
  if (!existsSync(file)) throw new UserError(`${file} is not there: npm start makes it`);
  const instance = await DuckDBInstance.create(file, {
    access_mode: "READ_ONLY",
    enable_external_access: "false",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    memory_limit: limits.memory,
    // What does not fit into the memory fails, and is not written anywhere.
    max_temp_directory_size: "0KB",
    // It computes what occurs twice before the TRY around it, where it may fail and tell of a row.
    disabled_optimizers: "common_subexpressions",
    lock_configuration: "true",
  }).catch((error) => {
    throw new UserError(
      /lock/i.test(messageOf(error))
        ? `${file} is being written by another program: wait for it, or close it there`
        : `${file} cannot be read: ${messageOf(error)}; npm start makes it anew`,
    );
  });
  return {
    async rows(select, types) {
      const connection = await instance.connect();
      const alarm = setTimeout(() => connection.interrupt(), limits.seconds * 1000);
      try {
        return await read(connection, select, types, limits);
      } catch (error) {
        throw runError(error, limits);
      } finally {
        clearTimeout(alarm);
        connection.closeSync();
      }
    },
    close: () => instance.closeSync(),
  };
}

async function read(connection: DuckDBConnection, select: string, types: readonly Type[], limits: Limits) {
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
