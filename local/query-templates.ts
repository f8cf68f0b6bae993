import { setImmediate } from "node:timers/promises";
import { catalogOf, type RoomTable, type RoomTemplate } from "analysis-rules";
import { type TableFunction, templateText } from "bigquery-clean-room";
import {
  type Analyser,
  type ColumnKind,
  duckDbType,
  loadAnalyser,
  nodesIn,
  SqlError,
  tableColumns,
  tableOf,
  typeName,
  UnsupportedSql,
  UserError as WrongType,
} from "googlesql-duckdb/tree";
import { at, type Declared, need, type Rehearsal, wrong } from "pulumi-rehearsal";
import { PARTIES, type Party, parties } from "../cleanroom/party.ts";
import { datasets } from "./declared-tables.ts";
import { checkWaits, cleanRoomResources, exchangeOf } from "./exchanges.ts";

/** The type token of Google's query template. */
export const QUERY_TEMPLATE = "gcp:bigqueryanalyticshub/queryTemplate:QueryTemplate";
/** The type token of the dynamic resource `QueryTemplateApproval`, which creates, authorises and lists a template's table function. */
export const APPROVAL = "pulumi-nodejs:dynamic/bigquery-clean-room:QueryTemplateApproval";

/** A query template that its owner approved: a table function. */
export interface MadeTemplate {
  readonly approval: Declared;
  readonly exchange: Declared;
  /** `project.dataset.routine`. */
  readonly id: string;
  readonly project: string;
  readonly dataset: string;
  readonly name: string;
  readonly template: RoomTemplate;
}

/** Records a query template. */
export function realiseTemplate(rehearsal: Rehearsal, template: Declared): void {
  const resources = cleanRoomResources(rehearsal);
  exchangeOf(resources, template);
  need(template, "routine.definitionBody");
  resources.templates.set(String(template.outputs.name), template);
}

/** Records the approval of a query template. Throws UserError if Analytics Hub would refuse it. */
export function realiseApproval(rehearsal: Rehearsal, approval: Declared): void {
  const resources = cleanRoomResources(rehearsal);
  const name = need<string>(approval, "template");
  const template = resources.templates.get(name);
  if (template === undefined) throw wrong(approval, `approves ${name}, which is not declared`);
  checkWaits(rehearsal, approval, [template], "approves it");
  if (template.inputs.submit !== true)
    throw wrong(approval, `approves "${template.name}", which is a draft: set its \`submit\``);
  if (at(template.inputs, "routine.definitionBody") !== templateText(approval.inputs as unknown as TableFunction))
    throw wrong(approval, `has another text than "${template.name}", which it approves: use templateText for both`);
  const routine = need<string>(approval, "routine");
  const exchange = exchangeOf(resources, template);
  const same = resources.approvals.find(
    (other) =>
      other.inputs.routine === routine &&
      exchangeOf(resources, resources.templates.get(String(other.inputs.template)) as Declared) === exchange,
  );
  const listed = resources.listings.find(
    (listing) => exchangeOf(resources, listing) === exchange && listing.inputs.listingId === routine,
  );
  const taken = same ?? listed;
  if (taken) throw wrong(approval, `lists ${routine}, as "${taken.name}" does: names in a clean room are unique`);
  resources.approvals.push(approval);
}

/** Throws UserError for a query template that nobody may call. */
export function checkApproved(rehearsal: Rehearsal): void {
  const resources = cleanRoomResources(rehearsal);
  const approved = new Set(resources.approvals.map(({ inputs }) => inputs.template));
  for (const [name, template] of resources.templates)
    if (!approved.has(name))
      throw wrong(template, "is never approved, so nobody can call it: declare a QueryTemplateApproval");
}

/**
 * The table functions of the approved query templates.
 * Throws UserError that names a template that BigQuery would refuse.
 * @param tables the parties' tables and views
 */
export async function makeTemplates(rehearsal: Rehearsal, tables: readonly RoomTable[]): Promise<MadeTemplate[]> {
  const resources = cleanRoomResources(rehearsal);
  if (resources.approvals.length === 0) return [];
  const analyser = await loadAnalyser(catalogOf(tables));
  const made: MadeTemplate[] = [];
  try {
    for (const approval of resources.approvals) {
      made.push(madeTemplate(rehearsal, approval, tables, analyser));
      // Let jobs start and end between two templates: analysing one keeps this thread busy.
      await setImmediate();
    }
  } finally {
    analyser.close();
  }
  return made;
}

function madeTemplate(
  rehearsal: Rehearsal,
  approval: Declared,
  tables: readonly RoomTable[],
  analyser: Analyser,
): MadeTemplate {
  const resources = cleanRoomResources(rehearsal);
  const [project, dataset] = [need<string>(approval, "project"), need<string>(approval, "dataset")];
  const { routine: name, parameters, query } = approval.inputs as unknown as TableFunction;
  const owner = PARTIES.find((party) => parties[party].shared === dataset);
  if (owner === undefined || !datasets(rehearsal).has(dataset))
    throw wrong(approval, `creates ${name} in ${dataset}, which is not a declared dataset of shared views`);
  const template = resources.templates.get(String(approval.inputs.template)) as Declared;
  const body = analysed(approval, query, () => analyser.analyseFunction(parameters, query));
  if (parameters.some((parameter) => tableColumns(parameter) === "any"))
    throw wrong(approval, "takes ANY TABLE, and the rehearsal cannot tell the columns of its answer: name the columns");
  const read = new Set(nodesIn(body.query, (kind) => kind === "TableScan").map(tableOf));
  checkSources(
    rehearsal,
    approval,
    owner,
    tables.filter(({ id }) => read.has(id)),
  );
  const columns = body.outputs.map(({ name: column, column: { type } }) => {
    if (duckDbType(type) === undefined) throw wrong(approval, `its column ${column} has the type ${typeName(type)}`);
    return { name: column, kind: typeName(type) as ColumnKind };
  });
  const [guards = ""] = String(template.inputs.documentation ?? "").split("\n");
  const id = `${project}.${dataset}.${name}`;
  const made: RoomTemplate = { owner, parameters, columns, query, guards };
  return { approval, exchange: exchangeOf(resources, template), id, project, dataset, name, template: made };
}

/** Throws UserError for a table of another party, one that may not exist yet, and one whose dataset does not authorise the function. */
function checkSources(rehearsal: Rehearsal, approval: Declared, owner: Party, sources: readonly RoomTable[]): void {
  const foreign = sources.find((source) => source.owner !== owner);
  if (foreign)
    throw wrong(
      approval,
      `reads ${foreign.id} of ${parties[foreign.owner as Party].title}: a template reads one owner's data`,
    );
  const reads = need<{ project: string; dataset: string }[]>(approval, "reads");
  for (const { project, dataset, id } of sources) {
    if (!reads.some((read) => read.project === project && read.dataset === dataset))
      throw wrong(
        approval,
        `reads ${id}, and its function is not authorised on ${dataset}: add that dataset to \`reads\``,
      );
    const view = cleanRoomResources(rehearsal).views.get(id);
    if (view) checkWaits(rehearsal, approval, [view], "reads it");
  }
}

function analysed<T>(approval: Declared, query: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof WrongType) throw wrong(approval, error.message);
    if (!(error instanceof SqlError || error instanceof UnsupportedSql)) throw error;
    // Numbers of lines would mislead: the declared query lacks its file's header and holds the clauses that the file includes.
    const line = error.line === undefined ? undefined : query.split("\n")[error.line - 1]?.trim();
    throw wrong(approval, `its query fails: ${error.message}${line ? `, in the line "${line}"` : ""}`);
  }
}
