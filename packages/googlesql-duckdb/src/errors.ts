/** A place in a query's text. Both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The query is wrong: a syntax error, an unknown name, a wrong type. The message is Google's analyser's own. */
export class SqlError extends Error {
  /** From 1; undefined if the error is about the whole query. */
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(message: string, line?: number, column?: number) {
    super(message);
    this.name = "SqlError";
    this.line = line;
    this.column = column;
  }
}

/** BigQuery would run the query, but DuckDB cannot be made to give the same answer. */
export class UnsupportedSql extends Error {
  /** The unsupported construct, such as "the function SOUNDEX". */
  readonly what: string;
  /** An alternative to write, as a sentence, if there is one. */
  readonly advice: string | undefined;
  /** From 1; undefined if the analyser does not tell the place. */
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(what: string, place?: Place, advice?: string) {
    super(`DuckDB cannot answer ${what} as BigQuery would.`);
    this.name = "UnsupportedSql";
    this.what = what;
    this.advice = advice;
    this.line = place?.line;
    this.column = place?.column;
  }
}

/**
 * The query stopped while it ran: it hit a limit, failed on a value, such as a division by zero, made an answer that BigQuery does not
 * return, or was cancelled.
 */
export class RunError extends Error {
  /** Only the message for `failed` may hold a value from a row: it is DuckDB's. */
  readonly why: "limit" | "failed" | "answer" | "cancelled";

  constructor(why: RunError["why"], message: string) {
    super(message);
    this.name = "RunError";
    this.why = why;
  }
}

/** The cause of a UserError: the DuckDB file, the installation of the analyser, or the list of tables. */
export type UserErrorCode =
  | "DATABASE_MISSING"
  | "DATABASE_LOCKED"
  | "DATABASE_UNREADABLE"
  | "ANALYSER_MISSING"
  | "WRONG_CATALOGUE";

/** A mistake in the call or the set-up, not in the query. The message says what happened and where; print it without a stack trace. */
export class UserError extends Error {
  override name = "UserError";
  /** For callers that add advice of their own. */
  readonly code: UserErrorCode | undefined;
  /** The exit code for a command line. */
  readonly exitCode = 1;

  constructor(message: string, code?: UserErrorCode) {
    super(message);
    this.code = code;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim();
}
