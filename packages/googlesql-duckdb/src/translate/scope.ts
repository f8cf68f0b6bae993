import type { Analysed } from "../analyser/analyser.ts";
import { type Node, placeOf, unknownFields } from "../analyser/node.ts";
import type { Column } from "../analyser/types.ts";
import { UnsupportedSql } from "../errors.ts";

/** Additions of analysis rules to a scan. */
export interface ScanNotes {
  /** Leaves out groups with fewer distinct values in any of these columns; or all but those, to count them. */
  readonly having?: {
    readonly unitColumnIds: readonly string[];
    readonly threshold: number;
    /** @default false */
    readonly below?: boolean;
  };
  /** Replaces a SELECT WITH DIFFERENTIAL_PRIVACY: a relation in parentheses with the scan's columns. */
  readonly answer?: string;
}

/** How to translate a resolved tree into DuckDB's SQL. */
export interface TranslationOptions {
  /** The table in DuckDB with this id in the catalogue: its name, "schema.table", or what to write after FROM. */
  relation(id: string): string | { readonly sql: string };
  /** The columns, the threshold or the answer that an analysis rule adds to a scan. */
  readonly notes: ReadonlyMap<Node, ScanNotes>;
  /** Whether the query reads protected rows. Operations that cannot be computed on a row then return NULL: an error would reveal the row. */
  readonly sensitive: boolean;
  /** Whether those rows may be seen themselves, as the matching rows of a list overlap: then neither totals nor chance reveal more. */
  readonly shown?: boolean;
}

/** A column that a scan computes. */
export interface Computed {
  readonly column: Column;
  readonly expr: Node;
}

/** A translated WITH clause. */
export interface Clause {
  readonly sql: string;
  /** The names of its columns in the translation, in order. */
  readonly columns: readonly string[];
}

/** The state of the translation of one query, on its way through the tree. */
export class Scope {
  readonly options: TranslationOptions;
  /** The WITH clauses so far, by their names in the tree. */
  readonly clauses = new Map<string, Clause>();
  /** Other names of columns, by their ids: those that a lambda takes from around it. */
  readonly renamed = new Map<string, string>();
  /** The recursive WITH clauses around the present place, the innermost last. */
  readonly recursions: Clause[] = [];
  /**
   * Whether operations return NULL instead of failing. In a query that reads protected rows this holds everywhere: DuckDB moves
   * conditions below groups and joins, so an error above them may reveal the rows below.
   */
  readonly safe: boolean;
  /** Whether the query reads protected rows that may not be seen themselves. */
  readonly hidden: boolean;
  #subqueries = 0;
  #clauses = 0;
  readonly #query: Analysed;
  /** The innermost node that has a place in the text. */
  #here: Node | undefined;

  constructor(query: Analysed, options: TranslationOptions) {
    this.#query = query;
    this.options = options;
    this.safe = options.sensitive;
    this.hidden = this.safe && options.shown !== true;
  }

  /** Translates a node. A field that has an effect and is not among `known` is refused. */
  within<T>(node: Node, known: readonly string[], work: () => T): T {
    const here = this.#here;
    if (node.parseLocationRange !== undefined) this.#here = node;
    const [unknown] = unknownFields(node, known);
    if (unknown !== undefined)
      this.refuse(clauses[unknown] ?? `${unknown} of a ${node.kind ?? "clause"}`, instead[unknown]);
    const done = work();
    this.#here = here;
    return done;
  }

  /** Translates a subquery of an expression. Each level of nesting doubles DuckDB's planning time. */
  inSubquery<T>(work: () => T): T {
    this.#subqueries += 1;
    if (this.#subqueries > 12) this.refuse("subqueries in more than 12 others");
    const done = work();
    this.#subqueries -= 1;
    return done;
  }

  /** A name for a WITH clause that no other one has, though a clause may be translated twice. */
  newClause(): string {
    this.#clauses += 1;
    return `w${this.#clauses - 1}`;
  }

  /** Computes what DuckDB cannot. */
  get evaluator(): Analysed["evaluator"] {
    return this.#query.evaluator;
  }

  /** Writes an expression as GoogleSQL; see `Analysed`. */
  write(expression: Node, columns: ReadonlyMap<Node, string>): string | undefined {
    return this.#query.write(expression, columns);
  }

  refuse(what: string, advice?: string): never {
    throw new UnsupportedSql(what, this.#here && placeOf(this.#query.sql, this.#here), advice);
  }
}

/** The clauses behind the unsupported fields that are met most often. */
const clauses: Readonly<Record<string, string>> = {
  forSystemTimeExpr: "FOR SYSTEM_TIME AS OF",
  hintList: "a hint",
  collationList: "a collation",
  collationName: "a collation",
  format: "CAST … FORMAT",
  timeZone: "CAST … AT TIME ZONE",
  typeModifiers: "a cast to a type with parameters",
  isLateral: "a LATERAL join",
  arrayZipMode: "an UNNEST of several arrays",
  havingExpr: "HAVING in an aggregate function",
  whereExpr: "WHERE in an aggregate function",
};

/** Alternatives to those clauses. */
const instead: Readonly<Record<string, string>> = {
  forSystemTimeExpr: "DuckDB keeps no earlier versions of a table: read it as it is now.",
  collationName: "Order by LOWER(x).",
  hintList: "Leave it out: a hint changes no answer.",
  isLateral: "Write a correlated subquery or UNNEST.",
  arrayZipMode: "Write UNNEST(a) AS x WITH OFFSET AS at, and b[SAFE_OFFSET(at)] for the other array.",
  havingExpr: "Group in a subquery with HAVING, and aggregate its rows.",
  whereExpr: "Write COUNTIF(condition), or SUM(IF(condition, x, NULL)).",
};
