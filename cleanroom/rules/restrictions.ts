import type { Node } from "../googlesql/tree.ts";
import { atoms, columnIdsIn, conjuncts, equality, nodesIn, normalised, plainColumn } from "./expressions.ts";
import type { Refusal } from "./refusal.ts";
import {
  demandsJoin,
  type Instance,
  isListOverlap,
  joinColumns,
  merged,
  type Relation,
  rawOf,
  shortName,
} from "./relation.ts";
import type { Walk } from "./walk.ts";
import { clauseAdvice, clauseDemanded, clauseOf } from "./words.ts";

/*
 * Join restrictions: on which of its columns a view may be joined, or must be.
 */

/** Whether a view is joined as its restriction has it, and whether its rows are from now on those that somebody else's match. */
interface Joined {
  readonly done: boolean;
  readonly met: boolean;
}

/** Refuses a join that the restriction of a view on one of its sides does not allow. */
export function joinOn(instance: Instance, side: Relation, other: Relation, node: Node, walk: Walk): Joined {
  const restriction = instance.rule.joinRestriction;
  const compared = conjuncts(node.joinExpr as Node | undefined).map((part) => ({
    part,
    ...comparison(part, instance, side, other, walk),
  }));
  const inner = node.joinType === "INNER";
  const isEnough = (columns: readonly (string | undefined)[]) =>
    restriction?.condition === "JOIN_ALL"
      ? joinColumns(instance).every((name) => columns.includes(name))
      : columns.some((name) => name !== undefined);
  const matched = compared.filter(({ fault }) => fault === undefined).map(({ column }) => column);
  const met = inner && isEnough(matched);
  const done = demandsJoin(restriction) ? met : isEnough(compared.map(({ column }) => column));
  if (restriction === undefined) return { done, met };
  if (side.unjoined.has(instance) && !done) {
    const fault = compared.find((each) => each.fault)?.fault;
    const type = isEnough(matched) ? "Only an INNER JOIN leaves out what does not match." : "";
    const where = compared.length === 0 ? "A condition in WHERE does not count as a join." : undefined;
    throw joinDemanded(instance, walk, node, where ?? fault ?? type);
  }
  const both = merged([...side.columns, ...other.columns], side, other);
  for (const { part, column } of compared)
    if (!column && mixes(part, instance, both, walk)) throw restricted(instance, walk, part);
  const names = compared.flatMap(({ column }) => column ?? []);
  if (names.length > 0) walk.check(`is joined on ${names.join(", ")}`, instance);
  return { done, met };
}

/** What a part of a join's condition compares with the other side. */
interface Comparison {
  /** The column of the view, as it is, if it is one of those allowed and compared with something of the other side alone. */
  readonly column?: string;
  /** Why that does not bring rows of somebody else together with the view's. */
  readonly fault?: string;
}

function comparison(part: Node, instance: Instance, side: Relation, other: Relation, walk: Walk): Comparison {
  const sides = equality(part) ?? [];
  for (const [index, own] of sides.entries()) {
    const partner = sides[1 - index] as Node;
    const id = plainColumn(own)?.columnId;
    const column = id !== undefined && side.columns.has(id) ? walk.originOf(id).column : undefined;
    if (column?.of !== instance || !joinColumns(instance).includes(column.name)) continue;
    const fault = partnerFault(instance, partner, other, walk);
    const ids = [...columnIdsIn(partner)];
    const isOther = ids.length > 0 && ids.every((each) => other.columns.has(each));
    return { ...(isOther && { column: column.name }), ...(fault && { fault }) };
  }
  return {};
}

/**
 * Why a value is none to join a view with. One that the query makes up would match rows that nobody has a row for, and so would one of
 * the same owner's rows, as long as they have not met somebody else's.
 */
function partnerFault(instance: Instance, partner: Node, other: Relation, walk: Walk): string | undefined {
  const keys = normalised(partner) ?? [];
  const origins = keys.map((id) => walk.originOf(id));
  if (keys.length === 0 || !keys.every((id) => other.columns.has(id)) || !origins.every(({ key }) => key))
    return "The key must be a column of a table of the other side, as it is or in LOWER, UPPER, TRIM, a hash or CAST; one that the query makes up does not count.";
  // What else a view shows nobody else knew: only what it was joined on itself is a key.
  const foreign = origins.find(
    ({ from, column }) => from.size > 0 && !(column && joinColumns(column.of).includes(column.name)),
  );
  if (foreign) return "A column of a view counts only if that view is joined on it, too.";
  const alone = origins
    .flatMap(({ from }) => [...from])
    .find(
      (from) =>
        other.alone.has(from) &&
        (from.table.owner === instance.table.owner || (isListOverlap(from) && isListOverlap(instance))),
    );
  return (
    alone &&
    `Rows of ${shortName(alone.table)} do not count before they are joined with somebody else's: join a table of your own first.`
  );
}

/** True of a part of a condition that compares the view's columns with anything else of the tables. */
function mixes(part: Node, instance: Instance, relation: Relation, walk: Walk): boolean {
  if (!relation.instances.has(instance)) return false;
  const origins = [...columnIdsIn(part)].map((id) => walk.originOf(id));
  const others = origins.some(({ from, others }) => others || [...from].some((at) => at !== instance));
  return others && origins.some(({ from }) => from.has(instance));
}

/**
 * Refuses joins in disguise: a condition that compares columns of a restricted view with other tables after they were joined on
 * something else, or by a subquery.
 */
export function checkCondition(condition: Node, relation: Relation, walk: Walk): void {
  for (const instance of relation.instances)
    if (instance.rule.joinRestriction)
      for (const part of atoms(condition))
        if (mixes(part, instance, relation, walk)) throw disguised(instance, relation, part, walk);
}

/** Refuses the same in a value that is computed: by a subquery always, by columns as long as the view is not joined. */
export function checkComputed(expression: Node, relation: Relation, walk: Walk): void {
  const subqueries = nodesIn(expression, (kind) => kind === "SubqueryExpr");
  for (const instance of relation.instances)
    if (instance.rule.joinRestriction && (subqueries.length > 0 || relation.unjoined.has(instance)))
      if (mixes(expression, instance, relation, walk)) throw disguised(instance, relation, expression, walk);
}

function disguised(instance: Instance, { unjoined }: Relation, node: Node, walk: Walk): Refusal {
  return unjoined.has(instance) ? joinDemanded(instance, walk, node) : restricted(instance, walk, node);
}

function restricted(instance: Instance, walk: Walk, node: Node): Refusal {
  return walk.refusal("join restriction", "Join occurring on a restricted column.", restrictedAdvice(instance), node);
}

function restrictedAdvice(instance: Instance): string {
  const name = shortName(instance.table);
  const columns = joinColumns(instance).join(", ");
  const restriction = instance.rule.joinRestriction;
  if (restriction?.condition === "JOIN_BLOCKED")
    return `${name} cannot be joined at all: read it by a SELECT WITH ${clauseOf(instance)} of its own, and join the result.`;
  if (isListOverlap(instance) && demandsJoin(restriction))
    return `Join ${name} on ${columns} only; what matches may be compared with anything in WHERE.`;
  return `${name} may be joined, and compared with other tables, on ${columns} only, by JOIN … ON.`;
}

/** What BigQuery says where a join is missing, and why what there is does not count. */
export function joinDemanded(instance: Instance, walk: Walk, node: Node = instance.scan, why = ""): Refusal {
  const { joinRestriction: restriction } = instance.rule;
  if (!demandsJoin(restriction)) return restricted(instance, walk, node);
  const { condition, columns } = restriction;
  const name = shortName(instance.table);
  const demanded = condition === "JOIN_ALL" ? columns : columns.slice(0, 1);
  return walk.refusal(
    "join restriction",
    `Joining must occur on ${condition === "JOIN_ALL" ? "all" : "at least one"} of the following columns [${columns.join(", ")}] on table ${name}.`,
    `Write … JOIN ${name} AS v ON ${demanded.map((column) => `v.${column} = t.${column}`).join(" AND ")}, with t a table of your own. ${why}`.trim(),
    node,
  );
}

/** Refuses rows that may not be seen, or may only be aggregated by a SELECT with the view's clause. */
export function requireClean(relation: Relation, walk: Walk): Relation {
  const [raw] = rawOf(relation);
  if (raw) {
    const threshold = raw.rule.aggregationThreshold !== undefined;
    throw walk.refusal(
      threshold ? "aggregation threshold" : "differential privacy",
      clauseDemanded(raw),
      clauseAdvice(raw),
      raw.scan,
    );
  }
  for (const instance of relation.instances) throw joinDemanded(instance, walk);
  return relation;
}
