import type { AnalyticsHub } from "./analytics-hub.ts";
import { authorise, type DatasetReference, isAuthorised, withdraw } from "./authorised-routine.ts";
import { type Client, execute } from "./bigquery.ts";
import { createTableFunction, type FunctionToMake, templateText } from "./template-text.ts";

/*
 * The steps with which the owner of data approves a query template: https://cloud.google.com/bigquery/docs/query-templates
 */

/** `QueryTemplateApprovalArgs` as the provider receives them. */
export interface QueryTemplateApprovalInputs extends FunctionToMake {
  readonly template: string;
  readonly location: string;
  readonly reads: readonly DatasetReference[];
}

/** An approval as the state stores it. */
export interface QueryTemplateApprovalState extends QueryTemplateApprovalInputs {
  readonly routineId: string;
  readonly listingId: string;
  /** The function's etag after our last change. Another one means that somebody replaced the function. */
  readonly functionEtag: string;
  /** Differences that a refresh found, in words. The next update removes them. */
  readonly drift: readonly string[];
}

/** The APIs that an approval calls. */
export interface Apis {
  readonly bigquery: Client;
  readonly hub: AnalyticsHub;
}

/** The parts of an approved template, as Google has them. */
interface Found {
  /** Undefined if there is no such function. */
  readonly functionEtag: string | undefined;
  /** The datasets that do not authorise the function. */
  readonly unauthorised: readonly DatasetReference[];
  /** The listing's description; undefined if there is no such listing. */
  readonly listedAs: string | undefined;
  readonly approved: boolean;
}

/** Throws unless the template was submitted with the text that is about to be approved. */
export async function checkTemplate({ hub }: Apis, inputs: QueryTemplateApprovalInputs): Promise<void> {
  const { template, routine } = inputs;
  if (exchangeOf(template) === undefined)
    throw new Error(
      `${routine}: template is "${template}": use projects/P/locations/L/dataExchanges/E/queryTemplates/T`,
    );
  const found = await hub.template(template).catch(said(routine));
  if (found === undefined || found.state === "DELETED") throw new Error(`${routine}: there is no template ${template}`);
  if (found.state === "DRAFTED")
    throw new Error(
      `${routine}: ${template} is a draft, and only a submitted template can be approved: set its submit`,
    );
  const words = (text = "") => text.trim().replace(/\s+/g, " ");
  if (words(found.routine?.definitionBody) !== words(templateText(inputs)))
    throw new Error(
      `${routine}: ${template} has another text than the function to approve, and a submitted template never changes: give the template a new queryTemplateId`,
    );
}

/** Takes the steps that are still missing, in the order in which Google accepts them, and reads everything back. */
export async function bring(
  apis: Apis,
  inputs: QueryTemplateApprovalInputs,
  before: QueryTemplateApprovalState | undefined,
): Promise<QueryTemplateApprovalState> {
  const { bigquery, hub } = apis;
  const { routine, template, reads, description } = inputs;
  const found = await look(apis, inputs);
  // Do not replace an unchanged function: its calls would fail until it is authorised again.
  const keeps =
    before !== undefined &&
    before.functionEtag === found.functionEtag &&
    createTableFunction(before) === createTableFunction(inputs);
  if (!keeps) await execute(bigquery, routine, createTableFunction(inputs));
  for (const dataset of keeps ? found.unauthorised : reads)
    await authorise(bigquery, dataset, referenceOf(inputs)).catch(said(routine));

  const exchange = exchangeOf(template) as string;
  if (found.listedAs === undefined) await hub.list(exchange, routine, listingOf(inputs)).catch(said(routine));
  else if (found.listedAs !== description) await hub.describe(listingIdOf(inputs), description).catch(said(routine));
  if (!found.approved) await hub.approve(template).catch(said(routine));

  let after = await look(apis, inputs);
  // Somebody who wrote back an older access list has removed the entry.
  for (const dataset of after.unauthorised)
    await authorise(bigquery, dataset, referenceOf(inputs)).catch(said(routine));
  if (after.unauthorised.length > 0) after = await look(apis, inputs);
  const state = { ...inputs, routineId: routineIdOf(inputs), listingId: listingIdOf(inputs), drift: [] };
  const missing = driftOf({ ...state, functionEtag: after.functionEtag ?? "" }, after);
  if (after.functionEtag === undefined) missing.unshift("there is no such function");
  if (missing.length > 0) throw new Error(`${routine}: Google accepted every step, and yet ${missing.join("; ")}`);
  return { ...state, functionEtag: after.functionEtag ?? "" };
}

/** Reads all parts of an approved template. Throws if the listing shows something else. */
export async function look({ bigquery, hub }: Apis, inputs: QueryTemplateApprovalInputs): Promise<Found> {
  const { project, dataset, routine, template, reads } = inputs;
  const [[metadata], listing, found, authorised] = await Promise.all([
    bigquery
      .dataset(dataset, { projectId: project })
      .routine(routine)
      .getMetadata()
      .catch((error) => {
        if (error.code === 404) return [undefined];
        throw new Error(`${routine}: BigQuery: ${error.message}`);
      }),
    hub.listing(listingIdOf(inputs)).catch(said(routine)),
    hub.template(template).catch(said(routine)),
    Promise.all(reads.map((each) => isAuthorised(bigquery, each, referenceOf(inputs)))),
  ]);
  const [shown] = listing?.bigqueryDataset?.selectedResources ?? [];
  if (listing !== undefined && !isSame(shown?.routine, inputs))
    throw new Error(
      `${routine}: the exchange already has a listing of that name, which shows ${shown?.routine ?? shown?.table}: choose another name for the function, or delete the listing`,
    );
  return {
    functionEtag: metadata?.etag,
    unauthorised: reads.filter((_, at) => !authorised[at]),
    listedAs: listing?.description,
    approved: found?.state === "APPROVED",
  };
}

/** Says how the parts differ from what was approved. */
export function driftOf(state: QueryTemplateApprovalState, found: Found): string[] {
  return [
    ...(found.functionEtag === state.functionEtag ? [] : ["the function was replaced, and is not authorised any more"]),
    ...found.unauthorised.map(({ project, dataset }) => `${project}.${dataset} does not authorise the function`),
    ...(found.listedAs === undefined ? ["the function is not listed"] : []),
    ...(found.listedAs === undefined || found.listedAs === state.description
      ? []
      : ["the listing has another description"]),
    ...(found.approved ? [] : ["the template is not approved"]),
  ];
}

/** Removes the listing, the authorisations and the function. It is no error if a part does not exist. */
export async function remove({ bigquery, hub }: Apis, inputs: QueryTemplateApprovalInputs): Promise<void> {
  const { project, dataset, routine, reads } = inputs;
  const listing = await hub.listing(listingIdOf(inputs)).catch(said(routine));
  const [shown] = listing?.bigqueryDataset?.selectedResources ?? [];
  if (isSame(shown?.routine, inputs)) await hub.unlist(listingIdOf(inputs)).catch(said(routine));
  for (const each of reads) await withdraw(bigquery, each, referenceOf(inputs)).catch(said(routine));
  await bigquery
    .dataset(dataset, { projectId: project })
    .routine(routine)
    .delete()
    .catch((error) => {
      if (error.code !== 404) throw new Error(`${routine}: BigQuery: ${error.message}`);
    });
}

/** Puts the name of the function before an error's message. */
function said(routine: string): (error: Error) => never {
  return (error) => {
    throw new Error(`${routine}: ${error.message}`);
  };
}

/** The exchange of a template, by its full name; undefined if the text is not a template's name. */
export function exchangeOf(template: string): string | undefined {
  return /^(projects\/[^/]+\/locations\/[^/]+\/dataExchanges\/[^/]+)\/queryTemplates\/[^/]+$/.exec(template)?.[1];
}

function routineIdOf({ project, dataset, routine }: QueryTemplateApprovalInputs): string {
  return `projects/${project}/datasets/${dataset}/routines/${routine}`;
}

function listingIdOf({ template, routine }: QueryTemplateApprovalInputs): string {
  return `${exchangeOf(template)}/listings/${routine}`;
}

/** The function, as access lists name it. */
export function referenceOf({ project, dataset, routine }: QueryTemplateApprovalInputs) {
  return { projectId: project, datasetId: dataset, routineId: routine };
}

/** Whether a listing shows this function. Google may write the project as a number, and `tables` in place of `routines`. */
function isSame(shown: string | undefined, { dataset, routine }: QueryTemplateApprovalInputs): boolean {
  return ["routines", "tables"].some((kind) => shown?.endsWith(`/datasets/${dataset}/${kind}/${routine}`));
}

function listingOf(inputs: QueryTemplateApprovalInputs) {
  const { project, dataset, routine, description } = inputs;
  return {
    displayName: routine,
    description,
    bigqueryDataset: {
      dataset: `projects/${project}/datasets/${dataset}`,
      selectedResources: [{ routine: routineIdOf(inputs) }],
    },
    restrictedExportConfig: { enabled: true, restrictQueryResult: true },
  };
}
