import * as pulumi from "@pulumi/pulumi";
import { openAnalyticsHub } from "./analytics-hub.ts";
import {
  type Apis,
  bring,
  checkTemplate,
  driftOf,
  exchangeOf,
  look,
  type QueryTemplateApprovalInputs,
  type QueryTemplateApprovalState,
  referenceOf,
  remove,
} from "./approval-steps.ts";
import { withdraw } from "./authorised-routine.ts";
import { openBigQuery } from "./bigquery.ts";
import { canonical } from "./canonical.ts";
import { type Connection, readConnection } from "./connection.ts";
import type { TemplateParameter } from "./template-text.ts";
import { MODULE } from "./type.ts";

/** A dataset that a table function reads. */
export interface ReadDataset {
  /** The project's id. */
  readonly project: pulumi.Input<string>;
  /** The dataset's id. */
  readonly dataset: pulumi.Input<string>;
}

/** A submitted query template, and the table function that it becomes when its owner approves it. */
export interface QueryTemplateApprovalArgs {
  /**
   * The submitted template, `projects/P/locations/L/dataExchanges/E/queryTemplates/T`: the `name` of a `gcp.bigqueryanalyticshub.QueryTemplate`
   * with `submit`. Its text has to be `templateText` of the three fields below.
   */
  readonly template: pulumi.Input<string>;
  /** The name of the table function, and of its listing: subscribers call `linked_dataset.routine(…)`. */
  readonly routine: string;
  /** The parameters, in the order of the arguments. */
  readonly parameters: readonly TemplateParameter[];
  /** The query, in GoogleSQL, with full table names. It reads the parameters by name. */
  readonly query: string;
  /** The description of the function and of its listing. */
  readonly description: string;
  /** The id of the function's project. The statement that creates the function runs there. */
  readonly project: pulumi.Input<string>;
  /** The id of the function's dataset. */
  readonly dataset: pulumi.Input<string>;
  /** The dataset's location, such as `US`. */
  readonly location: pulumi.Input<string>;
  /** The datasets with the tables and views that the query names. Each must authorise the function, even if the function is in that dataset. */
  readonly reads: readonly ReadDataset[];
}

/**
 * The approval of a submitted query template by the owner of the data that it reads. It creates the table function, authorises it on the
 * datasets that it reads, lists it in the template's exchange, and approves the template. Another text needs another template, since a
 * submitted one never changes: the function keeps its name and gets the new text.
 * @example
 * const parts = {
 *   routine: "reach",
 *   parameters: [{ name: "mine", type: "TABLE<hashed_email STRING>" }],
 *   query: "SELECT WITH AGGREGATION_THRESHOLD tier, COUNT(DISTINCT hashed_email) AS users FROM mine JOIN `p.shared.users` USING (hashed_email) GROUP BY tier",
 * };
 * const template = new gcp.bigqueryanalyticshub.QueryTemplate("reach", {
 *   // …
 *   routine: { routineType: "TABLE_VALUED_FUNCTION", definitionBody: templateText(parts) },
 *   submit: true,
 * });
 * new QueryTemplateApproval("reach", {
 *   ...parts,
 *   template: template.name,
 *   description: "How many of your users we know, by tier",
 *   project: "p",
 *   dataset: "shared",
 *   location: "US",
 *   reads: [{ project: "p", dataset: "shared" }],
 * });
 */
export class QueryTemplateApproval extends pulumi.dynamic.Resource {
  /** The table function, `projects/P/datasets/D/routines/R`. */
  declare readonly routineId: pulumi.Output<string>;
  /** The listing, `projects/P/locations/L/dataExchanges/E/listings/R`. Subscriptions have to wait for it. */
  declare readonly listingId: pulumi.Output<string>;

  /**
   * @param name the resource's name in Pulumi
   * @param args the template and its function
   * @param opts Pulumi's options. Depend on the tables and views that the query reads, and on other resources that change the access lists
   *   of the datasets in `reads`.
   */
  constructor(name: string, args: QueryTemplateApprovalArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      provider,
      name,
      { routineId: undefined, listingId: undefined, functionEtag: undefined, drift: undefined, ...args },
      opts,
      MODULE,
      "QueryTemplateApproval",
    );
  }
}

/** The provider. See `packages.ts` for what it may use. */
export function queryTemplateApprovalProvider(): pulumi.dynamic.ResourceProvider<
  QueryTemplateApprovalInputs,
  QueryTemplateApprovalState
> {
  // A property and not a variable: Pulumi gives each method a copy of every variable.
  const configured: { connection: Connection | undefined } = { connection: undefined };
  const open = async (inputs: QueryTemplateApprovalInputs): Promise<Apis> => {
    const connection = configured.connection ?? readConnection();
    return { bigquery: await openBigQuery(connection, inputs), hub: openAnalyticsHub(connection) };
  };
  return {
    // Read the Google provider's settings: Pulumi does not pass them on to this provider.
    async configure({ config }) {
      configured.connection = readConnection((key) => config.get(key));
    },

    async diff(_id, before: QueryTemplateApprovalState, after) {
      const differ = (keys: readonly (keyof QueryTemplateApprovalInputs)[]) =>
        keys.filter((key) => canonical(before[key]) !== canonical(after[key]));
      // A preview does not know the name of a template that is still to be created: it is in the same exchange, or the `up` finds out.
      const [is, was] = [after, before].map(({ template }) => exchangeOf(template));
      const replaces = [
        ...differ(["project", "dataset", "location", "routine"]),
        ...(is !== undefined && is !== was ? ["template"] : []),
      ];
      const changed = differ(["template", "parameters", "query", "description", "reads"]);
      return {
        changes: replaces.length + changed.length + before.drift.length > 0,
        replaces,
        deleteBeforeReplace: true,
      };
    },

    async create(inputs) {
      const apis = await open(inputs);
      await checkTemplate(apis, inputs);
      try {
        const outs = await bring(apis, inputs, undefined);
        return { id: outs.routineId, outs };
      } catch (error) {
        // Otherwise subscribers might see a function that its owner has not approved, and the state would not know it.
        await remove(apis, inputs).catch((left: Error) => {
          throw new Error(`${(error as Error).message}; and what was made could not be removed again: ${left.message}`);
        });
        throw error;
      }
    },

    async update(_id, before: QueryTemplateApprovalState, inputs) {
      const apis = await open(inputs);
      await checkTemplate(apis, inputs);
      const outs = await bring(apis, inputs, before);
      const reads = new Set(inputs.reads.map(canonical));
      for (const dataset of before.reads)
        if (!reads.has(canonical(dataset))) await withdraw(apis.bigquery, dataset, referenceOf(inputs));
      return { outs };
    },

    async read(id, given) {
      const state = given as QueryTemplateApprovalState;
      const found = await look(await open(state), state);
      // An empty id tells Pulumi that the resource is gone. Creating it again also restores its other parts.
      if (found.functionEtag === undefined) return { id: "", props: state };
      return { id, props: { ...state, drift: driftOf(state, found) } };
    },

    async delete(_id, state: QueryTemplateApprovalState) {
      await remove(await open(state), state);
      console.log(
        `${state.routine}: the function and its listing are gone; ${state.template} stays until its exchange is deleted`,
      );
    },
  };
}

const provider = queryTemplateApprovalProvider();
