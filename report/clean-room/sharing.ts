import type { AnalysisRule } from "analysis-rules/policy";
import type { SharedPart } from "./shape.ts";

/** A view's rule in a few words, for the diagram. */
export function ruleOf({
  aggregationThreshold,
  differentialPrivacy,
  joinRestriction,
}: AnalysisRule): SharedPart["rule"] {
  if (aggregationThreshold)
    return { name: "Aggregation threshold", shows: `groups of at least ${aggregationThreshold.threshold} people` };
  if (differentialPrivacy)
    return {
      name: "Differential privacy",
      shows: `figures with noise, until a budget of epsilon ${differentialPrivacy.epsilonBudget} or delta ${differentialPrivacy.deltaBudget} is spent`,
    };
  const columns = joinRestriction?.columns.join(joinRestriction.condition === "JOIN_ALL" ? " and " : " or ") ?? "";
  return { name: "List overlap", shows: `rows that match on ${columns}` };
}
