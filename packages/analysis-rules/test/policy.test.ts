import { expect } from "chai";
import fc from "fast-check";
import { type AnalysisRule, checkRule, privacyPolicy, ruleKind, ruleOf } from "../src/policy.ts";

const columns = ["hashed_email", "tier", "city"];
const threshold = { threshold: 50, privacyUnitColumn: "hashed_email" };
const budget = {
  privacyUnitColumn: "hashed_email",
  maxEpsilonPerQuery: 1,
  epsilonBudget: 20,
  deltaPerQuery: 1e-6,
  deltaBudget: 2e-5,
};
const join = { condition: "JOIN_ANY", columns: ["hashed_email"] } as const;
const blocked = { condition: "JOIN_BLOCKED", columns: [] } as const;

describe("An analysis rule", () => {
  const fine: Record<string, AnalysisRule> = {
    "a threshold": { aggregationThreshold: threshold },
    "the least threshold": { aggregationThreshold: { ...threshold, threshold: 1 } },
    "a threshold with a join restriction": { aggregationThreshold: threshold, joinRestriction: join },
    "a threshold with joins blocked": { aggregationThreshold: threshold, joinRestriction: blocked },
    "differential privacy": { differentialPrivacy: budget },
    "differential privacy with a limit of groups": { differentialPrivacy: { ...budget, maxGroupsContributed: 0 } },
    "differential privacy with the largest budgets": {
      differentialPrivacy: { ...budget, epsilonBudget: 1e15, deltaPerQuery: 1, deltaBudget: 1000 },
    },
    "differential privacy with optional joins": {
      differentialPrivacy: budget,
      joinRestriction: { condition: "JOIN_NOT_REQUIRED", columns: ["tier", "city"] },
    },
    "a list overlap on any of its columns": { joinRestriction: join },
    "a list overlap on all of them": { joinRestriction: { condition: "JOIN_ALL", columns: ["hashed_email", "city"] } },
  };
  for (const [what, rule] of Object.entries(fine))
    it(`may be ${what}`, () => expect(checkRule(rule, columns)).to.deep.equal([]));

  const refused: [string, AnalysisRule, string][] = [
    ["none at all", {}, "shows every row"],
    [
      "a threshold with differential privacy",
      { aggregationThreshold: threshold, differentialPrivacy: budget },
      "one of the two",
    ],
    ["a threshold of nobody", { aggregationThreshold: { ...threshold, threshold: 0 } }, "threshold is 0"],
    ["half a threshold", { aggregationThreshold: { ...threshold, threshold: 2.5 } }, "threshold is 2.5"],
    ["a threshold of no number", { aggregationThreshold: { ...threshold, threshold: Number.NaN } }, "threshold is NaN"],
    [
      "about a unit that the view lacks",
      { aggregationThreshold: { ...threshold, privacyUnitColumn: "email" } },
      'privacyUnitColumn is "email", which the view does not have: use one of hashed_email, tier, city',
    ],
    [
      "an epsilon of nothing",
      { differentialPrivacy: { ...budget, maxEpsilonPerQuery: 0 } },
      "maxEpsilonPerQuery is 0: BigQuery takes 0.001 to 1000000000000000",
    ],
    [
      "a budget of one query",
      { differentialPrivacy: { ...budget, epsilonBudget: 1 } },
      "epsilonBudget is 1: BigQuery wants it above maxEpsilonPerQuery, 1",
    ],
    [
      "a delta for one query",
      { differentialPrivacy: { ...budget, deltaBudget: 1e-6 } },
      "deltaBudget is 0.000001: BigQuery wants it above deltaPerQuery, 0.000001",
    ],
    [
      "a delta above 1",
      { differentialPrivacy: { ...budget, deltaPerQuery: 1.5, deltaBudget: 2 } },
      "deltaPerQuery is 1.5: BigQuery takes 1e-15 to 1",
    ],
    [
      "a delta budget below a query's",
      { differentialPrivacy: { ...budget, deltaBudget: 1e-7 } },
      "deltaBudget is 1e-7: BigQuery wants it above deltaPerQuery, 0.000001",
    ],
    [
      "a delta budget above 1000",
      { differentialPrivacy: { ...budget, deltaBudget: 1001 } },
      "deltaBudget is 1001: BigQuery takes 1e-15 to 1000",
    ],
    [
      "fewer groups than none",
      { differentialPrivacy: { ...budget, maxGroupsContributed: -1 } },
      "maxGroupsContributed is -1",
    ],
    ["a list overlap that blocks joins", { joinRestriction: blocked }, "JOIN_BLOCKED with no other rule"],
    [
      "a list overlap that requires none",
      { joinRestriction: { condition: "JOIN_NOT_REQUIRED", columns: ["tier"] } },
      "JOIN_NOT_REQUIRED with no other rule",
    ],
    [
      "a join on no column",
      { aggregationThreshold: threshold, joinRestriction: { condition: "JOIN_NOT_REQUIRED", columns: [] } },
      "At least one allowed column must be specified with join_condition = 'JOIN_NOT_REQUIRED'.",
    ],
    [
      "a blocked join with columns",
      { aggregationThreshold: threshold, joinRestriction: { condition: "JOIN_BLOCKED", columns: ["tier"] } },
      "which allows no joinColumns",
    ],
    [
      "a join on a column that the view lacks",
      { joinRestriction: { condition: "JOIN_ANY", columns: ["tier", "email"] } },
      'joinColumns has "email"',
    ],
    ["a join on one column twice", { joinRestriction: { condition: "JOIN_ALL", columns: ["tier", "tier"] } }, "twice"],
  ];
  for (const [what, rule, reason] of refused) {
    it(`may not be ${what}; the reason is given`, () => {
      const wrong = checkRule(rule, columns);
      expect(wrong).to.have.length(1);
      expect(wrong[0]).to.include(reason);
    });
  }

  it("has a kind, which BigQuery cannot change", () => {
    expect(Object.values(fine).map(ruleKind)).to.deep.equal([
      ...Array(4).fill("aggregation_threshold"),
      ...Array(4).fill("differential_privacy"),
      ...Array(2).fill("list_overlap"),
    ]);
  });

  it("is written for DDL in snake case, with one unit, plain numbers and no empty list of columns", () => {
    expect(JSON.parse(privacyPolicy({ aggregationThreshold: threshold, joinRestriction: blocked }))).to.deep.equal({
      aggregation_threshold_policy: { threshold: 50, privacy_unit_column: "hashed_email" },
      join_restriction_policy: { join_condition: "JOIN_BLOCKED" },
    });
    const limited = { ...budget, maxGroupsContributed: 3 };
    expect(JSON.parse(privacyPolicy({ differentialPrivacy: limited, joinRestriction: join }))).to.deep.equal({
      differential_privacy_policy: {
        privacy_unit_column: "hashed_email",
        max_epsilon_per_query: 1,
        epsilon_budget: 20,
        delta_per_query: 1e-6,
        delta_budget: 2e-5,
        max_groups_contributed: 3,
      },
      join_restriction_policy: { join_condition: "JOIN_ANY", join_allowed_columns: ["hashed_email"] },
    });
  });

  it("is read from the REST resource: camel case, units in a list, integers as text, remaining budgets ignored", () => {
    const rest = {
      differentialPrivacyPolicy: { ...budget, maxGroupsContributed: "3", epsilonBudgetRemaining: 7 },
      joinRestrictionPolicy: { joinCondition: "JOIN_BLOCKED" },
    };
    expect(ruleOf(rest)).to.deep.equal({
      differentialPrivacy: { ...budget, maxGroupsContributed: 3 },
      joinRestriction: blocked,
    });
    const other = { aggregationThresholdPolicy: { threshold: "50", privacyUnitColumns: ["hashed_email"] } };
    expect(ruleOf(other)).to.deep.equal({ aggregationThreshold: threshold });
    expect(ruleOf(undefined)).to.deep.equal({});
  });

  it("is never right if the REST resource leaves out a part of it", () => {
    for (const rest of [
      { aggregationThresholdPolicy: {} },
      { differentialPrivacyPolicy: {} },
      { joinRestrictionPolicy: {} },
    ])
      expect(checkRule(ruleOf(rest), columns)).not.to.deep.equal([]);
  });

  it("is written without loss for any numbers", () => {
    const numbers = fc.record({
      maxEpsilonPerQuery: fc.double({ min: 0.001, max: 10, noNaN: true }),
      deltaPerQuery: fc.double({ min: 1e-15, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(numbers, ({ maxEpsilonPerQuery, deltaPerQuery }) => {
        const text = privacyPolicy({ differentialPrivacy: { ...budget, maxEpsilonPerQuery, deltaPerQuery } });
        const { differential_privacy_policy: policy } = JSON.parse(text);
        expect(policy).to.include({ max_epsilon_per_query: maxEpsilonPerQuery, delta_per_query: deltaPerQuery });
      }),
    );
  });
});
