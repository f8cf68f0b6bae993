import { type Analysed, type Column, type Node, placeOf, type ScanNotes, unknownFields } from "googlesql-duckdb/tree";
import type { PrivateSelect } from "./differential/index.ts";
import { Refusal, type RuleName } from "./refusal.ts";
import { constant, type Instance, type Origin, type Relation } from "./relation.ts";
import { type RoomTable, shortName } from "./room.ts";
import type { Inlined, TemplateCall } from "./templates.ts";

/** A view with a rule, at one place of a query. */
export interface ViewUse {
  readonly table: RoomTable;
  /** True in a query template, which the caller must not learn about. */
  readonly hidden: boolean;
}

/** A SELECT WITH AGGREGATION_THRESHOLD. */
export interface ThresholdUse {
  /** The AggregationThresholdAggregateScan. */
  readonly scan: Node;
  /** A group appears if each of the units has at least this many distinct values in it. */
  readonly threshold: number;
  /** The counted columns of the scan's input; without a table if OPTIONS name the column and no view is read. */
  readonly units: readonly { readonly table?: RoomTable; readonly column: Column }[];
  /** True in a query template, which the caller must not learn about. */
  readonly hidden: boolean;
}

/** The state of one query's check: what is known of the tree so far, and what was found. */
export class Walk {
  readonly query: Analysed;
  /** Finds a table by the id of its scan. */
  readonly tables: (id: string) => RoomTable;
  /** The origins of the columns seen so far, by column id. */
  readonly origins = new Map<string, Origin>();
  readonly columns = new Map<string, Column>();
  /** The WITH clauses seen so far, by the tree's names for them. */
  readonly clauses = new Map<string, { readonly relation: Relation; readonly columnIds: readonly string[] }>();
  readonly notes = new Map<Node, ScanNotes>();
  readonly views: ViewUse[] = [];
  readonly thresholds: ThresholdUse[] = [];
  readonly differential: PrivateSelect[] = [];
  readonly #checks: { readonly what: string; readonly names: readonly string[] }[] = [];
  /** The calls of query templates in the query. */
  readonly inlined: Pick<Inlined, "calls" | "tables">;
  /** The template in which the walk is; undefined in the caller's own part of the query. */
  inside: TemplateCall | undefined;
  /** The innermost node that has a place in the query's text. */
  #here: Node | undefined;

  constructor(query: Analysed, tables: (id: string) => RoomTable, inlined: Pick<Inlined, "calls" | "tables">) {
    this.query = query;
    this.tables = tables;
    this.inlined = inlined;
  }

  /** Works on a node, so that a refusal in it has a place. */
  within<T>(node: Node, work: () => T): T {
    const here = this.#here;
    if (node.parseLocationRange !== undefined) this.#here = node;
    const done = work();
    this.#here = here;
    return done;
  }

  /** A refusal at a node's place, or at the innermost place of the walk if the node has none. */
  refusal(rule: RuleName, message: string, advice?: string, node?: Node): Refusal {
    const at = node?.parseLocationRange !== undefined ? node : this.#here;
    return new Refusal(rule, message, advice, at && placeOf(this.query.sql, at));
  }

  /** Throws Refusal for a node with a field besides these: an unknown field may change the meaning of the node. */
  onlyKnows(node: Node, fields: readonly string[]): void {
    const [unknown] = unknownFields(node, fields);
    if (unknown !== undefined) throw this.unknown(`${unknown} of ${node.kind}`, node);
  }

  unknown(what: string, node?: Node): Refusal {
    return this.refusal(
      "unknown construct",
      `${what} is not known to keep to the analysis rules.`,
      "Write the query without it.",
      node,
    );
  }

  /** The origin of a column. Throws Refusal for a column that no scan gave. */
  originOf(columnId: string): Origin {
    const origin = this.origins.get(columnId);
    if (origin === undefined) throw this.unknown(`column ${columnId} of the tree`);
    return origin;
  }

  /** The origin of a value computed from these columns. */
  originFrom(columnIds: Iterable<string>): Origin {
    const all = [...columnIds].map((id) => this.originOf(id));
    return {
      ...constant,
      from: new Set(all.flatMap(({ from }) => [...from])),
      others: all.some(({ others }) => others),
    };
  }

  /** Records a check that passed, with the views that it concerns. */
  check(what: string, ...instances: readonly Instance[]): void {
    if (this.inside?.hidden) return;
    this.#checks.push({ what, names: instances.map(({ table }) => shortName(table)) });
  }

  /** The checks that passed, in words. They name their views if the query reads several. */
  checks(): string[] {
    const read = new Set(this.views.filter(({ hidden }) => !hidden).map(({ table }) => shortName(table)));
    const lines = this.#checks.map(({ what, names }) =>
      read.size > 1 && names.length > 0 ? `${names.join(" and ")}: ${what}` : what,
    );
    return [...new Set(lines)];
  }
}
