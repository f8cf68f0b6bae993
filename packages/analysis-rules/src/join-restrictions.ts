import { type Node, nodesIn } from "googlesql-duckdb/tree";
import type { Walk } from "./query-walk.ts";
import type { Refusal } from "./refusal.ts";
import { demandsJoin, type Instance, isListOverlap, joinColumns, merged, type Relation, rawOf } from "./relation.ts";
import { shortName } from "./room.ts";
import { clauseAdvice, clauseDemanded, clauseOf } from "./rule-wording.ts";
import { atoms, columnIdsIn, conjuncts, equality, normalised, plainColumn } from "./tree-parts.ts";

/*
 * Join restrictions: the columns on which a view may be joined, or must be.
 */

/** The effect of a join on a view. */
interface Joined {
  /** Its restriction is met. */
  readonly done: boolean;
  /** Only rows that match another owner's rows are left. */
  readonly met: boolean;
}

/** Checks a join against the restriction of a view on one of its sides. Throws Refusal. */
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
    const type = isEnough(matched) ? "Only an INNER JOIN leaves out rows without a match." : "";
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

/** A part of a join's condition, as one view sees it. */
interface Comparison {
  /** The view's column, if the part compares an allowed column, unchanged, with columns of the other side only. */
  readonly column?: string;
  /** Why the comparison does not match the view's rows with another owner's. */
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
 * Why a value cannot be the key of a join with a view; undefined if it can. A value that the query invents would show rows for which the
 * asking party has no row. So would a row of the same owner that has not been joined with another owner's rows.
 */
function partnerFault(instance: Instance, partner: Node, other: Relation, walk: Walk): string | undefined {
  const keys = normalised(partner) ?? [];
  const origins = keys.map((id) => walk.originOf(id));
  if (keys.length === 0 || !keys.every((id) => other.columns.has(id)) || !origins.every(({ key }) => key))
    return "The key must be a column of a table on the other side, unchanged or in LOWER, UPPER, TRIM, a hash or CAST. A value that the query makes up does not count.";
  // The other columns of a view are its owner's knowledge, so only the columns on which the view is joined are keys.
  const foreign = origins.find(
    ({ from, column }) => from.size > 0 && !(column && joinColumns(column.of).includes(column.name)),
  );
  if (foreign) return "A column of a view counts only if that view is joined on it as well.";
  const alone = origins
    .flatMap(({ from }) => [...from])
    .find(
      (from) =>
        other.alone.has(from) &&
        (from.table.owner === instance.table.owner || (isListOverlap(from) && isListOverlap(instance))),
    );
  return (
    alone &&
    `Rows of ${shortName(alone.table)} do not count before they are joined with another owner's rows: join a table of your own first.`
  );
}

/** True if a part of a condition compares the view's columns with other data of the tables. */
function mixes(part: Node, instance: Instance, relation: Relation, walk: Walk): boolean {
  if (!relation.instances.has(instance)) return false;
  const origins = [...columnIdsIn(part)].map((id) => walk.originOf(id));
  const others = origins.some(({ from, others }) => others || [...from].some((at) => at !== instance));
  return others && origins.some(({ from }) => from.has(instance));
}

/**
 * Throws Refusal for a join in disguise: a condition outside of ON that compares a restricted view's columns with other tables. With a
 * subquery it always is one, with columns until the view is joined as its restriction says.
 */
export function checkCondition(condition: Node, relation: Relation, walk: Walk): void {
  for (const part of atoms(condition)) checkComputed(part, relation, walk);
}

/** Throws Refusal for a computed value that does the same. */
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
    return `${name} cannot be joined at all: read it in a SELECT WITH ${clauseOf(instance)} of its own, and join the result.`;
  if (isListOverlap(instance) && demandsJoin(restriction))
    return `Join ${name} on ${columns} only. In WHERE, matching rows may be compared with anything.`;
  return `${name} may be joined and compared with other tables on ${columns} only, in JOIN … ON.`;
}

/**
 * The refusal for a missing join, in BigQuery's words.
 * @param why why the join that is there does not count
 */
export function joinDemanded(instance: Instance, walk: Walk, node: Node = instance.scan, why = ""): Refusal {
  const { joinRestriction: restriction } = instance.rule;
  if (!demandsJoin(restriction)) return restricted(instance, walk, node);
  const { condition, columns } = restriction;
  const name = shortName(instance.table);
  const demanded = condition === "JOIN_ALL" ? columns : columns.slice(0, 1);
  return walk.refusal(
    "join restriction",
    `Joining must occur on ${condition === "JOIN_ALL" ? "all" : "at least one"} of the following columns [${columns.join(", ")}] on table ${name}.`,
    `Write … JOIN ${name} AS v ON ${demanded.map((column) => `v.${column} = t.${column}`).join(" AND ")}, where t is a table of your own. ${why}`.trim(),
    node,
  );
}

/**
 * Throws Refusal for rows that still need protection: they have to be joined first, or aggregated with the view's clause.
 * @param more a sentence of advice, after the one about the clause
 */
export function requireClean(relation: Relation, walk: Walk, more = ""): Relation {
  const [raw] = rawOf(relation);
  if (raw) {
    const threshold = raw.rule.aggregationThreshold !== undefined;
    throw walk.refusal(
      threshold ? "aggregation threshold" : "differential privacy",
      clauseDemanded(raw),
      `${clauseAdvice(raw)} ${more}`.trim(),
      raw.scan,
    );
  }
  for (const instance of relation.instances) throw joinDemanded(instance, walk);
  return relation;
}
