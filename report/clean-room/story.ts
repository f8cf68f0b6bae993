import { capital, count, decimal, percent, rate } from "../format.ts";
import type { Kind, Table, Value } from "../table.ts";
import type { UseCaseAnswer } from "./shape.ts";

/* How the answer of a clean room's query is read: what its columns are, and what it says. */

export interface AnswerColumn {
  /** For people: `average_order` is `Average order`. */
  readonly title: string;
  /** What groups the rows, or a figure of each. */
  readonly role: "category" | "measure";
  readonly kind: Kind;
  /** Place in the rows. */
  readonly at: number;
}

const numeric = new Set(["INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC"]);

/**
 * The columns of an answer. A figure that is not whole and always from 0 to 1 is a share; a number to the left of a word, such as a
 * decade, names the group.
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

/** What the categories of a row say: the last one names it, those before go along. */
export function rowName(row: readonly Value[], columns: readonly AnswerColumn[]): { name: string; group: string } {
  const words = columns.filter(({ role }) => role === "category").map(({ at, title }) => categoryWord(row[at], title));
  return { name: words.at(-1) ?? "All", group: words.slice(0, -1).join(", ") };
}

/** A yes or no is told by its column: `is_verified_user` is Verified user, or Not verified user. */
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

/** The answer as a table, with titles for people. */
export function answerTable(answer: UseCaseAnswer): Table {
  const columns = answerColumns(answer);
  return {
    columns: columns.map(({ title, kind }) => ({ name: title, kind })),
    rows: answer.rows.map((row) => columns.map(({ at }) => row[at])),
  };
}

/** A difference between groups of fewer than so many says little. */
const FEW = 50;

/**
 * The figure that differs most from row to row, and where; figures that are not counts before those that are. Small groups are left out,
 * where there are others.
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

/** So many words still stand side by side. */
const SIDE_BY_SIDE = 4;

/** An answer by two words of which nearly each pair has a row, and what it tells of the pairs; undefined where it is none. */
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
  const most = mostTelling(answer);
  const [row] = answer.rows;
  if (row === undefined) return "No group is large enough to be shown";
  if (most === undefined || answer.rows.length === 1) {
    const figures = columns.filter(({ role }) => role === "measure").slice(0, 3);
    return figures.map(({ title, at, kind }) => `${title}: ${answerValue(row[at], kind)}`).join(", ");
  }
  const { column, high, low, times } = most;
  const [highest, lowest] = [rowName(high, columns), rowName(low, columns)];
  const told = ({ name, group }: typeof highest) => (highest.group === lowest.group ? name : `${name} (${group})`);
  const tell = (row: readonly Value[]) => `${told(rowName(row, columns))} ${answerValue(row[column.at], column.kind)}`;
  // How many there are of a group says nothing against how many of another.
  if (column.kind === "count") return `${column.title}: ${tell(high)}, ${tell(low)}`;
  const ratio = times >= 1.05 ? `, ${rate(times)} times as much` : ", hardly a difference";
  return `${column.title}: ${tell(high)}, ${tell(low)}${ratio}`;
}
