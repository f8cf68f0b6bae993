import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkTemplates, type Room, type RoomFunction, type RoomTable } from "analysis-rules";
import type { ColumnKind } from "googlesql-duckdb";
import {
  type Adapter,
  type Computed,
  type Declared,
  need,
  perRehearsal,
  type Rehearsal,
  wrong,
} from "pulumi-rehearsal";
import { otherParty, PARTIES, type Party, parties } from "../cleanroom/party.ts";
import { accounts } from "../components/names.ts";
import { datasets, definitionOf } from "./declared-tables.ts";
import {
  approvalsFor,
  checkSubscriptions,
  checkWaits,
  cleanRoomResources,
  linkedDataset,
  listedView,
  listingsFor,
  realiseExchange,
  realiseExchangeRole,
  realiseListing,
  realiseSubscription,
} from "./exchanges.ts";
import { type MadeView, makeViews, PRIVACY_VIEW, realisePrivacyView } from "./privacy-views.ts";
import {
  APPROVAL,
  checkApproved,
  type MadeTemplate,
  makeTemplates,
  QUERY_TEMPLATE,
  realiseApproval,
  realiseTemplate,
} from "./query-templates.ts";
import { BUDGET_FILE, ROOM_FILE } from "./rehearsed-room.ts";

/** Resolves when the clean room is made, though not yet filled: to false if the program declares none. */
export const roomMade = perRehearsal(() => Promise.withResolvers<boolean>());

/** Makes the clean room from the declared views with analysis rules, exchanges, listings and subscriptions. */
export const cleanRoom: Adapter = {
  types: {
    [PRIVACY_VIEW]: realisePrivacyView,
    "gcp:bigqueryanalyticshub/dataExchange:DataExchange": realiseExchange,
    "gcp:bigqueryanalyticshub/dataExchangeIamMember:DataExchangeIamMember": realiseExchangeRole,
    "gcp:bigqueryanalyticshub/listing:Listing": realiseListing,
    "gcp:bigqueryanalyticshub/dataExchangeSubscription:DataExchangeSubscription": realiseSubscription,
    [QUERY_TEMPLATE]: realiseTemplate,
    [APPROVAL]: realiseApproval,
  },
  outputs: {
    "gcp:bigqueryanalyticshub/dataExchange:DataExchange": ({ dataExchangeId }, { project, location }) =>
      named(`projects/${project}/locations/${location}/dataExchanges/${dataExchangeId}`),
    "gcp:bigqueryanalyticshub/listing:Listing": ({ dataExchangeId, listingId }, { project, location }) =>
      named(`projects/${project}/locations/${location}/dataExchanges/${dataExchangeId}/listings/${listingId}`),
    [QUERY_TEMPLATE]: ({ dataExchangeId, queryTemplateId }, { project, location }) =>
      named(
        `projects/${project}/locations/${location}/dataExchanges/${dataExchangeId}/queryTemplates/${queryTemplateId}`,
      ),
    "gcp:bigqueryanalyticshub/dataExchangeSubscription:DataExchangeSubscription": (
      { subscriptionId },
      { project, location },
    ) => named(`projects/${project}/locations/${location}/subscriptions/${subscriptionId}`),
  },
  besides: makeRoom,
};

/** In Analytics Hub, the id of a resource is also its name. */
function named(name: string): Computed {
  return { id: name, outputs: { name } };
}

/**
 * Creates the declared views in the warehouse, and writes the room's description: the tables that each party can name. These are the
 * party's own tables and views, and the views and query templates' table functions that the other party lists in an exchange to which the
 * party subscribes. A party can only name what its service account may read.
 * Makes nothing if no party's dataset is declared. Throws UserError that names the resource that BigQuery or Analytics Hub would refuse.
 */
async function makeRoom(rehearsal: Rehearsal): Promise<void> {
  if (!PARTIES.some((party) => datasets(rehearsal).has(parties[party].dataset))) {
    roomMade(rehearsal).resolve(false);
    return;
  }
  checkSubscriptions(rehearsal);
  checkApproved(rehearsal);
  const base = { merchant: baseTables(rehearsal, "merchant"), wallet: baseTables(rehearsal, "wallet") };
  const tables = [...base.merchant, ...base.wallet];
  const made = await makeViews(rehearsal, tables);
  for (const listing of cleanRoomResources(rehearsal).listings) checkAuthorised(rehearsal, listing, made);
  const projects = { merchant: projectOf(rehearsal, "merchant"), wallet: projectOf(rehearsal, "wallet") };
  const nameable = (party: Party): RoomTable[] => {
    const own = [...made.values()].map(({ table }) => table).filter(({ owner }) => owner === party);
    const all = [...base[party], ...own, ...linkedTables(rehearsal, party, projects[party], made)];
    return all.filter(({ dataset }) => mayRead(rehearsal, party, dataset));
  };
  const owned = [...tables, ...[...made.values()].map(({ table }) => table)];
  const templates = await makeTemplates(rehearsal, owned);
  const describe = (party: Party) => ({
    title: parties[party].title,
    project: projects[party],
    tables: nameable(party),
    functions: [
      ...templates.filter(({ template }) => template.owner === party).map(functionOf),
      ...linkedFunctions(rehearsal, party, projects[party], templates),
    ].filter(({ dataset }) => mayRead(rehearsal, party, dataset)),
  });
  const room: Room = {
    parties: { merchant: describe("merchant"), wallet: describe("wallet") },
    templates: Object.fromEntries(templates.map(({ id, template }) => [id, template])),
  };
  for (const [id, { message }] of await checkTemplates(room)) {
    const at = templates.find((template) => template.id === id) as MadeTemplate;
    throw wrong(at.approval, `its query fails: ${message}`);
  }
  await writeFile(join(rehearsal.out, ROOM_FILE), `${JSON.stringify(room, undefined, 2)}\n`);
  // New views have their whole privacy budget left.
  await writeFile(join(rehearsal.out, BUDGET_FILE), "");
  roomMade(rehearsal).resolve(true);
}

function functionOf({ id, project, dataset, name }: MadeTemplate): RoomFunction {
  return { id, project, dataset, name };
}

/** The table functions in the linked datasets of a party. */
function linkedFunctions(
  rehearsal: Rehearsal,
  party: Party,
  project: string,
  templates: readonly MadeTemplate[],
): RoomFunction[] {
  const resources = cleanRoomResources(rehearsal);
  return resources.subscriptions.flatMap((subscription) => {
    const approvals = approvalsFor(resources, subscription);
    const offered = templates.filter(
      ({ approval, template }) => template.owner !== party && approvals.includes(approval),
    );
    return offered.map((template) => ({ ...functionOf(template), project, dataset: linkedDataset(subscription) }));
  });
}

/** Whether a party's service account may read a dataset. */
function mayRead({ accounts: declared, grants }: Rehearsal, party: Party, dataset: string): boolean {
  const found = [...declared].find(([, { inputs }]) => inputs.accountId === accounts[party]);
  return found !== undefined && grants.allowing(found[0], `dataset/${dataset}`, "read").length > 0;
}

/** The project of a party's own dataset. */
function projectOf(rehearsal: Rehearsal, party: Party): string {
  return String(
    datasets(rehearsal).get(parties[party].dataset)?.dataset.outputs.project ?? rehearsal.declaration.project,
  );
}

const kinds: Readonly<Record<string, ColumnKind>> = { INTEGER: "INT64", BOOLEAN: "BOOL" };

/** The declared tables of a party's own dataset. */
function baseTables(rehearsal: Rehearsal, owner: Party): RoomTable[] {
  const project = projectOf(rehearsal, owner);
  return (datasets(rehearsal).get(parties[owner].dataset)?.tables ?? []).map((declared) => {
    const { dataset, table, columns } = definitionOf(declared);
    return {
      id: `${project}.${dataset}.${table}`,
      project,
      dataset,
      table,
      owner,
      columns: Object.entries(columns).map(([name, { type }]) => ({ name, kind: kinds[type] ?? (type as ColumnKind) })),
      relation: `${dataset}.${table}`,
    };
  });
}

/** Throws UserError unless all datasets that a listed view reads authorise it: otherwise Analytics Hub refuses to list it. */
function checkAuthorised(rehearsal: Rehearsal, listing: Declared, made: ReadonlyMap<string, MadeView>): void {
  const { id, view } = listedView(cleanRoomResources(rehearsal), listing);
  const { table, sources } = made.get(id) as MadeView;
  for (const { project, dataset } of sources) {
    const authorising = cleanRoomResources(rehearsal).authorisations.filter(
      ({ inputs, outputs }) => outputs.project === project && inputs.datasetId === dataset && authorises(inputs, table),
    );
    if (authorising.length === 0)
      throw wrong(
        listing,
        `shows ${id}, which the dataset ${dataset} does not authorise: declare a DatasetAccess for it`,
      );
    checkWaits(rehearsal, listing, authorising.slice(0, 1), `needs it to read ${dataset}`);
  }
  checkWaits(rehearsal, listing, [view], "shows it");
}

/** The inputs of a `DatasetAccess` that authorises one view, or all views of a dataset. */
interface Authorisation {
  readonly view?: { readonly projectId: string; readonly datasetId: string; readonly tableId: string };
  readonly authorizedDataset?: {
    readonly dataset: { readonly projectId: string; readonly datasetId: string };
    readonly targetTypes: readonly string[];
  };
}

function authorises(access: Authorisation, { project, dataset, table }: RoomTable): boolean {
  const { view, authorizedDataset: all } = access;
  if (view !== undefined) return view.projectId === project && view.datasetId === dataset && view.tableId === table;
  return all?.dataset.projectId === project && all.dataset.datasetId === dataset && all.targetTypes.includes("VIEWS");
}

/** The views in the linked datasets of a party. */
function linkedTables(
  rehearsal: Rehearsal,
  party: Party,
  project: string,
  made: ReadonlyMap<string, MadeView>,
): RoomTable[] {
  return cleanRoomResources(rehearsal).subscriptions.flatMap((subscription) => {
    const destination = need<string>(subscription, "destinationDataset.datasetReference.projectId");
    const shown = listingsFor(cleanRoomResources(rehearsal), subscription).map((listing): RoomTable => {
      const { table } = made.get(listedView(cleanRoomResources(rehearsal), listing).id) as MadeView;
      return listing.inputs.allowOnlyMetadataSharing === true ? { ...table, metadataOnly: true } : table;
    });
    const subscriber = otherParty((shown[0]?.owner as Party | undefined) ?? party);
    if (subscriber !== party) return [];
    if (destination !== project)
      throw wrong(
        subscription,
        `creates its linked dataset in the project ${destination}: use ${project}, the project of ${parties[party].title}`,
      );
    return shown.map((table) => ({ ...table, project, dataset: linkedDataset(subscription) }));
  });
}
