import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Answer } from "analysis-rules";
import type { AnswerColumn, Value } from "googlesql-duckdb";
import { csvField, spreadsheetField } from "../generator/tables/derive.ts";
import type { ResultRow } from "../generator/warehouse/warehouse.ts";
import type { CleanRoomData } from "../report/clean-room/shape.ts";
import { count, formatRecords, formatRows, type Screen, visible } from "./terminal.ts";
import { usageOfAll } from "./usage.ts";

/** The file in the folder of answers that the clean room's report is written from. */
export const ANSWERS_FILE = "answers.json";

/** How to answer the use cases and the calls of the query templates. */
export interface AnswerOptions {
  /** The folder that holds the rehearsed clean room. */
  readonly rehearsal: string;
  /** The folder to write the answers to. */
  readonly folder: string;
  readonly screen: Screen;
  /** Whether to print all answers. */
  readonly verbose: boolean;
  /** Aborted when nobody wants the answers any more. */
  readonly signal: AbortSignal;
}

/**
 * Reads the answers to the use cases for the clean room's report, because asking again would spend the privacy budget again.
 * Returns undefined if there are none.
 * @param out the folder that `npm start` filled
 */
export async function readAnswers(out: string): Promise<CleanRoomData | undefined> {
  const file = join(out, "answers", ANSWERS_FILE);
  if (!existsSync(file)) return undefined;
  const answers = JSON.parse(await readFile(file, "utf8")) as CleanRoomData;
  // The log also has the later queries of `npm run query`.
  return { ...answers, usage: await usageOfAll(out) };
}

/** The number of rows that a text table shows at most. */
const SHOWN = 1000;

/**
 * Formats an answer as a text table. A long answer is cut after `SHOWN` rows. The rows of a table that is wider than `width` are written
 * below each other, a line for each value, and are cut after as many lines.
 * @param width the columns that it may take
 * @param forAll the setting or command that shows all rows
 */
export function answerTable({ columns, rows }: Answer, width = Number.POSITIVE_INFINITY, forAll = "--json"): string {
  const names = columns.map(({ name }) => visible(name));
  const shown = rows.slice(0, SHOWN).map((row) => row.map((value, index) => shownAs(value, columns[index])));
  const table = formatRows(names, shown, "", "NULL", width);
  if (rows.length === 0) return `${table}\n(no rows)`;
  const isTooWide = columns.length > 1 && table.split("\n").some((line) => line.length > width);
  const most = isTooWide ? Math.ceil(SHOWN / columns.length) : SHOWN;
  const text = isTooWide ? formatRecords(names, shown.slice(0, most), "NULL") : table;
  if (rows.length <= most) return text;
  return `${text}\n(the first ${count(most)} of ${count(rows.length)} rows; ${forAll} shows all)`;
}

/**
 * Formats an answer as CSV with a header line. Texts that a spreadsheet would run as formulas get an apostrophe in front.
 * @param raw whether to leave texts as they are
 */
export function answerCsv({ columns, rows }: Pick<Answer, "columns" | "rows">, raw = false): string {
  const text = raw ? csvField : spreadsheetField;
  const field = (given: Value, type?: string) => {
    const value = asText(given);
    // NUMERIC values are texts here too, and numbers to a spreadsheet.
    return typeof value === "string" && type === "STRING" ? text(value) : csvField(value);
  };
  const header = columns.map(({ name }) => text(name));
  const lines = rows.map((row) => row.map((value, index) => field(value, columns[index]?.type)));
  return [header, ...lines].map((line) => `${line.join(",")}\n`).join("");
}

/** A value as a figure of a chart or a text table, in which NUMERIC is a number. */
export function asFigure(given: Value, type?: string): ResultRow[string] {
  const value = asText(given);
  return type === "NUMERIC" && value !== null ? Number(value) : value;
}

/**
 * A value as one cell of a text table, with characters escaped that a terminal would obey. A decade, such as 1950, is written "1950s". A
 * NUMERIC with more digits than a number of JavaScript holds stays text.
 */
function shownAs(given: Value, column: AnswerColumn | undefined): ResultRow[string] {
  const figure = asFigure(given, column?.type);
  const value = column?.type === "NUMERIC" && typeof given === "string" && digitsOf(given) > 15 ? given : figure;
  if (column?.type === "INT64" && /(^|_)decade$/i.test(column.name) && typeof value === "number") return `${value}s`;
  return typeof value === "string" ? visible(value) : value;
}

/** The digits of a decimal number, without zeros in front. */
function digitsOf(decimal: string): number {
  return decimal.replace(/\D/g, "").replace(/^0+/, "").length;
}

/** A value as one cell of CSV. Arrays and structs become JSON. */
function asText(value: Value): ResultRow[string] {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}
