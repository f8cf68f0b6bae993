import fc from "fast-check";
import type { ColumnType, Table } from "../../generator/tables/table.ts";
import type { ResultRow } from "../../generator/warehouse/warehouse.ts";

const day = fc.integer({ min: -25_000, max: 40_000 }).map((days) => new Date(days * 86_400_000));
const awkward = fc.constantFrom(
  "null",
  "NULL",
  "a,b",
  'say "hi"',
  "two\nlines",
  "two\r\nlines",
  " spaces ",
  "Тарас",
  "'",
  "\\",
);

/** Values that every warehouse holds exactly, as a query returns them. */
const values: Record<ColumnType, fc.Arbitrary<string | number | boolean>> = {
  INTEGER: fc.maxSafeInteger(),
  FLOAT64: fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e12, max: 1e12 }).map((value) => value + 0),
  NUMERIC: fc.integer({ min: -1e9, max: 1e9 }).map((hundredths) => (hundredths + 0) / 100),
  STRING: fc.oneof(fc.string({ minLength: 1 }), awkward),
  BOOLEAN: fc.boolean(),
  DATE: day.map((date) => date.toISOString().slice(0, 10)),
  TIMESTAMP: fc
    .tuple(day, fc.integer({ min: 0, max: 86_399_999 }))
    .map(([date, ms]) => new Date(date.getTime() + ms).toISOString()),
};

/** Any row of a table, nulls where it allows them. */
export function arbitraryRow(table: Table): fc.Arbitrary<ResultRow> {
  return fc.record(
    Object.fromEntries(
      Object.entries(table.columns).map(([name, { type, mode }]) => [
        name,
        mode === "NULLABLE" ? fc.option(values[type]) : values[type],
      ]),
    ),
  );
}

/** Some values of an arbitrary, the same in every run. */
export function sample<T>(of: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(of, { numRuns: count, seed: 42 });
}

/** Rows as a CSV file of a table. */
export function csvOf(table: Table, rows: readonly ResultRow[]): string {
  const names = Object.keys(table.columns);
  const lines = rows.map((row) => names.map((name) => csvValue(row[name] ?? null)).join(","));
  return `${[names.join(","), ...lines].join("\n")}\n`;
}

function csvValue(value: ResultRow[string]): string {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
