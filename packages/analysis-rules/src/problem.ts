import { RunError, SqlError, UnsupportedSql } from "googlesql-duckdb/tree";
import { Refusal } from "./refusal.ts";
import { NotFound } from "./room.ts";

/** The reason why a query has no answer; plain data, fit for JSON. */
export interface Problem {
  /** The rule that refused the query (`RuleName`), or "names", "GoogleSQL", "not supported", "limits", "run" or "cancelled". */
  readonly rule: string;
  readonly message: string;
  /** How to write the query instead. */
  readonly advice?: string;
  /** Counted from 1; left out if the problem concerns the whole query. */
  readonly line?: number;
  readonly column?: number;
}

/**
 * Describes an error that `CleanRoom.ask` threw. Undefined if the error is not about the query.
 * @example
 * const answer = await room.ask("merchant", sql).catch((error) => {
 *   const problem = problemOf(error);
 *   if (problem === undefined) throw error;
 *   console.error(problemLines(problem, sql).join("\n"));
 * });
 */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Refusal) return problem(error.rule, error, error.advice);
  if (error instanceof NotFound) return problem("names", error, `You can name: ${error.visible.join(", ")}`);
  if (error instanceof SqlError) return problem("GoogleSQL", error);
  if (error instanceof UnsupportedSql) return problem("not supported", error, error.advice);
  if (error instanceof RunError) return { rule: ruleOf[error.why], message: error.message };
  return undefined;
}

const ruleOf: Readonly<Record<RunError["why"], string>> = {
  limit: "limits",
  failed: "run",
  answer: "run",
  cancelled: "cancelled",
};

/**
 * True if the party lacks a right: a rule refused the query, or the party cannot see a table. False if the query itself is wrong.
 * @example
 * process.exitCode = isRefused(error) ? 77 : 1;
 */
export function isRefused(error: unknown): boolean {
  return error instanceof Refusal || error instanceof NotFound;
}

interface Placed {
  readonly message: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

function problem(rule: string, { message, line, column }: Placed, advice?: string): Problem {
  return { rule, message, ...(advice && { advice }), ...(line && { line }), ...(column && { column }) };
}

/**
 * A problem as lines of text: the message, the query's line with a caret below the column, the advice, and the rule.
 * @example
 * problemLines({ rule: "GoogleSQL", message: "Unrecognized name: x", line: 1, column: 8 }, "SELECT x");
 * // ["Unrecognized name: x [line 1, column 8]", "  SELECT x", "         ^", "(GoogleSQL)"]
 */
export function problemLines({ rule, message, advice, line, column }: Problem, sql: string): string[] {
  // The analyser counts a tab as going to the next multiple of eight columns.
  const whole = line === undefined ? undefined : expandTabs(sql.split(/\r\n|\r|\n/)[line - 1] ?? "");
  // Cut a long line down to the part around the place.
  const from = Math.max(0, (column ?? 1) - AROUND);
  const text = whole?.slice(from, from + 2 * AROUND).trimEnd();
  const place = line === undefined ? "" : ` [line ${line}${column === undefined ? "" : `, column ${column}`}]`;
  return [
    `${message}${place}`,
    ...(text === undefined ? [] : [`  ${text}`]),
    ...(text === undefined || column === undefined ? [] : [`  ${" ".repeat(column - 1 - from)}^`]),
    ...(advice === undefined ? [] : [advice]),
    `(${rule})`,
  ];
}

/** The part fits a terminal of 80 columns, even if it is indented. */
const AROUND = 36;

function expandTabs(line: string): string {
  let wide = "";
  for (const letter of line) wide += letter === "\t" ? " ".repeat(8 - (wide.length % 8)) : letter;
  return wide;
}
