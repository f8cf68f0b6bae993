import { type Columns, columnNames, type Table } from "../tables/table.ts";
import { type Bytes, ROW_BYTES } from "./bytes.ts";

/** A writer for each column of a table, from a `Source`. A missing or unknown column does not compile. */
export type ColumnWriters<C extends Columns, Source> = {
  readonly [Name in keyof C]: (out: Bytes, source: Source) => void;
};

/**
 * Returns the function that writes a table's rows, from one writer per column. The definition sets the order, so columns cannot
 * shift against the header.
 */
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
