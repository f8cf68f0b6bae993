import * as pulumi from "@pulumi/pulumi";
import { type AnalysisRule, type RestPolicy, ruleKind, ruleOf } from "analysis-rules/policy";
import { type Client, execute, openBigQuery } from "./bigquery.ts";
import { canonical } from "./canonical.ts";
import { type Connection, readConnection } from "./connection.ts";
import { MODULE } from "./type.ts";
import { alterView, createView, type ViewToMake } from "./view-ddl.ts";

/** A BigQuery view with an analysis rule. */
export interface PrivacyViewArgs {
  /** The project's id. The statements that create and change the view run there. */
  readonly project: pulumi.Input<string>;
  /** The id of the view's dataset. */
  readonly dataset: pulumi.Input<string>;
  /** The dataset's location, such as `US`: the statements run there. */
  readonly location: pulumi.Input<string>;
  /** The view's name. */
  readonly view: string;
  /** The description that the console shows. */
  readonly description: string;
  /** Labels, by key. */
  readonly labels: Readonly<Record<string, string>>;
  /** The columns with their descriptions, in the order of the query's. */
  readonly columns: ViewToMake["columns"];
  /** The query, in GoogleSQL, with full table names. */
  readonly query: string;
  /** The analysis rule. A rule of another kind replaces the view: set `deleteBeforeReplace`, or give the view a new name as well. */
  readonly rule: AnalysisRule;
}

/**
 * A BigQuery view with an analysis rule, which the Google provider cannot set. After each change, it reads the rule that BigQuery stored and
 * compares it with the declared one, so that no view is left without its rule. A refresh shows what others changed.
 * @example
 * new PrivacyView("users", {
 *   project: "my-project",
 *   dataset: "shared",
 *   location: "US",
 *   view: "users_shared",
 *   description: "Users by tier, in groups of 50 or more",
 *   labels: {},
 *   columns: [
 *     { name: "hashed_email", description: "SHA-256 of the address" },
 *     { name: "tier", description: "Free, Premium or Business" },
 *   ],
 *   query: "SELECT hashed_email, tier FROM `my-project.private.users`",
 *   rule: { aggregationThreshold: { threshold: 50, privacyUnitColumn: "hashed_email" } },
 * });
 */
export class PrivacyView extends pulumi.dynamic.Resource {
  /** The view, `projects/P/datasets/D/tables/V`. */
  declare readonly viewId: pulumi.Output<string>;

  /**
   * @param name the resource's name in Pulumi
   * @param args the view
   * @param opts Pulumi's options. Depend on the tables that the query reads.
   */
  constructor(name: string, args: PrivacyViewArgs, opts?: pulumi.CustomResourceOptions) {
    super(provider, name, { viewId: undefined, kept: undefined, ...args }, opts, MODULE, "PrivacyView");
  }
}

/** `PrivacyViewArgs` as the provider receives them. */
export interface PrivacyViewInputs extends ViewToMake {
  readonly location: string;
}

/** A view as BigQuery stores it, without its rule. */
interface Kept {
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly columns: ViewToMake["columns"];
  readonly query: string;
}

/** A view as the state stores it. */
export interface PrivacyViewState extends PrivacyViewInputs {
  readonly viewId: string;
  /** The view as BigQuery stored it after our last change. Later differences are somebody else's changes. */
  readonly kept: Kept;
}

/** The provider. See `packages.ts` for what it may use. */
export function privacyViewProvider(): pulumi.dynamic.ResourceProvider<PrivacyViewInputs, PrivacyViewState> {
  // A property and not a variable: Pulumi gives each method a copy of every variable.
  const configured: { connection: Connection | undefined } = { connection: undefined };
  const open = (inputs: PrivacyViewInputs) => openBigQuery(configured.connection ?? readConnection(), inputs);
  return {
    // Read the Google provider's settings: Pulumi does not pass them on to this provider.
    async configure({ config }) {
      configured.connection = readConnection((key) => config.get(key));
    },

    async diff(_id, before: PrivacyViewState, after) {
      const differ = (keys: readonly (keyof PrivacyViewInputs)[]) =>
        keys.filter((key) => canonical(before[key]) !== canonical(after[key]));
      // A view that lost its rule can take a rule of any kind.
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
      // Somebody deleted the view.
      if ((await find(bigquery, inputs)) === undefined) return { outs: await make(bigquery, inputs) };
      // ALTER cannot change a rule with a join restriction, so create the view again. Description and labels are altered instead: creating
      // the view again would reset a privacy budget.
      const anew = differs("query") || differs("columns") || differs("rule");
      const options = (["description", "labels"] as const).filter(differs);
      await execute(bigquery, inputs.view, anew ? createView(inputs) : alterView(inputs, options));
      const kept = await (anew ? keptOrUnread : keptOrFault)(bigquery, inputs);
      if (typeof kept === "string")
        throw new Error(`${inputs.view} was changed, and ${kept}; ${await takeBack(bigquery, before)}`);
      return { outs: { ...inputs, viewId: before.viewId, kept } };
    },

    async read(id, given) {
      const state = given as PrivacyViewState;
      const found = await find(await open(state), state);
      // An empty id tells Pulumi that the resource is gone.
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
}

const provider = privacyViewProvider();

/** Reads the view of that name from BigQuery; undefined if there is none. */
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

/** Creates the view, or replaces one of that name. */
async function make(bigquery: Client, inputs: PrivacyViewInputs): Promise<PrivacyViewState> {
  await execute(bigquery, inputs.view, createView(inputs));
  const kept = await keptOrUnread(bigquery, inputs);
  if (typeof kept === "string") {
    // Without its rule, the view would show every row to its readers, and the state would not know it.
    await removeOpen(bigquery, inputs);
    throw new Error(`${inputs.view} was made and removed again: ${kept}`);
  }
  const viewId = `projects/${inputs.project}/datasets/${inputs.dataset}/tables/${inputs.view}`;
  return { ...inputs, viewId, kept };
}

/**
 * Restores a view after a change whose rule BigQuery did not store, or else removes it: otherwise it might show every row.
 * Returns in words what it did.
 */
async function takeBack(bigquery: Client, before: PrivacyViewState): Promise<string> {
  if (Object.keys(before.rule).length > 0)
    try {
      await execute(bigquery, before.view, createView(before));
      if (typeof (await keptOrFault(bigquery, before)) !== "string") return "the view is as it was before";
    } catch {
      // Remove it.
    }
  await removeOpen(bigquery, before);
  return "the view was removed, and the next up creates it again";
}

/** Reads back a view that was just created or changed: as BigQuery stores it, or a text that says how its rule differs. */
async function keptOrFault(bigquery: Client, inputs: PrivacyViewInputs): Promise<Kept | string> {
  const found = await find(bigquery, inputs);
  if (found === undefined) return "BigQuery does not have it";
  return faultOf(inputs.rule, ruleOf(found.policy)) ?? found.kept;
}

/** Like `keptOrFault`, for a view whose rule was set: nobody knows whether a view that cannot be read has it. */
async function keptOrUnread(bigquery: Client, inputs: PrivacyViewInputs): Promise<Kept | string> {
  return keptOrFault(bigquery, inputs).catch(({ message }: Error) => `its rule cannot be read back (${message})`);
}

/** Removes a view that may lack its rule. */
async function removeOpen(bigquery: Client, inputs: PrivacyViewInputs): Promise<void> {
  await remove(bigquery, inputs).catch(({ message }: Error) => {
    throw new Error(`${message}. The view may lack its rule and could not be removed: delete it now`);
  });
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

/** Says how the rule that BigQuery stores differs from the declared one; undefined if it does not. */
function faultOf(declared: AnalysisRule, kept: AnalysisRule): string | undefined {
  const limited = declared.differentialPrivacy?.maxGroupsContributed !== undefined;
  const comparable = ({ differentialPrivacy: privacy, joinRestriction: join, ...threshold }: AnalysisRule) =>
    canonical({
      ...threshold,
      // BigQuery may report its default for a limit that was not declared.
      ...(privacy && { privacy: { ...privacy, ...(!limited && { maxGroupsContributed: undefined }) } }),
      // Ignore the order: BigQuery sorts the columns.
      ...(join && { join: { ...join, columns: [...join.columns].sort() } }),
    });
  if (comparable(kept) === comparable(declared)) return undefined;
  return `BigQuery keeps the rule ${JSON.stringify(kept)} in place of ${JSON.stringify(declared)}`;
}
