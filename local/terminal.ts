import { styleText } from "node:util";
import type { ResultRow } from "../generator/warehouse/warehouse.ts";
import { wrapTo } from "../generator/wrap.ts";

const interactive = process.stdout.isTTY === true;

/** The columns of a terminal; those of a usual one if they are unknown. A terminal that has just been made may say 0. */
export function widthOf({ columns }: { readonly columns?: number | undefined }): number {
  return columns || 80;
}

/** The columns of this terminal. */
export const WIDTH = widthOf(process.stdout);

/** Text in a colour, if the terminal shows colours and NO_COLOR is not set. */
export function coloured(colour: Parameters<typeof styleText>[0], text: string): string {
  return interactive ? styleText(colour, text, { stream: process.stdout, validateStream: true }) : text;
}

/** Prints a heading, with an empty line before it. */
export function heading(title: string): void {
  console.log(`\n${coloured("bold", title)}`);
}

/** Text of a query or of its data, with the characters escaped that a terminal would obey. @param kept characters to leave as they are */
export function visible(text: string, kept = ""): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (control) =>
    kept.includes(control) ? control : (named[control] ?? `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Breaks text into lines that fit the terminal, or `width` columns, as `wrapTo` does. */
export function wrap(text: string, indent = "", width = WIDTH): string {
  return wrapTo(width, text, indent);
}

/** Breaks a line of `problemLines`, but not the query's own line and the caret below it. */
export function wrapProblem(line: string, width = WIDTH): string {
  return line.startsWith("  ") ? line : wrap(line, "", width);
}

/** Text whose lines, except empty ones, begin with an indent. */
export function indented(text: string, indent: string): string {
  return text.replace(/^(?=.)/gm, indent);
}

/** Shows the progress of a step in a few words. Redraws the line on a terminal, and prints nothing to a log. */
type Show = (state: string) => void;

/**
 * Runs one step and prints its line: the title with the progress, then the seconds that it took and a summary.
 * @param work returns the step's result and a summary in a few words; without a summary, no line is left
 */
export async function step<T>(
  title: string,
  work: (show: Show) => Promise<[result: T, summary: string | undefined]>,
): Promise<T> {
  const started = performance.now();
  let drawn = "";
  const draw = (line: string) => {
    if (interactive && line !== drawn) process.stdout.write(`\r\x1b[K${line}`);
    drawn = line;
  };
  draw(`  ${title} ...`);
  try {
    const [result, summary] = await work((state) => draw(`  ${title} ... ${state}`.slice(0, widthOf(process.stdout))));
    draw("");
    if (summary !== undefined) console.log(doneLine(title, started, summary));
    return result;
  } catch (error) {
    draw("");
    console.log(failedLine(title));
    throw error;
  }
}

/** Where steps and texts are printed. */
export interface Screen {
  readonly step: typeof step;
  readonly print: (text: string) => void;
}

/** A screen that keeps its lines until `release` is called, for work that runs beside other steps. */
export function heldScreen(): Screen & { release(): void } {
  let held: string[] | undefined = [];
  const print = (text: string) => void (held === undefined ? console.log(text) : held.push(text));
  return {
    print,
    step: (title, work) => (held === undefined ? step(title, work) : quietStep(title, work, print)),
    release() {
      for (const text of held ?? []) console.log(text);
      held = undefined;
    },
  };
}

async function quietStep<T>(
  title: string,
  work: (show: Show) => Promise<[result: T, summary: string | undefined]>,
  print: (line: string) => void,
): Promise<T> {
  const started = performance.now();
  try {
    const [result, summary] = await work(() => {});
    if (summary !== undefined) print(doneLine(title, started, summary));
    return result;
  } catch (error) {
    print(failedLine(title));
    throw error;
  }
}

function doneLine(title: string, started: number, summary: string): string {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  return `${coloured("green", "✓")} ${title.padEnd(36)} ${seconds.padStart(5)} s   ${summary}`;
}

function failedLine(title: string): string {
  return `${coloured("red", "✗")} ${title}`;
}

/** A whole number with commas between the thousands. */
export function count(value: number): string {
  return withCommas(String(value));
}

/** "1 row", "1,200 rows" */
export function rowsInWords(rows: number): string {
  return rows === 1 ? "1 row" : `${count(rows)} rows`;
}

/** `toLocaleString` does the same, but reads its languages first, which takes a program as long as a query. */
function withCommas(number: string): string {
  const [whole = "", decimals] = number.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return decimals === undefined ? grouped : `${grouped}.${decimals}`;
}

/** Formats rows as a text table. Numbers are aligned to the right, with as many decimals as the column needs, at most three, and amounts of money with two at least. */
export function formatTable(rows: readonly ResultRow[], indent = "  "): string {
  const names = Object.keys(rows[0] ?? {});
  if (names.length === 0) return `${indent}(no rows)`;
  return formatRows(
    names,
    rows.map((row) => Object.values(row)),
    indent,
  );
}

/**
 * Like `formatTable`, for rows with several columns of the same name.
 * @param none is printed for null
 * @param width the columns that the table may take: if it is wider, the names of its columns are broken at their underscores
 */
export function formatRows(
  names: readonly string[],
  rows: readonly (readonly ResultRow[string][])[],
  indent = "  ",
  none = "",
  width = Number.POSITIVE_INFINITY,
): string {
  const columns = columnsOf(names, rows, none);
  const wideWith = (headers: readonly (readonly string[])[]) =>
    columns.reduce((sum, { widest }, index) => {
      const header = headers[index]?.map((part) => part.length) ?? [];
      return sum + Math.max(widest, ...header) + 2;
    }, indent.length - 2);
  let headers = names.map((name) => [name]);
  // Break as few names as possible.
  for (
    let longest = Math.max(0, ...names.map(({ length }) => length));
    wideWith(headers) > width && longest > 4;
    longest--
  )
    headers = columns.map(({ name, widest }) => breakName(name, Math.max(widest, longest)));
  const tallest = Math.max(0, ...headers.map(({ length }) => length));
  const padded = columns.map(({ numeric, texts, widest }, index) => {
    const header = headers[index] ?? [];
    const wide = Math.max(widest, ...header.map((part) => part.length));
    const above = Array.from({ length: tallest - header.length }, () => "");
    const cells = [...above, ...header, "─".repeat(wide), ...texts];
    return cells.map((text) => (numeric ? text.padStart(wide) : text.padEnd(wide)));
  });
  const lines = padded[0]?.map((_, line) => `${indent}${padded.map((texts) => texts[line]).join("  ")}`.trimEnd());
  return lines?.join("\n") ?? "";
}

/**
 * Formats rows below each other, a line for each value, for rows that are wider than the terminal.
 * @param none is printed for null
 */
export function formatRecords(
  names: readonly string[],
  rows: readonly (readonly ResultRow[string][])[],
  none = "",
): string {
  const columns = columnsOf(names, rows, none);
  const widest = Math.max(...names.map(({ length }) => length));
  const records = rows.map((_, row) => {
    const lines = columns.map(({ name, texts }) => `  ${name.padEnd(widest)}  ${texts[row]}`);
    return [`Row ${count(row + 1)}`, ...lines].join("\n");
  });
  return records.join("\n\n");
}

/** The columns of rows, with their values as text. */
function columnsOf(names: readonly string[], rows: readonly (readonly ResultRow[string][])[], none: string) {
  return names.map((name, index) => {
    const values = rows.map((row) => row[index] ?? null);
    const numeric = values.every((value) => value === null || typeof value === "number") && rows.length > 0;
    const texts = numeric
      ? formatNumbers(name, values as (number | null)[], none)
      : values.map((value) => String(value ?? none));
    return { name, numeric, texts, widest: Math.max(0, ...texts.map((text) => text.length)) };
  });
}

/** A column's name in lines of at most `widest` letters, as far as its words allow. */
function breakName(name: string, widest: number): string[] {
  const lines: string[] = [];
  for (const word of name.split(/(?<=[_ ])/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.trimEnd().length <= widest) lines[lines.length - 1] = last + word;
    else lines.push(word);
  }
  return lines.map((line) => line.trimEnd());
}

/** Columns of numbers that are not amounts, such as ids, years, and months as YYYYMM. */
const isName = /(^|_)(id|year|month|quarter|decade|number|code)$/i;

function formatNumbers(column: string, values: readonly (number | null)[], none: string): string[] {
  // A template's rounded amounts are whole: cents would pretend that they are exact.
  const money = /(^|_)(usd|uah)(_|$)/i.test(column) && values.some((value) => !Number.isInteger(value ?? 0));
  const decimals = Math.max(money ? 2 : 0, ...values.map((value) => (value === null ? 0 : decimalsOf(value))));
  const years = values.every((value) => value === null || (value >= 1900 && value < 2100));
  const written = years || isName.test(column) ? (text: string) => text : withCommas;
  return values.map((value) => {
    if (value === null) return none;
    return isTiny(value) ? String(Number(value.toPrecision(3))) : written(rounded(value).toFixed(decimals));
  });
}

/** With three decimals, it would look like zero. */
function isTiny(value: number): boolean {
  return value !== 0 && Math.abs(value) < 0.001;
}

/** To three decimals. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Math.round(value * 1000) / 1000;
}

function decimalsOf(value: number): number {
  return isTiny(value) ? 0 : (String(rounded(value)).split(".")[1] ?? "").length;
}
