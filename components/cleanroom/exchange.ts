import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { type Party, parties } from "../../cleanroom/party.ts";
import type { SharedView } from "../../cleanroom/views.ts";
import { childOf, type Place } from "../google/place.ts";
import { retryWhileRefused } from "../google/retry.ts";
import type { SharedViews } from "./shared-views.ts";

export interface ExchangeArgs {
  /** The party's project, and the location. */
  readonly place: Place;
  /** The party that shares. */
  readonly party: Party;
  /** The party's shared views, as they are made. */
  readonly shared: SharedViews;
  /** The definitions of those views: a listing for each. */
  readonly views: readonly SharedView[];
  /** The views that only the party's query templates read: subscribers see their columns but no rows. */
  readonly templatesOnly: readonly string[];
  /** Whether BigQuery tells the party the addresses of those who query its views. It cannot be turned off again. */
  readonly logQueryAddresses: boolean;
}

/** A data exchange of Analytics Hub set up as a clean room, with a listing for each view that the party shares. Query results cannot be exported. */
export class Exchange extends pulumi.ComponentResource {
  /** The exchange's project. */
  readonly project: string;
  /** The location as Analytics Hub writes it, in lower case. */
  readonly location: string;
  /** The exchange's id. */
  readonly dataExchangeId: pulumi.Output<string>;
  /** The same, for subscriptions: before Pulumi deletes a listing to create it again, it deletes what has this as an input. */
  readonly listed: pulumi.Output<string>;

  constructor(name: string, args: ExchangeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:cleanroom:Exchange", name, {}, opts);
    const { place, party, shared, views, templatesOnly, logQueryAddresses } = args;
    const { project } = place;
    const location = place.location.toLowerCase();
    const { title, room } = parties[party];
    const exchange = new gcp.bigqueryanalyticshub.DataExchange(
      `${name}-exchange`,
      {
        project,
        location,
        dataExchangeId: room,
        displayName: `Clean room of ${title}`,
        description: `What ${title} shares, under rules that BigQuery enforces`,
        sharingEnvironmentConfig: { dcrExchangeConfig: {} },
        ...(logQueryAddresses && { logLinkedDatasetQueryUserEmail: true }),
      },
      { ...childOf(this, opts), ...retryWhileRefused(`${name}-exchange`), deleteBeforeReplace: true },
    );
    const listings = views.map(({ name: view, description }) => {
      const dataset = pulumi.interpolate`projects/${project}/datasets/${shared.datasetId}`;
      return new gcp.bigqueryanalyticshub.Listing(
        `${name}-${view}`,
        {
          project,
          location,
          dataExchangeId: exchange.dataExchangeId,
          listingId: view,
          displayName: view,
          description,
          bigqueryDataset: { dataset, selectedResources: [{ table: pulumi.interpolate`${dataset}/tables/${view}` }] },
          restrictedExportConfig: { enabled: true, restrictQueryResult: true },
          ...(templatesOnly.includes(view) && { allowOnlyMetadataSharing: true }),
        },
        {
          // Wait for the view, and for its access to the tables that it reads.
          ...childOf(this, opts, [shared]),
          ...retryWhileRefused(`${name}-${view}`),
          // Google does not let a listing change its view, its limits on export, or whether it shows rows.
          replaceOnChanges: ["restrictedExportConfig", "allowOnlyMetadataSharing"],
          deleteBeforeReplace: true,
        },
      );
    });
    this.project = project;
    this.location = location;
    this.dataExchangeId = exchange.dataExchangeId;
    const id = pulumi.all([exchange.dataExchangeId, ...listings.map(({ listingId }) => listingId)]);
    this.listed = id.apply(([exchangeId = ""]) => exchangeId);
    this.registerOutputs({ dataExchangeId: this.dataExchangeId, listed: this.listed });
  }
}
