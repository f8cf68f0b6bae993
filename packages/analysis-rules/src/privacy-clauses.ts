import { listOf, type Node, unknownFields } from "googlesql-duckdb/tree";
import { type Options, optionsOf, thresholdOf } from "./clause-options.ts";
import { privateSelect } from "./differential/index.ts";
import { computedIn, examine } from "./expression-rules.ts";
import { checkComputed, joinDemanded, requireClean } from "./join-restrictions.ts";
import { type Unit, unitIn, unitsOf } from "./privacy-units.ts";
import type { Walk } from "./query-walk.ts";
import { clean, constant, demandsJoin, isListOverlap, type Relation, rawOf } from "./relation.ts";
import { type Clause, clauseOf } from "./rule-wording.ts";
import { columnIdsIn, functionName, plainColumn } from "./tree-parts.ts";

/** Checks a SELECT WITH AGGREGATION_THRESHOLD, whose rows are groups that may be seen. Throws Refusal. */
export function thresholdAggregate(node: Node, input: Relation, walk: Walk): Relation {
  checkInput("AGGREGATION_THRESHOLD", node, input, walk);
  for (const call of computedIn(node.aggregateList).values()) checkAggregate(call, walk);
  const options = optionsOf(node, input, walk);
  const units = checkUnits("AGGREGATION_THRESHOLD", node, input, options, walk);
  const threshold = thresholdOf(rawOf(input), options, walk);
  walk.thresholds.push({ scan: node, threshold, units, hidden: walk.inside?.hidden === true });
  const unitColumnIds = [...new Set(units.map(({ column }) => column.columnId))];
  walk.notes.set(node, { having: { unitColumnIds, threshold } });
  const names = units
    .map(({ table, column }) => (table && units.length > 1 ? `${table.table}.${column.name}` : column.name))
    .join(" or ");
  walk.check(`groups of fewer than ${threshold} distinct ${names} are suppressed`, ...rawOf(input));
  return groupsOf(node, input, walk);
}

/** Checks a SELECT WITH DIFFERENTIAL_PRIVACY, whose rows are noisy and may be seen. Throws Refusal. */
export function differentialAggregate(node: Node, input: Relation, walk: Walk): Relation {
  checkInput("DIFFERENTIAL_PRIVACY", node, input, walk);
  const units = checkUnits("DIFFERENTIAL_PRIVACY", node, input, optionsOf(node, input, walk), walk);
  // There is exactly one unit: two views with differential privacy cannot be joined.
  for (const { table, column } of units) {
    walk.differential.push(privateSelect(walk.query, node, column, table));
    walk.check(`answers with noise for each ${column.name}`, ...rawOf(input));
  }
  return groupsOf(node, input, walk);
}

function checkInput(clause: Clause, node: Node, input: Relation, walk: Walk): void {
  for (const instance of rawOf(input)) if (clauseOf(instance) !== clause) requireClean(input, walk);
  const known = ["inputScan", "groupByList", "aggregateList", "optionList"];
  if (unknownFields(node, known).length > 0)
    throw walk.refusal(
      "unknown construct",
      `ROLLUP, CUBE and GROUPING SETS cannot be used in SELECT WITH ${clause} here.`,
      "Use a plain GROUP BY: a total beside its parts would reveal a group that is suppressed.",
    );
  for (const instance of input.unjoined)
    if (isListOverlap(instance) || demandsJoin(instance.rule.joinRestriction)) throw joinDemanded(instance, walk);
  if (input.faults[0]) throw input.faults[0];
}

/** The privacy units that the clause counts. Throws Refusal for an expression that uses a unit in another way. */
function checkUnits(clause: Clause, node: Node, input: Relation, options: Options, walk: Walk): Unit[] {
  const units = unitsOf(clause, input, options, walk);
  const isNoisy = clause === "DIFFERENTIAL_PRIVACY";
  const groups = [...computedIn(node.groupByList).values()];
  const aggregates = [...computedIn(node.aggregateList).values()];
  for (const expression of [...groups, ...aggregates]) {
    examine(expression, input, walk);
    checkComputed(expression, input, walk);
  }
  const usesUnit = (part: unknown) =>
    [...columnIdsIn(part)].some(
      (id) => input.columns.has(id) && (unitIn(id, input, walk) || units.some(({ column }) => column.columnId === id)),
    );
  for (const expression of groups)
    if (usesUnit(expression))
      throw walk.refusal(
        "privacy unit",
        `You cannot GROUP BY privacy unit column when using SELECT WITH ${clause}`,
        `Group by other columns, and count the unit: ${isNoisy ? "COUNT(…, contribution_bounds_per_group => (0, 1))" : "COUNT(DISTINCT …)"}.`,
        expression,
      );
  for (const call of aggregates)
    if (usesUnit(uncounted(call)))
      throw walk.refusal(
        "privacy unit",
        `You cannot use privacy unit column in ${(functionName(call) ?? "an expression").replace("$differential_privacy_", "").toUpperCase()} when using SELECT WITH ${clause}`,
        `The unit itself may be counted, by ${isNoisy ? "COUNT" : "COUNT, COUNT(DISTINCT …) or APPROX_COUNT_DISTINCT"}, but nothing computed from it.`,
        call,
      );
  return units;
}

const counting = ["count", "approx_count_distinct", "$differential_privacy_count"];

/** An aggregate without the column that it counts, if it counts a plain column. */
function uncounted(call: Node): unknown {
  const [counted, ...more] = listOf(call.argumentList);
  const counts = counting.includes(functionName(call) ?? "") && counted && plainColumn(counted);
  return counts ? { ...call, argumentList: more } : call;
}

function groupsOf(node: Node, input: Relation, walk: Walk): Relation {
  const ids = [...computedIn(node.groupByList).keys(), ...computedIn(node.aggregateList).keys()];
  for (const id of ids) walk.origins.set(id, { ...constant, others: true });
  return clean(ids, input);
}

/** The aggregates that an aggregation threshold allows, by the analyser's names. */
const allowed = new Set([
  ...["count", "$count_star", "countif", "sum", "avg", "approx_count_distinct", "logical_and", "logical_or"],
  ...["stddev_pop", "stddev_samp", "var_pop", "var_samp", "covar_pop", "covar_samp"],
]);

/** Throws Refusal for an aggregate that a threshold does not allow, or for a modifier that picks single rows. */
function checkAggregate(call: Node, walk: Walk): void {
  const name = functionName(call) ?? call.kind;
  const refused = (what: string, advice: string) =>
    walk.refusal(
      "allowed aggregates",
      `${what} is not supported in SELECT WITH AGGREGATION_THRESHOLD queries`,
      advice,
      call,
    );
  if (call.kind !== "AggregateFunctionCall" || !allowed.has(name))
    throw refused(
      `Aggregate function ${name.toUpperCase()}`,
      "Use COUNT, COUNTIF, SUM, AVG, APPROX_COUNT_DISTINCT, LOGICAL_AND, LOGICAL_OR, STDDEV, VARIANCE, COVAR_POP or COVAR_SAMP.",
    );
  const known = ["function", "argumentList", "type", "errorMode", "distinct", "nullHandlingModifier"];
  const [modifier] = unknownFields(call, known);
  if (modifier !== undefined || call.nullHandlingModifier !== "DEFAULT_NULL_HANDLING")
    throw refused(`A modifier of aggregate function ${name.toUpperCase()}`, "The only modifier allowed is DISTINCT.");
}
