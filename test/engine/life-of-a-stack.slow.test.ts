import { rm, truncate } from "node:fs/promises";
import type { OutputMap } from "@pulumi/pulumi/automation/index.js";
import { expect } from "chai";
import { parties } from "../../cleanroom/party.ts";
import { templates } from "../../cleanroom/templates.ts";
import { firstApis, stackApis } from "../../components/google/apis.ts";
import { failed, succeeded } from "../../packages/bigquery-clean-room/test/support/run-admin.ts";
import { PROJECT } from "../components/stack.ts";
import { type Engine, findPulumi, howToGetPulumi, servicesIn, startEngine } from "./engine.ts";

const ALL_VIEWS = [
  "ewallet_provider_shared.provider_users_shared",
  "ewallet_provider_shared.transactions_private",
  "ewallet_provider_shared.transactions_shared",
  "merchant_shared.customer_segments_shared",
  "merchant_shared.users_shared",
];
const VIEW = "demo-project.ewallet_provider_shared.provider_users_shared";
/** The resources that declare it and list it. */
const DECLARED = "clean-room-wallet-shared-provider_users_shared";
const DELETED_VIEW = "demo-project.merchant_shared.users_shared";
const DELETED = "clean-room-merchant-shared-users_shared";
/** A template that somebody will replace by hand, and what approves it. */
const [REPLACED] = templates.filter(({ owner }) => owner === "merchant");
const APPROVES = `clean-room-merchant-templates-${REPLACED?.name}-approval`;
const RUNS = [
  "coffee-generated",
  "coffee-loaded",
  "marts-built",
  "marts-documented",
  "parties-filled",
  "reports-written",
];
/** A resource of each kind whose create takes effect and is answered with an error, and its id. */
const LOST = [
  { name: "reports-bucket", id: "demo-project-coffee-demo-reports" },
  { name: "marts-build-dataset", id: "projects/demo-project/datasets/coffee_marts_build" },
  { name: "coffee-raw-stores", id: "projects/demo-project/datasets/coffee_shop/tables/stores" },
  {
    name: "daily-trigger-account",
    id: "projects/demo-project/serviceAccounts/coffee-trigger@demo-project.iam.gserviceaccount.com",
  },
  {
    name: "clean-room-wallet-exchange",
    id: "projects/wallet-project/locations/us/dataExchanges/ewallet_provider_clean_room",
  },
  {
    name: "clean-room-merchant-users_shared",
    id: "projects/demo-project/locations/us/dataExchanges/merchant_clean_room/listings/users_shared",
  },
  { name: "marts-ghcr", id: "projects/demo-project/locations/us-central1/repositories/coffee-ghcr" },
  { name: "coffee-generate-job", id: "projects/demo-project/locations/us-central1/jobs/coffee-data-job" },
];

// Each test continues where the one before it ended, as a stack does.
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
  async function run(...[command, ...flags]: Parameters<Engine["run"]>): Promise<string[]> {
    const events = await engine.run(command, ...flags);
    return events.flatMap(({ resourcePreEvent: event }) => {
      if (event === undefined) return [];
      const { op, urn, type } = event.metadata;
      const isOurs = /^(gcp|pulumi-nodejs):/.test(type) && op !== "same" && op !== "refresh";
      return isOurs ? [`${op} ${urn.split("::").at(-1)}`] : [];
    });
  }
  /** Tries the cure of docs/cloud.md for a kill that left the attributes of the state's file empty. */
  const emptyAttributes = async () => {
    await truncate(`${engine.stateFile}.attrs`);
    expect(await failing(engine.run("up"))).to.include("failed to load checkpoint: EOF");
    await rm(`${engine.stateFile}.attrs`);
  };
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
  /** The functions that somebody can call: listed, authorised on all that they read, and approved. */
  const callable = () => {
    const { functions, listings, templates: submitted, mayRead } = engine.bigquery.room;
    const approved = [...submitted.values()].flatMap(({ state, routine: { definitionBody } }) =>
      state === "APPROVED" ? [definitionBody.replace(/\s+/g, " ")] : [],
    );
    const listed = [...listings.values()].map(({ bigqueryDataset }) => bigqueryDataset.selectedResources[0]?.routine);
    return [...functions].flatMap(([id, { parameters, query }]) => {
      const [project, dataset, routine] = id.split(".");
      const text = `${routine}(${parameters}) AS ( ${query} )`.replace(/\s+/g, " ");
      const isListed = listed.includes(`projects/${project}/datasets/${dataset}/routines/${routine}`);
      return isListed && mayRead(id) && approved.includes(text) ? [id] : [];
    });
  };
  const functionsIn = (projects: Readonly<Record<string, string>>) =>
    templates.map(({ name, owner }) => `${projects[owner]}.${parties[owner].shared}.${name}`).sort();
  const ONE_PROJECT = { merchant: "demo-project", wallet: "demo-project" };
  const ruleOf = (view: string) => engine.bigquery.views.get(view)?.view.privacyPolicy;

  it("is previewed under the policies without anything being made", async () => {
    const steps = await run("preview", "--policy-pack", "policy");
    expect(steps.length).to.be.above(150);
    expect(steps.filter((step) => !step.startsWith("create "))).to.deep.equal([]);
    expect(engine.google.calls).to.deep.equal([]);
    expect(engine.bigquery.requests).to.deep.equal([]);
  });

  it("lists all wrong settings in one message without a stack trace", async () => {
    const wrong = { walletShare: { value: "7" }, "sharedViews.provider_users_shared.threshold": { value: "0" } };
    await engine.stack.setAllConfig(wrong, true);
    const said = await failing(engine.run("preview"));
    expect(said).to.match(/gcp-data-demos:walletShare is "7": use .+\n.+gcp-data-demos:sharedViews is .+threshold/);
    expect(said).not.to.match(/^ +at /m);
    await engine.stack.removeAllConfig(["walletShare", "sharedViews"]);
  });

  it("continues after an up that was killed while Google created a bucket, once the lock is removed and the bucket adopted", async () => {
    const up = engine.start("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev");
    await new Promise<void>((created) => engine.google.holding.set("files-bucket", created));
    await engine.kill(up);
    await emptyAttributes();
    expect(await failing(engine.run("up"))).to.match(/the stack is currently locked.*pulumi cancel/s);
    await engine.stack.cancel();
    const said = await engine.script("local/adopt.ts", "files-bucket");
    expect(said).to.include("adopted files-bucket: demo-project-coffee-demo");
    const { deployment } = await engine.stack.exportStack();
    const known = (deployment.resources as { id?: string }[]).filter(({ id }) => id === "demo-project-coffee-demo");
    expect(known).to.have.length(1);
  });

  it("begins with an up that fails with BigQuery's message when BigQuery refuses a view, and does not share that view", async () => {
    engine.bigquery.failures.push({ at: "end", status: 400, message: "Unrecognized name: hashed_mail at [3:5]" });
    expect(await failing(engine.run("up"))).to.include("BigQuery: Unrecognized name: hashed_mail at [3:5]");
    expect(viewsIn("demo-project").length).to.be.below(ALL_VIEWS.length);
    expect(engine.google.calls.map(({ kind }) => kind)).not.to.include("DataExchangeSubscription");
    // Google refused whatever was off or only starting as well, and that alone fails no up.
    expect(engine.google.apis.refused).to.be.above(0);
  });

  it("tells the end of the failed job's log where another job still runs, and ends without stack traces", async () => {
    const looks = [failed("Task run-task0 failed with message: The container exited with an error.")];
    const tasks = [{ index: 0, lastAttemptResult: { exitCode: 1 } }];
    const still = { looks: [{ runningCount: 1 }, { runningCount: 1 }, succeeded] };
    engine.runs.courses.push({ looks, tasks, log: ["loading", "error: orders.csv, row 7: quantity is 0"] }, still);
    const said = await failing(engine.run("up"));
    expect(said).to.match(
      /error: \S+-job failed: the end of its log says\n +loading\n +error: orders\.csv, row 7: quantity is 0/,
    );
    expect(said).not.to.match(/^ +at /m);
    expect(said).not.to.match(/resource monitor|Running program/);
    engine.runs.reset();
  });

  it("is whole after the next up: every view has its rule, is listed and linked, and every job ran once", async () => {
    const steps = await run("up");
    outputs = await engine.stack.outputs();
    expect(viewsIn("demo-project").sort()).to.deep.equal(ALL_VIEWS);
    for (const view of ALL_VIEWS) expect(ruleOf(`demo-project.${view}`), view).not.to.equal(undefined);
    const kinds = engine.google.calls.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "Listing")).to.have.length(ALL_VIEWS.length);
    expect(kinds.filter((kind) => kind === "DataExchangeSubscription")).to.have.length(2);
    // The runs that ended well before another one failed are not repeated.
    const ran = engine.runs.requests.filter(({ path }) => path.endsWith(":run"));
    const created = steps.filter((step) => RUNS.includes(step.replace("create ", "")));
    expect(ran).to.have.length(created.length);
    expect(created.length).to.be.within(1, RUNS.length - 1);
    expect(Object.keys(outputs.useCases?.value)).to.include("05-overlap");
    const enabled = engine.google.enabled();
    const first = servicesIn(PROJECT, firstApis);
    expect(enabled.slice(0, first.length)).to.have.members(first);
    expect(enabled).to.have.members([...first, ...servicesIn(PROJECT, stackApis)]);
  });

  it("has every query template of both parties submitted, approved, listed and authorised, and says how to call it", () => {
    expect(callable().sort()).to.deep.equal(functionsIn(ONE_PROJECT));
    expect(Object.keys(outputs.queryTemplates?.value)).to.deep.equal(templates.map(({ name }) => name));
    // Nobody's grant was lost when the access lists were changed.
    const grants = [...engine.google.made.values()].filter(({ kind }) => kind === "DatasetAccess");
    const kept = [...engine.bigquery.room.datasets.values()].flatMap(({ access }) => access);
    expect(kept.filter(({ routine }) => routine === undefined)).to.have.length(grants.length);
  });

  it("changes nothing, calls nothing in BigQuery and runs nothing at the next up", async () => {
    forget();
    expect(await run("up")).to.deep.equal([]);
    expect(engine.google.calls).to.deep.equal([]);
    expect(engine.bigquery.statements).to.deep.equal([]);
    expect(engine.runs.requests).to.deep.equal([]);
  });

  it("shows in a preview what changed settings change, and only the run that one of them needs", async () => {
    await engine.stack.setAllConfig({ businessFrom: { value: "9000" }, "labels.team": { value: "data" } }, true);
    const steps = await run("preview");
    const isRun = (step: string) => RUNS.some((name) => step.endsWith(` ${name}`));
    expect(steps).to.include.members(["update parties-fill-job", "update coffee-raw-orders", "update files-bucket"]);
    expect(steps.filter((step) => !isRun(step) && !step.startsWith("update "))).to.deep.equal([]);
    // Labels run nothing again.
    expect(steps.filter(isRun).filter((step) => !step.endsWith(" parties-filled"))).to.deep.equal([]);
    await engine.stack.removeAllConfig(["businessFrom", "labels.team"], true);
  });

  it("sees at a refresh that somebody took a rule off a view, deleted another and replaced a function, and the next up mends all", async () => {
    const before = ruleOf(VIEW);
    const { functions } = engine.bigquery.room;
    const replaced = `demo-project.merchant_shared.${REPLACED?.name}`;
    functions.set(replaced, { ...(functions.get(replaced) ?? expect.fail()), etag: "by-hand" });
    expect(callable()).not.to.include(replaced);
    delete engine.bigquery.views.get(VIEW)?.view.privacyPolicy;
    engine.bigquery.views.delete(DELETED_VIEW);
    await run("refresh");
    expect((await run("up")).sort()).to.deep.equal([`create ${DELETED}`, `update ${APPROVES}`, `update ${DECLARED}`]);
    expect(callable().sort()).to.deep.equal(functionsIn(ONE_PROJECT));
    expect(ruleOf(VIEW)).to.deep.equal(before);
    expect(ruleOf(DELETED_VIEW)).not.to.equal(undefined);
  });

  it("raises a threshold and changes labels in place, submits the query templates again, and sends no dataset's access list", async () => {
    await engine.stack.setConfig("sharedViews.provider_users_shared.threshold", { value: "80" }, true);
    await engine.stack.setConfig("labels.team", { value: "data" }, true);
    await engine.stack.setConfig("templatesRevision", { value: "2" });
    forget();
    const all = await run("up");
    const isTemplate = (step: string) => /-templates-/.test(step);
    const steps = all.filter((step) => !isTemplate(step));
    expect(steps).to.include.members([`update ${DECLARED}`, "update files-bucket"]);
    expect(steps.filter((step) => !step.startsWith("update "))).to.deep.equal([]);
    expect(ruleOf(VIEW)).to.have.nested.property("aggregationThresholdPolicy.threshold", "80");
    expect(engine.google.calls.map(({ kind }) => kind)).not.to.include("Dataset");
    expect(engine.runs.requests).to.deep.equal([]);

    // Another revision submits other templates, and the functions keep their names and listings.
    expect(
      all.filter((step) => isTemplate(step) && !/^(create-replacement|replace|update|delete-replaced) /.test(step)),
    ).to.deep.equal([]);
    expect(all).to.include(`update ${APPROVES}`);
    const { templates: submitted, listings } = engine.bigquery.room;
    expect([...submitted.values()].map(({ state }) => state)).to.deep.equal(
      Array(2 * templates.length).fill("APPROVED"),
    );
    expect(listings.size).to.equal(templates.length);
    expect(callable().sort()).to.deep.equal(functionsIn(ONE_PROJECT));
  });

  it("replaces the subscription with a listing that shows no rows any more, and deletes the subscription first, but not for a rule of another kind", async () => {
    await engine.stack.setConfig("templatesOnly[0]", { value: "users_shared" }, true);
    const otherRule = { rule: "aggregation_threshold", threshold: "50", privacyUnitColumn: "provider_user_id" };
    for (const [field, value] of Object.entries(otherRule))
      await engine.stack.setConfig(`sharedViews.transactions_private.${field}`, { value }, true);
    const steps = await run("up");
    expect(steps).to.include.members([
      "create clean-room-wallet-transactions_private_aggregation_threshold",
      "delete clean-room-wallet-transactions_private",
      "delete clean-room-wallet-shared-transactions_private",
    ]);
    const replaced = steps.filter((step) => step.startsWith("replace ")).sort();
    expect(replaced).to.deep.equal([
      "replace clean-room-merchant-users_shared",
      "replace clean-room-wallet-account-linked",
      "replace clean-room-wallet-subscription",
    ]);
    const at = (name: string) => steps.indexOf(`delete-replaced clean-room-${name}`);
    expect(at("wallet-subscription")).to.be.within(0, at("merchant-users_shared"));
    expect(callable().sort()).to.deep.equal(functionsIn(ONE_PROJECT));
  });

  it("fills everything again in order if the seed changes, and replaces nothing else", async () => {
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

  let lastId = "";
  it("is destroyed in order, subscriptions first, then listings, views and datasets, and leaves nothing behind", async () => {
    const made = [...engine.google.made].find(([urn]) => urn.endsWith(`::${APPROVES.replace(/-approval$/, "")}`));
    lastId = made?.[1].inputs.queryTemplateId;
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
    const { functions, listings, templates: submitted, datasets } = engine.bigquery.room;
    expect([functions, listings, submitted, datasets].map(({ size }) => size)).to.deep.equal([0, 0, 0, 0]);
    expect(at("clean-room-wallet-subscription")).to.be.below(at(APPROVES));
  });

  it("can be deployed again at once, with the e-wallet in a project of its own; a resource that Google created with an error is adopted", async () => {
    await engine.stack.setConfig("walletProject", { value: "wallet-project" });
    await engine.stack.removeConfig("sharedViews");
    // A template that Google kept though its exchange was deleted.
    const kept = `projects/demo-project/locations/us/dataExchanges/merchant_clean_room/queryTemplates`;
    engine.bigquery.room.templates.set(`${kept}/${lastId}`, {
      state: "APPROVED",
      routine: { routineType: "TABLE_VALUED_FUNCTION", definitionBody: "" },
    });
    for (const { name } of LOST) engine.google.losing.add(name);
    expect(await failing(run("up", "--continue-on-error")))
      .to.include(`${lastId} already exists`)
      .and.include("Error 503");
    expect([...engine.google.losing]).to.deep.equal([]);
    await engine.stack.setConfig("templatesRevision", { value: "3" });
    // Otherwise each later up would meet every one of them as 409.
    const said = await engine.script("local/adopt.ts", ...LOST.map(({ name }) => name));
    for (const { name, id } of LOST) expect(said).to.include(`adopted ${name}: ${id}`);
    await run("up");
    expect(callable().sort()).to.deep.equal(functionsIn({ merchant: "demo-project", wallet: "wallet-project" }));
    expect(viewsIn("demo-project").sort()).to.deep.equal(ALL_VIEWS.filter((view) => view.startsWith("merchant")));
    expect(viewsIn("wallet-project").sort()).to.deep.equal(ALL_VIEWS.filter((view) => view.startsWith("ewallet")));
    expect(await run("up")).to.deep.equal([]);
  });
});
