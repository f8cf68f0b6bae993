import { expect } from "chai";
import type { QueryTemplateApprovalInputs, QueryTemplateApprovalState } from "../src/approval-steps.ts";
import { QueryTemplateApproval, queryTemplateApprovalProvider } from "../src/query-template-approval.ts";
import { templateText } from "../src/template-text.ts";
import { startViews, type ViewsServer } from "./support/bigquery-views.ts";
import { type Declared, declared } from "./support/declared.ts";
import { type DynamicProvider, startDynamicProvider } from "./support/dynamic-provider.ts";

const exchange = "projects/hub-project/locations/us/dataExchanges/wallet_room";
const inputs: QueryTemplateApprovalInputs = {
  template: `${exchange}/queryTemplates/reach_1`,
  routine: "reach",
  parameters: [
    { name: "mine", type: "TABLE<hashed_email STRING, segment STRING>" },
    { name: "since", type: "DATE" },
  ],
  query:
    "SELECT WITH AGGREGATION_THRESHOLD mine.segment, COUNT(DISTINCT u.hashed_email) AS users\n" +
    "FROM `wallet-project.wallet_shared.users_shared` AS u\nJOIN mine USING (hashed_email)\nGROUP BY mine.segment",
  description: 'Reach of your "segments"\namong our users',
  project: "wallet-project",
  dataset: "wallet_shared",
  location: "US",
  reads: [{ project: "wallet-project", dataset: "wallet_shared" }],
};
const listing = `${exchange}/listings/reach`;
const id = "wallet-project.wallet_shared.reach";
const wider = { query: `${inputs.query}, mine.segment` };
const provider = queryTemplateApprovalProvider();

describe("The approval of a query template", () => {
  let server: ViewsServer;
  before(async () => {
    server = await startViews();
  });
  beforeEach(() => {
    server.reset();
    server.room.submit(inputs.template, templateText(inputs));
  });
  after(() => server?.stop());

  type Changes = Partial<QueryTemplateApprovalInputs>;
  const create = async (changed: Changes = {}): Promise<QueryTemplateApprovalState> => {
    const { outs } = await provider.create({ ...inputs, ...changed });
    return outs as QueryTemplateApprovalState;
  };
  const update = async (state: QueryTemplateApprovalState, changed: Changes = {}) => {
    const result = await provider.update?.("id", state, { ...inputs, ...changed });
    return result?.outs as QueryTemplateApprovalState;
  };
  const read = async (state: QueryTemplateApprovalState) => {
    const found = await provider.read?.(state.routineId, state);
    return found as { id: string; props: QueryTemplateApprovalState };
  };
  const diff = (state: QueryTemplateApprovalState, changed: Changes = {}) =>
    provider.diff?.("id", state, { ...inputs, ...changed });
  const messageOf = (promise: Promise<unknown> = Promise.resolve()) =>
    promise.then(
      () => expect.fail("it did not fail"),
      (error: Error) => error.message,
    );
  /** The calls that changed something, in order. */
  const changes = () =>
    server.requests.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`);
  const expectWhole = () => {
    expect(server.room.mayRead(id)).to.equal(true);
    expect([...server.room.listings.keys()]).to.deep.equal([listing]);
    expect(server.room.templates.get(inputs.template)?.state).to.equal("APPROVED");
  };
  const expectNothing = () => {
    expect(server.room.functions.size).to.equal(0);
    expect(server.room.listings.size).to.equal(0);
    expect([...server.room.datasets.values()].flatMap(({ access }) => access)).to.deep.equal([]);
  };
  /** Replaces the function as somebody does in the console. */
  const replaceByHand = (query = inputs.query) => {
    const found = server.room.functions.get(id) ?? expect.fail("there is no function");
    server.room.functions.set(id, { ...found, etag: "by-hand", query });
  };

  describe("is made", () => {
    it("in the order that Google wants: function, authorisation, listing, approval", async () => {
      const state = await create();
      expectWhole();
      expect(changes()).to.deep.equal([
        "POST projects/wallet-project/jobs",
        "PATCH projects/wallet-project/datasets/wallet_shared",
        `POST ${listing}`,
        `POST ${inputs.template}:approve`,
      ]);
      expect(state).to.include({
        routineId: "projects/wallet-project/datasets/wallet_shared/routines/reach",
        listingId: listing,
      });
      expect(server.room.functions.get(id)).to.include({
        parameters: "mine TABLE<hashed_email STRING, segment STRING>, since DATE",
        query: inputs.query,
        description: inputs.description,
      });
      expect(server.room.listings.get(listing)).to.deep.include({
        description: inputs.description,
        restrictedExportConfig: { enabled: true, restrictQueryResult: true },
      });
      expect(new Set(server.requests.map(({ authorization }) => authorization))).to.deep.equal(
        new Set(["Bearer a-token"]),
      );
    });

    it("and shows no difference afterwards, nor after a refresh", async () => {
      const state = await create();
      expect(await diff(state)).to.deep.include({ changes: false, replaces: [] });
      expect(await read(state)).to.deep.equal({ id: state.routineId, props: state });
    });

    it("with the function in one project and its data in another, and keeps both access lists", async () => {
      const reads = [
        { project: "wallet-project", dataset: "wallet_shared" },
        { project: "data-project", dataset: "wallet" },
      ];
      for (const { project, dataset } of reads)
        server.room.datasets.set(`${project}.${dataset}`, {
          etag: "first",
          access: [{ role: "READER", userByEmail: "a@b.c" }],
        });
      const query = `${inputs.query}\nHAVING users > (SELECT MIN(n) FROM \`data-project.wallet.limits\`)`;
      server.room.submit(`${exchange}/queryTemplates/reach_2`, templateText({ ...inputs, query }));
      await create({ reads, query, template: `${exchange}/queryTemplates/reach_2` });
      expect(server.room.mayRead(id)).to.equal(true);
      for (const { access } of server.room.datasets.values()) {
        expect(access).to.have.length(2);
        expect(access[0]).to.deep.equal({ role: "READER", userByEmail: "a@b.c" });
      }
    });

    it("though somebody else changes the access list at that moment, and loses neither change", async () => {
      server.room.meanwhile = () => {
        const dataset = server.room.datasets.get("wallet-project.wallet_shared") ?? expect.fail();
        Object.assign(dataset, { etag: "changed", access: [{ role: "READER", userByEmail: "new@b.c" }] });
      };
      await create();
      expect(server.room.mayRead(id)).to.equal(true);
      expect(server.room.datasets.get("wallet-project.wallet_shared")?.access).to.have.length(2);
    });

    it("although somebody then writes back the old access list", async () => {
      const { approve } = server.room;
      server.room.approve = (name) => {
        server.room.datasets.clear();
        return approve(name);
      };
      try {
        await create();
      } finally {
        server.room.approve = approve;
      }
      expectWhole();
    });

    it("over the remains of a run that was killed after any step", async () => {
      const state = await create();
      for (const lose of [
        () => server.room.functions.clear(),
        () => server.room.datasets.clear(),
        () => server.room.listings.clear(),
        () => Object.assign(server.room.templates.get(inputs.template) ?? {}, { state: "PENDING" }),
        () => undefined,
      ]) {
        lose();
        expect((await create()).listingId).to.equal(state.listingId);
        expectWhole();
      }
    });

    it("from the text of the template, but not for a draft, another text or a missing template", async () => {
      server.room.submit(`${exchange}/queryTemplates/draft`, templateText(inputs), false);
      expect(await messageOf(create({ template: `${exchange}/queryTemplates/draft` }))).to.match(
        /^reach: .+\/draft is a draft, .+: set its submit$/,
      );
      expect(await messageOf(create({ query: "SELECT 1 AS one" }))).to.include("reach_1 has another text");
      expect(await messageOf(create({ template: `${exchange}/queryTemplates/none` }))).to.equal(
        `reach: there is no template ${exchange}/queryTemplates/none`,
      );
      expect(await messageOf(create({ template: "reach_1" }))).to.include("use projects/P/locations/L/");
      expect(changes()).to.deep.equal([]);
      // Google may store the text with other white space.
      Object.assign(server.room.templates.get(inputs.template)?.routine ?? {}, {
        definitionBody: templateText(inputs).replaceAll("\n", "  "),
      });
      await create();
      expectWhole();
    });
  });

  describe("leaves nothing behind when a step fails", () => {
    const failures: Record<string, { at: "end" | RegExp; message: string }> = {
      "the function": { at: "end", message: "Unrecognized name: segmant at [3:8]" },
      "the authorisation": { at: /^PATCH .+\/datasets\//, message: "Access Denied: bigquery.datasets.update" },
      "the listing": { at: /^POST .+\/listings\//, message: "Permission 'analyticshub.listings.create' denied" },
      "the approval": { at: /^POST .+:approve$/, message: "Permission 'analyticshub.queryTemplates.approve' denied" },
    };
    for (const [step, { at, message }] of Object.entries(failures))
      it(`${step}, and says so in Google's words; the next run succeeds`, async () => {
        server.failures.push({ at, status: 403, message });
        expect(await messageOf(create()))
          .to.match(/^reach: /)
          .and.to.include(message);
        expectNothing();
        await create();
        expectWhole();
      });

    it("but a listing of another thing by that name, which it names", async () => {
      const table = "projects/wallet-project/datasets/wallet_shared/tables/reach";
      server.room.listings.set(listing, {
        displayName: "reach",
        description: "",
        bigqueryDataset: { dataset: "", selectedResources: [{ table: `${table}_shared` }] },
      });
      expect(await messageOf(create())).to.include(`already has a listing of that name, which shows ${table}_shared`);
      expect(server.room.listings.size).to.equal(1);
      expect(server.room.functions.size).to.equal(0);
    });

    it("and says it when that could not be removed", async () => {
      server.failures.push({ at: /^POST .+:approve$/, status: 403, message: "no approval" });
      server.failures.push({ at: /^DELETE .+\/listings\//, status: 403, message: "no removal" });
      expect(await messageOf(create())).to.match(
        /no approval; and what was made could not be removed again: .*no removal/,
      );
    });

    it("and tries again by itself when Analytics Hub is busy", async () => {
      server.failures.push({ at: /^POST .+\/listings\//, status: 503, message: "busy" });
      await create();
      expectWhole();
    });
  });

  describe("changes", () => {
    const template = `${exchange}/queryTemplates/reach_2`;

    it("by another template for another text: same function, same listing, authorised again", async () => {
      const state = await create();
      server.room.submit(template, templateText({ ...inputs, ...wider }));
      expect(await diff(state, { ...wider, template })).to.deep.include({ changes: true, replaces: [] });
      server.requests.length = 0;
      const after = await update(state, { ...wider, template });
      expect(server.room.functions.get(id)?.query).to.equal(wider.query);
      expect(server.room.mayRead(id)).to.equal(true);
      expect(server.room.templates.get(template)?.state).to.equal("APPROVED");
      // The listing stays, so that subscribers can keep calling the function by its name.
      expect(changes().filter((change) => change.includes("/listings/"))).to.deep.equal([]);
      expect(await diff(after, { ...wider, template })).to.deep.include({ changes: false });
      expect(await read(after)).to.deep.equal({ id: state.routineId, props: after });
    });

    it("not at all if the template of the new text was not submitted", async () => {
      const state = await create();
      expect(await messageOf(update(state, wider))).to.include("a submitted template never changes");
      expect(server.room.functions.get(id)?.query).to.equal(inputs.query);
    });

    it("its description on the function and on the listing", async () => {
      const state = await create();
      await update(state, { description: "other" });
      expect(server.room.functions.get(id)?.description).to.equal("other");
      expect(server.room.listings.get(listing)?.description).to.equal("other");
      expectWhole();
    });

    it("its datasets, and removes the authorisation from datasets that are no longer listed", async () => {
      const other = { project: "data-project", dataset: "wallet" };
      const state = await create({ reads: [...inputs.reads, other] });
      expect(server.room.datasets.get("data-project.wallet")?.access).to.have.length(1);
      await update(state);
      expect(server.room.datasets.get("data-project.wallet")?.access).to.deep.equal([]);
      expectWhole();
    });

    it("to another place or name by a replacement", async () => {
      const state = await create();
      for (const changed of [{ project: "other" }, { dataset: "other" }, { routine: "other" }, { location: "EU" }])
        expect(await diff(state, changed)).to.deep.include({ changes: true, replaces: Object.keys(changed) });
      const elsewhere = { template: inputs.template.replace("wallet_room", "other_room") };
      expect(await diff(state, elsewhere)).to.deep.include({ changes: true, replaces: ["template"] });
      // A preview has this in place of a name that is not known yet.
      const unknown = { template: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" };
      expect(await diff(state, unknown)).to.deep.include({ changes: true, replaces: [] });
    });
  });

  describe("after a refresh", () => {
    const drifts: Record<string, { change: () => void; said: RegExp }> = {
      "a function that was replaced by another text": {
        change: () => replaceByHand("SELECT * FROM `wallet-project.wallet_shared.users_shared`"),
        said: /was replaced, and is not authorised any more/,
      },
      "a function that was replaced by the same text, and so is not authorised any more": {
        change: () => replaceByHand(),
        said: /was replaced, and is not authorised any more/,
      },
      "an authorisation that is gone": {
        change: () => server.room.datasets.clear(),
        said: /wallet-project\.wallet_shared does not authorise/,
      },
      "a listing that is gone": { change: () => server.room.listings.clear(), said: /not listed/ },
      "another description of the listing": {
        change: () => Object.assign(server.room.listings.get(listing) ?? {}, { description: "mine" }),
        said: /another description/,
      },
      "an approval that is gone": {
        change: () => Object.assign(server.room.templates.get(inputs.template) ?? {}, { state: "PENDING" }),
        said: /not approved/,
      },
    };
    for (const [what, { change, said }] of Object.entries(drifts))
      it(`shows ${what}, and the next up restores it`, async () => {
        const state = await create();
        change();
        const { props } = await read(state);
        expect(props.drift.join()).to.match(said);
        expect(await diff(props)).to.deep.include({ changes: true, replaces: [] });
        const after = await update(props);
        expectWhole();
        expect(server.room.functions.get(id)?.query).to.equal(inputs.query);
        expect(await diff(after)).to.deep.include({ changes: false });
      });

    it("does not replace an unchanged function, since calls would fail until it is authorised again", async () => {
      const state = await create();
      server.room.listings.clear();
      const { props } = await read(state);
      server.requests.length = 0;
      await update(props);
      expect(changes()).to.deep.equal([`POST ${listing}`]);
    });

    it("is gone from the state when the function is, and is made again over the rest", async () => {
      const state = await create();
      server.room.functions.clear();
      expect((await read(state)).id).to.equal("");
      await create();
      expectWhole();
    });

    it("fails if it may not read a part, instead of taking it for deleted", async () => {
      const state = await create();
      server.failures.push({ at: /^GET .+\/routines\//, status: 403, message: "Access Denied: bigquery.routines.get" });
      expect(await messageOf(read(state))).to.equal("reach: BigQuery: Access Denied: bigquery.routines.get");
    });
  });

  it("is deleted except for the template, even if parts are missing, and fails if Google refuses the deletion", async () => {
    const state = await create();
    const { log } = console;
    const said: string[] = [];
    console.log = (text) => said.push(text);
    try {
      await provider.delete?.("id", state);
      await provider.delete?.("id", state);
    } finally {
      console.log = log;
    }
    expectNothing();
    expect(server.room.templates.get(inputs.template)?.state).to.equal("APPROVED");
    expect(said[0]).to.equal(
      `reach: the function and its listing are gone; ${inputs.template} stays until its exchange is deleted`,
    );
    server.failures.push({
      at: /^DELETE .+\/routines\//,
      status: 403,
      message: "Access Denied: bigquery.routines.delete",
    });
    expect(await messageOf(provider.delete?.("id", state))).to.include("Access Denied: bigquery.routines.delete");
  });

  it("is made, changed and deleted in Pulumi's own process for such resources", async () => {
    const resource: Declared = await declared(() => new QueryTemplateApproval("reach", inputs));
    expect(resource.type).to.equal("pulumi-nodejs:dynamic/bigquery-clean-room:QueryTemplateApproval");
    expect(resource.inputs).to.have.all.keys("__provider", ...Object.keys(inputs));
    const process: DynamicProvider = await startDynamicProvider();
    try {
      const { id: made, properties } = await process.create(resource.inputs);
      expect(made).to.equal("projects/wallet-project/datasets/wallet_shared/routines/reach");
      expectWhole();
      expect(await process.differs(properties, resource.inputs)).to.equal(false);
      expect(await process.read(properties)).to.deep.equal(properties);
      replaceByHand();
      const found = await process.read(properties);
      expect(await process.differs(found, resource.inputs)).to.equal(true);
      const after = await process.update(found, resource.inputs);
      expectWhole();
      await process.delete(after);
      expectNothing();
      expect(await process.readId(after)).to.equal("");
    } finally {
      process.stop();
    }
  });
});
