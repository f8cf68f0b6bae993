import type { Column } from "../googlesql/analyser.ts";
import { listOf, type Node } from "../googlesql/tree.ts";
import { differentialAggregate, thresholdAggregate } from "./aggregates.ts";
import { computedIn, examine } from "./computed.ts";
import { columnIdsIn, functionName, idsOf, normalised, plainColumn } from "./expressions.ts";
import { join } from "./joins.ts";
import { clean, constant, merged, nothing, type Origin, type Relation } from "./relation.ts";
import { checkComputed, checkCondition, requireClean } from "./restrictions.ts";
import { table, withReference } from "./sources.ts";
import { unitUses } from "./units.ts";
import type { Walk } from "./walk.ts";

/** What is known of the rows of a scan. Throws Refusal where the scan does what the rules do not allow, or nobody knows. */
export function scan(node: Node, walk: Walk): Relation {
  return walk.within(node, () => {
    const known = scans[node.kind];
    if (known === undefined) throw walk.unknown(node.kind, node);
    const relation = known(node, walk);
    for (const column of listOf<Column>(node.columnList)) {
      walk.columns.set(column.columnId, column);
      if (!walk.origins.has(column.columnId)) {
        if (relation.instances.size > 0) throw walk.unknown(`a column of ${node.kind}`, node);
        walk.origins.set(column.columnId, { ...constant, others: true });
      }
    }
    return relation;
  });
}

const inputOf = (node: Node, walk: Walk): Relation => scan(node.inputScan as Node, walk);

const scans: Readonly<Record<string, (node: Node, walk: Walk) => Relation>> = {
  TableScan: table,
  ProjectScan: project,
  FilterScan(node, walk) {
    walk.onlyKnows(node, ["inputScan", "filterExpr"]);
    const input = inputOf(node, walk);
    const condition = node.filterExpr as Node;
    examine(condition, input, walk);
    checkCondition(condition, input, walk);
    return {
      ...input,
      columns: new Set(idsOf(node)),
      faults: [...input.faults, ...unitUses(condition, input, "WHERE", walk)],
    };
  },
  JoinScan(node, walk) {
    walk.onlyKnows(node, ["joinType", "leftScan", "rightScan", "joinExpr", "hasUsing"]);
    const left = scan(node.leftScan as Node, walk);
    const right = scan(node.rightScan as Node, walk);
    examine(node.joinExpr, merged([...left.columns, ...right.columns], left, right), walk);
    return { ...join(node, left, right, walk), columns: new Set(idsOf(node)) };
  },
  AggregationThresholdAggregateScan: (node, walk) => thresholdAggregate(node, inputOf(node, walk), walk),
  DifferentialPrivacyAggregateScan: (node, walk) => differentialAggregate(node, inputOf(node, walk), walk),
  AggregateScan(node, walk) {
    const input = requireClean(inputOf(node, walk), walk);
    examine([node.groupByList, node.aggregateList], input, walk);
    for (const [id, expr] of computedIn(node.groupByList)) walk.origins.set(id, originOf(expr, walk));
    for (const [id, expr] of computedIn(node.aggregateList)) {
      const { others, ...origin } = originOf(expr, walk);
      const chosen = ["min", "max", "any_value"].includes(functionName(expr) ?? "");
      const key = chosen && isKey(listOf(expr.argumentList)[0], walk);
      walk.origins.set(id, { ...origin, others: others || input.readsTables, key });
    }
    return clean(idsOf(node), input);
  },
  AnalyticScan(node, walk) {
    const input = requireClean(inputOf(node, walk), walk);
    examine(node.functionGroupList, input, walk);
    return clean(idsOf(node), input);
  },
  ArrayScan(node, walk) {
    const input = node.inputScan === undefined ? nothing : requireClean(inputOf(node, walk), walk);
    examine([node.arrayExprList, node.joinExpr], input, walk);
    const origin = walk.originFrom(columnIdsIn(node.arrayExprList));
    for (const id of idsOf(node)) if (!input.columns.has(id)) walk.origins.set(id, origin);
    return clean(idsOf(node), input);
  },
  SetOperationScan: setOperation,
  OrderByScan: passing,
  LimitOffsetScan: passing,
  SampleScan: passing,
  SingleRowScan: () => nothing,
  WithScan(node, walk) {
    walk.onlyKnows(node, ["withEntryList", "query", "recursive"]);
    for (const { withQueryName, withSubquery } of listOf<{ withQueryName: string; withSubquery: Node }>(
      node.withEntryList,
    )) {
      const relation = scan(withSubquery, walk);
      walk.clauses.set(withQueryName, { relation, columnIds: idsOf(withSubquery) });
    }
    return scan(node.query as Node, walk);
  },
  WithRefScan: withReference,
  RecursiveScan(node, walk) {
    const first = setItem(node.nonRecursiveTerm as Node, walk);
    return clean(idsOf(node), first, setItem(node.recursiveTerm as Node, walk));
  },
  RecursiveRefScan: (node) => ({ ...nothing, columns: new Set(idsOf(node)), readsTables: true }),
};

function project(node: Node, walk: Walk): Relation {
  walk.onlyKnows(node, ["inputScan", "exprList"]);
  const input = inputOf(node, walk);
  const faults = [...input.faults];
  for (const [id, expr] of computedIn(node.exprList)) {
    examine(expr, input, walk);
    checkComputed(expr, input, walk);
    if (!plainColumn(expr)) faults.push(...unitUses(expr, input, "an expression", walk));
    walk.origins.set(id, originOf(expr, walk));
  }
  return { ...input, columns: new Set(idsOf(node)), faults };
}

/** Where a computed value comes from. */
function originOf(expr: Node, walk: Walk): Origin {
  const plain = plainColumn(expr);
  if (plain) return walk.originOf(plain.columnId);
  return { ...walk.originFrom(columnIdsIn(expr)), key: isKey(expr, walk) };
}

function isKey(expr: Node | undefined, walk: Walk): boolean {
  const ids = (expr && normalised(expr)) ?? [];
  return ids.length > 0 && ids.every((id) => walk.originOf(id).key);
}

function passing(node: Node, walk: Walk): Relation {
  const input = requireClean(inputOf(node, walk), walk);
  return clean(idsOf(node), input);
}

function setOperation(node: Node, walk: Walk): Relation {
  const items = listOf(node.inputItemList);
  const relations = items.map((item) => setItem(item, walk));
  const columns = items.map(({ outputColumnList }) => listOf<{ columnId: string }>(outputColumnList));
  idsOf(node).forEach((id, place) => {
    const ids = columns.map((list) => list[place]?.columnId ?? "");
    walk.origins.set(id, { ...walk.originFrom(ids), key: ids.every((each) => walk.originOf(each).key) });
  });
  return clean(idsOf(node), ...relations);
}

const setItem = (item: Node, walk: Walk): Relation => requireClean(scan(item.scan as Node, walk), walk);
