import type { Node } from "googlesql-duckdb/tree";
import { Refusal } from "../refusal.ts";
import type { RoomTable } from "../room.ts";
import { literal, wholeNumber } from "./literals.ts";

/** How much an answer may reveal about one privacy unit. */
export interface Limits {
  /** One unit changes the probability of any answer by at most the factor e ** epsilon: a smaller epsilon means more noise. */
  readonly epsilon: number;
  /** The probability that a group with a single unit appears. */
  readonly delta: number;
  /** The number of groups in which a unit counts; infinite if the query sets none; then the noise hides only a unit's part in one group. */
  readonly maxGroups: number;
}

/**
 * Takes the limits from OPTIONS, and from the view's rule if OPTIONS leave one out. Throws Refusal if OPTIONS ask for more than the rule
 * allows. `unitsOf` checks the option `privacy_unit_column`.
 */
export function limitsOf(options: readonly Node[], table: RoomTable | undefined): Limits {
  const rule = table?.rule?.differentialPrivacy;
  const asked: Asked = {
    given: new Map(options.map((option) => [(option.name as string).toLowerCase(), option.value as Node])),
    rule,
    view: table && `${table.dataset}.${table.table}`,
    wrong: (message) => wrongOption(message, rule !== undefined),
  };
  for (const name of asked.given.keys())
    if (!knownOptions.includes(name))
      throw asked.wrong(`The option ${name} is not supported in SELECT WITH DIFFERENTIAL_PRIVACY.`);
  return { epsilon: epsilonOf(asked), delta: deltaOf(asked), maxGroups: maxGroupsOf(asked) };
}

/** The options of a query, and the rule of the view that it reads. */
interface Asked {
  readonly given: ReadonlyMap<string, Node>;
  readonly rule: NonNullable<RoomTable["rule"]>["differentialPrivacy"];
  readonly view: string | undefined;
  readonly wrong: (message: string) => Refusal;
}

function epsilonOf(asked: Asked): number {
  const { rule, view, wrong } = asked;
  const epsilon = numberOf("epsilon", asked, rule?.maxEpsilonPerQuery);
  if (epsilon < SMALLEST) throw wrong(`Epsilon is too low: ${epsilon}, at least ${SMALLEST} is needed`);
  if (rule && epsilon > rule.maxEpsilonPerQuery)
    throw wrong(
      `Epsilon is too high: ${brief(epsilon)}, policy for table ${view} allows max ${brief(rule.maxEpsilonPerQuery)}`,
    );
  if (epsilon > LARGEST) throw wrong(`Epsilon is too high: ${brief(epsilon)}, at most ${brief(LARGEST)} is possible`);
  return epsilon;
}

function deltaOf(asked: Asked): number {
  const { rule, view, wrong } = asked;
  const delta = numberOf("delta", asked, rule?.deltaPerQuery);
  if (delta <= 0 || delta >= 1) throw wrong(`Delta must be between 0 and 1, not ${delta}`);
  if (rule && delta > rule.deltaPerQuery)
    throw wrong(`Delta is too high: ${delta}, policy for table ${view} allows max ${rule.deltaPerQuery}`);
  return delta;
}

function maxGroupsOf(asked: Asked): number {
  const { given, rule, view, wrong } = asked;
  const option = given.get("max_groups_contributed");
  if (option !== undefined && literal(option) === null) {
    if (rule === undefined) return Number.POSITIVE_INFINITY;
    // A query could put the same rows into many groups and average the noise away, for one charge.
    throw wrong(
      `max_groups_contributed cannot be NULL here: the budget of table ${view} is for a unit in a known number of groups`,
    );
  }
  const most = rule?.maxGroupsContributed || undefined;
  // BigQuery's default is 1.
  const maxGroups = numberOf("max_groups_contributed", asked, most ?? 1);
  if (maxGroups < 1 || !Number.isInteger(maxGroups))
    throw wrong(`max_groups_contributed must be a positive integer, not ${maxGroups}`);
  const tooHigh = `max_groups_contributed is too high: ${wholeNumber(option) ?? maxGroups}`;
  if (most !== undefined && maxGroups > most) throw wrong(`${tooHigh}, policy for table ${view} allows max ${most}`);
  if (maxGroups > MOST_GROUPS) throw wrong(`${tooHigh}, at most ${MOST_GROUPS} is possible`);
  return maxGroups;
}

const knownOptions = ["epsilon", "delta", "max_groups_contributed", "privacy_unit_column"];

/** The lowest epsilon, which is also the lowest that a rule can set. */
const SMALLEST = 0.001;
/** The highest that a rule can set. Beyond it the noise is smaller than the digits of a FLOAT64. */
const LARGEST = 1e15;

/** The most groups of a unit. Google's library counts them in 32 bits. */
const MOST_GROUPS = 2 ** 31 - 1;

function numberOf(name: string, { given, wrong }: Asked, otherwise: number | undefined): number {
  const node = given.get(name);
  const value = node === undefined ? otherwise : literal(node);
  if (value === undefined && node === undefined)
    throw wrong(`SELECT WITH DIFFERENTIAL_PRIVACY on tables without an analysis rule needs the option ${name}.`);
  if (typeof value !== "number" || !Number.isFinite(value)) throw wrong(`The option ${name} must be a number.`);
  return value;
}

/** A number as BigQuery writes it, such as 1e+20. */
function brief(value: number): string {
  return value >= 1e15 ? value.toExponential() : String(value);
}

function wrongOption(message: string, isSetByView: boolean): Refusal {
  const advice = isSetByView
    ? "Leave the option out: the policy of the view sets it."
    : "Write numbers, as in OPTIONS(epsilon=1, delta=1e-6, privacy_unit_column=the_column).";
  return new Refusal("options", message, advice);
}
