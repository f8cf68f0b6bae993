import * as pulumi from "@pulumi/pulumi";
import { type AnalysisRule, type RestPolicy, ruleKind, ruleOf } from "../cleanroom/policy.ts";
import { alterView, createView, type ViewToMake } from "../cleanroom/view-ddl.ts";
import { canonical } from "./canonical.ts";

/** A view with an analysis rule; its name, once made, belongs to one kind of rule. */
export interface PrivacyViewArgs {
  readonly project: pulumi.Input<string>;
  /** The id of its dataset. */
  readonly dataset: pulumi.Input<string>;
  /** Where the dataset is: statements run there. */
  readonly location: pulumi.Input<string>;
  readonly view: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Its columns, in the order of the query's. */
  readonly columns: ViewToMake["columns"];
  /** A query in GoogleSQL, on tables by their full names. */
  readonly query: string;
  readonly rule: AnalysisRule;
}

/**
 * A view of BigQuery's with an analysis rule, which Google's provider cannot set. Statements make and change it; what BigQuery then keeps
 * is read back and held against what is declared, so that no view is left without its rule. A refresh shows what others changed. A rule of
 * another kind needs a new view, by another name: BigQuery never changes the kind of a view.
 */
export class PrivacyView extends pulumi.dynamic.Resource {
  /** `projects/P/datasets/D/tables/V` */
  declare readonly viewId: pulumi.Output<string>;

  constructor(name: string, args: PrivacyViewArgs, opts?: pulumi.CustomResourceOptions) {
    super(provider, name, { viewId: undefined, kept: undefined, ...args }, opts, "demo", "PrivacyView");
  }
}

/** `PrivacyViewArgs` as the provider gets them. */
export interface PrivacyViewInputs extends ViewToMake {
  readonly location: string;
}

/** What BigQuery says of a view, apart from its rule. */
interface Kept {
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly columns: ViewToMake["columns"];
  readonly query: string;
}

/** A view as the state has it. */
export interface PrivacyViewState extends PrivacyViewInputs {
  readonly viewId: string;
  /** What BigQuery said after the last change: a difference from that is somebody else's. */
  readonly kept: Kept;
}

/*
 * The provider is kept as text in the state and runs in another process. Our functions go with it, packages do not: they are imported
 * when they are needed, from node_modules and not from the bundle, which is not there when a stack is destroyed from elsewhere.
 */

export const provider: pulumi.dynamic.ResourceProvider<PrivacyViewInputs, PrivacyViewState> = {
  // What the stack tells its Google provider, this one is told too.
  async configure({ config }) {
    const told = [
      ["gcp:accessToken", "GOOGLE_OAUTH_ACCESS_TOKEN"],
      ["gcp:bigQueryCustomEndpoint", "GOOGLE_BIGQUERY_CUSTOM_ENDPOINT"],
    ] as const;
    for (const [key, variable] of told) {
      const value = config.get(key);
      if (value) process.env[variable] = value;
    }
  },

  async diff(_id, before: PrivacyViewState, after) {
    const differ = (keys: readonly (keyof PrivacyViewInputs)[]) =>
      keys.filter((key) => canonical(before[key]) !== canonical(after[key]));
    // One that has lost its rule can be given any.
    const lost = Object.keys(before.rule).length === 0;
    const otherKind = !lost && ruleKind(before.rule) !== ruleKind(after.rule);
    const replaces = [...differ(["project", "dataset", "view", "location"]), ...(otherKind ? ["rule"] : [])];
    const changes = replaces.length > 0 || differ(["query", "columns", "description", "labels", "rule"]).length > 0;
    return { changes, replaces };
  },

  async create(inputs) {
    const outs = await make(await open(inputs), inputs);
    return { id: outs.viewId, outs };
  },

  async update(_id, before: PrivacyViewState, inputs) {
    const bigquery = await open(inputs);
    const differs = (key: keyof PrivacyViewInputs) => canonical(before[key]) !== canonical(inputs[key]);
    // Somebody deleted it.
    if ((await find(bigquery, inputs)) === undefined) return { outs: await make(bigquery, inputs) };
    // ALTER changes no rule that has a join restriction. Setting a budget anew gives back what was spent: texts and labels are altered alone.
    const anew = differs("query") || differs("columns") || differs("rule");
    const options = (["description", "labels"] as const).filter(differs);
    await execute(bigquery, inputs, anew ? createView(inputs) : alterView(inputs, options));
    const kept = await keptOrFault(bigquery, inputs);
    if (typeof kept === "string") throw new Error(`${inputs.view} was changed, and ${kept}`);
    return { outs: { ...inputs, viewId: before.viewId, kept } };
  },

  async read(id, given) {
    const state = given as PrivacyViewState;
    const found = await find(await open(state), state);
    // Pulumi takes an empty id for gone.
    if (found === undefined) return { id: "", props: state };
    const { kept, policy } = found;
    const changed = (["query", "columns", "description", "labels"] as const).filter(
      (key) => canonical(kept[key]) !== canonical(state.kept[key]),
    );
    const rule = ruleOf(policy);
    const drift = {
      ...Object.fromEntries(changed.map((key) => [key, kept[key]])),
      ...(faultOf(state.rule, rule) !== undefined && { rule }),
    };
    return { id, props: { ...state, ...drift, kept } };
  },

  async delete(_id, state: PrivacyViewState) {
    await remove(await open(state), state);
  },
};

type Client = import("@google-cloud/bigquery").BigQuery;

async function open({ project, location }: PrivacyViewInputs): Promise<Client> {
  const { BigQuery } = await import("@google-cloud/bigquery");
  const { OAuth2Client } = await import("google-auth-library");
  const { GOOGLE_OAUTH_ACCESS_TOKEN: token, GOOGLE_BIGQUERY_CUSTOM_ENDPOINT: endpoint } = process.env;
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: token ?? null });
  return new BigQuery({
    projectId: project,
    location,
    ...(token && { authClient }),
    // The client adds the path that is part of the provider's endpoint.
    ...(endpoint && { apiEndpoint: endpoint.replace(/\/bigquery\/v2\/?$/, "") }),
  });
}

/** Runs a statement to its end. Throws BigQuery's message. */
async function execute(bigquery: Client, { view, location }: PrivacyViewInputs, query: string): Promise<void> {
  let job: import("@google-cloud/bigquery").Job | undefined;
  try {
    [job] = await bigquery.createQueryJob({ query, useLegacySql: false });
    await job.getQueryResults();
  } catch (error) {
    const id = job?.id === undefined ? "" : ` (job ${job.id} in ${location})`;
    throw new Error(`${view}: BigQuery: ${(error as Error).message}${id}`);
  }
}

/** What BigQuery has by that name; undefined if nothing. */
async function find(
  bigquery: Client,
  { project, dataset, view }: PrivacyViewInputs,
): Promise<{ kept: Kept; policy: RestPolicy | undefined } | undefined> {
  const table = bigquery.dataset(dataset, { projectId: project }).table(view);
  const [metadata] = await table.getMetadata().catch((error) => {
    if (error.code === 404) return [undefined];
    throw new Error(`${view}: BigQuery: ${error.message}`);
  });
  if (metadata === undefined) return undefined;
  const { description = "", labels = {}, schema, view: definition } = metadata;
  type Field = { name: string; description?: string };
  const columns = ((schema?.fields ?? []) as Field[]).map(({ name, description = "" }) => ({ name, description }));
  return { kept: { description, labels, columns, query: definition?.query ?? "" }, policy: definition?.privacyPolicy };
}

/** Makes the view, in place of one of that name. */
async function make(bigquery: Client, inputs: PrivacyViewInputs): Promise<PrivacyViewState> {
  await execute(bigquery, inputs, createView(inputs));
  const kept = await keptOrFault(bigquery, inputs);
  if (typeof kept === "string") {
    // Without its rule it would show every row to whoever may read it, and to no state would it be known.
    await remove(bigquery, inputs);
    throw new Error(`${inputs.view} was made and removed again: ${kept}`);
  }
  const viewId = `projects/${inputs.project}/datasets/${inputs.dataset}/tables/${inputs.view}`;
  return { ...inputs, viewId, kept };
}

/** What BigQuery keeps of a view that was just made or changed, or why it is not what was declared. */
async function keptOrFault(bigquery: Client, inputs: PrivacyViewInputs): Promise<Kept | string> {
  const found = await find(bigquery, inputs);
  if (found === undefined) return "BigQuery does not have it";
  return faultOf(inputs.rule, ruleOf(found.policy)) ?? found.kept;
}

async function remove(bigquery: Client, { project, dataset, view }: PrivacyViewInputs): Promise<void> {
  await bigquery
    .dataset(dataset, { projectId: project })
    .table(view)
    .delete({ ignoreNotFound: true })
    .catch((error) => {
      throw new Error(`${view}: BigQuery: ${error.message}`);
    });
}

/** How the rule that BigQuery keeps differs from the one declared; undefined if it does not. */
function faultOf(declared: AnalysisRule, kept: AnalysisRule): string | undefined {
  const limited = declared.differentialPrivacy?.maxGroupsContributed !== undefined;
  const comparable = ({ differentialPrivacy: privacy, joinRestriction: join, ...threshold }: AnalysisRule) =>
    canonical({
      ...threshold,
      // What was left to BigQuery may be told as its default.
      ...(privacy && { privacy: { ...privacy, ...(!limited && { maxGroupsContributed: undefined }) } }),
      // A set: BigQuery has an order of its own.
      ...(join && { join: { ...join, columns: [...join.columns].sort() } }),
    });
  if (comparable(kept) === comparable(declared)) return undefined;
  return `BigQuery keeps the rule ${JSON.stringify(kept)} in place of ${JSON.stringify(declared)}`;
}
