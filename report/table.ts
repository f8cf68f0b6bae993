import { csvField } from "../generator/coffee/csv.ts";
import { dayName } from "./days.ts";
import { count, percent, rate, uah } from "./format.ts";

/** What is behind a chart: shown as a table, and downloaded as CSV. */
export interface Table {
  readonly columns: readonly Column[];
  /** Figures that do not exist are not a number, or undefined. */
  readonly rows: readonly (readonly Value[])[];
}

export interface Column {
  readonly name: string;
  readonly kind: Kind;
}

/** money: kopiykas; share: 0 to 1; number: with decimals where they help. */
export type Kind = "text" | "day" | "count" | "number" | "money" | "share";

export type Value = string | number | boolean | null | undefined;

/** A value as the table shows it. */
export function shownValue(value: Value, kind: Kind): string {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return kind === "day" ? dayName(String(value)) : String(value);
  return { count, number: rate, money: uah, share: percent, text: String, day: String }[kind](value);
}

/** The table as CSV (RFC 4180): money in UAH, shares from 0 to 1, days as `YYYY-MM-DD`. */
export function tableCsv({ columns, rows }: Table): string {
  const names = columns.map(({ name, kind }) => csvField(kind === "money" ? `${name}, UAH` : name));
  const lines = rows.map((row) => row.map((value, i) => csvField(plain(value, columns[i]?.kind ?? "text"))));
  return [names, ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

function plain(value: Value, kind: Kind): Value {
  if (typeof value !== "number") return value;
  if (!Number.isFinite(value)) return undefined;
  if (kind === "money") return (value / 100).toFixed(2);
  return Number.isInteger(value) ? value : Number(value.toFixed(6));
}
