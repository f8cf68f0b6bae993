import { type Columns, columnNames, type Row, type Table } from "../tables/table.ts";
import { type Bytes, ROW_BYTES } from "./bytes.ts";

/**
 * How each column of a table is written from a `Source`. The compiler refuses a missing and an unknown column, and the order is
 * the definition's: columns cannot shift against the header.
 */
export type ColumnWriters<C extends Columns, Source> = {
  readonly [Name in keyof C]: (out: Bytes, source: Source) => void;
};

/** Makes the function that writes a table's rows, from one writer a column. */
export function rowWriter<C extends Columns, Source>(
  table: Table<C>,
  writers: ColumnWriters<C, Source>,
): (out: Bytes, source: Source) => void {
  const [first, ...rest] = columnNames(table).map((name) => writers[name]);
  if (first === undefined) throw new Error(`${table.table} has no columns`);
  return (out, source) => {
    out.reserve(ROW_BYTES);
    first(out, source);
    for (let i = 0; i < rest.length; i++) {
      out.comma();
      (rest[i] as typeof first)(out, source);
    }
    out.newline();
  };
}

/** One row of a table as a CSV line, with its end. For tables of thousands of rows; orders and lines have writers of bytes. */
export function csvLine<T extends Table>(table: T, row: Row<T>): string {
  const values = row as Record<string, unknown>;
  return `${columnNames(table)
    .map((name) => csvField(values[name]))
    .join(",")}\n`;
}

/** A value as a CSV field: null as nothing, an empty text quoted, so that the two stay apart. */
export function csvField(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
