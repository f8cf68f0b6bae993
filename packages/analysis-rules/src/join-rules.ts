import type { Node } from "googlesql-duckdb/tree";
import { joinOn } from "./join-restrictions.ts";
import { unitIn, unitUses } from "./privacy-units.ts";
import type { Walk } from "./query-walk.ts";
import type { Refusal } from "./refusal.ts";
import { demandsJoin, isListOverlap, merged, type Relation, rawOf, unitOf } from "./relation.ts";
import { shortName } from "./room.ts";
import { columnIdsIn, conjuncts, equality, plainColumn } from "./tree-parts.ts";

/** Checks a join, whose condition `examine` has checked as an expression. Throws Refusal. */
export function join(node: Node, left: Relation, right: Relation, walk: Walk): Relation {
  const joined = merged([...left.columns, ...right.columns], left, right);
  checkRows(node, left, right, walk);
  const instances = new Set(joined.instances);
  const unjoined = new Set(joined.unjoined);
  const alone = new Set(joined.alone);
  for (const [side, other] of [
    [left, right],
    [right, left],
  ] as const)
    for (const instance of side.instances) {
      const { done, met } = joinOn(instance, side, other, node, walk);
      if (done) unjoined.delete(instance);
      if (met) alone.delete(instance);
      // A list overlap shows its matching rows.
      if (met && isListOverlap(instance)) instances.delete(instance);
    }
  const parts = conjuncts(node.joinExpr as Node | undefined);
  const faults = parts.flatMap((part) => unitFaults(part, left, right, joined, walk));
  return { ...joined, instances, unjoined, alone, faults: [...joined.faults, ...faults] };
}

/** Rows must keep their privacy unit. They may be joined with rows of another view with a unit only if both rows belong to one unit. */
function checkRows(node: Node, left: Relation, right: Relation, walk: Walk): void {
  const [one] = rawOf(left);
  const [other] = rawOf(right);
  if (!one || !other) {
    checkOuter(node, left, right, walk);
    return;
  }
  if (one.rule.differentialPrivacy || other.rule.differentialPrivacy)
    throw walk.refusal(
      "private join",
      `${shortName(one.table)} and ${shortName(other.table)} cannot be joined: a table with differential privacy can only be joined with tables that have no privacy unit.`,
      "Aggregate one of them in a subquery of its own, and join the result.",
      node,
    );
  const onUnits = conjuncts(node.joinExpr as Node | undefined).some((part) => {
    const ids = (equality(part) ?? []).flatMap((side) => plainColumn(side)?.columnId ?? []);
    const unitOn = (side: Relation) => ids.some((id) => side.columns.has(id) && unitIn(id, side, walk));
    return unitOn(left) && unitOn(right);
  });
  if (node.joinType !== "INNER" || !onUnits)
    throw walk.refusal(
      "private join",
      "Joins between tables containing private data must also explicitly join on the user id column in each table, add 'AND a=b' to the join ON expression",
      `Write ${shortName(one.table)} AS a JOIN ${shortName(other.table)} AS b ON a.${unitOf(one.rule)} = b.${unitOf(other.rule)}: an inner join, in ON or USING.`,
      node,
    );
  walk.check("are joined on both privacy unit columns", one, other);
}

function checkOuter(node: Node, left: Relation, right: Relation, walk: Walk): void {
  const [raw] = [...rawOf(left), ...rawOf(right)];
  const kept = raw && left.instances.has(raw) ? "LEFT" : "RIGHT";
  if (raw && node.joinType !== "INNER" && node.joinType !== kept)
    throw walk.refusal(
      "private join",
      `A ${node.joinType} JOIN would make rows without the privacy unit of table ${shortName(raw.table)}.`,
      demandsJoin(raw.rule.joinRestriction)
        ? `Use an INNER JOIN: only matching rows of ${shortName(raw.table)} may be read.`
        : `Use an INNER JOIN, or a ${kept} JOIN, which keeps all rows of ${shortName(raw.table)}.`,
      node,
    );
}

/** Misuses of privacy unit columns in a condition: anything but comparing one, unchanged, with columns of the other side. */
function unitFaults(part: Node, left: Relation, right: Relation, joined: Relation, walk: Walk): Refusal[] {
  const sides = equality(part);
  if (!sides) return unitUses(part, joined, "the condition of a join", walk);
  return sides.flatMap((side, index) => {
    const id = plainColumn(side)?.columnId;
    if (id === undefined || !joined.columns.has(id) || !unitIn(id, joined, walk))
      return unitUses(side, joined, "the condition of a join", walk);
    const opposite = left.columns.has(id) ? right : left;
    const partners = [...columnIdsIn(sides[1 - index])];
    const fine = partners.length > 0 && partners.every((partner) => opposite.columns.has(partner));
    return fine ? [] : unitUses(side, joined, "a comparison that is not a join", walk);
  });
}
