/*
 * BigQuery's analysis rules, enforced on a DuckDB file.
 *
 * A room describes which tables and views each party can name, and the rule of each view. `openRoom` opens it; `ask` runs a GoogleSQL
 * query as a party. Take a view of the shop's customers, with the rule { aggregationThreshold: { threshold: 3, privacyUnitColumn:
 * "email" } }, over the rows (ann, Kyiv) (bob, Kyiv) (cat, Kyiv) (dan, Lviv), and this query of the bank:
 *
 *   SELECT WITH AGGREGATION_THRESHOLD city, COUNT(*) AS n FROM linked.customers GROUP BY city
 *
 *   1. query-plan      looks up the names that the bank can write. Google's analyser then returns the query's tree.
 *   2. protect         goes through the tree from the tables upwards, and knows at every scan whose rows it sees. The view's rows reach
 *                      the clause with their privacy unit, email, so the query is allowed. A scan that showed them, such as
 *                      SELECT city FROM linked.customers, would throw Refusal. So would any construct that no rule knows.
 *   3. query-plan      translates the tree to DuckDB's SQL, with HAVING COUNT(DISTINCT email) >= 3 added. Errors become NULL.
 *   4. differential    makes the noisy answers, if the query has any, and charges their budgets.
 *   5. open-room       runs the SQL. The answer is (Kyiv, 3): Lviv has one customer and is suppressed. The explanation names the view,
 *                      its rule and what was checked. Only the shop would be told that one group is missing.
 */
export { BudgetExceeded, type Ledger, left, openLedger, type Spent } from "./differential/index.ts";
export {
  type Budget,
  type Explanation,
  explanationLines,
  ruleLines,
  summaryOf,
  type TemplateUse,
  type ViewRule,
} from "./explanation.ts";
export { type Answer, type CleanRoom, openRoom, type RoomOptions } from "./open-room.ts";
export { analyserOf, checkTemplates } from "./planner.ts";
export * from "./policy.ts";
export { isRefused, type Problem, problemLines, problemOf } from "./problem.ts";
export { type LoggedQuery, readQueryLog, type SharedResource } from "./query-log.ts";
export { Refusal, type RuleName } from "./refusal.ts";
export {
  catalogOf,
  NotFound,
  type Room,
  RoomError,
  type RoomFunction,
  type RoomParty,
  type RoomTable,
  type RoomTemplate,
  readRoom,
  tableNamed,
  tablesOf,
} from "./room.ts";
export { ruleInWords } from "./rule-wording.ts";
