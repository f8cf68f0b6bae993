import type { Node } from "../googlesql/tree.ts";
import { columnIdsIn, conjuncts, equality, plainColumn } from "./expressions.ts";
import type { Refusal } from "./refusal.ts";
import { demandsJoin, isListOverlap, merged, type Relation, rawOf, shortName, unitOf } from "./relation.ts";
import { joinOn } from "./restrictions.ts";
import { unitIn, unitUses } from "./units.ts";
import type { Walk } from "./walk.ts";

/** What is known of the rows of a join, whose condition was looked into. */
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
      // The matching rows of a list overlap are there to be seen.
      if (met && isListOverlap(instance)) instances.delete(instance);
    }
  const parts = conjuncts(node.joinExpr as Node | undefined);
  const faults = parts.flatMap((part) => unitFaults(part, left, right, joined, walk));
  return { ...joined, instances, unjoined, alone, faults: [...joined.faults, ...faults] };
}

/** Rows with a privacy unit must keep it, and meet other rows with one only where both are of the same unit. */
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
      `${shortName(one.table)} and ${shortName(other.table)} cannot be joined: a table under differential privacy is joined with tables without privacy units only.`,
      "Aggregate one of them in a subquery of its own, and join its result.",
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
        ? `Use an INNER JOIN: of ${shortName(raw.table)}, only what matches may be read.`
        : `Use an INNER JOIN, or a ${kept} JOIN, which keeps all rows of ${shortName(raw.table)}.`,
      node,
    );
}

/** What a condition does to privacy unit columns besides comparing one, as it is, with something of the other side. */
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
