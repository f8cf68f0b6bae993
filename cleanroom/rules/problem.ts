import { UnsupportedSql } from "../duckdb/translate.ts";
import { SqlError } from "../googlesql/analyser.ts";
import { RunError } from "./engine.ts";
import { NotFound } from "./names.ts";
import { Refusal } from "./refusal.ts";

/** Why a query has no answer. */
export interface Problem {
  /** The rule that refused it; otherwise "names", "GoogleSQL", "not supported" or "limits". */
  readonly rule: string;
  readonly message: string;
  /** What to write instead. */
  readonly advice?: string;
  /** From 1; missing where it is about the whole query. */
  readonly line?: number;
  readonly column?: number;
}

/** What is wrong with a query, from what `CleanRoom.ask` threw; undefined for an error that is not about the query. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Refusal) return problem(error.rule, error, error.advice);
  if (error instanceof NotFound) return problem("names", error, `You can name: ${error.visible.join(", ")}`);
  if (error instanceof SqlError) return problem("GoogleSQL", error);
  if (error instanceof UnsupportedSql) return problem("not supported", error, error.advice);
  if (error instanceof RunError) return { rule: error.why === "limit" ? "limits" : "run", message: error.message };
  return undefined;
}

/** Whether it is a matter of rights, and not of how the query is written. */
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

/** A problem as text: the message, the line of the query with a caret under the column, and what to write instead. */
export function problemLines({ rule, message, advice, line, column }: Problem, sql: string): string[] {
  // The analyser counts columns with tabs every eight places.
  const whole = line === undefined ? undefined : expandTabs(sql.split(/\r\n|\r|\n/)[line - 1] ?? "");
  // Of a long line, what is around the place.
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

const AROUND = 70;

function expandTabs(line: string): string {
  let wide = "";
  for (const letter of line) wide += letter === "\t" ? " ".repeat(8 - (wide.length % 8)) : letter;
  return wide;
}
