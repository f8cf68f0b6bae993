import {
  type AnswerColumn,
  answerColumns,
  answerValue,
  categoryWord,
  rowName,
  SUPPRESSED,
} from "../../clean-room/answer.ts";
import type { Told } from "../../clean-room/headlines.ts";
import type { UseCaseAnswer } from "../../clean-room/shape.ts";
import { crossed } from "../../clean-room/telling.ts";
import { capital } from "../../format.ts";
import type { Value } from "../../table.ts";
import { bars, type Measure } from "../charts/bars.ts";

type Row = readonly Value[];

/** Draws an answer by its shape: a single row, a cross table of two categories, or groups one below the other. */
export function answerChart(answer: UseCaseAnswer, { shows, drawn }: Told): HTMLElement {
  if (answer.rows.length === 1) return singleRow(answer);
  const [only, ...more] = shows ?? [];
  if (only !== undefined && more.length === 0) {
    const cross = crossedBars(answer, only);
    if (cross !== undefined) return cross;
  }
  return groupedBars({ ...answer, rows: drawn ?? answer.rows }, shows ?? []);
}

const figure = (row: Row, { at }: AnswerColumn) => (typeof row[at] === "number" ? row[at] : Number.NaN);

/** Draws the counts of a single row as bars; other figures are written without a bar. */
function singleRow(answer: UseCaseAnswer): HTMLElement {
  const row = answer.rows[0] ?? [];
  const value = (column: AnswerColumn) => (column.kind === "count" ? figure(row, column) : Number.NaN);
  const text = (column: AnswerColumn) => answerValue(row[column.at], column.kind);
  return bars<AnswerColumn>({
    title: answer.title,
    head: "Figure",
    rows: answerColumns(answer).filter(({ role }) => role === "measure"),
    name: ({ title }) => title,
    measures: [{ name: "Answer", value, text, format: String, bar: "strong" }],
  });
}

/** Draws a measure as a cross table: the first category as rows, the second as columns. */
function crossedBars(answer: UseCaseAnswer, shows: AnswerColumn): HTMLElement | undefined {
  const cross = crossed(answer, shows);
  if (cross === undefined) return undefined;
  const { column, group, name, groups, names } = cross;
  return bars<string>({
    title: `${answer.title}: ${column.title}`,
    head: group.title,
    rows: groups,
    name: (word) => categoryWord(word, group.title),
    oneScale: true,
    measures: names.map((word): Measure<string> => {
      const find = (other: string) => answer.rows.find((row) => rowIs(row, group, other) && rowIs(row, name, word));
      return {
        name: word,
        value: (other) => figure(find(other) ?? [], column),
        format: (value) => answerValue(value, column.kind),
        text: (other) => answerValue(find(other)?.[column.at], column.kind),
        bar: "strong",
      };
    }),
  });
}

const rowIs = (row: Row, { at }: AnswerColumn, word: string) => String(row[at]) === word;

function groupedBars(answer: UseCaseAnswer, shows: readonly AnswerColumn[]): HTMLElement {
  const columns = answerColumns(answer);
  const categories = columns.filter(({ role }) => role === "category");
  const figures = shows.length > 1 ? shows : columns.filter(({ role }) => role === "measure");
  // The measures in the headline get strong bars, and the first count faint ones if there is only one such measure.
  const first = figures.find(({ kind }) => kind !== "count") ?? figures[0];
  const told = shows.length > 0 ? shows.map(({ at }) => at) : [first?.at];
  const about = told.length === 1 ? figures.find(({ kind }) => kind === "count")?.at : undefined;
  return bars<Row>({
    title: answer.title,
    head: categories.at(-1)?.title ?? "Group",
    rows: answer.rows,
    name: (row) => rowName(row, columns).name,
    oneScale: told.length > 1,
    ...(categories.length > 1 && { group: (row: Row) => capital(rowName(row, columns).group) }),
    measures: figures.map((column): Measure<Row> => {
      const bar = told.includes(column.at) ? "strong" : column.at === about ? "faint" : undefined;
      return {
        name: column.title,
        value: (row) => figure(row, column),
        format: (value) => answerValue(value, column.kind),
        text: (row) => (row[column.at] === null ? SUPPRESSED : answerValue(row[column.at], column.kind)),
        ...(bar && { bar }),
      };
    }),
  });
}
