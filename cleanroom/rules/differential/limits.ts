import type { Node } from "../../googlesql/tree.ts";
import { Refusal } from "../refusal.ts";
import type { RoomTable } from "../room.ts";
import { literal } from "./literals.ts";
import type { Limits } from "./select.ts";

/**
 * The limits of a SELECT WITH DIFFERENTIAL_PRIVACY: what its OPTIONS say, else what the view's rule says. Throws Refusal where they
 * ask for more than the rule allows. That `privacy_unit_column` is the view's is held against the tree elsewhere.
 */
export function limitsOf(options: readonly Node[], table: RoomTable | undefined): Limits {
  const given = new Map(options.map((option) => [(option.name as string).toLowerCase(), option.value as Node]));
  for (const name of given.keys())
    if (!known.includes(name))
      throw refused(`The option ${name} is not supported in SELECT WITH DIFFERENTIAL_PRIVACY.`);
  const rule = table?.rule?.differentialPrivacy;
  const view = table && `${table.dataset}.${table.table}`;
  const epsilon = numberOf("epsilon", given, rule?.maxEpsilonPerQuery);
  const delta = numberOf("delta", given, rule?.deltaPerQuery);
  const most = rule?.maxGroupsContributed || undefined;
  // BigQuery's own default is 1.
  const maxGroups = numberOf("max_groups_contributed", given, most ?? 1);

  if (epsilon < SMALLEST) throw refused(`Epsilon is too low: ${epsilon}, at least ${SMALLEST} is needed`);
  if (rule && epsilon > rule.maxEpsilonPerQuery)
    throw refused(
      `Epsilon is too high: ${brief(epsilon)}, policy for table ${view} allows max ${brief(rule.maxEpsilonPerQuery)}`,
    );
  if (delta <= 0 || delta >= 1) throw refused(`Delta must be between 0 and 1, not ${delta}`);
  if (rule && delta > rule.deltaPerQuery)
    throw refused(`Delta is too high: ${delta}, policy for table ${view} allows max ${rule.deltaPerQuery}`);
  if (maxGroups < 1 || !Number.isSafeInteger(maxGroups))
    throw refused(`max_groups_contributed must be a positive integer, not ${maxGroups}`);
  if (most !== undefined && maxGroups > most)
    throw refused(`max_groups_contributed is too high: ${maxGroups}, policy for table ${view} allows max ${most}`);
  return { epsilon, delta, maxGroups };
}

const known = ["epsilon", "delta", "max_groups_contributed", "privacy_unit_column"];

/** The lowest epsilon that a rule can have, too. */
const SMALLEST = 0.001;

function numberOf(name: string, given: ReadonlyMap<string, Node>, otherwise: number | undefined): number {
  const node = given.get(name);
  const value = node === undefined ? otherwise : literal(node);
  if (value === undefined && node === undefined)
    throw refused(`SELECT WITH DIFFERENTIAL_PRIVACY on tables without an analysis rule needs the option ${name}.`);
  if (typeof value !== "number" || !Number.isFinite(value)) throw refused(`The option ${name} must be a number.`);
  return value;
}

/** As BigQuery writes it: 1e+20. */
function brief(value: number): string {
  return value >= 1e15 ? value.toExponential() : String(value);
}

function refused(message: string): Refusal {
  return new Refusal("options", message);
}
