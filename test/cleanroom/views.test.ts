import { readFileSync } from "node:fs";
import { checkRule, ruleKind } from "analysis-rules/policy";
import { expect } from "chai";
import fc from "fast-check";
import { parties } from "../../cleanroom/party.ts";
import { definitions, type ViewDefinition } from "../../cleanroom/shared-views.ts";
import { shareViews } from "../../cleanroom/views.ts";
import { allTables } from "../../generator/tables/index.ts";

const projects = { merchant: "the-merchant", wallet: "the-wallet" };
const personal = allTables.flatMap(({ columns }) => Object.keys(columns).filter((name) => columns[name]?.pii));

/** The view that the settings change. */
function changed(name: string, override: object) {
  const { views, wrong } = shareViews({ [name]: override });
  expect(wrong).to.deep.equal([]);
  const { party } = definitions.find((each) => each.name === name) as ViewDefinition;
  return (
    views.find((view) => view.name.startsWith(name) && view.party === party) ?? expect.fail(`${name} is not there`)
  );
}

/** The faults found in the settings of one view. */
function refusals(name: string, override: unknown): string[] {
  const { views, wrong } = shareViews({ [name]: override });
  if (wrong.length > 0) expect(views.map((view) => view.name)).not.to.include(name);
  return wrong;
}

describe("The shared views", () => {
  const { views, wrong } = shareViews();

  it("are in docs/clean-room.md with all of their columns in order", () => {
    const page = readFileSync(new URL("../../docs/clean-room.md", import.meta.url), "utf8");
    const rows = [...page.matchAll(/^\| `(\w+)` \| [^|]+ \|([^|]+)\|/gm)];
    // A table of two columns matches too, with an empty cell.
    const listed = rows.flatMap(([, name = "", cell = ""]) =>
      /^[\s`\w,]*\w/.test(cell) ? [[name, cell.match(/\w+/g)]] : [],
    );
    expect(listed).to.have.deep.members(definitions.map(({ name, columns }) => [name, columns]));
  });

  it("need no settings, and have the names that the use cases use", () => {
    expect(wrong).to.deep.equal([]);
    expect(views.map(({ name }) => name)).to.deep.equal(definitions.map(({ name }) => name));
    expect(new Set(views.map(({ name }) => name)).size).to.equal(views.length);
  });

  for (const { name, party, columns, rule, query } of views) {
    describe(name, () => {
      it("shows described columns without personal data, under a rule that BigQuery accepts", () => {
        const names = columns.map((column) => column.name);
        expect(names.filter((column) => personal.includes(column))).to.deep.equal([]);
        for (const { description } of columns) expect(description).not.to.equal("");
        expect(checkRule(rule, names)).to.deep.equal([]);
      });

      it("reads only the party's own tables, by their full names", () => {
        // Not the FROM of an EXTRACT.
        const tables = query(projects).match(/(?<=^\s*(FROM|JOIN) )\S+/gm) ?? [];
        expect(tables.length).to.be.above(0);
        for (const table of tables)
          expect(table).to.match(new RegExp(`^\`${projects[party]}\\.${parties[party].dataset}\\.\\w+\`$`));
      });

      it("has its columns in the declared order", () => {
        const [, list = ""] = /^SELECT\n([\s\S]*?)\nFROM /.exec(query(projects)) ?? [];
        const shown = [...list.matchAll(/(\w+)(?:,\n {2}(?=\S)|$)/g)].map(([, column]) => column);
        expect(shown.slice(-columns.length).join()).to.equal(columns.map((column) => column.name).join());
      });
    });
  }

  it("use one privacy unit for both parties' thresholds, and allow joins on it", () => {
    const thresholds = views.filter(({ rule }) => rule.aggregationThreshold);
    expect(new Set(thresholds.map(({ party }) => party)).size).to.equal(2);
    for (const { rule } of thresholds) {
      expect(rule.aggregationThreshold?.privacyUnitColumn).to.equal("hashed_email");
      expect(rule.joinRestriction?.columns).to.include("hashed_email");
    }
  });

  describe("take settings", () => {
    it("for the threshold, the joins and the columns", () => {
      const { columns, rule } = changed("provider_users_shared", {
        threshold: 100,
        joinCondition: "JOIN_ALL",
        joinColumns: ["hashed_email", "city"],
        columns: ["hashed_email", "city", "is_verified_user"],
      });
      expect(columns.map(({ name }) => name)).to.deep.equal(["hashed_email", "city", "is_verified_user"]);
      expect(rule).to.deep.equal({
        aggregationThreshold: { threshold: 100, privacyUnitColumn: "hashed_email" },
        joinRestriction: { condition: "JOIN_ALL", columns: ["hashed_email", "city"] },
      });
    });

    it("for a budget, with fractions as text", () => {
      const { rule } = changed("transactions_private", { maxEpsilonPerQuery: "0.5", maxGroupsContributed: 3 });
      expect(rule.differentialPrivacy).to.include({
        maxEpsilonPerQuery: 0.5,
        epsilonBudget: 3,
        maxGroupsContributed: 3,
      });
    });

    it("that keep what the view's own definition says of its budget", () => {
      const own = definitions.map((view) =>
        view.name === "transactions_private"
          ? { ...view, rule: { differentialPrivacy: { ...view.rule.differentialPrivacy, epsilonBudget: 9 } } }
          : view,
      ) as ViewDefinition[];
      const { views } = shareViews({ transactions_private: { columns: ["provider_user_id", "status"] } }, own);
      const budgets = views.flatMap(({ rule }) => rule.differentialPrivacy?.epsilonBudget ?? []);
      expect(budgets).to.deep.equal([9]);
    });

    it("that block joins without an empty list of columns", () => {
      const { rule } = changed("provider_users_shared", { joinCondition: "JOIN_BLOCKED" });
      expect(rule.joinRestriction).to.deep.equal({ condition: "JOIN_BLOCKED", columns: [] });
    });

    it("for another kind of rule, which changes the view's name", () => {
      const view = changed("provider_users_shared", { rule: "differential_privacy" });
      expect(view.name).to.equal("provider_users_shared_differential_privacy");
      expect(view.rule.differentialPrivacy).to.include({ privacyUnitColumn: "hashed_email", epsilonBudget: 3 });
      const back = changed("provider_users_shared", { rule: "aggregation_threshold" });
      expect(back.name).to.equal("provider_users_shared");
      const other = changed("transactions_shared", { rule: "aggregation_threshold", privacyUnitColumn: "order_id" });
      expect(other.name).to.equal("transactions_shared_aggregation_threshold");
    });

    it("and leave the other views unchanged", () => {
      const others = shareViews({ provider_users_shared: { threshold: 60 } }).views.filter(
        ({ name }) => name !== "provider_users_shared",
      );
      const plain = (of: typeof others) => of.map(({ query, ...view }) => ({ ...view, query: query(projects) }));
      expect(plain(others)).to.deep.equal(plain(views.filter(({ name }) => name !== "provider_users_shared")));
    });
  });

  describe("refuse", () => {
    for (const { name, source } of definitions) {
      const marked = Object.keys(source.columns).filter((column) => source.columns[column]?.pii);
      for (const column of marked) {
        it(`to show ${column} in ${name}, which is personal data`, () => {
          const [message] = refusals(name, { columns: [column] });
          expect(message).to.include(`${name}: columns has "${column}", which is personal data and cannot be shared`);
        });
      }
    }

    const mistakes: [string, string, unknown, string][] = [
      [
        "a column that is not there",
        "users_shared",
        { columns: ["hashed_email", "nose"] },
        'columns has "nose", which users does not have: use some of id, age',
      ],
      ["a column twice", "users_shared", { columns: ["hashed_email", "age", "age"] }, "columns has one twice"],
      ["an unknown field", "users_shared", { treshold: 5 }, "treshold cannot be set: use columns, rule"],
      [
        "a field of another rule",
        "users_shared",
        { threshold: 5 },
        "threshold cannot be set: the rule of the view is list_overlap",
      ],
      ["a wrong type", "provider_users_shared", { threshold: "many" }, 'threshold is "many": use a number'],
      [
        "columns that are not a list",
        "provider_users_shared",
        { columns: "city" },
        'columns is "city": use a list of columns',
      ],
      [
        "a rule of no kind",
        "provider_users_shared",
        { rule: "none" },
        'rule is "none": use one of aggregation_threshold',
      ],
      ["a join of no kind", "provider_users_shared", { joinCondition: "JOIN_SOME" }, "use one of JOIN_ANY, JOIN_ALL"],
      ["a value that is not an object", "provider_users_shared", 50, "is 50: use an object of columns"],
      [
        "a unit that is not shown",
        "provider_users_shared",
        { columns: ["city"], joinColumns: ["city"] },
        'privacyUnitColumn is "hashed_email", which the view does not have',
      ],
      [
        "a threshold without a unit",
        "transactions_shared",
        { rule: "aggregation_threshold" },
        "needs a column that identifies persons",
      ],
    ];
    for (const [what, name, override, reason] of mistakes) {
      it(`${what}, and say why`, () => {
        const wrong = refusals(name, override);
        expect(wrong).to.have.length(1);
        expect(wrong[0]).to.include(`${name}: `).and.to.include(reason);
      });
    }

    it("an unknown view, and list the shared ones", () => {
      expect(shareViews({ users: {} }).wrong).to.deep.equal([
        `users is not a shared view: use one of ${definitions.map(({ name }) => name).join(", ")}`,
      ]);
    });

    it("an empty list of columns", () => {
      expect(refusals("users_shared", { columns: [] })[0]).to.include("columns is empty");
    });

    it("a derived column that shows personal data unblurred", () => {
      const [users] = definitions.filter(({ name }) => name === "provider_users_shared") as [ViewDefinition];
      const domain = { description: "Domain", sql: "SUBSTR(s.email, 1, 99)" };
      const leaking = { ...users, derived: { domain }, columns: ["hashed_email", "domain"] };
      expect(shareViews({}, [leaking]).wrong[0]).to.include('columns has "domain", which is personal data');
    });
  });

  it("are either complete, without personal data, or refused, for any settings", () => {
    const names = fc.constantFrom(...definitions.map(({ name }) => name));
    const columns = fc.array(fc.constantFrom(...allTables.slice(0, 5).flatMap((table) => Object.keys(table.columns))), {
      maxLength: 5,
    });
    const override = fc.record(
      {
        columns,
        joinColumns: columns,
        privacyUnitColumn: fc.constantFrom("hashed_email", "order_id", "email"),
        threshold: fc.oneof(fc.integer({ min: -1, max: 100 }), fc.double()),
        rule: fc.constantFrom("aggregation_threshold", "differential_privacy", "list_overlap"),
        joinCondition: fc.constantFrom("JOIN_ANY", "JOIN_ALL", "JOIN_NOT_REQUIRED", "JOIN_BLOCKED"),
        epsilonBudget: fc.double(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(names, fc.oneof(override, fc.jsonValue()), (name, given) => {
        const found = shareViews({ [name]: given });
        expect(found.views.length === definitions.length).to.equal(found.wrong.length === 0);
        for (const view of found.views) {
          const shown = view.columns.map((column) => column.name);
          expect(shown.filter((column) => personal.includes(column))).to.deep.equal([]);
          expect(checkRule(view.rule, shown)).to.deep.equal([]);
          const { rule, name: original } = definitions.find((each) =>
            view.name.startsWith(each.name),
          ) as ViewDefinition;
          expect(view.name === original).to.equal(ruleKind(rule) === ruleKind(view.rule));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
