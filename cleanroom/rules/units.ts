import type { Node } from "../googlesql/tree.ts";
import { columnIdsIn } from "./expressions.ts";
import type { Options } from "./options.ts";
import type { ThresholdUse } from "./protect.ts";
import type { Refusal } from "./refusal.ts";
import { type Instance, joinColumns, type Relation, rawOf, shortName, unitOf } from "./relation.ts";
import type { Walk } from "./walk.ts";
import { type Clause, clauseOf, counted } from "./words.ts";

export type Unit = ThresholdUse["units"][number];

/** The instance whose privacy unit a column is, if any. */
export function unitIn(columnId: string, relation: Relation, walk: Walk): Instance | undefined {
  const { column } = walk.originOf(columnId);
  return rawOf(relation).find((instance) => column?.of === instance && column.name === unitOf(instance.rule));
}

/** What is wrong with an expression that computes something from a privacy unit column; nothing if it does not. */
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
        ? `${unit} may be counted, as in ${counted(instance)}, and be joined on, as in ON a.${unit} = b.${unit}; nothing else.`
        : `${unit} may be counted, as in ${counted(instance)}; nothing else.`,
      expression,
    ),
  ];
}

/** The privacy unit columns that are counted: those of the views, or what OPTIONS names where no view has one. */
export function unitsOf(clause: Clause, input: Relation, { unit: named, node }: Options, walk: Walk): Unit[] {
  const raw = rawOf(input);
  if (raw.length > 0 && named && !unitIn(named.columnId, input, walk))
    throw walk.refusal(
      "options",
      `The option privacy_unit_column must be ${raw.map(({ table, rule }) => `${unitOf(rule)} of table ${shortName(table)}`).join(" or ")}.`,
      "Leave the option out: the view's own column is used.",
      node,
    );
  if (raw.length > 0) return raw.map((instance) => unitFrom(instance, clause, input, walk));
  if (named) return [{ column: named }];
  throw walk.refusal(
    "options",
    "The option privacy_unit_column must be given: no table of this query has a privacy policy.",
    `Write SELECT WITH ${clause} OPTIONS(privacy_unit_column=the_column, …).`,
  );
}

/** The unit of an instance, or one that equals it: views with units are only joined on them. */
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
