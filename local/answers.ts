import type { Answer } from "../cleanroom/rules/run.ts";
import type { Value } from "../cleanroom/rules/values.ts";
import { csvField } from "../generator/coffee/csv.ts";
import type { ResultRow } from "../generator/warehouse/warehouse.ts";
import { count, formatRows } from "./terminal.ts";

/** More would scroll by. */
const SHOWN = 1000;

/** An answer as a text table; of a long one, the first rows. */
export function answerTable({ columns, rows }: Answer): string {
  const shown = rows.slice(0, SHOWN).map((row) => row.map((value, index) => shownAs(value, columns[index]?.type)));
  const names = columns.map(({ name }) => name);
  const table = formatRows(names, shown, "", "NULL");
  if (rows.length === 0) return `${table}\n(no rows)`;
  if (rows.length <= SHOWN) return table;
  return `${table}\n(the first ${count(SHOWN)} of ${count(rows.length)} rows; --json shows all)`;
}

/** An answer as CSV, with a header line. */
export function answerCsv({ columns, rows }: Answer): string {
  const lines = [columns.map(({ name }) => name), ...rows.map((row) => row.map((value) => asText(value)))];
  return lines.map((line) => `${line.map(csvField).join(",")}\n`).join("");
}

/** NUMERIC as a number, to stand to the right; no text moves the cursor. */
function shownAs(given: Value, type?: string): ResultRow[string] {
  const value = asText(given);
  if (type === "NUMERIC" && value !== null) return Number(value);
  return typeof value === "string"
    ? value.replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1))
    : value;
}

/** A value as one cell: what is not simple, as JSON. */
export function asText(value: Value): ResultRow[string] {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}
