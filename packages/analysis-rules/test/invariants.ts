import { type Analysed, listOf, type Node } from "googlesql-duckdb/tree";
import type { Protected } from "../src/protect.ts";
import type { RoomTable } from "../src/room.ts";

/*
 * Invariants of every allowed query's tree. This check goes the opposite way to the rules: from each view up to the answer, and from
 * each column down to its table.
 */

/** The invariants that an allowed query violates. */
export function violations({ query, scans: notes }: Protected, tables: (id: string) => RoomTable): string[] {
  const wrong: string[] = [];
  for (const way of waysToTables(query)) {
    const scan = way[0] as Node;
    const { table, rule, columns } = { ...tables(nameOf(scan)), table: nameOf(scan) };
    if (rule === undefined) continue;
    const claim = (right: boolean, what: string) => right || wrong.push(`${table} ${what}`);
    const private_ = rule.aggregationThreshold ?? rule.differentialPrivacy;
    const kind = rule.aggregationThreshold ? "AggregationThresholdAggregateScan" : "DifferentialPrivacyAggregateScan";
    const end = private_ ? way.findIndex((node) => node.kind === kind) : way.length;
    claim(end > 0, `does not come to an ${kind}`);
    const below = way.slice(1, Math.max(end, 1));
    const index = (name: string) => columns.findIndex((each) => each.name.toLowerCase() === name.toLowerCase());
    const joins = below.filter(({ kind }) => kind === "JoinScan");
    if (private_) {
      const passing = ["ProjectScan", "FilterScan", "JoinScan", "WithScan", "WithRefScan"];
      for (const node of below) claim(passing.includes(node.kind), `goes through a ${node.kind}`);
      const isUnit = (id: string) =>
        traced(id, query).some((at) => at.scan === scan && at.index === index(private_.privacyUnitColumn));
      for (const node of below) {
        if (node.kind === "FilterScan") claim(!idsIn(node.filterExpr).some(isUnit), "is filtered by its unit");
        for (const { expr } of listOf<{ expr: Node }>(node.exprList))
          claim(expr.kind === "ColumnRef" || !idsIn(expr).some(isUnit), "has its unit in an expression");
      }
      const aggregate = way[end];
      for (const { expr } of listOf<{ expr: Node }>(aggregate?.groupByList))
        claim(!idsIn(expr).some(isUnit), "is grouped by its unit");
      for (const { expr } of listOf<{ expr: Node }>(aggregate?.aggregateList)) {
        const { name } = expr.function as { name: string };
        claim(/:(\$differential_privacy_)?count$/.test(name) || !idsIn(expr).some(isUnit), `has its unit in ${name}`);
        claim(!/:(max|min|any_value|array_agg)$/.test(name), `shows a row's value by ${name}`);
      }
      if (rule.aggregationThreshold && aggregate) {
        const { threshold = 0, unitColumnIds = [] } = notes.get(aggregate)?.having ?? {};
        claim(threshold >= rule.aggregationThreshold.threshold, `is left with a threshold of ${threshold}`);
        claim(unitColumnIds.length > 0, "is not counted by a unit");
        for (const id of unitColumnIds)
          claim(
            isUnit(id) || traced(id, query).some((at) => at.index === unitIndex(tables(nameOf(at.scan)))),
            "is counted by a column that is not the unit",
          );
        claim(
          unitColumnIds.every((id) => idsIn((aggregate.inputScan as Node).columnList).includes(id)),
          "is counted by what is not there",
        );
      }
    }
    const restriction = rule.joinRestriction;
    if (restriction?.condition === "JOIN_BLOCKED") claim(joins.length === 0, "is joined");
    if (restriction?.condition === "JOIN_ANY" || restriction?.condition === "JOIN_ALL") {
      const [first] = joins;
      const before = below.slice(0, first ? below.indexOf(first) : below.length);
      for (const node of before)
        claim(
          ["ProjectScan", "FilterScan", "WithScan", "WithRefScan"].includes(node.kind),
          `goes through a ${node.kind} before its join`,
        );
      const on = (name: string) =>
        conjuncts(first?.joinExpr as Node | undefined).some((part) =>
          equalColumns(part).some((id) => traced(id, query).some((at) => at.scan === scan && at.index === index(name))),
        );
      const matched = restriction.columns.map(on);
      claim(
        restriction.condition === "JOIN_ALL" ? matched.every(Boolean) : matched.some(Boolean),
        "is not joined as it must be",
      );
      claim(first?.joinType === "INNER", "is joined and kept where nothing matches");
    }
  }
  return wrong;
}

const nameOf = ({ table }: Node) => (table as { fullName: string }).fullName;

/** The scans from each table up to the answer. A WITH clause takes the place of each reference to it. */
function waysToTables({ query }: Analysed): Node[][] {
  const clauses = new Map<string, Node>();
  const ways: Node[][] = [];
  const visit = (part: unknown, above: readonly Node[]) => {
    if (typeof part !== "object" || part === null) return;
    const node = part as Node;
    const here = /Scan$/.test(node.kind ?? "") || node.kind === "SubqueryExpr" ? [node, ...above] : above;
    for (const { withQueryName, withSubquery } of listOf<{ withQueryName: string; withSubquery: Node }>(
      node.withEntryList,
    ))
      clauses.set(withQueryName, withSubquery);
    if (node.kind === "TableScan") ways.push([...here]);
    else if (node.kind === "WithRefScan") visit(clauses.get(String(node.withQueryName)), here);
    else for (const [field, value] of Object.entries(node)) if (field !== "withEntryList") visit(value, here);
  };
  visit(query, []);
  return ways;
}

interface At {
  readonly scan: Node;
  readonly index: number;
}

/** The table columns whose values a column passes on unchanged. */
function traced(id: string, { query }: Analysed): At[] {
  const found: At[] = [];
  const clauses = new Map<string, readonly string[]>();
  const visit = (part: unknown, wanted: string): void => {
    if (typeof part !== "object" || part === null) return;
    const node = part as Node;
    const ids = listOf<{ columnId: string }>(node.columnList).map(({ columnId }) => columnId);
    const place = ids.indexOf(wanted);
    if (node.kind === "TableScan" && place >= 0)
      found.push({ scan: node, index: Number(listOf<number>(node.columnIndexList)[place]) });
    for (const { withQueryName, withSubquery } of listOf<{ withQueryName: string; withSubquery: Node }>(
      node.withEntryList,
    ))
      clauses.set(
        withQueryName,
        listOf<{ columnId: string }>(withSubquery.columnList).map(({ columnId }) => columnId),
      );
    const from = node.kind === "WithRefScan" ? clauses.get(String(node.withQueryName))?.[place] : undefined;
    if (from !== undefined) visit(query, from);
    for (const { column, expr } of listOf<{ column: { columnId: string }; expr: Node }>(node.exprList))
      if (column.columnId === wanted && expr.kind === "ColumnRef")
        visit(query, (expr.column as { columnId: string }).columnId);
    for (const value of Object.values(node)) visit(value, wanted);
  };
  visit(query, id);
  return found;
}

function idsIn(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  if ("columnId" in part) return [String(part.columnId)];
  return Object.values(part).flatMap(idsIn);
}

function conjuncts(part: Node | undefined): Node[] {
  if (part === undefined) return [];
  const { name } = (part.function ?? {}) as { name?: string };
  return name === "ZetaSQL:$and" ? listOf(part.argumentList).flatMap(conjuncts) : [part];
}

function equalColumns(part: Node): string[] {
  const { name } = (part.function ?? {}) as { name?: string };
  if (name !== "ZetaSQL:$equal") return [];
  return listOf(part.argumentList).flatMap((side) => (side.kind === "ColumnRef" ? idsIn(side.column) : []));
}

/** The privacy unit column of a view with a threshold. */
function unitIndex({ rule, columns }: RoomTable): number | undefined {
  const unit = rule?.aggregationThreshold?.privacyUnitColumn.toLowerCase();
  return unit === undefined ? undefined : columns.findIndex(({ name }) => name.toLowerCase() === unit);
}
