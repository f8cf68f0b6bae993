import { expect } from "chai";
import { ruleInWords } from "../src/rule-wording.ts";
import { tables } from "./every-rule.ts";

describe("An analysis rule in words", () => {
  const words = Object.fromEntries(
    tables.flatMap(({ dataset, table, rule }) => (rule ? [[`${dataset}.${table}`, ruleInWords(rule)]] : [])),
  );

  it("states the demands of each kind of rule", () => {
    expect(words).to.include({
      "linked.members": "aggregation threshold: groups of at least 20 distinct hashed_email",
      "linked.users":
        "aggregation threshold: groups of at least 50 distinct hashed_email; join restriction: must be joined on hashed_email",
      "linked.strict":
        "aggregation threshold: groups of at least 35 distinct hashed_email; join restriction: must be joined on all of hashed_email, city",
      "linked.visits":
        "aggregation threshold: groups of at least 40 distinct hashed_email; join restriction: may be joined on hashed_email, city only",
      "linked.closed":
        "aggregation threshold: groups of at least 25 distinct hashed_email; join restriction: must not be joined",
      "linked.payments": "list overlap: must be joined on order_id",
      "linked.refunds": "list overlap: must be joined on one of order_id, hashed_email",
      "linked.pairs": "list overlap: must be joined on all of order_id, hashed_email",
      "linked.noisy":
        "differential privacy: noise for each hashed_email, epsilon up to 1 and delta 0.000001 a query, epsilon 20 and delta 0.00002 in all",
    });
  });
});
