import { listOf, type Node } from "../analyser/node.ts";
import type { Column } from "../analyser/types.ts";
import { aggregates } from "./aggregates.ts";
import { expression } from "./expressions.ts";
import { groupingCalls, groupingSets } from "./grouping.ts";
import { isMultilevel, multilevel } from "./multilevel.ts";
import { recursive } from "./recursion.ts";
import type { Clause, Computed, Scope } from "./scope.ts";
import { column, name } from "./sql.ts";
import { hasArray } from "./types.ts";
import { unnested } from "./unnest.ts";
import { orderBy, windows } from "./windows.ts";

/** One value of a SELECT: an expression over the columns of a scan, and its name. */
export interface Item {
  readonly value: string;
  readonly as: string;
}

/** Translates a scan to a SELECT of all its columns, each named after its id. */
export function scan(node: Node, scope: Scope): string {
  return select(node, itemsOf(node), scope);
}

/** Translates a scan to a SELECT of some values, in the scan's order if it has one. */
export function select(node: Node, items: readonly Item[], scope: Scope): string {
  const translate = scans[node.kind];
  return scope.within(node, translate?.fields ?? Object.keys(node), () => {
    if (translate === undefined) {
      const [what, advice] = unknownScans[node.kind] ?? [`a ${node.kind}`];
      return scope.refuse(what, advice);
    }
    if (translate.renames && !items.every(({ value }) => /^c\d+$/.test(value)))
      return `SELECT ${list(items)} FROM ${nested(node, scope)}`;
    return translate.sql(node, items, scope);
  });
}

/** Unsupported scans that have a clause of their own, and what to write instead. */
const unknownScans: Readonly<Record<string, readonly [what: string, advice: string]>> = {
  SampleScan: ["TABLESAMPLE", "Over own tables, write WHERE RAND() < 0.1."],
  AssertScan: ["|> ASSERT", "Write |> WHERE, or ask for the rows that break the condition."],
  RecursiveScan: ["WITH RECURSIVE here", "Write it in a WITH clause of its own."],
};

interface Translate {
  readonly fields: readonly string[];
  /** Whether its columns have other names or are expressions, so that only whole columns can be selected from it. */
  readonly renames?: true;
  readonly sql: (node: Node, items: readonly Item[], scope: Scope) => string;
}

const scans: Readonly<Record<string, Translate>> = {
  SingleRowScan: { fields: [], sql: (_, items) => `SELECT ${list(items)}` },
  TableScan: {
    fields: ["table", "columnIndexList", "alias"],
    renames: true,
    sql: (node, items, { options }) => {
      const names = new Map(columnsOf(node).map((of) => [column(of.columnId), name(of.name)]));
      const relation = options.relation((node.table as { fullName: string }).fullName);
      const from = typeof relation === "string" ? relation.split(".").map(name).join(".") : relation.sql;
      return `SELECT ${list(items, names)} FROM ${from}`;
    },
  },
  ProjectScan: {
    fields: ["exprList", "inputScan"],
    renames: true,
    sql: (node, items, scope) => {
      const values = computed(listOf(node.exprList), scope);
      return select(
        input(node),
        items.map(({ value, as }) => ({ value: values.get(value) ?? value, as })),
        scope,
      );
    },
  },
  FilterScan: {
    fields: ["inputScan", "filterExpr"],
    sql: (node, items, scope) => {
      const where = expression(node.filterExpr as Node, scope);
      return `SELECT ${list(items)} FROM ${nested(input(node), scope)} WHERE ${where}`;
    },
  },
  JoinScan: { fields: ["joinType", "leftScan", "rightScan", "joinExpr", "hasUsing"], sql: join },
  AggregateScan: {
    fields: ["inputScan", "groupByList", "aggregateList", "groupingSetList", "groupingCallList"],
    renames: true,
    sql: aggregate,
  },
  AggregationThresholdAggregateScan: {
    fields: ["inputScan", "groupByList", "aggregateList", "optionList"],
    renames: true,
    sql: (node, items, scope) => {
      const having = scope.options.notes.get(node)?.having;
      // The analysis rules always set the threshold. Without one no group may be shown.
      if (having === undefined || having.unitColumnIds.length === 0) throw new Error("a threshold that nobody checked");
      const enough = having.unitColumnIds.map((id) => `count(DISTINCT ${column(id)}) >= ${having.threshold}`);
      return `${aggregate(node, items, scope)} HAVING ${having.below ? "NOT " : ""}(${enough.join(" AND ")})`;
    },
  },
  DifferentialPrivacyAggregateScan: {
    fields: ["inputScan", "groupByList", "aggregateList", "optionList"],
    sql: (node, items, scope) => {
      const answer = scope.options.notes.get(node)?.answer;
      if (answer === undefined) throw new Error("a SELECT WITH DIFFERENTIAL_PRIVACY that nobody gave noise");
      return `SELECT ${list(items)} FROM ${answer} AS answer`;
    },
  },
  OrderByScan: {
    fields: ["inputScan", "orderByItemList"],
    sql: (node, items, scope) =>
      // Qualify the sort keys, because an output column may have the name of an input column.
      `SELECT ${list(items)} FROM ${nested(input(node), scope)} AS sorted ${orderBy(node.orderByItemList, scope, "sorted.")}`,
  },
  LimitOffsetScan: {
    fields: ["inputScan", "limit", "offset"],
    sql: (node, items, scope) => {
      const rows = input(node);
      const from =
        rows.kind === "LimitOffsetScan"
          ? `SELECT ${list(items)} FROM ${nested(rows, scope)}`
          : select(rows, items, scope);
      const limit = node.limit ? ` LIMIT ${expression(node.limit as Node, scope)}` : "";
      return `${from}${limit}${node.offset ? ` OFFSET ${expression(node.offset as Node, scope)}` : ""}`;
    },
  },
  WithScan: { fields: ["withEntryList", "query", "recursive"], sql: withClauses },
  WithRefScan: {
    fields: ["withQueryName"],
    renames: true,
    sql: (node, items, scope) => reference(node, items, scope.clauses.get(node.withQueryName as string), scope),
  },
  RecursiveRefScan: {
    fields: [],
    renames: true,
    sql: (node, items, scope) => reference(node, items, scope.recursions.at(-1), scope),
  },
  SetOperationScan: {
    fields: ["opType", "inputItemList", "columnMatchMode", "columnPropagationMode"],
    renames: true,
    sql: setOperation,
  },
  ArrayScan: {
    fields: ["inputScan", "arrayExprList", "elementColumnList", "arrayOffsetColumn", "joinExpr", "isOuter"],
    sql: unnested,
  },
  AnalyticScan: {
    fields: ["inputScan", "functionGroupList"],
    renames: true,
    sql: (node, items, scope) => {
      const values = windows(listOf(node.functionGroupList), scope);
      return `SELECT ${list(items, values)} FROM ${nested(input(node), scope)}`;
    },
  },
};

function withClauses(node: Node, items: readonly Item[], scope: Scope): string {
  const clauses = listOf<{ withQueryName: string; withSubquery: Node }>(node.withEntryList).map((entry) => {
    const { withQueryName, withSubquery } = entry;
    const columns = columnsOf(withSubquery).map((of) => column(of.columnId));
    if (withSubquery.kind === "RecursiveScan") {
      const sql = `w${scope.clauses.size}`;
      scope.clauses.set(withQueryName, { sql, columns });
      return `${sql} AS (${recursive(withSubquery, sql, scope, (part, of) => setItem(part, of, scope))})`;
    }
    const body = scan(withSubquery, scope);
    const sql = `w${scope.clauses.size}`;
    scope.clauses.set(withQueryName, { sql, columns });
    return `${sql} AS (${body})`;
  });
  const body = select(node.query as Node, items, scope);
  // The query can begin with a WITH clause of its own. In parentheses alone, it would not see these clauses.
  const from = body.startsWith("WITH ")
    ? `SELECT ${list(items.map(({ as }) => ({ value: as, as })))} FROM (${body})`
    : body;
  return `WITH ${node.recursive === true ? "RECURSIVE " : ""}${clauses.join(", ")} ${from}`;
}

/** Reads a WITH clause. Each reference has its own ids for the clause's columns, in the same order. */
function reference(node: Node, items: readonly Item[], clause: Clause | undefined, scope: Scope): string {
  if (clause === undefined) return scope.refuse(`the name ${node.withQueryName} here`);
  const names = new Map(columnsOf(node).map((of, at) => [column(of.columnId), clause.columns[at] as string]));
  return `SELECT ${list(items, names)} FROM ${clause.sql}`;
}

function join(node: Node, items: readonly Item[], scope: Scope): string {
  const [left, right] = [node.leftScan as Node, node.rightScan as Node];
  const on = node.joinExpr as Node | undefined;
  const sides = `SELECT ${list(items)} FROM ${nested(left, scope)}`;
  if (on === undefined) {
    if (node.joinType !== "INNER") scope.refuse(`a ${node.joinType} JOIN without a condition`);
    return `${sides} CROSS JOIN ${nested(right, scope)}`;
  }
  // DuckDB does not support this, and its error would not name the query's own parts.
  if (node.joinType !== "INNER" && JSON.stringify(on).includes('"SubqueryExpr"'))
    scope.refuse("a subquery in the condition of an outer join", "Join the subquery in FROM, and compare its column.");
  const joined = `${sides} ${node.joinType} JOIN ${nested(right, scope)}`;
  return `${joined} ON ${expression(on, scope)}`;
}

function aggregate(node: Node, items: readonly Item[], scope: Scope): string {
  if (listOf<Computed>(node.aggregateList).some(isMultilevel)) return multilevel(node, items, scope);
  const rows = input(node);
  const groups = listOf<Computed>(node.groupByList);
  for (const { column: of } of groups)
    if (hasArray(of.type)) scope.refuse("GROUP BY or DISTINCT on an ARRAY", "Use a text of it: TO_JSON_STRING(list).");
  const keys = computed(groups, scope);
  const inputs = new Map<string, string>();
  const values = aggregates(listOf(node.aggregateList), scope, inputs);
  const from = select(rows, [...itemsOf(rows), ...[...keys, ...inputs].map(([as, value]) => ({ value, as }))], scope);
  const sets = groupingSets(node, scope);
  for (const [as, value] of groupingCalls(node)) values.set(as, value);
  const by = sets ?? [...keys.keys()].join(", ");
  return `SELECT ${list(items, values)} FROM (${from})${by && ` GROUP BY ${by}`}`;
}

const setOperations: Readonly<Record<string, string>> = {
  UNION_ALL: "UNION ALL",
  UNION_DISTINCT: "UNION",
  INTERSECT_DISTINCT: "INTERSECT",
  EXCEPT_DISTINCT: "EXCEPT",
};

function setOperation(node: Node, items: readonly Item[], scope: Scope): string {
  const operator = setOperations[node.opType as string];
  if (operator === undefined)
    return scope.refuse(String(node.opType).replace("_", " "), "BigQuery has INTERSECT DISTINCT and EXCEPT DISTINCT.");
  // The tree has the columns of each part in the order of the result, with NULL for those that BY NAME does not find.
  const parts = listOf(node.inputItemList).map((part) => setItem(part, columnsOf(node), scope));
  return `SELECT ${list(items)} FROM (${parts.map((part) => `(${part})`).join(` ${operator} `)})`;
}

/** One part of a set operation, with the columns of the whole. */
function setItem(part: Node, columns: readonly Column[], scope: Scope): string {
  const own = listOf<Column>(part.outputColumnList);
  const items = columns.map(({ columnId }, at) => ({
    value: column((own[at] as Column).columnId),
    as: column(columnId),
  }));
  return select(part.scan as Node, items, scope);
}

function computed(list: readonly Computed[], scope: Scope): Map<string, string> {
  return new Map(list.map(({ column: of, expr }) => [column(of.columnId), expression(expr, scope)]));
}

function nested(node: Node, scope: Scope): string {
  return `(${scan(node, scope)})`;
}

/** The list of a SELECT, with some values replaced. */
export function list(items: readonly Item[], values?: ReadonlyMap<string, string>): string {
  // A scan may have no columns, but a SELECT must have one.
  if (items.length === 0) return "NULL";
  return items
    .map(({ value, as }) => [values?.get(value) ?? value, as])
    .map(([value, as]) => (value === as ? value : `${value} AS ${as}`))
    .join(", ");
}

/** All columns of a scan. */
export function itemsOf(node: Node): Item[] {
  const names = new Set(columnsOf(node).map(({ columnId }) => column(columnId)));
  return [...names].map((value) => ({ value, as: value }));
}

function columnsOf(node: Node): readonly Column[] {
  return listOf(node.columnList);
}

function input(node: Node): Node {
  return node.inputScan as Node;
}
