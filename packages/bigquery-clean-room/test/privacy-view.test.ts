import type { AnalysisRule } from "analysis-rules/policy";
import { expect } from "chai";
import {
  PrivacyView,
  type PrivacyViewInputs,
  type PrivacyViewState,
  privacyViewProvider,
} from "../src/privacy-view.ts";
import { startViews, type ViewsServer } from "./support/bigquery-views.ts";
import { type Declared, declared } from "./support/declared.ts";
import { type DynamicProvider, startDynamicProvider } from "./support/dynamic-provider.ts";

const threshold: AnalysisRule = {
  aggregationThreshold: { threshold: 50, privacyUnitColumn: "hashed_email" },
  joinRestriction: { condition: "JOIN_ANY", columns: ["hashed_email"] },
};
const budget = { maxEpsilonPerQuery: 1, epsilonBudget: 20, deltaPerQuery: 1e-6, deltaBudget: 2e-5 };
const privacy: AnalysisRule = {
  differentialPrivacy: { privacyUnitColumn: "hashed_email", ...budget },
  joinRestriction: { condition: "JOIN_BLOCKED", columns: [] },
};
const overlap: AnalysisRule = { joinRestriction: { condition: "JOIN_ALL", columns: ["hashed_email", "tier"] } };

const inputs: PrivacyViewInputs = {
  project: "wallet-project",
  location: "US",
  dataset: "ewallet_provider_shared",
  view: "users_shared",
  description: 'What users are "like",\nin groups',
  labels: { application: "demo", stage: "dev" },
  columns: [
    { name: "hashed_email", description: "Hash, SHA-256" },
    { name: "tier", description: "Free (or more)" },
  ],
  query:
    "SELECT\n  s.hashed_email,\n  s.account_tier AS tier\nFROM `wallet-project.ewallet_provider.provider_users` AS s",
  rule: threshold,
};
const provider = privacyViewProvider();
const id = "wallet-project.ewallet_provider_shared.users_shared";

describe("A view with an analysis rule", () => {
  let server: ViewsServer;
  before(async () => {
    server = await startViews();
  });
  beforeEach(() => server.reset());
  after(() => server?.stop());

  type Changes = Partial<PrivacyViewInputs>;
  const create = async (changed: Changes = {}): Promise<PrivacyViewState> => {
    const { outs } = await provider.create({ ...inputs, ...changed });
    return outs as PrivacyViewState;
  };
  const update = async (state: PrivacyViewState, changed: Changes): Promise<PrivacyViewState> => {
    const result = await provider.update?.("id", state, { ...inputs, ...changed });
    return result?.outs as PrivacyViewState;
  };
  const read = async (state: PrivacyViewState) => {
    const found = await provider.read?.(state.viewId, state);
    return found as { id: string; props: PrivacyViewState };
  };
  const diff = (state: PrivacyViewState, changed: Changes = {}) =>
    provider.diff?.("id", state, { ...inputs, ...changed });
  const messageOf = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail("it did not fail"),
      (error: Error) => error.message,
    );
  const stored = () => server.views.get(id) ?? expect.fail("the view is not there");

  describe("is created", () => {
    for (const [kind, rule] of Object.entries({ threshold, privacy, overlap })) {
      it(`with rule, texts and labels in one statement, run in its own project: ${kind}`, async () => {
        const state = await create({ rule });
        expect(server.statements).to.have.length(1);
        expect(state.viewId).to.equal("projects/wallet-project/datasets/ewallet_provider_shared/tables/users_shared");
        expect(stored()).to.deep.include({ description: inputs.description, labels: inputs.labels });
        expect(stored().view.query).to.equal(inputs.query);
        expect(stored().schema.fields.map(({ name, description }) => ({ name, description }))).to.deep.equal(
          inputs.columns,
        );
        const [first] = server.requests;
        expect(first?.path).to.equal("projects/wallet-project/jobs");
        expect(first?.body.configuration.query.useLegacySql).to.equal(false);
        expect(first?.body.jobReference.location).to.equal("US");
        expect(new Set(server.requests.map(({ authorization }) => authorization))).to.deep.equal(
          new Set(["Bearer a-token"]),
        );
      });
    }

    it("and shows no difference afterwards, nor after a refresh", async () => {
      for (const rule of [threshold, privacy, overlap]) {
        server.views.clear();
        const state = await create({ rule });
        expect(await diff(state, { rule })).to.deep.include({ changes: false, replaces: [] });
        const refreshed = await read(state);
        expect(refreshed).to.deep.equal({ id: state.viewId, props: state });
      }
    });

    it("in place of a view that a failed run left behind", async () => {
      await create({ description: "left behind" });
      await create();
      expect(stored().description).to.equal(inputs.description);
    });

    it("or fails with BigQuery's message, at the start or at the end of the statement", async () => {
      const denied = "Access Denied: Permission bigquery.tables.create denied on dataset";
      server.failures.push({ at: "insert", status: 403, message: denied });
      expect(await messageOf(create())).to.equal(`users_shared: BigQuery: ${denied}`);
      server.failures.push({ at: "end", status: 400, message: "Unrecognized name: tier at [4:3]" });
      expect(await messageOf(create())).to.match(
        /^users_shared: BigQuery: Unrecognized name: tier at \[4:3\] \(job [\w-]+ in US\)$/,
      );
      expect(server.views.size).to.equal(0);
    });

    it("or is deleted again if BigQuery does not store its rule", async () => {
      server.policy = () => undefined;
      expect(await messageOf(create())).to.match(
        /^users_shared was made and removed again: BigQuery keeps the rule \{\}/,
      );
      expect(server.views.size).to.equal(0);
      server.policy = (policy) => ({
        ...policy,
        aggregationThresholdPolicy: { threshold: "5", privacyUnitColumns: ["hashed_email"] },
      });
      expect(await messageOf(create()))
        .to.include('"threshold":5')
        .and.to.include('"threshold":50');
      expect(server.views.size).to.equal(0);
      server.policy = ({ joinRestrictionPolicy, ...policy }) => policy;
      expect(await messageOf(create())).to.include("made and removed again");
      expect(server.views.size).to.equal(0);
    });
  });

  describe("is changed in place", () => {
    it("by ALTER VIEW for a new description or labels, which does not reset a spent budget", async () => {
      const state = await create();
      await update(state, { description: "other", labels: { stage: "prod" } });
      const [, altered = ""] = server.statements;
      expect(altered).to.match(/^ALTER VIEW `wallet-project\.ewallet_provider_shared\.users_shared` SET OPTIONS/);
      expect(altered).not.to.include("privacy_policy");
      expect(stored()).to.deep.include({ description: "other", labels: { stage: "prod" } });
      expect(stored().view.privacyPolicy).to.have.property("aggregationThresholdPolicy");
    });

    it("by CREATE OR REPLACE VIEW for a new rule, since ALTER VIEW cannot change a rule with a join restriction", async () => {
      const stricter: Record<string, AnalysisRule> = {
        threshold: { ...threshold, aggregationThreshold: { threshold: 100, privacyUnitColumn: "hashed_email" } },
        privacy: {
          ...privacy,
          differentialPrivacy: { privacyUnitColumn: "hashed_email", ...budget, epsilonBudget: 30 },
        },
        overlap: { joinRestriction: { condition: "JOIN_ANY", columns: ["hashed_email"] } },
      };
      for (const [kind, rule] of Object.entries({ threshold, privacy, overlap })) {
        server.reset();
        const state = await create({ rule });
        const other = { rule: stricter[kind] as AnalysisRule };
        expect(await diff(state, other)).to.deep.equal({ changes: true, replaces: [] });
        const after = await update(state, other);
        expect(server.statements[1]).to.match(/^CREATE OR REPLACE VIEW/);
        expect((await read(after)).props.rule).to.deep.equal(other.rule);
        expect(await diff(after, other)).to.deep.include({ changes: false });
      }
    });

    it("by creating it with its rule if somebody deleted it", async () => {
      const state = await create();
      server.views.clear();
      const after = await update(state, { description: "other" });
      expect(stored().description).to.equal("other");
      expect(await read(after)).to.deep.equal({ id: state.viewId, props: after });
      server.views.clear();
      server.policy = () => undefined;
      expect(await messageOf(update(state, { description: "other" }))).to.include("made and removed again");
      expect(server.views.size).to.equal(0);
    });

    it("by CREATE OR REPLACE VIEW with its rule for a new query or new columns", async () => {
      const state = await create();
      const changed = { query: `${inputs.query}\nWHERE s.city IS NOT NULL` };
      expect(await diff(state, changed)).to.deep.include({ changes: true, replaces: [] });
      await update(state, changed);
      expect(server.statements[1])
        .to.match(/^CREATE OR REPLACE VIEW/)
        .and.to.include("privacy_policy");
      expect(stored().view.query).to.equal(changed.query);
    });

    it("or fails with BigQuery's message, or if BigQuery does not store the rule", async () => {
      const state = await create();
      server.failures.push({ at: "end", status: 400, message: "Privacy policy cannot be changed" });
      const looser = { ...threshold, aggregationThreshold: { threshold: 20, privacyUnitColumn: "hashed_email" } };
      expect(await messageOf(update(state, { rule: looser }))).to.include("BigQuery: Privacy policy cannot be changed");
      server.policy = () => stored().view.privacyPolicy;
      const said = await messageOf(update(state, { rule: looser }));
      expect(said).to.include("users_shared was changed, and BigQuery keeps");
      expect(said).to.include("the view is as it was before");
    });

    it("and is not left open either if its rule cannot be read back", async () => {
      const unread = { at: /^GET .+\/tables\//, status: 403, message: "no bigquery.tables.get" };
      server.failures.push(unread);
      expect(await messageOf(create())).to.match(
        /^users_shared was made and removed again: its rule cannot be read back/,
      );
      expect(server.views.size).to.equal(0);
      server.failures.push(unread, { at: /^DELETE /, status: 403, message: "no bigquery.tables.delete" });
      expect(await messageOf(create())).to.match(
        /no bigquery\.tables\.delete\. The view may lack its rule .*: delete it now/,
      );
      const state = await create();
      const looser = { ...threshold, aggregationThreshold: { threshold: 20, privacyUnitColumn: "hashed_email" } };
      let times = 0;
      server.policy = (policy) => {
        if (times++ === 0) server.failures.push(unread);
        return policy;
      };
      expect(await messageOf(update(state, { rule: looser }))).to.include("the view is as it was before");
      expect(server.views.size).to.equal(1);
    });

    it("and is never left open: without the new rule it gets its old one back, or goes", async () => {
      const state = await create();
      const looser = { ...threshold, aggregationThreshold: { threshold: 20, privacyUnitColumn: "hashed_email" } };
      const { privacyPolicy: before } = stored().view;
      const open = { aggregationThresholdPolicy: { threshold: "1", privacyUnitColumns: ["hashed_email"] } };
      // BigQuery keeps another rule once.
      let times = 0;
      server.policy = (policy) => (times++ === 0 ? open : policy);
      expect(await messageOf(update(state, { rule: looser }))).to.include("the view is as it was before");
      expect(stored().view.privacyPolicy).to.deep.equal(before);
      // BigQuery keeps it for every statement.
      server.policy = () => open;
      expect(await messageOf(update(state, { rule: looser }))).to.include("the view was removed");
      expect(server.views.size).to.equal(0);
      server.policy = (policy) => policy;
      expect((await update(state, { rule: looser })).kept.query).to.equal(state.kept.query);
    });
  });

  describe("is replaced", () => {
    it("for another project, dataset, location or name", async () => {
      const state = await create();
      for (const changed of [{ project: "other" }, { dataset: "other" }, { view: "other" }, { location: "EU" }])
        expect(await diff(state, changed)).to.deep.equal({ changes: true, replaces: Object.keys(changed) });
    });

    it("for a rule of another kind, since BigQuery changes no kind into another", async () => {
      const state = await create();
      expect(await messageOf(update(state, { rule: privacy }))).to.include(
        "cannot be changed from aggregationThreshold",
      );
      expect(await diff(state, { rule: privacy })).to.deep.equal({ changes: true, replaces: ["rule"] });
    });
  });

  describe("after a refresh", () => {
    const drifts: Record<string, (view: ReturnType<typeof stored>) => void> = {
      "a rule that is gone": ({ view }) => delete view.privacyPolicy,
      "another threshold": ({ view }) => {
        view.privacyPolicy = {
          ...view.privacyPolicy,
          aggregationThresholdPolicy: { threshold: "2", privacyUnitColumns: ["hashed_email"] },
        };
      },
      "another query": ({ view }) => {
        view.query = "SELECT * FROM `wallet-project.ewallet_provider.provider_users`";
      },
      "another description": (view) => {
        view.description = "mine";
      },
      "other labels": (view) => {
        view.labels = {};
      },
      "a column of another name": ({ schema }) => {
        for (const field of schema.fields) if (field.name === "tier") field.name = "level";
      },
      "another column": ({ schema }) => schema.fields.push({ name: "email", type: "STRING" }),
    };
    for (const [what, change] of Object.entries(drifts)) {
      it(`shows ${what}, and the next up restores it`, async () => {
        const state = await create();
        change(stored());
        const { props } = await read(state);
        const found = await diff(props);
        expect(found?.changes).to.equal(true);
        // In place, so that the view is never missing.
        expect(found?.replaces).to.deep.equal([]);
        await update(props, {});
        const again = await read(state);
        expect(again.props).to.deep.equal(state);
      });
    }

    it("is gone from the state when it is gone from BigQuery", async () => {
      const state = await create();
      server.views.clear();
      expect((await read(state)).id).to.equal("");
    });

    it("shows no difference if BigQuery stores the query in its own words", async () => {
      const state = await create();
      const asKept = { ...state, kept: { ...state.kept, query: "select 1" } };
      stored().view.query = "select 1";
      expect(await diff((await read(asKept)).props)).to.deep.include({ changes: false });
    });

    it("fails if it may not read the view, instead of taking it for deleted", async () => {
      const state = await create();
      server.failures.push({ at: "table", status: 403, message: "Access Denied: bigquery.tables.get" });
      expect(await messageOf(read(state))).to.equal("users_shared: BigQuery: Access Denied: bigquery.tables.get");
    });
  });

  it("is deleted, also if it is gone already, and fails if that is refused", async () => {
    const state = await create();
    await provider.delete?.("id", state);
    expect(server.views.size).to.equal(0);
    await provider.delete?.("id", state);
    server.failures.push({ at: "table", status: 403, message: "Access Denied: bigquery.tables.delete" });
    const refused = messageOf(provider.delete?.("id", state) ?? Promise.resolve());
    expect(await refused).to.include("Access Denied: bigquery.tables.delete");
  });

  describe("in Pulumi's own process for such resources", () => {
    let process: DynamicProvider;
    let resource: Declared;

    before(async () => {
      resource = await declared(() => new PrivacyView("users", inputs));
      process = await startDynamicProvider();
    });
    after(() => process?.stop());

    it("has the type that the state stores", () => {
      expect(resource.type).to.equal("pulumi-nodejs:dynamic/bigquery-clean-room:PrivacyView");
      expect(resource.inputs).to.have.all.keys("__provider", ...Object.keys(inputs));
    });

    it("is created, found unchanged, changed and deleted", async () => {
      const { id: made, properties } = await process.create(resource.inputs);
      expect(made).to.equal("projects/wallet-project/datasets/ewallet_provider_shared/tables/users_shared");
      expect(await process.differs(properties, resource.inputs)).to.equal(false);
      expect(await process.read(properties)).to.deep.equal(properties);
      const news = { ...resource.inputs, description: "other" };
      expect(await process.differs(properties, news)).to.equal(true);
      const changed = await process.update(properties, news);
      expect(stored().description).to.equal("other");
      await process.delete(changed);
      expect(server.views.size).to.equal(0);
    });

    it("is reported as gone by an empty id", async () => {
      const { properties } = await process.create(resource.inputs);
      server.views.clear();
      expect(await process.readId(properties)).to.equal("");
    });

    it("fails the up with BigQuery's message", async () => {
      server.failures.push({ at: "end", status: 400, message: "Table not found: provider_users" });
      const error = await process.create(resource.inputs).catch((error) => error);
      expect(String(error)).to.contain("users_shared: BigQuery: Table not found: provider_users");
    });
  });
});
