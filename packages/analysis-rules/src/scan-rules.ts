import { type Column, listOf, type Node, tableOf } from "googlesql-duckdb/tree";
import { computedIn, examine } from "./expression-rules.ts";
import { checkComputed, checkCondition, requireClean } from "./join-restrictions.ts";
import { join } from "./join-rules.ts";
import { differentialAggregate, thresholdAggregate } from "./privacy-clauses.ts";
import { unitUses } from "./privacy-units.ts";
import type { Walk } from "./query-walk.ts";
import { Refusal } from "./refusal.ts";
import { clean, constant, type Instance, merged, nothing, type Origin, type Relation } from "./relation.ts";
import { calledName, shortName } from "./room.ts";
import type { TemplateCall } from "./templates.ts";
import { columnIdsIn, functionName, idsOf, normalised, plainColumn } from "./tree-parts.ts";

/*
 * The kinds of scan that the rules know. Each function works bottom-up: it takes what is known of a scan's input and returns what is
 * known of the scan's rows.
 */

/** Checks a scan and everything below it. Throws Refusal if it breaks a rule, or is of an unknown kind. */
export function scan(node: Node, walk: Walk): Relation {
  return walk.within(node, () => {
    const call = walk.inlined.calls.get(node);
    if (call) return answerOf(call, node, walk);
    const known = scans[node.kind];
    if (known === undefined) throw walk.unknown(node.kind, node);
    const relation = walk.inlined.tables.has(node) ? passedTable(node, walk) : known(node, walk);
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
    const ofRows = columnIdsIn(node.arrayExprList).size > 0;
    const apart = ofRows ? "" : "Put UNNEST into a table of its own: JOIN (SELECT x FROM UNNEST([1, 2]) AS x) ON TRUE.";
    const input = node.inputScan === undefined ? nothing : requireClean(inputOf(node, walk), walk, apart);
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
      // A reference would be checked as one clause, and could be translated as the other.
      if (walk.clauses.has(withQueryName)) throw walk.unknown("a second WITH clause of the same name", node);
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

/** The origin of a computed value. */
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

/** Reads a table or a view. */
function table(node: Node, walk: Walk): Relation {
  const read = walk.tables(tableOf(node));
  const columns = new Set(idsOf(node));
  if (read.rule === undefined) {
    for (const id of columns) walk.origins.set(id, { ...constant, others: true, key: true });
    return { ...nothing, columns, readsTables: true };
  }
  const instance: Instance = { scan: node, table: read, rule: read.rule };
  if (node.forSystemTimeExpr !== undefined)
    throw walk.refusal(
      "time travel",
      `FOR SYSTEM_TIME AS OF cannot be used on table ${shortName(read)}, for which a privacy policy has been set by a data owner.`,
      "Read the view as it is now, without FOR SYSTEM_TIME.",
      node,
    );
  walk.onlyKnows(node, ["table", "columnIndexList", "alias"]);
  walk.views.push({ table: read, hidden: walk.inside?.hidden === true });
  listOf<number | string>(node.columnIndexList).forEach((index, place) => {
    const name = read.columns[Number(index)]?.name.toLowerCase();
    if (name === undefined) throw walk.unknown("a column that the view does not have", node);
    const id = idsOf(node)[place] as string;
    walk.origins.set(id, { from: new Set([instance]), others: false, column: { of: instance, name }, key: true });
  });
  const instances = new Set([instance]);
  return {
    columns,
    instances,
    unjoined: instances,
    alone: instances,
    readsTables: true,
    views: new Set([read]),
    faults: [],
  };
}

/**
 * The answer of a query template. Its query obeys the rules of its owner's views, or is refused without details. To the caller,
 * the answer is a table whose values are nobody's keys.
 */
function answerOf(call: TemplateCall, node: Node, walk: Walk): Relation {
  const outer = walk.inside;
  walk.inside = call;
  try {
    requireClean(project(node, walk), walk);
  } catch (error) {
    // If `inside` is undefined, the walk failed in a table that the caller passes in.
    if (!(error instanceof Refusal) || !walk.inside?.hidden) throw error;
    walk.inside = undefined;
    const name = calledName(call.called);
    throw walk.refusal(
      "query template",
      `${name} cannot be called so: its owner's rules refuse it.`,
      call.template.guards,
      node,
    );
  }
  walk.inside = outer;
  for (const column of listOf<Column>(node.columnList)) {
    walk.columns.set(column.columnId, column);
    walk.origins.set(column.columnId, { ...constant, others: true });
  }
  return { ...nothing, columns: new Set(idsOf(node)), readsTables: true };
}

/** A table that the caller passes to a query template. It must show no protected row. To the template, it is a table like any other. */
function passedTable(node: Node, walk: Walk): Relation {
  const template = walk.inside;
  walk.inside = undefined;
  requireClean(project(node, walk), walk);
  walk.inside = template;
  for (const id of idsOf(node)) walk.origins.set(id, { ...constant, others: true, key: true });
  return { ...nothing, columns: new Set(idsOf(node)), readsTables: true };
}

/** Reads a WITH clause. Its views become new instances, because a join at this place says nothing about the clause's other uses. */
function withReference(node: Node, walk: Walk): Relation {
  walk.onlyKnows(node, ["withQueryName", "recursive"]);
  const clause = walk.clauses.get(String(node.withQueryName));
  const ids = idsOf(node);
  if (clause === undefined) throw walk.unknown(`the WITH clause ${String(node.withQueryName)}`, node);
  const { relation, columnIds } = clause;
  if (columnIds.length !== ids.length) throw walk.unknown("a WITH clause read with other columns than its own", node);
  const copies = new Map([...relation.instances].map((instance): [Instance, Instance] => [instance, { ...instance }]));
  const copy = (instance: Instance) => copies.get(instance) ?? instance;
  ids.forEach((id, place) => {
    const { column, ...origin } = walk.originOf(columnIds[place] as string);
    const from = new Set([...origin.from].map(copy));
    walk.origins.set(id, { ...origin, from, ...(column && { column: { ...column, of: copy(column.of) } }) });
  });
  const all = (instances: ReadonlySet<Instance>) => new Set([...instances].map(copy));
  return {
    ...relation,
    columns: new Set(ids),
    instances: all(relation.instances),
    unjoined: all(relation.unjoined),
    alone: all(relation.alone),
  };
}
