import type { ScanNotes } from "../duckdb/translate.ts";
import type { Analysed, Column } from "../googlesql/analyser.ts";
import { type Node, placeOf, unknownFields } from "../googlesql/tree.ts";
import type { PrivateSelect } from "./differential/index.ts";
import type { ThresholdUse, ViewUse } from "./protect.ts";
import { Refusal, type RuleName } from "./refusal.ts";
import { constant, type Instance, type Origin, type Relation, shortName } from "./relation.ts";
import type { RoomTable } from "./room.ts";

/** What the check of one query knows on its way through the tree, and what it found. */
export class Walk {
  readonly query: Analysed;
  readonly tables: (id: string) => RoomTable;
  /** Where the columns of the scans so far come from, by their ids. */
  readonly origins = new Map<string, Origin>();
  readonly columns = new Map<string, Column>();
  /** The WITH clauses so far, by the names that the tree gives them. */
  readonly clauses = new Map<string, { readonly relation: Relation; readonly columnIds: readonly string[] }>();
  readonly notes = new Map<Node, ScanNotes>();
  readonly views: ViewUse[] = [];
  readonly thresholds: ThresholdUse[] = [];
  readonly differential: PrivateSelect[] = [];
  readonly checks = new Set<string>();
  /** The innermost node that tells its place. */
  #here: Node | undefined;

  constructor(query: Analysed, tables: (id: string) => RoomTable) {
    this.query = query;
    this.tables = tables;
  }

  /** Works on a node, so that what is refused in it has its place. */
  within<T>(node: Node, work: () => T): T {
    const here = this.#here;
    if (node.parseLocationRange !== undefined) this.#here = node;
    const done = work();
    this.#here = here;
    return done;
  }

  /** What refuses the query, with the place of the node, or else of where the walk is. */
  refusal(rule: RuleName, message: string, advice?: string, node?: Node): Refusal {
    const at = node?.parseLocationRange !== undefined ? node : this.#here;
    return new Refusal(rule, message, advice, at && placeOf(this.query.sql, at));
  }

  /** Refuses a node of which more is said than is known here. */
  onlyKnows(node: Node, fields: readonly string[]): void {
    const [unknown] = unknownFields(node, fields);
    if (unknown !== undefined) throw this.unknown(`${unknown} of ${node.kind}`, node);
  }

  unknown(what: string, node?: Node): Refusal {
    return this.refusal(
      "unknown construct",
      `The rehearsal does not know whether ${what} keeps to the rules of the views in this query, and refuses it.`,
      "Write it without.",
      node,
    );
  }

  /** Where a column comes from. */
  originOf(columnId: string): Origin {
    const origin = this.origins.get(columnId);
    if (origin === undefined) throw this.unknown(`column ${columnId} of the tree`);
    return origin;
  }

  /** The origin of something computed from these columns. */
  originFrom(columnIds: Iterable<string>): Origin {
    const all = [...columnIds].map((id) => this.originOf(id));
    return {
      ...constant,
      from: new Set(all.flatMap(({ from }) => [...from])),
      others: all.some(({ others }) => others),
    };
  }

  /** Notes what was found right, of views in the order given. */
  check(what: string, ...instances: readonly Instance[]): void {
    const names = instances.map(({ table }) => shortName(table)).join(" and ");
    this.checks.add(names ? `${names}: ${what}` : what);
  }
}
