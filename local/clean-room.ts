import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ColumnKind } from "../cleanroom/googlesql/analyser.ts";
import { otherParty, type Party, parties } from "../cleanroom/party.ts";
import { BUDGET_FILE } from "../cleanroom/rules/differential/index.ts";
import type { Room, RoomTable } from "../cleanroom/rules/room.ts";
import { ROOM_FILE } from "../cleanroom/rules/run.ts";
import { accounts } from "../components/names.ts";
import { type Declared, need, wrong } from "./declaration.ts";
import { type MadeView, makeViews } from "./privacy-views.ts";
import { checkSubscriptions, checkWaits, linkedDataset, listedView, listingsFor } from "./sharing.ts";
import { definitionOf } from "./tables.ts";
import type { World } from "./world.ts";

/**
 * Makes the declared views with analysis rules in the warehouse, from their declared queries, and writes down what each party can
 * name: of its own tables and views, and of the other's views that are listed in an exchange it subscribes to, those that its service
 * account may read.
 * Throws UserError that names the resource for what BigQuery or Analytics Hub would refuse.
 */
export async function openCleanRoom(world: World): Promise<void> {
  const base = { merchant: baseTables(world, "merchant"), wallet: baseTables(world, "wallet") };
  const made = await makeViews(world, [...base.merchant, ...base.wallet]);
  for (const listing of world.sharing.listings) checkAuthorised(world, listing, made);
  checkSubscriptions(world);
  const projects = { merchant: projectOf(world, "merchant"), wallet: projectOf(world, "wallet") };
  const nameable = (party: Party): RoomTable[] => {
    const own = [...made.values()].map(({ table }) => table).filter(({ owner }) => owner === party);
    const all = [...base[party], ...own, ...linkedTables(world, party, projects[party], made)];
    return all.filter(({ dataset }) => mayRead(world, party, dataset));
  };
  const room: Room = { projects, tables: { merchant: nameable("merchant"), wallet: nameable("wallet") } };
  await writeFile(join(world.out, ROOM_FILE), `${JSON.stringify(room, undefined, 2)}\n`);
  // Views made anew have their whole budgets.
  await writeFile(join(world.out, BUDGET_FILE), "");
}

/** Whether the service account that stands for a party is granted the reading of a dataset. */
function mayRead({ accounts: declared, grants }: World, party: Party, dataset: string): boolean {
  const found = [...declared].find(([, { inputs }]) => inputs.accountId === accounts[party]);
  return found !== undefined && grants.allowing(found[0], `dataset/${dataset}`, "read").length > 0;
}

/** The project of a party's own dataset. */
function projectOf({ datasets, declaration }: World, party: Party): string {
  return String(datasets.get(parties[party].dataset)?.dataset.outputs.project ?? declaration.project);
}

const kinds: Readonly<Record<string, ColumnKind>> = { INTEGER: "INT64", BOOLEAN: "BOOL" };

/** The declared tables of a party's own dataset. */
function baseTables(world: World, owner: Party): RoomTable[] {
  const project = projectOf(world, owner);
  return (world.datasets.get(parties[owner].dataset)?.tables ?? []).map((declared) => {
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

/** Analytics Hub lists a view only when the datasets that it reads let it in. */
function checkAuthorised(world: World, listing: Declared, made: ReadonlyMap<string, MadeView>): void {
  const { id, view } = listedView(world.sharing, listing);
  const { table, sources } = made.get(id) as MadeView;
  for (const { project, dataset } of sources) {
    const lettingIn = world.sharing.authorisations.filter(
      ({ inputs, outputs }) => outputs.project === project && inputs.datasetId === dataset && letsIn(inputs, table),
    );
    if (lettingIn.length === 0)
      throw wrong(
        listing,
        `shows ${id}, which the dataset ${dataset} does not authorise: declare a DatasetAccess for it`,
      );
    checkWaits(world, listing, lettingIn.slice(0, 1), `needs it to read ${dataset}`);
  }
  checkWaits(world, listing, [view], "shows it");
}

interface Authorisation {
  readonly view?: { readonly projectId: string; readonly datasetId: string; readonly tableId: string };
  readonly authorizedDataset?: {
    readonly dataset: { readonly projectId: string; readonly datasetId: string };
    readonly targetTypes: readonly string[];
  };
}

function letsIn(access: Authorisation, { project, dataset, table }: RoomTable): boolean {
  const { view, authorizedDataset: all } = access;
  if (view !== undefined) return view.projectId === project && view.datasetId === dataset && view.tableId === table;
  return all?.dataset.projectId === project && all.dataset.datasetId === dataset && all.targetTypes.includes("VIEWS");
}

/** What a party finds in its linked datasets. */
function linkedTables(world: World, party: Party, project: string, made: ReadonlyMap<string, MadeView>): RoomTable[] {
  return world.sharing.subscriptions.flatMap((subscription) => {
    const destination = need<string>(subscription, "destinationDataset.datasetReference.projectId");
    const shown = listingsFor(world.sharing, subscription).map(
      (listing) => (made.get(listedView(world.sharing, listing).id) as MadeView).table,
    );
    const subscriber = otherParty(shown[0]?.owner ?? party);
    if (subscriber !== party) return [];
    if (destination !== project)
      throw wrong(
        subscription,
        `makes its linked dataset in the project ${destination}, which is not ${parties[party].title}'s, ${project}`,
      );
    return shown.map((table) => ({ ...table, project, dataset: linkedDataset(subscription) }));
  });
}
