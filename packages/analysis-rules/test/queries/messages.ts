import type { RuleName } from "../../src/refusal.ts";

/*
 * The form of the tables of queries, and the messages of refusals.
 */

/** A query that is allowed, and the threshold in force if there is one. */
export type Allowed = readonly [why: string, sql: string, threshold?: number];
/** A query that is refused, with the rule and the message. */
export type Refused = readonly [why: string, sql: string, rule: RuleName, says: string];

export interface Chapter {
  readonly title: string;
  readonly allowed: readonly Allowed[];
  readonly refused: readonly Refused[];
}

/** The clauses that read a view with a privacy unit. */
export const T = "SELECT WITH AGGREGATION_THRESHOLD";
export const P = "SELECT WITH DIFFERENTIAL_PRIVACY";

export const clause = (name = "AGGREGATION_THRESHOLD") =>
  `You must use SELECT WITH ${name} for this query because a privacy policy has been set by a data owner.`;
export const mandatory: readonly [RuleName, string] = ["aggregation threshold", clause()];
export const noisy: readonly [RuleName, string] = ["differential privacy", clause("DIFFERENTIAL_PRIVACY")];
export const aggregate = (name: string): readonly [RuleName, string] => [
  "allowed aggregates",
  `Aggregate function ${name} is not supported in SELECT WITH AGGREGATION_THRESHOLD queries`,
];
export const modifier = (name: string): readonly [RuleName, string] => [
  "allowed aggregates",
  `A modifier of aggregate function ${name} is not supported in SELECT WITH AGGREGATION_THRESHOLD queries`,
];
export const grouped = (name = "AGGREGATION_THRESHOLD"): readonly [RuleName, string] => [
  "privacy unit",
  `You cannot GROUP BY privacy unit column when using SELECT WITH ${name}`,
];
export const used = (
  where: string,
  table = "linked.members",
  name = "AGGREGATION_THRESHOLD",
): readonly [RuleName, string] => [
  "privacy unit",
  `You cannot use privacy unit column hashed_email of table ${table} in ${where} when using SELECT WITH ${name}`,
];
export const computed = (name: string): readonly [RuleName, string] => [
  "privacy unit",
  `You cannot use privacy unit column in ${name} when using SELECT WITH AGGREGATION_THRESHOLD`,
];
export const dropped = (name = "AGGREGATION_THRESHOLD"): readonly [RuleName, string] => [
  "privacy unit",
  `Subqueries of SELECT WITH ${name} queries must explicitly SELECT the userid column`,
];
export const onUnits: readonly [RuleName, string] = [
  "private join",
  "Joins between tables containing private data must also explicitly join on the user id column in each table, add 'AND a=b' to the join ON expression",
];
export const outer = (type: string, table = "linked.members"): readonly [RuleName, string] => [
  "private join",
  `A ${type} JOIN would make rows without the privacy unit of table ${table}.`,
];
export const demanded = (columns: string, table: string, how = "at least one"): readonly [RuleName, string] => [
  "join restriction",
  `Joining must occur on ${how} of the following columns [${columns}] on table ${table}.`,
];
export const users = demanded("hashed_email", "linked.users");
export const payments = demanded("order_id", "linked.payments");

export const strict = demanded("hashed_email, city", "linked.strict", "all");
export const restricted: readonly [RuleName, string] = ["join restriction", "Join occurring on a restricted column."];
export const reading = (table: string): readonly [RuleName, string] => [
  "subquery",
  `Reading the table ${table} containing user data in expression subqueries is not allowed`,
];
export const several = (table: string): readonly [RuleName, string] => [
  "subquery",
  `A subquery that may return several rows cannot run for each row of table ${table}`,
];
export const sets = (name = "AGGREGATION_THRESHOLD"): readonly [RuleName, string] => [
  "unknown construct",
  `ROLLUP, CUBE and GROUPING SETS cannot be used in SELECT WITH ${name} here.`,
];
export const options = (says: string): readonly [RuleName, string] => ["options", says];
