import type { Place } from "../googlesql/tree.ts";

/** A query that BigQuery would run, and that the rehearsal cannot answer as BigQuery would. */
export class UnsupportedSql extends Error {
  /** What is not supported, such as "the function SOUNDEX". */
  readonly what: string;
  /** What to write in its place, as a sentence. */
  readonly advice: string | undefined;
  /** Where it stands in the query's text, from 1; undefined where the analyser does not tell. */
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(what: string, place?: Place, advice?: string) {
    super(`The rehearsal cannot answer ${what} as BigQuery would.`);
    this.name = "UnsupportedSql";
    this.what = what;
    this.advice = advice;
    this.line = place?.line;
    this.column = place?.column;
  }
}
