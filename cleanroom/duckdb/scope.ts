import { type Node, placeOf, unknownFields } from "../googlesql/tree.ts";
import { UnsupportedSql } from "./unsupported.ts";

/** What the rules ask of a scan besides what the query says. */
export interface ScanNotes {
  /** Groups with fewer distinct values in any of the columns are left out. */
  readonly having?: { readonly unitColumnIds: readonly string[]; readonly threshold: number };
  /** What to put in the place of a SELECT WITH DIFFERENTIAL_PRIVACY: a relation in parentheses with the scan's columns. */
  readonly answer?: string;
}

export interface TranslationOptions {
  /** DuckDB's name of a table, schema.table, by the id that the catalog gave it. */
  relation(id: string): string;
  readonly notes: ReadonlyMap<Node, ScanNotes>;
  /** The scans of rows that nobody may see. An operation that cannot be done on one of them is NULL, as an error would tell of it. */
  readonly sensitive: ReadonlySet<Node>;
}

/** A WITH clause, as the SQL has it. */
export interface Clause {
  readonly sql: string;
  /** What its columns are called there, in order. */
  readonly columns: readonly string[];
}

/** What the translation of one query knows on its way through the tree. */
export class Scope {
  readonly options: TranslationOptions;
  /** The WITH clauses so far, by the names that the tree gives them. */
  readonly clauses = new Map<string, Clause>();
  /**
   * Whether what cannot be done is NULL. It is so in all of a query that reads rows that nobody may see, not only where it does:
   * DuckDB moves conditions below groups and joins, so that an error above them may tell of the rows below.
   */
  readonly safe: boolean;
  #subqueries = 0;
  readonly #sql: string;
  /** The innermost node that tells its place. */
  #here: Node | undefined;

  constructor(sql: string, options: TranslationOptions) {
    this.#sql = sql;
    this.options = options;
    this.safe = options.sensitive.size > 0;
  }

  /** Works on a node, of which only the fields `known` may say something. */
  within<T>(node: Node, known: readonly string[], work: () => T): T {
    const here = this.#here;
    if (node.parseLocationRange !== undefined) this.#here = node;
    const [unknown] = unknownFields(node, known);
    if (unknown !== undefined) this.refuse(clauses[unknown] ?? `${unknown} of a ${node.kind ?? "clause"}`);
    const done = work();
    this.#here = here;
    return done;
  }

  /** Works on a subquery of an expression. For each that is in another one DuckDB needs twice the time to plan. */
  inSubquery<T>(work: () => T): T {
    this.#subqueries += 1;
    if (this.#subqueries > 12) this.refuse("subqueries in more than 12 others");
    const done = work();
    this.#subqueries -= 1;
    return done;
  }

  refuse(what: string, advice?: string): never {
    throw new UnsupportedSql(what, this.#here && placeOf(this.#sql, this.#here), advice);
  }
}

/** What the fields are in a query that are seen most of those not supported. */
const clauses: Readonly<Record<string, string>> = {
  forSystemTimeExpr: "FOR SYSTEM_TIME AS OF",
  hintList: "a hint",
  collationList: "a collation",
  format: "CAST … FORMAT",
  timeZone: "CAST … AT TIME ZONE",
  typeModifiers: "a cast to a type with parameters",
  recursive: "WITH RECURSIVE",
  isLateral: "a LATERAL join",
};
