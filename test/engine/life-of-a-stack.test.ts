import type { EngineEvent, OutputMap } from "@pulumi/pulumi/automation/index.js";
import { expect } from "chai";
import { type Engine, findPulumi, howToGetPulumi, startEngine } from "./engine.ts";

const ALL_VIEWS = [
  "ewallet_provider_shared.provider_users_shared",
  "ewallet_provider_shared.transactions_private",
  "ewallet_provider_shared.transactions_shared",
  "merchant_shared.customer_segments_shared",
  "merchant_shared.users_shared",
];
const VIEW = "demo-project.ewallet_provider_shared.provider_users_shared";
/** What declares it, and what lists it. */
const DECLARED = "clean-room-wallet-shared-provider_users_shared";
const DELETED_VIEW = "demo-project.merchant_shared.users_shared";
const DELETED = "clean-room-merchant-shared-users_shared";
const RUNS = [
  "coffee-generated",
  "coffee-loaded",
  "marts-built",
  "marts-documented",
  "parties-filled",
  "reports-written",
];

// Each test goes on where the one before it ended, as a stack does.
describe("the life of a stack on Pulumi's own engine", function () {
  this.timeout(600_000);
  let engine: Engine;
  let outputs: OutputMap = {};

  before(async function () {
    const pulumi = findPulumi();
    if (pulumi === undefined) {
      console.log(`      ${howToGetPulumi}`);
      this.skip();
    }
    engine = await startEngine(pulumi);
  });
  after(() => engine?.stop());

  /** Runs a command; returns what it did to Google's resources and ours, such as `create coffee-loaded`, in order. */
  async function run(command: "preview" | "up" | "refresh" | "destroy", options = {}): Promise<string[]> {
    const steps: string[] = [];
    const onEvent = ({ resourcePreEvent: event }: EngineEvent) => {
      if (event === undefined) return;
      const { op, urn, type } = event.metadata;
      if (/^(gcp|pulumi-nodejs):/.test(type) && op !== "same" && op !== "refresh")
        steps.push(`${op} ${urn.split("::").at(-1)}`);
    };
    const done = await engine.stack[command]({ onEvent, ...options });
    if ("outputs" in done) outputs = done.outputs as OutputMap;
    return steps;
  }
  const failing = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "it did not fail",
      ({ message }: Error) => message,
    );
  const forget = () => {
    for (const list of [engine.google.calls, engine.bigquery.statements, engine.runs.requests]) list.length = 0;
  };
  const viewsIn = (project: string) =>
    [...engine.bigquery.views.keys()].flatMap((id) =>
      id.startsWith(`${project}.`) ? id.slice(project.length + 1) : [],
    );
  const ruleOf = (view: string) => engine.bigquery.views.get(view)?.view.privacyPolicy;

  it("is previewed under the policies without anything being made", async () => {
    const steps = await run("preview", { policyPacks: ["policy"] });
    expect(steps.length).to.be.above(150);
    expect(steps.filter((step) => !step.startsWith("create "))).to.deep.equal([]);
    expect(engine.google.calls).to.deep.equal([]);
    expect(engine.bigquery.requests).to.deep.equal([]);
  });

  it("tells all wrong settings at once, in one message without a stack trace", async () => {
    const wrong = { walletShare: { value: "7" }, "sharedViews.provider_users_shared.threshold": { value: "0" } };
    await engine.stack.setAllConfig(wrong, true);
    const said = await failing(engine.stack.preview());
    expect(said).to.match(/gcp-data-demos:walletShare is "7": use .+\n.+gcp-data-demos:sharedViews is .+threshold/);
    expect(said).not.to.match(/^ +at /m);
    await engine.stack.removeAllConfig(["walletShare", "sharedViews"]);
  });

  it("begins with an up that fails where BigQuery refuses a view, in BigQuery's words, and shares nothing of it", async () => {
    engine.bigquery.failures.push({ at: "end", status: 400, message: "Unrecognized name: hashed_mail at [3:5]" });
    expect(await failing(engine.stack.up())).to.include("BigQuery: Unrecognized name: hashed_mail at [3:5]");
    expect(viewsIn("demo-project").length).to.be.below(ALL_VIEWS.length);
    expect(engine.google.calls.map(({ kind }) => kind)).not.to.include("DataExchangeSubscription");
  });

  it("is whole after the next up: every view has its rule, is listed and linked, and every job ran once", async () => {
    await run("up");
    expect(viewsIn("demo-project").sort()).to.deep.equal(ALL_VIEWS);
    for (const view of ALL_VIEWS) expect(ruleOf(`demo-project.${view}`), view).not.to.equal(undefined);
    const created = engine.google.calls.map(({ kind }) => kind);
    expect(created.filter((kind) => kind === "Listing")).to.have.length(ALL_VIEWS.length);
    expect(created.filter((kind) => kind === "DataExchangeSubscription")).to.have.length(2);
    expect(engine.runs.requests.filter(({ path }) => path.endsWith(":run"))).to.have.length(RUNS.length);
    expect(Object.keys(outputs.useCases?.value)).to.include("05-overlap");
  });

  it("changes nothing, asks nothing of BigQuery and runs nothing when it is put up again", async () => {
    forget();
    expect(await run("up")).to.deep.equal([]);
    expect(engine.google.calls).to.deep.equal([]);
    expect(engine.bigquery.statements).to.deep.equal([]);
    expect(engine.runs.requests).to.deep.equal([]);
  });

  it("sees at a refresh that somebody took a rule off one view and deleted another, and the next up mends both", async () => {
    const before = ruleOf(VIEW);
    delete engine.bigquery.views.get(VIEW)?.view.privacyPolicy;
    engine.bigquery.views.delete(DELETED_VIEW);
    await run("refresh");
    expect((await run("up")).sort()).to.deep.equal([`create ${DELETED}`, `update ${DECLARED}`]);
    expect(ruleOf(VIEW)).to.deep.equal(before);
    expect(ruleOf(DELETED_VIEW)).not.to.equal(undefined);
  });

  it("raises a threshold and changes labels in place, and sends no dataset's access list", async () => {
    await engine.stack.setConfig("sharedViews.provider_users_shared.threshold", { value: "80" }, true);
    await engine.stack.setConfig("labels.team", { value: "data" }, true);
    forget();
    const steps = await run("up");
    expect(steps).to.include.members([`update ${DECLARED}`, "update files-bucket"]);
    expect(steps.filter((step) => !step.startsWith("update "))).to.deep.equal([]);
    expect(ruleOf(VIEW)).to.have.nested.property("aggregationThresholdPolicy.threshold", "80");
    expect(engine.google.calls.map(({ kind }) => kind)).not.to.include("Dataset");
    expect(engine.runs.requests).to.deep.equal([]);
  });

  it("fills everything again in its order where the seed is another, and makes nothing else anew", async () => {
    await engine.stack.setConfig("seed", { value: "7" });
    forget();
    const steps = await run("up");
    const replaced = steps.filter((step) => step.startsWith("create-replacement ")).map((step) => step.split(" ")[1]);
    expect([...replaced].sort()).to.deep.equal(RUNS);
    for (const [first, then] of [
      ["coffee-generated", "coffee-loaded"],
      ["coffee-loaded", "marts-built"],
      ["marts-built", "reports-written"],
    ] as const)
      expect(replaced.indexOf(first), `${first} before ${then}`).to.be.below(replaced.indexOf(then));
    expect(engine.google.calls.map(({ done }) => done)).not.to.include("create");
  });

  it("is destroyed from the subscriptions over listings and views to the datasets, and leaves nothing behind", async () => {
    const steps = await run("destroy");
    const at = (what: string) => steps.indexOf(`delete ${what}`);
    const order = [
      "clean-room-merchant-subscription",
      "clean-room-wallet-provider_users_shared",
      DECLARED,
      "clean-room-wallet-shared-dataset",
      "apis-demo-project-bigquery",
    ];
    expect(order.map(at)).to.deep.equal(order.map(at).sort((a, b) => a - b));
    expect(order.map(at)).not.to.include(-1);
    expect([...engine.google.made.keys()]).to.deep.equal([]);
    expect([...engine.bigquery.views.keys()]).to.deep.equal([]);
  });

  it("can be put up again at once, with the e-wallet in a project of its own", async () => {
    await engine.stack.setConfig("walletProject", { value: "wallet-project" });
    await run("up");
    expect(viewsIn("demo-project").sort()).to.deep.equal(ALL_VIEWS.filter((view) => view.startsWith("merchant")));
    expect(viewsIn("wallet-project").sort()).to.deep.equal(ALL_VIEWS.filter((view) => view.startsWith("ewallet")));
    expect(await run("up")).to.deep.equal([]);
  });
});
