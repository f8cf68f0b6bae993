import { capital, count, decimal, percent, rate } from "../format.ts";
import type { Kind, Table, Value } from "../table.ts";
import type { UseCaseAnswer } from "./shape.ts";

/* Reads the answer to a clean-room query: the roles of its columns, and a headline. */

export interface AnswerColumn {
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
 * Finds the role of each column. A number to the left of a word, such as a decade, is a category. A measure that is not INT64 and always
 * lies between 0 and 1 is a share.
 */
export function answerColumns({ columns, rows }: UseCaseAnswer): AnswerColumn[] {
  const lastWord = columns.findLastIndex(({ type }) => !numeric.has(type));
  return columns.map(({ name, type }, at) => {
    const title = capital(name.replaceAll("_", " "));
    if (at <= lastWord) return { title, role: "category", kind: "text", at };
    const values = rows.map((row) => row[at]).filter((value) => typeof value === "number");
    const share = type !== "INT64" && values.every((value) => value >= 0 && value <= 1);
    return { title, role: "measure", kind: type === "INT64" ? "count" : share ? "share" : "number", at };
  });
}

/** Names a row by its last category; `group` is the categories before it. */
export function rowName(row: readonly Value[], columns: readonly AnswerColumn[]): { name: string; group: string } {
  const words = columns.filter(({ role }) => role === "category").map(({ at, title }) => categoryWord(row[at], title));
  return { name: words.at(-1) ?? "All", group: words.slice(0, -1).join(", ") };
}

/** Turns true and false into words from the column's title: `is_verified_user` gives Verified user and Not verified user. */
function categoryWord(value: Value, title: string): string {
  const what = title.replace(/^(Is|Has) /, "");
  if (value === true) return capital(what);
  if (value === false) return `Not ${what}`;
  return value === null || value === undefined || value === "" ? "(none)" : String(value);
}

export function answerValue(value: Value, kind: Kind): string {
  if (typeof value !== "number") return value === null || value === undefined ? "–" : String(value);
  return kind === "share" ? percent(value) : kind === "count" ? count(value) : decimal(value);
}

/** The answer as a table. */
export function answerTable(answer: UseCaseAnswer): Table {
  const columns = answerColumns(answer);
  return {
    columns: columns.map(({ title, kind }) => ({ name: title, kind })),
    rows: answer.rows.map((row) => columns.map(({ at }) => row[at])),
  };
}

/** A difference between groups smaller than this says little. */
const FEW = 50;

/**
 * Finds the measure that differs most between rows, and its highest and lowest row. Counts come last: a group's size says nothing against
 * that of another. Leaves small groups out if there are at least two large ones.
 */
export function mostTelling(answer: UseCaseAnswer) {
  const columns = answerColumns(answer);
  const counts = columns.filter(({ role, kind }) => role === "measure" && kind === "count");
  const large = answer.rows.filter((row) => counts.every(({ at }) => Number(row[at]) >= FEW));
  const spreads = columns.flatMap((column) => {
    const value = (row: readonly Value[]) => row[column.at] as number;
    const rows = (large.length > 1 ? large : answer.rows)
      .filter((row) => typeof row[column.at] === "number")
      .sort((a, b) => value(b) - value(a));
    const [high, low] = [rows[0], rows.at(-1)];
    if (column.role !== "measure" || high === undefined || low === undefined || !(value(low) > 0)) return [];
    return [{ column, high, low, times: value(high) / value(low), rank: column.kind === "count" ? 0 : 1 }];
  });
  return spreads.sort((a, b) => b.rank - a.rank || b.times - a.times)[0];
}

/** The most columns of bars that fit side by side. */
const SIDE_BY_SIDE = 4;

/** If an answer has two categories and a row for nearly every pair of them, how to show it as a cross table; else undefined. */
export function crossed(answer: UseCaseAnswer) {
  const column = mostTelling(answer)?.column;
  const [group, name, more] = answerColumns(answer).filter(({ role }) => role === "category");
  if (column === undefined || group === undefined || name === undefined || more !== undefined) return undefined;
  const words = ({ at }: AnswerColumn) => [...new Set(answer.rows.map((row) => String(row[at])))];
  const [groups, names] = [words(group), words(name)];
  const dense = answer.rows.length > groups.length * names.length * 0.7;
  return groups.length > 1 && names.length <= SIDE_BY_SIDE && dense
    ? { column, group, name, groups, names }
    : undefined;
}

export function answerHeadline(answer: UseCaseAnswer): string {
  const columns = answerColumns(answer);
  const telling = mostTelling(answer);
  const [row] = answer.rows;
  if (row === undefined) return "No group is large enough to be shown";
  if (telling === undefined || answer.rows.length === 1) {
    const figures = columns.filter(({ role }) => role === "measure").slice(0, 3);
    return figures.map(({ title, at, kind }) => `${title}: ${answerValue(row[at], kind)}`).join(", ");
  }
  const { column, high, low, times } = telling;
  const [highest, lowest] = [rowName(high, columns), rowName(low, columns)];
  const named = ({ name, group }: typeof highest) => (highest.group === lowest.group ? name : `${name} (${group})`);
  const value = (row: readonly Value[]) => answerValue(row[column.at], column.kind);
  const most = `${column.title}: ${named(highest)} ${value(high)}`;
  const least = `${named(lowest)} ${value(low)}`;
  if (column.kind === "count") return `${most}, ${least}`;
  if (times < 1.05) return `${most}, ${least}, hardly a difference`;
  return `${most}, ${rate(times)} times the ${value(low)} of ${named(lowest)}`;
}
