import { rate } from "../format.ts";
import type { Value } from "../table.ts";
import { type AnswerColumn, answerColumns, answerValue, rowName } from "./answer.ts";
import { CERTAIN, FEW, meansApart, sharesApart } from "./compare.ts";
import type { UseCaseAnswer } from "./shape.ts";

/* Writes a headline from an answer's columns alone, for questions without a headline of their own (headlines.ts). */

type Row = readonly Value[];

/** Two groups of an answer that differ by more than chance. */
export interface Difference {
  readonly high: Row;
  readonly low: Row;
}

/**
 * The two rows that differ most for certain: by the most that is left of their difference, for a mean of its logarithm, without the part
 * that chance explains. The largest difference of all often belongs to the smallest group. Undefined if no two rows differ by more than
 * chance. @param of the column with the sizes of the groups
 */
export function largestDifference(
  rows: readonly Row[],
  { at, kind }: Pick<AnswerColumn, "at" | "kind">,
  of: readonly Pick<AnswerColumn, "at">[],
): Difference | undefined {
  const figures = rows.flatMap((row) => {
    const size = Math.min(...of.map((count) => Number(row[count.at] ?? Number.NaN)));
    const value = row[at];
    return typeof value === "number" && Number.isFinite(size) && size >= FEW ? [{ row, value, of: size }] : [];
  });
  const apart = kind === "share" ? sharesApart : meansApart;
  let best: { by: number; high: Row; low: Row } | undefined;
  for (const high of figures)
    for (const low of figures) {
      const errors = apart(high, low);
      if (errors < CERTAIN) continue;
      const difference = kind === "share" ? high.value - low.value : Math.log(high.value / low.value);
      const by = difference * (1 - CERTAIN / errors);
      if (best === undefined || by > best.by) best = { by, high: high.row, low: low.row };
    }
  return best && { high: best.high, low: best.low };
}

/** True for a share, and for a mean by its name, such as `usd_per_order`. A sum is as large as its group, which says nothing about another. */
const isComparable = ({ kind, name }: AnswerColumn) =>
  kind === "share" || (kind !== "count" && /(^|_)(per|avg|average|mean)(_|$)/i.test(name));

/**
 * Finds the share or mean that differs most between rows, and two rows that show it. Compares only groups that differ in their last
 * category, such as two tiers of one decade.
 */
export function mostTelling(answer: UseCaseAnswer) {
  const columns = answerColumns(answer);
  const counts = columns.filter(({ role, kind }) => role === "measure" && kind === "count");
  const value = (row: Row, { at }: AnswerColumn) => row[at] as number;
  const groupOf = (row: Row) => rowName(row, columns).group;
  const groups = [...new Set(answer.rows.map(groupOf))];
  const found = columns
    .filter((column) => column.role === "measure" && isComparable(column))
    .flatMap((column) =>
      groups.flatMap((group) => {
        const rows = answer.rows.filter((row) => groupOf(row) === group);
        const pair = largestDifference(rows, column, counts);
        return pair === undefined
          ? []
          : [{ column, ...pair, times: value(pair.high, column) / value(pair.low, column) }];
      }),
    );
  return found.sort((a, b) => b.times - a.times)[0];
}

/** A headline for any answer. */
export function genericHeadline(answer: UseCaseAnswer): string {
  const columns = answerColumns(answer);
  const measures = columns.filter(({ role }) => role === "measure");
  const [row] = answer.rows;
  if (row === undefined) return "No group is large enough to be shown";
  if (answer.rows.length === 1)
    return measures
      .slice(0, 3)
      .map(({ title, at, kind }) => `${title}: ${answerValue(row[at], kind)}`)
      .join(", ");
  const telling = mostTelling(answer);
  if (telling === undefined) return withoutDifference(answer, measures);
  const { column, high, low, times } = telling;
  const [highest, lowest] = [rowName(high, columns), rowName(low, columns)];
  const value = (of: Row) => answerValue(of[column.at], column.kind);
  const where = highest.group === "" ? "" : ` (${highest.group})`;
  return `${column.title}: **${highest.name}** ${value(high)}, ${rate(times)} times the ${value(low)} of ${lowest.name}${where}`;
}

/** Gives the range of the first figure, without a comparison. */
function withoutDifference({ rows }: UseCaseAnswer, measures: readonly AnswerColumn[]): string {
  const column = measures.find(isComparable) ?? measures.find(({ kind }) => kind !== "count") ?? measures[0];
  if (column === undefined) return "";
  const counts = measures.filter(({ kind }) => kind === "count");
  const large = rows.filter((row) => counts.every(({ at }) => Number(row[at]) >= FEW));
  const values = (large.length > 0 ? large : rows)
    .map((row) => row[column.at])
    .filter((value) => typeof value === "number");
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => answerValue(value, column.kind));
  if (!isComparable(column)) return `${column.title}: ${low} to ${high}`;
  return `${column.title}: ${low} to ${high}, a difference within chance`;
}

/** The most columns of bars that fit side by side. */
const SIDE_BY_SIDE = 4;

/**
 * If an answer has two categories and a row for nearly every pair of them, how to show one of its measures as a cross table; else
 * undefined.
 */
export function crossed(answer: UseCaseAnswer, column: AnswerColumn | undefined) {
  const [group, name, more] = answerColumns(answer).filter(({ role }) => role === "category");
  if (column === undefined || group === undefined || name === undefined || more !== undefined) return undefined;
  const words = ({ at }: AnswerColumn) => [...new Set(answer.rows.map((row) => String(row[at])))];
  const [groups, names] = [words(group), words(name)];
  const dense = answer.rows.length > groups.length * names.length * 0.7;
  return groups.length > 1 && names.length <= SIDE_BY_SIDE && dense
    ? { column, group, name, groups, names }
    : undefined;
}
