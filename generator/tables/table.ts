/** BigQuery's column types as far as the demos use them. */
export type ColumnType = "INTEGER" | "FLOAT64" | "NUMERIC" | "STRING" | "BOOLEAN" | "DATE" | "TIMESTAMP";

/** One column. `Value` is its type in TypeScript: dates and timestamps are ISO strings, NUMERIC is a number. */
export interface Column<Value = unknown> {
  readonly type: ColumnType;
  readonly mode: "REQUIRED" | "NULLABLE";
  readonly description: string;
  /** Whether it identifies a person (an e-mail address, a birth date). Shared views cannot expose such a column. */
  readonly pii: boolean;
  /** The smallest and largest value that makes sense: a load refuses any other. */
  readonly range?: { readonly min?: number; readonly max?: number };
  /** Never set: carries the TypeScript type for `Row`. */
  readonly _value?: Value;
}

export type Columns = Readonly<Record<string, Column>>;

export interface ForeignKey {
  readonly column: string;
  readonly references: { readonly dataset: string; readonly table: string; readonly column: string };
}

/** Everything about a table except its columns. */
export interface TableOptions<Name extends string = string> {
  readonly dataset: string;
  readonly table: string;
  readonly description: string;
  readonly primaryKey: readonly Name[];
  readonly foreignKeys?: readonly ForeignKey[];
  /** Time partitioning by a DATE or TIMESTAMP column. */
  readonly partitioning?: { readonly type: "DAY" | "MONTH"; readonly field: Name };
  /** Up to four columns, in order. */
  readonly clustering?: readonly Name[];
  /** The CSV file's name without `.csv`, for tables that are exchanged as files. */
  readonly file?: string;
}

export interface Table<C extends Columns = Columns> extends TableOptions {
  readonly columns: C;
}

/** The TypeScript type of a table's row, inferred from its columns. */
export type Row<T extends Table> = {
  -readonly [K in keyof T["columns"]]: T["columns"][K] extends Column<infer Value> ? Value : never;
};

const column =
  <Value>(type: ColumnType) =>
  (description: string): Column<Value> => ({ type, mode: "REQUIRED", description, pii: false });

export const integer = column<number>("INTEGER");
export const float = column<number>("FLOAT64");
/** An exact decimal: money in the coffee shop, discount rates. */
export const numeric = column<number>("NUMERIC");
export const string = column<string>("STRING");
export const boolean = column<boolean>("BOOLEAN");
/** A calendar day, `YYYY-MM-DD`. */
export const date = column<string>("DATE");
/** An instant in UTC. */
export const timestamp = column<string>("TIMESTAMP");

/** The column, allowed to be empty. */
export function nullable<Value>(of: Column<Value>): Column<Value | null> {
  return { ...(of as Column<Value | null>), mode: "NULLABLE" };
}

/** The column, marked as one that identifies a person. */
export function pii<Value>(of: Column<Value>): Column<Value> {
  return { ...of, pii: true };
}

/** The column of numbers, with the smallest and, if it has one, the largest value that makes sense. */
export function within<Value>(min: number, max: number | undefined, of: Column<Value>): Column<Value> {
  return { ...of, range: { min, ...(max !== undefined && { max }) } };
}

/** Defines a table. */
export function table<const C extends Columns>(options: TableOptions<keyof C & string>, columns: C): Table<C> {
  return { ...options, columns };
}

/** A foreign key on `column`, to the single-column primary key of `to`. */
export function references(column: string, to: Table): ForeignKey {
  const [key, ...more] = to.primaryKey;
  if (key === undefined || more.length > 0) throw new Error(`${fullName(to)} has no single-column primary key`);
  return { column, references: { dataset: to.dataset, table: to.table, column: key } };
}

/** `dataset.table`, as both engines write it. */
export function fullName(of: Table): string {
  return `${of.dataset}.${of.table}`;
}

/** The names of a table's columns, in the order of the definition. */
export function columnNames<C extends Columns>(of: Table<C>): (keyof C & string)[] {
  return Object.keys(of.columns);
}
