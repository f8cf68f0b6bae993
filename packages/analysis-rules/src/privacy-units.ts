import type { Node } from "googlesql-duckdb/tree";
import type { Options } from "./clause-options.ts";
import type { ThresholdUse, Walk } from "./query-walk.ts";
import type { Refusal } from "./refusal.ts";
import { type Instance, joinColumns, type Relation, rawOf, unitOf } from "./relation.ts";
import { shortName } from "./room.ts";
import { type Clause, clauseOf, counted } from "./rule-wording.ts";
import { columnIdsIn } from "./tree-parts.ts";

/** A privacy unit that a clause counts. */
export type Unit = ThresholdUse["units"][number];

/** The instance whose privacy unit is this column, if any. */
export function unitIn(columnId: string, relation: Relation, walk: Walk): Instance | undefined {
  const { column } = walk.originOf(columnId);
  return rawOf(relation).find((instance) => column?.of === instance && column.name === unitOf(instance.rule));
}

/** The refusal for an expression that computes something from a privacy unit column; empty if it does not. */
export function unitUses(expression: Node, relation: Relation, where: string, walk: Walk): Refusal[] {
  const used = [...columnIdsIn(expression)].filter((id) => relation.columns.has(id));
  const [instance] = used.flatMap((id) => unitIn(id, relation, walk) ?? []);
  if (instance === undefined) return [];
  const unit = unitOf(instance.rule);
  return [
    walk.refusal(
      "privacy unit",
      `You cannot use privacy unit column ${unit} of table ${shortName(instance.table)} in ${where} when using SELECT WITH ${clauseOf(instance)}`,
      joinColumns(instance).includes(unit as string)
        ? `You may only count ${unit}, as in ${counted(instance)}, or join on it, as in ON a.${unit} = b.${unit}.`
        : `You may only count ${unit}, as in ${counted(instance)}.`,
      expression,
    ),
  ];
}

/** The privacy unit columns to count: those of the views, or the one in OPTIONS if no view has one. Throws Refusal. */
export function unitsOf(clause: Clause, input: Relation, { unit: named, node }: Options, walk: Walk): Unit[] {
  const raw = rawOf(input);
  if (raw.length > 0 && named && !unitIn(named.columnId, input, walk))
    throw walk.refusal(
      "options",
      `The option privacy_unit_column must be ${raw.map(({ table, rule }) => `${unitOf(rule)} of table ${shortName(table)}`).join(" or ")}.`,
      "Leave the option out: the view sets the column.",
      node,
    );
  if (raw.length > 0) return raw.map((instance) => unitFrom(instance, clause, input, walk));
  if (named) return [{ column: named }];
  const answered = [...input.views].find(({ rule }) => rule && unitOf(rule) !== undefined);
  if (answered)
    throw walk.refusal(
      "options",
      `SELECT WITH ${clause} reads the answer of another SELECT, in which the rule of table ${shortName(answered)} is already obeyed.`,
      "Read that answer in a plain SELECT, without a clause: it may order, filter, join and aggregate it.",
    );
  throw walk.refusal(
    "options",
    "The option privacy_unit_column must be given: no table of this query has a privacy policy.",
    `Write SELECT WITH ${clause} OPTIONS(privacy_unit_column=the_column, …).`,
  );
}

/** The unit of an instance, or the equal one of another: views with units are always joined on them. */
function unitFrom(instance: Instance, clause: Clause, input: Relation, walk: Walk): Unit {
  const units = [...input.columns].flatMap((id) => {
    const [of, column] = [unitIn(id, input, walk), walk.columns.get(id)];
    return of && column ? [{ of, column }] : [];
  });
  const unit = units.find(({ of }) => of === instance) ?? units[0];
  if (unit) return { table: instance.table, column: unit.column };
  throw walk.refusal(
    "privacy unit",
    `Subqueries of SELECT WITH ${clause} queries must explicitly SELECT the userid column`,
    `Add ${unitOf(instance.rule)} of ${shortName(instance.table)} to the SELECT list of the subquery.`,
  );
}
