import type { Explanation } from "analysis-rules";

/**
 * Sentences that explain an answer: groups that may be missing, noise, and what it spent of the privacy budgets.
 * @param tense "would" for a query that was only checked
 */
export function notesOf(
  { thresholds, budgets, suppressedGroups }: Explanation,
  tense: "did" | "would" = "did",
): string[] {
  const suppressed =
    suppressedGroups === undefined
      ? ""
      : ` Here, ${suppressedGroups === 1 ? "1 group was" : `${suppressedGroups} groups were`}.`;
  // A threshold of 1, on tables without a rule, hides nobody.
  const fewest = [...new Set(thresholds.map(({ threshold }) => threshold))].filter((threshold) => threshold > 1);
  return [
    ...fewest.map((threshold) => `Groups of fewer than ${threshold} people are suppressed.${suppressed}`),
    ...(budgets.length > 0
      ? ["The figures contain noise and count each person only up to a bound, and small groups may be missing."]
      : []),
    ...budgets.map((budget) => {
      const { view, epsilonTaken, epsilonLeft, epsilonBudget, deltaTaken, deltaLeft, deltaBudget } = budget;
      const spends = tense === "did" ? "This answer spent" : "The answer would spend";
      return `${spends} epsilon ${epsilonTaken} and delta ${deltaTaken} of the privacy budget of ${view}: epsilon ${epsilonLeft} of ${epsilonBudget} and delta ${deltaLeft} of ${deltaBudget} are left.`;
    }),
  ];
}
