import { csvField, spreadsheetField } from "../generator/tables/derive.ts";
import { dayName } from "./days.ts";
import { count, decimal, exact, NONE, percent, uahExact, usd } from "./format.ts";

/** The figures behind a chart, which a reader can see as a table or download as CSV. */
export interface Table {
  readonly columns: readonly TableColumn[];
  /** A figure that does not exist is NaN or undefined. */
  readonly rows: readonly (readonly Value[])[];
  /** Makes the first cell of a row a button: what a click does, and its label for screen readers. */
  readonly choose?: {
    readonly label: (row: readonly Value[]) => string;
    readonly act: (row: readonly Value[]) => void;
  };
}

export interface TableColumn {
  readonly name: string;
  readonly kind: Kind;
  /** Formats the column's values for the table, instead of their kind. */
  readonly shown?: (value: Value) => string;
}

/** Values of "money" are in kopiykas, of "usd" in dollars, of "share" from 0 to 1. An "exact" number keeps all its digits. */
export type Kind = "text" | "day" | "count" | "number" | "exact" | "money" | "usd" | "share";

export type Value = string | number | boolean | null | undefined;

/** Formats a value for a table. */
export function shownValue(value: Value, kind: Kind): string {
  if (value === null || value === undefined) return NONE;
  if (typeof value !== "number") return kind === "day" ? dayName(String(value)) : String(value);
  return { count, number: decimal, exact, money: uahExact, usd, share: percent, text: String, day: String }[kind](
    value,
  );
}

/**
 * Prints the table as CSV (RFC 4180): money in UAH, shares from 0 to 1, days as `YYYY-MM-DD`. Texts that a spreadsheet would run as
 * formulas get an apostrophe in front.
 * @param raw whether to leave texts as they are
 */
export function tableCsv({ columns, rows }: Table, raw = false): string {
  const text = raw ? csvField : spreadsheetField;
  const names = columns.map(({ name, kind }) => text(kind === "money" ? `${name}, UAH` : name));
  const lines = rows.map((row) =>
    row.map((value, i) =>
      typeof value === "string" ? text(value) : csvField(plain(value, columns[i]?.kind ?? "text")),
    ),
  );
  return [names, ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

function plain(value: Value, kind: Kind): Value {
  if (typeof value !== "number") return value;
  if (!Number.isFinite(value)) return undefined;
  if (kind === "exact") return value;
  if (kind === "money") return (value / 100).toFixed(2);
  return Number.isInteger(value) ? value : Number(value.toFixed(6));
}
