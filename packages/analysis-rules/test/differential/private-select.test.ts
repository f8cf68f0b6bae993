import { expect } from "chai";
import { type Analyser, loadAnalyser } from "googlesql-duckdb/tree";
import { bounded } from "../../src/differential/contribution-bounds.ts";
import { Refusal } from "../../src/refusal.ts";
import { payments, selectsOf } from "./payments-view.ts";
import { noiseless } from "./repeatable-chance.ts";

describe("A SELECT WITH DIFFERENTIAL_PRIVACY", () => {
  const view = payments();
  let analyser: Analyser;
  before(async () => {
    analyser = await loadAnalyser([{ id: "v", paths: [["linked", "payments"]], columns: view.columns }]);
  });
  const read = (options: string, list: string, table: typeof view | undefined = view) => {
    const sql = `SELECT WITH DIFFERENTIAL_PRIVACY ${options} status, ${list} FROM linked.payments GROUP BY status`;
    const [select] = selectsOf(analyser.analyse(sql), table);
    if (select === undefined) throw new Error("not found");
    return select;
  };
  const COUNT = "COUNT(*, contribution_bounds_per_group => (0, 5))";
  const refusal = (...how: Parameters<typeof read>): Refusal => {
    try {
      read(...how);
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
    throw new Error("not refused");
  };

  it("takes the limits that its options leave out from the view", () => {
    expect(read("", COUNT)).to.include({ epsilon: 2, delta: 1e-6, maxGroups: 3 });
    expect(read("OPTIONS(max_groups_contributed = 1, epsilon = 0.5)", COUNT)).to.include({
      epsilon: 0.5,
      maxGroups: 1,
    });
    expect(read("OPTIONS(EPSILON = 1, delta = 1e-9)", COUNT)).to.include({ epsilon: 1, delta: 1e-9 });
    expect(read("OPTIONS(epsilon = 2, privacy_unit_column = person)", COUNT)).to.include({ epsilon: 2 });
  });

  it("counts a unit in one group if the view does not set a number", () => {
    const { maxGroupsContributed, ...rule } =
      view.rule?.differentialPrivacy ?? payments().rule?.differentialPrivacy ?? {};
    expect(maxGroupsContributed).to.equal(3);
    const bare = { ...view, rule: { differentialPrivacy: rule as never } };
    expect(read("", COUNT, bare)).to.include({ maxGroups: 1 });
    expect(read("OPTIONS(max_groups_contributed = 7)", COUNT, bare)).to.include({ maxGroups: 7 });
  });

  it("costs the epsilon of its options and the delta of the view", () => {
    expect(read("OPTIONS(epsilon = 0.5, delta = 1e-9)", COUNT).charge).to.deep.equal({
      view: "wallet-project.shared.payments",
      name: "linked.payments",
      epsilon: 0.5,
      delta: 1e-6,
      epsilonBudget: 10,
      deltaBudget: 1,
    });
  });

  it("needs options on a table without a rule, and costs nothing there", () => {
    const { rule, ...own } = view;
    expect(rule).not.to.equal(undefined);
    expect(read("OPTIONS(epsilon = 5, delta = 0.1, privacy_unit_column = person)", COUNT, own)).to.include({
      epsilon: 5,
      delta: 0.1,
      charge: undefined,
    });
    expect(refusal("OPTIONS(delta = 0.1, privacy_unit_column = person)", COUNT, own).message).to.match(
      /needs the option epsilon/,
    );
    const all = "epsilon = 1, delta = 0.1, privacy_unit_column = person, max_groups_contributed = NULL";
    expect(read(`OPTIONS(${all})`, COUNT, own).maxGroups).to.equal(Number.POSITIVE_INFINITY);
    const many = all.replace("NULL", "9223372036854775807");
    expect(refusal(`OPTIONS(${many})`, COUNT, own).message).to.equal(
      "max_groups_contributed is too high: 9223372036854775807, at most 2147483647 is possible",
    );
    expect(refusal("OPTIONS(epsilon = 1e308, delta = 0.1, privacy_unit_column = person)", COUNT, own).message).to.equal(
      "Epsilon is too high: 1e+308, at most 1e+15 is possible",
    );
  });

  for (const [options, message] of [
    ["epsilon = 1e20", "Epsilon is too high: 1e+20, policy for table linked.payments allows max 2"],
    ["epsilon = 2.0000001", "Epsilon is too high: 2.0000001, policy for table linked.payments allows max 2"],
    ["epsilon = 0", /^Epsilon is too low/],
    ["epsilon = -1", /^Epsilon is too low/],
    ["epsilon = 1e-9", /^Epsilon is too low/],
    ["epsilon = NULL", "The option epsilon must be a number."],
    ["epsilon = CAST('nan' AS FLOAT64)", "The option epsilon must be a number."],
    ["epsilon = CAST('inf' AS FLOAT64)", "The option epsilon must be a number."],
    ["epsilon = 1 + 1", "The option epsilon must be a number."],
    ["epsilon = 1 / 0", "The option epsilon must be a number."],
    ["delta = 1e-5", "Delta is too high: 0.00001, policy for table linked.payments allows max 0.000001"],
    ["delta = 0", "Delta must be between 0 and 1, not 0"],
    ["delta = -1", "Delta must be between 0 and 1, not -1"],
    [
      "max_groups_contributed = 4",
      "max_groups_contributed is too high: 4, policy for table linked.payments allows max 3",
    ],
    [
      "max_groups_contributed = 9007199254740993",
      "max_groups_contributed is too high: 9007199254740993, policy for table linked.payments allows max 3",
    ],
    ["max_groups_contributed = 0", "max_groups_contributed must be a positive integer, not 0"],
    ["max_groups_contributed = -1", "max_groups_contributed must be a positive integer, not -1"],
    ["max_groups_contributed = NULL", /^max_groups_contributed cannot be NULL here: the budget/],
    ["group_selection_strategy = PUBLIC_GROUPS", /^The option group_selection_strategy is not supported/],
  ] as const)
    it(`is refused with OPTIONS(${options})`, () => {
      const { rule, message: said, advice } = refusal(`OPTIONS(${options})`, COUNT);
      expect([rule, advice]).to.deep.equal(["options", "Leave the option out: the policy of the view sets it."]);
      if (typeof message === "string") expect(said).to.equal(message);
      else expect(said).to.match(message);
    });

  it("reads COUNT, SUM and AVG with their bounds", () => {
    const { aggregates } = read(
      "",
      `${COUNT}, COUNT(amount, contribution_bounds_per_group => (1, 2)), SUM(items, contribution_bounds_per_group => (-3, 4)),
      AVG(amount + 1, contribution_bounds_per_group => (0.5, 1.5))`,
    );
    expect(aggregates.map(({ kind, lower, upper, argument }) => [kind, lower, upper, argument?.kind])).to.deep.equal([
      ["count", 0, 5, undefined],
      ["count", 1, 2, "ColumnRef"],
      ["sum", -3, 4, "ColumnRef"],
      ["avg", 0.5, 1.5, "FunctionCall"],
    ]);
  });

  for (const [list, message] of [
    ["AVG(amount, contribution_bounds_per_group => (NULL, 1))", /^Argument .* must be a literal/],
    ["AVG(amount, contribution_bounds_per_group => (2, 1))", /^The contribution bounds of AVG are two numbers/],
    ["SUM(amount, contribution_bounds_per_group => (0, 1e300))", /^The contribution bounds of SUM are two numbers/],
    [
      "SUM(amount, contribution_bounds_per_group => (0, CAST('inf' AS FLOAT64)))",
      /^The contribution bounds of SUM|literal/,
    ],
    [
      "SUM(items, contribution_bounds_per_group => (0, 9223372036854775807))",
      "The noise of SUM would be larger than an INT64 can be",
    ],
    [
      "COUNT(*, contribution_bounds_per_group => (-9223372036854775808, 0))",
      "The noise of COUNT would be larger than an INT64 can be",
    ],
    ["COUNTIF(amount > 1)", "COUNTIF is not supported in SELECT WITH DIFFERENTIAL_PRIVACY here."],
    ["MAX(amount)", "MAX is not supported in SELECT WITH DIFFERENTIAL_PRIVACY here."],
    ["ARRAY_AGG(amount)", "ARRAY_AGG is not supported in SELECT WITH DIFFERENTIAL_PRIVACY here."],
    ["COUNT(DISTINCT amount)", /DISTINCT/],
    ["SUM(price, contribution_bounds_per_group => (0, 1))", /takes an INT64 or a FLOAT64|^No matching signature/],
    ["PERCENTILE_CONT(amount, 0.5)", "PERCENTILE_CONT WITH DIFFERENTIAL_PRIVACY needs bounds."],
    [
      "PERCENTILE_CONT(amount, 0.5, contribution_bounds_per_row => (1, 0))",
      /^The contribution bounds of PERCENTILE_CONT/,
    ],
    ["PERCENTILE_CONT(amount, 1.5, contribution_bounds_per_row => (0, 1))", /must be between 0 and 1/],
    [
      "VAR_POP(amount, contribution_bounds_per_row => (0, 1))",
      "VAR_POP is not supported in SELECT WITH DIFFERENTIAL_PRIVACY here.",
    ],
  ] as const)
    it(`is refused with ${list}`, () => {
      expect(() => read("", list)).to.throw(Error, message);
    });

  it("reads PERCENTILE_CONT with its bounds", () => {
    const { aggregates } = read("", "PERCENTILE_CONT(amount, 0.9, contribution_bounds_per_row => (0, 60))");
    expect(aggregates.map(({ kind, lower, upper, fraction }) => [kind, lower, upper, fraction])).to.deep.equal([
      ["percentile", 0, 60, 0.9],
    ]);
  });

  it("reads COUNT, SUM and AVG without bounds", () => {
    const list = "COUNT(*), COUNT(amount), SUM(items), AVG(amount), AVG(amount, contribution_bounds_per_group => NULL)";
    const { aggregates } = read("", list);
    expect(aggregates.map(({ kind, lower, upper }) => [kind, lower, upper])).to.deep.equal(
      ["count", "count", "sum", "avg", "avg"].map((kind) => [kind, undefined, undefined]),
    );
  });

  describe("without bounds", () => {
    const without = (list: string, bins: readonly (readonly [number, number, number])[], options = "") =>
      bounded(read(options, list), bins, noiseless())?.aggregates.map(({ lower, upper, share }) => [
        lower,
        upper,
        share,
      ]);

    it("takes the bounds from the outermost bins with enough contributions, and keeps half of its epsilon", () => {
      const bins = [
        ...([
          [0, -3, 9e9],
          [0, 1, 9e9],
          [0, 4, 9e9],
          [0, 7, 1],
        ] as const),
        ...([
          [1, 3, 9e9],
          [1, 5, 9e9],
          [2, 3, 9e9],
          [2, 5, 9e9],
          [3, 0, 9e9],
        ] as const),
      ];
      expect(without("SUM(items), SUM(amount), AVG(items), AVG(amount)", bins)).to.deep.equal([
        [-4, 8, 1 / 2],
        [0, 16, 1 / 2],
        [2, 16, 1 / 2],
        [0, 0, 1 / 2],
      ]);
      expect(without(`${COUNT}, COUNT(*)`, [[1, 2, 9e9]])).to.deep.equal([
        [0, 5, undefined],
        [0, 2, 1 / 2],
      ]);
    });

    it("needs more contributions in a bin than noise could simulate", () => {
      // A quarter of epsilon 2, and a unit in 3 groups: Laplace noise of scale 6, which exceeds 152 once in 10 ** 9 times.
      expect(without("COUNT(*)", [[0, 1, 153]])).to.deep.equal([[0, 1, 1 / 2]]);
      expect(without("COUNT(*)", [[0, 1, 152]])).to.equal(undefined);
    });

    it("are not found if one of several aggregates has too few contributions", () => {
      expect(without("COUNT(*), SUM(items)", [[0, 1, 9e9]])).to.equal(undefined);
    });
  });
});
