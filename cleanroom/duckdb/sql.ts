/*
 * Pieces of DuckDB SQL. All quoting and escaping is here: whatever a query's author chose (a name, a text) passes through `name` or
 * `text`. Every expression is closed in itself, so that it can stand anywhere.
 */

/** An identifier. */
export function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** A string value. DuckDB's parser ends at a NUL, so that one is put in by its code. */
export function text(value: string): string {
  const parts = value.split("\0").map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(" || chr(0) || ")})`;
}

/** The name of a value of the query's tree, by its id, which is unique in the query. */
export function column(columnId: string): string {
  return `c${columnId}`;
}

/** True of what may be written more than once: a column, or a value written out. */
function isShort(sql: string): boolean {
  return /^(c\d+|x[.]a\d|\w+|\(?-?\d+\)?::BIGINT|'[^']{0,40}')$/.test(sql);
}

/**
 * An expression that needs some values more than once, or apart from what could fail in them: `body` gets what they are called.
 * DuckDB has no LET; the lambda of a list of one does the same, at 15 ns a row.
 */
export function bind(values: readonly string[], body: (...names: string[]) => string): string {
  if (values.every(isShort)) return body(...values);
  const fields = values.map((value, index) => `a${index}: ${value}`);
  return `list_transform([{${fields.join(", ")}}], lambda x: ${body(...values.map((_, index) => `x.a${index}`))})[1]`;
}

/** What becomes of an operation that cannot be done on some values: an error, or NULL where `safe`. */
export interface Failing {
  readonly safe: boolean;
}

/** A value where a condition holds; where it does not, nothing is right unless one of the values it is made of is NULL. */
export function orFail(
  isRight: string,
  values: readonly string[],
  value: string,
  message: string,
  { safe }: Failing,
): string {
  if (safe) return `CASE WHEN ${isRight} THEN ${value} END`;
  const unknown = values.map((each) => ` WHEN ${each} IS NULL THEN NULL`).join("");
  return `CASE${unknown} WHEN ${isRight} THEN ${value} ELSE error(${text(message)}) END`;
}

/** A value that is right only where `isRight` of it. */
export function checked(value: string, isRight: (value: string) => string, message: string, failing: Failing): string {
  return bind([value], (v) => orFail(isRight(v), [v], v, message, failing));
}

/** An operation that DuckDB itself refuses on some values. What may fail in its arguments is their own matter. */
export function attempt(values: readonly string[], body: (...names: string[]) => string, { safe }: Failing): string {
  return safe ? bind(values, (...names) => `TRY(${body(...names)})`) : body(...values);
}

/** A FLOAT64 that is finite: GoogleSQL has an error where an operation on finite numbers gives none. */
export function finite(value: string, failing: Failing): string {
  return checked(value, (v) => `isfinite(${v})`, "floating point overflow", failing);
}

/** How something may fail that the rehearsal does not do for all values. */
export interface Casting extends Failing {
  /** Whether nobody may see the rows, so that not even the rehearsal's own limits may be told. */
  readonly sensitive: boolean;
}

/** What is made of a text, unless it has a form that the rehearsal cannot read. */
export function unlessForm(what: string, form: string, value: string, { sensitive }: Casting, made: string): string {
  return `CASE WHEN regexp_full_match(${value}, '${form}') THEN ${unreadable(what, sensitive)} ELSE ${made} END`;
}

/** NULL, or an error that tells of a limit of the rehearsal's own. */
export function unreadable(what: string, sensitive: boolean): string {
  return sensitive ? "NULL" : `error(${text(`The rehearsal cannot read ${what} from a STRING`)})`;
}
