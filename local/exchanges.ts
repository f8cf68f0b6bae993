import { at, closureOf, type Declared, need, perRehearsal, type Rehearsal, wrong } from "pulumi-rehearsal";
import { datasets } from "./declared-tables.ts";

/** The declared resources that make the clean rooms. */
export interface CleanRoomResources {
  /** Views with analysis rules, by `project.dataset.view`. */
  readonly views: Map<string, Declared>;
  /** `DatasetAccess` resources by which a dataset authorises views to read it. */
  readonly authorisations: Declared[];
  /** Data exchanges by full name, `projects/P/locations/L/dataExchanges/E`. */
  readonly exchanges: Map<string, Declared>;
  /** Roles granted on exchanges. */
  readonly exchangeRoles: Declared[];
  readonly listings: Declared[];
  /** Query templates by full name, `projects/P/locations/L/dataExchanges/E/queryTemplates/T`. */
  readonly templates: Map<string, Declared>;
  /** Approvals of query templates, which list their table functions. */
  readonly approvals: Declared[];
  readonly subscriptions: Declared[];
}

export const cleanRoomResources = perRehearsal(
  (): CleanRoomResources => ({
    views: new Map(),
    authorisations: [],
    exchanges: new Map(),
    exchangeRoles: [],
    listings: [],
    templates: new Map(),
    approvals: [],
    subscriptions: [],
  }),
);

/** The role that a party needs to subscribe to an exchange. */
const SUBSCRIBER = "roles/analyticshub.subscriber";

/** Records an exchange. Throws UserError if it is not configured as a clean room. */
export function realiseExchange(rehearsal: Rehearsal, exchange: Declared): void {
  checkLocation(exchange, "location");
  if (at(exchange.inputs, "sharingEnvironmentConfig.dcrExchangeConfig") === undefined)
    throw wrong(exchange, "is not a clean room: add dcrExchangeConfig to its sharingEnvironmentConfig");
  const id = need<string>(exchange, "dataExchangeId");
  if (!/^\w+$/.test(id))
    throw wrong(exchange, `"${id}" cannot be the id of an exchange: use letters, digits and _ only`);
  const { project, location } = exchange.outputs;
  cleanRoomResources(rehearsal).exchanges.set(
    `projects/${project}/locations/${location}/dataExchanges/${id}`,
    exchange,
  );
}

/** Records a role on an exchange. */
export function realiseExchangeRole(rehearsal: Rehearsal, member: Declared): void {
  need(member, "member");
  need(member, "role");
  checkLocation(member, "location");
  exchangeOf(cleanRoomResources(rehearsal), member);
  cleanRoomResources(rehearsal).exchangeRoles.push(member);
}

/** Records a listing. Throws UserError if Analytics Hub would refuse it in a clean room, where a listing shows exactly one view. */
export function realiseListing(rehearsal: Rehearsal, listing: Declared): void {
  const resources = cleanRoomResources(rehearsal);
  checkLocation(listing, "location");
  const exchange = exchangeOf(resources, listing);
  const { id, view } = listedView(resources, listing);
  checkWaits(rehearsal, listing, [view], "lists it");
  const dataset = need<string>(listing, "bigqueryDataset.dataset");
  if (!dataset.endsWith(`/datasets/${view.inputs.dataset}`) && dataset !== view.inputs.dataset)
    throw wrong(listing, `names the dataset ${dataset}, but its view ${id} is in another one`);
  if (at(listing.inputs, "restrictedExportConfig.enabled") !== true)
    throw wrong(listing, "allows exports of its view, which a clean room forbids: set restrictedExportConfig.enabled");
  const name = id.slice(id.lastIndexOf(".") + 1);
  const same = resources.listings.find(
    (other) => exchangeOf(resources, other) === exchange && listedView(resources, other).view.inputs.view === name,
  );
  if (same !== undefined)
    throw wrong(listing, `shows a view named ${name}, as "${same.name}" does: names in a clean room are unique`);
  resources.listings.push(listing);
}

/** Records a subscription, which creates a linked dataset with the listed views. Throws UserError if Analytics Hub would refuse it. */
export function realiseSubscription(rehearsal: Rehearsal, subscription: Declared): void {
  const resources = cleanRoomResources(rehearsal);
  for (const path of ["location", "dataExchangeLocation", "destinationDataset.location"])
    checkLocation(subscription, path);
  const exchange = exchangeOf(resources, subscription, "dataExchangeProject", "dataExchangeLocation");
  const roles = resources.exchangeRoles.filter(
    (role) => role.inputs.role === SUBSCRIBER && exchangeOf(resources, role) === exchange,
  );
  if (roles.length === 0)
    throw wrong(subscription, `nobody may subscribe to ${exchange.name}: declare ${SUBSCRIBER} on the exchange`);
  checkWaits(rehearsal, subscription, roles, "needs that grant");
  const dataset = need<string>(subscription, "destinationDataset.datasetReference.datasetId");
  need(subscription, "destinationDataset.datasetReference.projectId");
  if (datasets(rehearsal).has(dataset) || resources.subscriptions.some((other) => linkedDataset(other) === dataset))
    throw wrong(subscription, `creates the linked dataset ${dataset}, which is declared already: choose another name`);
  resources.subscriptions.push(subscription);
}

/** Throws UserError if a subscription's exchange has no listing, or if the subscription may come before a listing and then miss it. */
export function checkSubscriptions(rehearsal: Rehearsal): void {
  const resources = cleanRoomResources(rehearsal);
  for (const subscription of resources.subscriptions) {
    const listings = [...listingsFor(resources, subscription), ...approvalsFor(resources, subscription)];
    if (listings.length === 0)
      throw wrong(subscription, "subscribes to an exchange with no listing, which Analytics Hub refuses");
    checkWaits(rehearsal, subscription, listings, "shows only what is listed before it");
  }
}

/** The listings of a subscription's exchange. */
export function listingsFor(resources: CleanRoomResources, subscription: Declared): Declared[] {
  const exchange = exchangeOf(resources, subscription, "dataExchangeProject", "dataExchangeLocation");
  return resources.listings.filter((listing) => exchangeOf(resources, listing) === exchange);
}

/** The approved query templates of a subscription's exchange. */
export function approvalsFor(resources: CleanRoomResources, subscription: Declared): Declared[] {
  const exchange = exchangeOf(resources, subscription, "dataExchangeProject", "dataExchangeLocation");
  return resources.approvals.filter(({ inputs }) => {
    const template = resources.templates.get(String(inputs.template));
    return template !== undefined && exchangeOf(resources, template) === exchange;
  });
}

/** The id of the linked dataset that a subscription creates. */
export function linkedDataset(subscription: Declared): string {
  return need(subscription, "destinationDataset.datasetReference.datasetId");
}

/** The view that a listing shows, and its full name `project.dataset.view`. */
export function listedView(
  resources: CleanRoomResources,
  listing: Declared,
): { readonly id: string; readonly view: Declared } {
  const selected = need<{ table?: string }[]>(listing, "bigqueryDataset.selectedResources");
  const [only, ...more] = selected;
  if (only === undefined || more.length > 0)
    throw wrong(listing, `has ${selected.length} selected resources: a listing in a clean room has exactly one`);
  const [, project, dataset, name] = /^projects\/([^/]+)\/datasets\/(\w+)\/tables\/(\w+)$/.exec(only.table ?? "") ?? [];
  if (name === undefined)
    throw wrong(listing, `selects "${only.table}": use projects/PROJECT/datasets/DATASET/tables/VIEW`);
  const id = `${project}.${dataset}.${name}`;
  const view = resources.views.get(id);
  if (view === undefined)
    throw wrong(listing, `shows ${id}, but no view with an analysis rule is declared by that name`);
  return { id, view };
}

/** Throws UserError unless a resource depends on all of the others, by `dependsOn` or by using one of their outputs. */
export function checkWaits(
  { declaration }: Rehearsal,
  resource: Declared,
  others: readonly Declared[],
  why: string,
): void {
  const before = closureOf(declaration, resource);
  const late = others.find(({ urn }) => !before.has(urn));
  if (late !== undefined)
    throw wrong(resource, `may be created before "${late.name}", but ${why}: add that to its dependsOn`);
}

/** The exchange that a resource names. Throws UserError if it is not declared. */
export function exchangeOf(
  resources: CleanRoomResources,
  resource: Declared,
  project = "project",
  location = "location",
): Declared {
  const id = need<string>(resource, "dataExchangeId");
  const bare = id.slice(id.lastIndexOf("/") + 1);
  const name = `projects/${need(resource, project)}/locations/${need(resource, location)}/dataExchanges/${bare}`;
  const exchange = resources.exchanges.get(name);
  if (exchange === undefined) throw wrong(resource, `names the exchange ${name}, which is not declared`);
  return exchange;
}

/** Analytics Hub only accepts locations in lower case, such as `us`, although BigQuery calls the same location `US`. */
function checkLocation(resource: Declared, path: string): void {
  const location = need<string>(resource, path);
  if (location !== location.toLowerCase())
    throw wrong(resource, `${path} is "${location}": Analytics Hub takes lower case only, "${location.toLowerCase()}"`);
}
