/*
 * Differential privacy: answers to SELECT WITH DIFFERENTIAL_PRIVACY, noisy enough that nobody can tell from them whether one privacy
 * unit (a person, say) is in the data.
 *
 *   SELECT WITH DIFFERENTIAL_PRIVACY OPTIONS (epsilon = 1, max_groups_contributed = 2)
 *     city, COUNT(*, contribution_bounds_per_group => (0, 5)) AS payments
 *   FROM linked.payments GROUP BY city
 *
 *   1. private-select   reads the clause: epsilon 1, each person counts in at most 2 cities, and at most 5 times in each.
 *   2. private-answer   translates the query once. The answer's place stays open.
 *   3. ledger           charges epsilon 1, and the delta of the rule, to the view's budget, or refuses the query.
 *   4. contributions    DuckDB counts per person and city, keeps 2 random cities a person, and caps each count at 5:
 *                       Kyiv 5,204 payments of 1,480 persons; Odesa 3 payments of 1 person.
 *   5. noise, release   Half of epsilon decides which groups to show: a city appears if its number of persons plus Laplace noise
 *                       of scale 2 / 0.5 = 4 reaches the threshold that delta sets, 56.3. Odesa is suppressed.
 *                       The other half is for the count: Laplace noise of scale 5 * 2 / 0.5 = 20. Kyiv shows 5,191, say.
 *   6. private-answer   puts the noisy rows in the answer's place, and DuckDB runs the rest of the query over them.
 *
 * If the query gives no bounds, half of the aggregate's epsilon goes to finding them in the data (contribution-bounds).
 */

export { BudgetExceeded, type Ledger, left, noLedger, openLedger, type Spent } from "./ledger.ts";
export { answerPrivately, type PrivatePlan, planPrivately } from "./private-answer.ts";
export { type PrivateSelect, privateSelect } from "./private-select.ts";
