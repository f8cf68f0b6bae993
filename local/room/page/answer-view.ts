import type { Party } from "../../../cleanroom/party.ts";
import { type AnswerColumn, answerColumns, rowName } from "../../../report/clean-room/answer.ts";
import type { UseCaseAnswer } from "../../../report/clean-room/shape.ts";
import { genericHeadline, mostTelling } from "../../../report/clean-room/telling.ts";
import { count, plural } from "../../../report/format.ts";
import { tableElement, type View } from "../../../report/page/card.ts";
import { bars, type Measure } from "../../../report/page/charts/bars.ts";
import { h } from "../../../report/page/dom.ts";
import { type Kind, shownValue, type Value } from "../../../report/table.ts";
import type { Answered, CellValue } from "../api.ts";
import { course, courseOf } from "./course.ts";

/** Answers with more rows than this have no chart. */
const MOST_BARS = 30;

/** Longer texts are in the table alone. */
const LONGEST_HEADLINE = 200;

/** More figures than this do not fit beside each other. The table has them all. */
const MOST_MEASURES = 5;

/** An answer as a card shows it: a headline, a chart if its shape suits one, and the table. */
export function answerView(answer: Answered, party: Party, sql: string): View & { readonly charted: boolean } {
  const read = asUseCase(answer, party, sql);
  const columns = answerColumns(read);
  const time = courseOf(read, columns);
  const charted = time !== undefined || isGroups(read, columns);
  const table = {
    // An order's number is not a quantity, so print no thousands separator. Charts round figures, and the table does not.
    columns: columns.map(({ name, kind }) => ({ name, kind: /(^|_)id$/i.test(name) ? "text" : unrounded(kind) })),
    rows: read.rows,
  };
  return {
    headline: headline(answer, read, columns, charted),
    charted,
    table,
    draw(width) {
      if (time !== undefined) return course(time, width);
      if (charted) return groups(read, columns);
      const attributes = { class: "scroll", tabindex: 0, role: "region", "aria-label": "The answer as a table" };
      return h("div", attributes, tableElement(table, "The answer"));
    },
    caption: `${plural(answer.rowCount, "row")} in ${(answer.milliseconds / 1000).toFixed(2)} seconds.${
      answer.rowCount > answer.rows.length
        ? ` The table has the first ${count(answer.rows.length)}; the command line prints all.`
        : ""
    }`,
  };
}

/** The answer in the shape of the reports, whose words and charts it shares. */
function asUseCase({ columns, rows }: Answered, party: Party, sql: string): UseCaseAnswer {
  const value = (cell: CellValue, type: string) => {
    if (typeof cell === "object" && cell !== null) return JSON.stringify(cell);
    // A number of JavaScript does not hold a long INT64, nor all digits of a long NUMERIC.
    return typeof cell === "string" && type === "NUMERIC" && cell.length <= 15 ? Number(cell) : cell;
  };
  return {
    name: "answer",
    title: "The answer",
    question: "",
    party,
    sql,
    columns: columns.map(({ name, type }, i) => ({ name: name || `column ${i + 1}`, type })),
    rows: rows.map((row) => row.map((cell, at) => value(cell, columns[at]?.type ?? ""))),
    rules: [],
  };
}

function headline(answer: Answered, read: UseCaseAnswer, columns: readonly AnswerColumn[], charted: boolean): string {
  if (answer.rowCount === 0) return "No rows";
  const [row] = read.rows;
  if (answer.rowCount === 1 && columns.length <= 3) {
    const words = columns.map(({ title, at, kind }) => `${title}: **${shownValue(row?.[at], unrounded(kind))}**`);
    if (words.join().length <= LONGEST_HEADLINE) return words.join(", ");
  }
  if (charted) return genericHeadline(read);
  return `**${plural(answer.rowCount, "row")}**`;
}

/** The kind that shows all digits of a figure. */
function unrounded(kind: Kind): Kind {
  return kind === "number" || kind === "share" || kind === "usd" ? "exact" : kind;
}

/** Whether the rows are groups with a name each, and figures that a bar can show. */
function isGroups({ rows }: UseCaseAnswer, columns: readonly AnswerColumn[]): boolean {
  const measures = columns.filter(({ role }) => role === "measure");
  const figures = rows.flatMap((row) => measures.map(({ at }) => row[at])).filter((value) => value !== null);
  const names = new Set(rows.map((row) => JSON.stringify(rowName(row, columns))));
  return (
    rows.length > 1 &&
    rows.length <= MOST_BARS &&
    measures.length > 0 &&
    measures.length < columns.length &&
    figures.length > 0 &&
    figures.every((value) => typeof value === "number") &&
    names.size === rows.length
  );
}

/** Groups one below the other, with a bar for the figure that the headline is about. */
function groups(read: UseCaseAnswer, columns: readonly AnswerColumn[]): HTMLElement {
  type Row = readonly Value[];
  const categories = columns.filter(({ role }) => role === "category");
  const measures = columns.filter(({ role }) => role === "measure").slice(0, MOST_MEASURES);
  const telling = mostTelling(read)?.column.at;
  const strong =
    measures.find(({ at }) => at === telling) ?? measures.find(({ kind }) => kind !== "count") ?? measures[0];
  const faint = measures.find(({ kind }) => kind === "count");
  const figure = (row: Row, { at }: AnswerColumn) => (typeof row[at] === "number" ? row[at] : Number.NaN);
  return bars<Row>({
    title: "The answer",
    head: categories.at(-1)?.title ?? "Group",
    rows: read.rows,
    name: (row) => rowName(row, columns).name,
    ...(categories.length > 1 && { group: (row: Row) => rowName(row, columns).group }),
    measures: measures.map((column): Measure<Row> => {
      const bar = column === strong ? "strong" : column === faint ? "faint" : undefined;
      return {
        name: column.title,
        value: (row) => figure(row, column),
        format: (value) => shownValue(value, column.kind),
        text: (row) => shownValue(row[column.at], column.kind),
        ...(bar && { bar }),
      };
    }),
  });
}
