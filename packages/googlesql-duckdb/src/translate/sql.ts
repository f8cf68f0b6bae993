/*
 * Pieces of DuckDB's SQL. All quoting and escaping happens here: every name and text from a query passes through `name` or `text`.
 * Every expression is complete in itself, usually in parentheses, so that it can be put anywhere.
 */

/** Quotes an identifier. */
export function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** Quotes a string. DuckDB's parser stops at a NUL, so a NUL is added by its code. */
export function text(value: string): string {
  const parts = value.split("\0").map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(" || chr(0) || ")})`;
}

/** The name of a column of the tree, from its id, which is unique in the query. */
export function column(columnId: string): string {
  return `c${columnId}`;
}

/** True if an expression may be repeated: a column or a literal. */
function isShort(sql: string): boolean {
  return /^(c\d+|x[.]a\d|\w+|\(?-?\d+\)?::BIGINT|'[^']{0,40}'|(CAST\()?(DATE|TIMESTAMP) '[^']*'( AS TIMESTAMP\))?)$/.test(
    sql,
  );
}

/** The value of a literal INT64 or FLOAT64; undefined for other expressions. */
export function literalNumber(sql: string): number | undefined {
  const [, int64, float64] = /^(?:\((-?\d+)\)::BIGINT|CAST\('([^']+)' AS DOUBLE\))$/.exec(sql) ?? [];
  const digits = int64 ?? float64;
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Gives names to values that an expression uses more than once, or that must be computed outside of a TRY; `body` gets the names.
 * DuckDB has no LET; a lambda over a list of one element does the same, at 15 ns a row.
 */
export function bind(values: readonly string[], body: (...names: string[]) => string): string {
  if (values.every(isShort)) return body(...values);
  const fields = values.map((value, index) => `a${index}: ${value}`);
  return `list_transform([{${fields.join(", ")}}], lambda x: ${body(...values.map((_, index) => `x.a${index}`))})[1]`;
}

/** How an operation behaves on values that it cannot compute: it fails, or returns NULL if `safe`. */
export interface Failing {
  readonly safe: boolean;
}

/** A value if a condition holds, NULL if one of the values that it is computed from is NULL, and a failure otherwise. */
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

/** A value that must satisfy `isRight`. */
export function checked(value: string, isRight: (value: string) => string, message: string, failing: Failing): string {
  return bind([value], (v) => orFail(isRight(v), [v], v, message, failing));
}

/** An operation on which DuckDB itself fails for some values. Failures inside its arguments are not caught. */
export function attempt(values: readonly string[], body: (...names: string[]) => string, { safe }: Failing): string {
  return safe ? bind(values, (...names) => `TRY(${body(...names)})`) : body(...values);
}

/** Requires a finite FLOAT64: in GoogleSQL an operation on finite numbers fails rather than overflow. */
export function finite(value: string, failing: Failing): string {
  return checked(value, (v) => `isfinite(${v})`, "floating point overflow", failing);
}

/** How an operation behaves on values that the translation cannot handle. */
export interface Casting extends Failing {
  /** Whether the query reads protected rows; see `Call`. */
  readonly sensitive: boolean;
  /** How Google's own implementation computes the value, for forms that DuckDB cannot read. */
  readonly other?: ((value: string) => string | undefined) | undefined;
}

/** The value read from a text, unless the text has a form that DuckDB cannot read. */
export function unlessForm(what: string, form: string, value: string, casting: Casting, made: string): string {
  return `CASE WHEN regexp_full_match(${value}, '${form}') THEN ${unreadable(what, value, casting)} ELSE ${made} END`;
}

/** The value as Google's implementation reads it. Without that it fails with a limit, or is NULL in a query of protected rows. */
export function unreadable(what: string, value: string, { sensitive, other }: Casting): string {
  const none = sensitive ? "NULL" : `error(${text(`DuckDB cannot read ${what} from a STRING as BigQuery would`)})`;
  return other?.(value) ?? none;
}
