import { listOf, type Node, tableOf, unknownFields } from "../analyser/node.ts";
import type { Column } from "../analyser/types.ts";
import { aggregates } from "./aggregates.ts";
import { expression } from "./expressions.ts";
import { groupingCalls, groupingSets } from "./grouping.ts";
import { isMultilevel, multilevel } from "./multilevel.ts";
import { recursive } from "./recursion.ts";
import type { Clause, Computed, Scope } from "./scope.ts";
import { column, name } from "./sql.ts";
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
    // A column of an outer query could have the name of a table's column.
    const own = new Set(itemsOf(node).map(({ value }) => value));
    if (translate.renames && !items.every(({ value }) => own.has(value)))
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

/** Advice for the clauses of analysis rules, which the translation cannot obey alone. */
const unruled = "Ask it through the package analysis-rules.";

interface Translate {
  readonly fields: readonly string[];
  /** Whether its columns have other names or are expressions, so that only its own whole columns can be selected from it. */
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
      const relation = options.relation(tableOf(node));
      const from = typeof relation === "string" ? relation.split(".").map(name).join(".") : relation.sql;
      return `SELECT ${list(items, names)} FROM ${from}`;
    },
  },
  ProjectScan: {
    fields: ["exprList", "inputScan"],
    renames: true,
    sql: (node, items, scope) => {
      const values = computed(listOf(node.exprList), scope);
      // RAND() would be computed again for each name of its column.
      const taken = items.filter(({ value }) => values.has(value));
      if (new Set(taken.map(({ value }) => value)).size < taken.length)
        return `SELECT ${list(items)} FROM ${nested(node, scope)}`;
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
      if (having === undefined || having.unitColumnIds.length === 0)
        return scope.refuse(
          "SELECT WITH AGGREGATION_THRESHOLD",
          `${unruled} Or write HAVING COUNT(DISTINCT unit) >= 50.`,
        );
      const enough = having.unitColumnIds.map((id) => `count(DISTINCT ${column(id)}) >= ${having.threshold}`);
      return `${aggregate(node, items, scope)} HAVING ${having.below ? "NOT " : ""}(${enough.join(" AND ")})`;
    },
  },
  DifferentialPrivacyAggregateScan: {
    fields: ["inputScan", "groupByList", "aggregateList", "optionList"],
    sql: (node, items, scope) => {
      const answer = scope.options.notes.get(node)?.answer;
      if (answer === undefined) return scope.refuse("SELECT WITH DIFFERENTIAL_PRIVACY", unruled);
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
      const sql = scope.newClause();
      scope.clauses.set(withQueryName, { sql, columns });
      return `${sql} AS (${recursive(withSubquery, sql, scope, (part, of) => setItem(part, of, scope))})`;
    }
    const body = scan(withSubquery, scope);
    const sql = scope.newClause();
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
  const keys = computed(listOf<Computed>(node.groupByList), scope);
  const inputs = new Map<string, string>();
  const values = aggregates(listOf(node.aggregateList), scope, inputs);
  const made = [...keys, ...inputs].map(([as, value]) => ({ value, as }));
  const from = select(rows, [...rowsOf(node), ...made], scope);
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
  const rows = writtenRows(node)?.map((row) => `(${row.map((value) => expression(value, scope)).join(", ")})`);
  const names = columnsOf(node).map(({ columnId }) => column(columnId));
  if (rows) return `SELECT ${list(items)} FROM (VALUES ${rows.join(", ")}) AS written(${names.join(", ")})`;
  // The tree has the columns of each part in the order of the result, with NULL for those that BY NAME does not find.
  const parts = listOf(node.inputItemList).map((part) => setItem(part, columnsOf(node), scope));
  return `SELECT ${list(items)} FROM (${parts.map((part) => `(${part})`).join(` ${operator} `)})`;
}

/**
 * The values of a UNION ALL whose parts are all SELECTs without FROM, row by row; undefined for any other scan. DuckDB aggregates the parts of
 * a UNION ALL side by side, so ARRAY_AGG and STRING_AGG would collect them in another order each time. It keeps the order of VALUES.
 */
export function writtenRows({ kind, opType, inputItemList }: Node): Node[][] | undefined {
  if (kind !== "SetOperationScan" || opType !== "UNION_ALL") return undefined;
  const rows = listOf(inputItemList).map((part) => {
    const values = writtenValues(part.scan as Node);
    return listOf<Column>(part.outputColumnList).map(({ columnId }) => values?.get(columnId));
  });
  return rows.some((row) => row.includes(undefined)) ? undefined : (rows as Node[][]);
}

/** The values of a SELECT without FROM, by the ids of their columns. Casts to the type of the whole UNION ALL are in a scan of their own. */
function writtenValues(node: Node): ReadonlyMap<string, Node> | undefined {
  if (node.kind === "SingleRowScan") return new Map();
  if (node.kind !== "ProjectScan" || unknownFields(node, ["columnList", "exprList", "inputScan"]).length > 0)
    return undefined;
  const below = writtenValues(input(node));
  const values = new Map(below);
  for (const { column: of, expr } of listOf<Computed>(node.exprList)) {
    const value = below && below.size > 0 ? castOf(expr, below) : expr;
    // DuckDB knows no columns of an outer query in VALUES. A random value can have several names, and must be the same under each.
    if (value === undefined || /"(SubqueryExpr|ColumnRef|ZetaSQL:(rand|generate_uuid))"/.test(JSON.stringify(value)))
      return undefined;
    values.set(of.columnId, value);
  }
  return below && values;
}

/** A column of a scan, a cast or a STRUCT of such, with the columns' expressions in their places; undefined for any other expression. */
function castOf(node: Node, columns: ReadonlyMap<string, Node>): Node | undefined {
  if (node.kind === "Literal") return node;
  if (node.kind === "ColumnRef") return columns.get((node.column as Column).columnId);
  if (node.kind === "MakeStruct") {
    const fieldList = listOf(node.fieldList).map((each) => castOf(each, columns));
    return fieldList.includes(undefined) ? undefined : { ...node, fieldList };
  }
  const expr = node.kind === "Cast" ? castOf(node.expr as Node, columns) : undefined;
  return expr && { ...node, expr };
}

/**
 * The columns that an aggregate scan reads: those of its rows, and those of an outer query in its aggregates. DuckDB would aggregate the outer
 * query instead if only the outer query had a column.
 */
export function rowsOf(node: Node): Item[] {
  const own = itemsOf(input(node));
  const outer = outerColumns(node.aggregateList).filter((id) => !own.some(({ value }) => value === id));
  return [...own, ...[...new Set(outer)].map((value) => ({ value, as: value }))];
}

/** The columns of outer queries in expressions. A subquery names its own in a list, so that its rows need not be searched. */
function outerColumns(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  const { kind, isCorrelated, column: of } = part as Node;
  if (kind === "ColumnRef") return isCorrelated === true ? [column((of as Column).columnId)] : [];
  return Object.entries(part).flatMap(([field, value]) => (field === "subquery" ? [] : outerColumns(value)));
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
