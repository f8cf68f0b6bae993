import { capital, count, decimal, percent, usd } from "../format.ts";
import type { Kind, Table, Value } from "../table.ts";
import type { UseCaseAnswer } from "./shape.ts";

/* Reads the answer to a clean-room query: the roles of its columns, and its values in words. */

export interface AnswerColumn {
  /** The column's name in the answer. */
  readonly name: string;
  /** The column's name for people: `Average order` for `average_order`. */
  readonly title: string;
  /** A category names the groups; a measure is a figure of each group. */
  readonly role: "category" | "measure";
  readonly kind: Kind;
  /** Index in the rows. */
  readonly at: number;
}

const numeric = new Set(["INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC"]);

/**
 * Finds the role of each column. A number to the left of a word, such as a decade, is a category. A measure with `usd` in its name is in
 * dollars. A measure that is not INT64 and always lies between 0 and 1 is a share.
 */
export function answerColumns({ columns, rows }: UseCaseAnswer): AnswerColumn[] {
  const lastWord = columns.findLastIndex(({ type }) => !numeric.has(type));
  return columns.map(({ name, type }, at) => {
    const title = capital(name.replaceAll("_", " ")).replace(/\busd\b/i, "USD");
    if (at <= lastWord) return { name, title, role: "category", kind: "text", at };
    const values = rows.map((row) => row[at]).filter((value) => typeof value === "number");
    const share = type !== "INT64" && values.every((value) => value >= 0 && value <= 1);
    const kind = /(^|_)usd(_|$)/.test(name) ? "usd" : type === "INT64" ? "count" : share ? "share" : "number";
    return { name, title, role: "measure", kind, at };
  });
}

/** Names a row by its last category; `group` is the categories before it. */
export function rowName(row: readonly Value[], columns: readonly AnswerColumn[]): { name: string; group: string } {
  const words = columns.filter(({ role }) => role === "category").map(({ at, title }) => categoryWord(row[at], title));
  return { name: words.at(-1) ?? "All", group: words.slice(0, -1).join(", ") };
}

/**
 * Turns true and false into words from the column's title: `is_verified_user` gives Verified user and Not verified user. A decade, such as
 * 1950, is written "1950s".
 */
export function categoryWord(value: Value, title: string): string {
  if (/\bdecade$/i.test(title) && /^\d+$/.test(String(value))) return `${value}s`;
  const what = title.replace(/^(Is|Has) /, "");
  if (value === true) return capital(what);
  if (value === false) return `Not ${what}`;
  return value === null || value === undefined || value === "" ? "(none)" : String(value);
}

/** Printed instead of a figure of a group that is too small. */
export const SUPPRESSED = "suppressed";

export function answerValue(value: Value, kind: Kind): string {
  if (typeof value !== "number") return value === null || value === undefined ? SUPPRESSED : String(value);
  return kind === "share"
    ? percent(value)
    : kind === "count"
      ? count(value)
      : kind === "usd"
        ? usd(value)
        : decimal(value);
}

/** The number of rows with a suppressed figure. */
export function suppressedRows(answer: UseCaseAnswer): number {
  const measures = answerColumns(answer).filter(({ role }) => role === "measure");
  return answer.rows.filter((row) => measures.some(({ at }) => row[at] === null)).length;
}

/** The answer as a table, which shows each value as the chart does. */
export function answerTable(answer: UseCaseAnswer): Table {
  const columns = answerColumns(answer);
  return {
    columns: columns.map(({ title, kind, role }) => ({
      name: title,
      kind,
      shown: (value) => (role === "category" ? categoryWord(value, title) : answerValue(value, kind)),
    })),
    rows: answer.rows.map((row) => columns.map(({ at }) => row[at])),
  };
}
