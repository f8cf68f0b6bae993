import { at, closureOf, type Declared, need, wrong } from "./declaration.ts";
import type { World } from "./world.ts";

/** What is declared of the clean rooms. */
export interface Sharing {
  /** Views with an analysis rule, by `project.dataset.view`. */
  readonly views: Map<string, Declared>;
  /** Accesses of views to datasets. */
  readonly authorisations: Declared[];
  /** Data exchanges by full name, `projects/P/locations/L/dataExchanges/E`. */
  readonly exchanges: Map<string, Declared>;
  /** Roles that were granted on exchanges. */
  readonly exchangeRoles: Declared[];
  readonly listings: Declared[];
  readonly subscriptions: Declared[];
}

export function newSharing(): Sharing {
  return {
    views: new Map(),
    authorisations: [],
    exchanges: new Map(),
    exchangeRoles: [],
    listings: [],
    subscriptions: [],
  };
}

/** The role without which a party cannot subscribe to an exchange. */
const SUBSCRIBER = "roles/analyticshub.subscriber";

export function realisePrivacyView({ sharing, datasets }: World, view: Declared): void {
  const dataset = need<string>(view, "dataset");
  if (!datasets.has(dataset)) throw wrong(view, `is to be in the dataset ${dataset}, which is not declared`);
  const id = `${need(view, "project")}.${dataset}.${need(view, "view")}`;
  if (sharing.views.has(id)) throw wrong(view, `${id} is declared twice`);
  sharing.views.set(id, view);
}

/** A clean room is an exchange that says so. */
export function realiseExchange({ sharing }: World, exchange: Declared): void {
  checkLocation(exchange, "location");
  if (at(exchange.inputs, "sharingEnvironmentConfig.dcrExchangeConfig") === undefined)
    throw wrong(exchange, "is no clean room: its sharingEnvironmentConfig has no dcrExchangeConfig");
  const id = need<string>(exchange, "dataExchangeId");
  if (!/^\w+$/.test(id)) throw wrong(exchange, `"${id}" is no id of an exchange: letters, digits and _ only`);
  const { project, location } = exchange.outputs;
  sharing.exchanges.set(`projects/${project}/locations/${location}/dataExchanges/${id}`, exchange);
}

export function realiseExchangeRole({ sharing }: World, member: Declared): void {
  need(member, "member");
  need(member, "role");
  checkLocation(member, "location");
  exchangeOf(sharing, member);
  sharing.exchangeRoles.push(member);
}

/** A listing shows one view of its publisher in a clean room. */
export function realiseListing(world: World, listing: Declared): void {
  const { sharing } = world;
  checkLocation(listing, "location");
  const exchange = exchangeOf(sharing, listing);
  const { id, view } = listedView(sharing, listing);
  checkWaits(world, listing, [view], "lists it");
  const dataset = need<string>(listing, "bigqueryDataset.dataset");
  if (!dataset.endsWith(`/datasets/${view.inputs.dataset}`) && dataset !== view.inputs.dataset)
    throw wrong(listing, `is of the dataset ${dataset}, and the view ${id} is in another`);
  if (at(listing.inputs, "restrictedExportConfig.enabled") !== true)
    throw wrong(listing, "lets its view be exported: a clean room asks for restrictedExportConfig.enabled");
  const name = id.slice(id.lastIndexOf(".") + 1);
  const same = sharing.listings.find(
    (other) => exchangeOf(sharing, other) === exchange && listedView(sharing, other).view.inputs.view === name,
  );
  if (same !== undefined)
    throw wrong(listing, `shows ${name}, a name that "${same.name}" shows already: names in a clean room are unique`);
  sharing.listings.push(listing);
}

/** A subscription makes a linked dataset, in which the subscriber finds what is listed. */
export function realiseSubscription(world: World, subscription: Declared): void {
  const { sharing, datasets } = world;
  for (const path of ["location", "dataExchangeLocation", "destinationDataset.location"])
    checkLocation(subscription, path);
  const exchange = exchangeOf(sharing, subscription, "dataExchangeProject", "dataExchangeLocation");
  const roles = sharing.exchangeRoles.filter(
    (role) => role.inputs.role === SUBSCRIBER && exchangeOf(sharing, role) === exchange,
  );
  if (roles.length === 0)
    throw wrong(subscription, `nobody may subscribe to ${exchange.name}: declare ${SUBSCRIBER} on the exchange`);
  checkWaits(world, subscription, roles, "needs its grant");
  const dataset = need<string>(subscription, "destinationDataset.datasetReference.datasetId");
  need(subscription, "destinationDataset.datasetReference.projectId");
  if (datasets.has(dataset) || sharing.subscriptions.some((other) => linkedDataset(other) === dataset))
    throw wrong(subscription, `makes the linked dataset ${dataset}, which is declared already: choose another name`);
  sharing.subscriptions.push(subscription);
}

/** What can only be seen when all is declared: that subscriptions come after all listings of their exchange, of which there are some. */
export function checkSubscriptions(world: World): void {
  const { sharing } = world;
  for (const subscription of sharing.subscriptions) {
    const listings = listingsFor(sharing, subscription);
    if (listings.length === 0) throw wrong(subscription, "subscribes to an exchange with no listing, which is refused");
    checkWaits(world, subscription, listings, "finds only what is listed before");
  }
}

/** The listings of the exchange that is subscribed to. */
export function listingsFor(sharing: Sharing, subscription: Declared): Declared[] {
  const exchange = exchangeOf(sharing, subscription, "dataExchangeProject", "dataExchangeLocation");
  return sharing.listings.filter((listing) => exchangeOf(sharing, listing) === exchange);
}

export function linkedDataset(subscription: Declared): string {
  return need(subscription, "destinationDataset.datasetReference.datasetId");
}

/** The view that a listing shows, and its `project.dataset.view`. */
export function listedView(sharing: Sharing, listing: Declared): { readonly id: string; readonly view: Declared } {
  const selected = need<{ table?: string }[]>(listing, "bigqueryDataset.selectedResources");
  const [only, ...more] = selected;
  if (only === undefined || more.length > 0)
    throw wrong(listing, `has ${selected.length} selected resources: a listing of a clean room has one`);
  const [, project, dataset, name] = /^projects\/([^/]+)\/datasets\/(\w+)\/tables\/(\w+)$/.exec(only.table ?? "") ?? [];
  if (name === undefined)
    throw wrong(listing, `selects "${only.table}": use projects/PROJECT/datasets/DATASET/tables/VIEW`);
  const id = `${project}.${dataset}.${name}`;
  const view = sharing.views.get(id);
  if (view === undefined)
    throw wrong(listing, `shows ${id}, and no view with an analysis rule is declared by that name`);
  return { id, view };
}

/** Throws UserError unless a resource waits for others, as `dependsOn` or an output among its inputs makes it. */
export function checkWaits(world: World, resource: Declared, others: readonly Declared[], why: string): void {
  const before = closureOf(world.declaration, resource);
  const late = others.find(({ urn }) => !before.has(urn));
  if (late !== undefined) throw wrong(resource, `may be made before "${late.name}", and ${why}: let it depend on that`);
}

function exchangeOf(sharing: Sharing, resource: Declared, project = "project", location = "location"): Declared {
  const id = need<string>(resource, "dataExchangeId");
  const bare = id.slice(id.lastIndexOf("/") + 1);
  const name = `projects/${need(resource, project)}/locations/${need(resource, location)}/dataExchanges/${bare}`;
  const exchange = sharing.exchanges.get(name);
  if (exchange === undefined) throw wrong(resource, `is about ${name}, and no such exchange is declared`);
  return exchange;
}

/** Analytics Hub takes locations in lower case only, such as `us`, whatever BigQuery's dataset says. */
function checkLocation(resource: Declared, path: string): void {
  const location = need<string>(resource, path);
  if (location !== location.toLowerCase())
    throw wrong(resource, `${path} is "${location}": Analytics Hub wants lower case, "${location.toLowerCase()}"`);
}
