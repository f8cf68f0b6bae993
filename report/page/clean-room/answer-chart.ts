import type { UseCaseAnswer } from "../../clean-room/shape.ts";
import {
  type AnswerColumn,
  answerColumns,
  answerValue,
  crossed,
  mostTelling,
  rowName,
} from "../../clean-room/story.ts";
import { capital } from "../../format.ts";
import type { Value } from "../../table.ts";
import { bars, type Measure } from "../charts/bars.ts";

type Row = readonly Value[];

/** Draws an answer by its shape: a single row, a cross table of two categories, or groups one below the other. */
export function answerChart(answer: UseCaseAnswer): HTMLElement {
  if (answer.rows.length === 1) return singleRow(answer);
  return crossedBars(answer) ?? groupedBars(answer);
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

/** Draws a cross table of the measure that differs most: the first category as rows, the second as columns. */
function crossedBars(answer: UseCaseAnswer): HTMLElement | undefined {
  const cross = crossed(answer);
  if (cross === undefined) return undefined;
  const { column, group, name, groups, names } = cross;
  return bars<string>({
    title: `${answer.title}: ${column.title}`,
    head: group.title,
    rows: groups,
    name: (word) => word,
    oneScale: true,
    measures: names.map((word): Measure<string> => {
      const find = (other: string) => answer.rows.find((row) => rowIs(row, group, other) && rowIs(row, name, word));
      return {
        name: word,
        value: (other) => figure(find(other) ?? [], column),
        format: (value) => answerValue(value, column.kind),
        bar: "strong",
      };
    }),
  });
}

const rowIs = (row: Row, { at }: AnswerColumn, word: string) => String(row[at]) === word;

function groupedBars(answer: UseCaseAnswer): HTMLElement {
  const columns = answerColumns(answer);
  const categories = columns.filter(({ role }) => role === "category");
  const figures = columns.filter(({ role }) => role === "measure");
  // The measure in the headline gets strong bars, and the first count faint ones.
  const told = mostTelling(answer)?.column.at ?? figures[0]?.at;
  const about = figures.find(({ kind }) => kind === "count")?.at;
  return bars<Row>({
    title: answer.title,
    head: categories.at(-1)?.title ?? "Group",
    rows: answer.rows,
    name: (row) => rowName(row, columns).name,
    ...(categories.length > 1 && { group: (row: Row) => capital(rowName(row, columns).group) }),
    measures: figures.map((column): Measure<Row> => {
      const bar = column.at === told ? "strong" : column.at === about ? "faint" : undefined;
      return {
        name: column.title,
        value: (row) => figure(row, column),
        format: (value) => answerValue(value, column.kind),
        ...(bar && { bar }),
      };
    }),
  });
}
