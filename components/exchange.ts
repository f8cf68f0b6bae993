import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { type Party, parties } from "../cleanroom/party.ts";
import type { SharedView } from "../cleanroom/views.ts";
import { retryWhileRefused } from "./google-delay.ts";
import { childOf, type Place } from "./place.ts";
import type { SharedViews } from "./shared-views.ts";

export interface ExchangeArgs {
  /** With the project of the party. */
  readonly place: Place;
  readonly party: Party;
  readonly shared: SharedViews;
  readonly views: readonly SharedView[];
}

/** A data exchange of Analytics Hub that is a clean room, with a listing for each view that a party shares: nothing can be exported. */
export class Exchange extends pulumi.ComponentResource {
  readonly project: string;
  /** Analytics Hub's name of the location: in lower case. */
  readonly location: string;
  readonly dataExchangeId: pulumi.Output<string>;

  constructor(name: string, args: ExchangeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:cleanroom:Exchange", name, {}, opts);
    const { place, party, shared, views } = args;
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
        description: `What ${title} shares, by rules that BigQuery keeps`,
        sharingEnvironmentConfig: { dcrExchangeConfig: {} },
      },
      { ...childOf(this, opts), ...retryWhileRefused(`${name}-exchange`), deleteBeforeReplace: true },
    );
    for (const { name: view, description } of views) {
      const dataset = pulumi.interpolate`projects/${project}/datasets/${shared.datasetId}`;
      new gcp.bigqueryanalyticshub.Listing(
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
        },
        {
          // The view, and the access of views to what it reads.
          ...childOf(this, opts, [shared]),
          ...retryWhileRefused(`${name}-${view}`),
          // Google changes neither what is listed nor what may be exported.
          replaceOnChanges: ["restrictedExportConfig"],
          deleteBeforeReplace: true,
        },
      );
    }
    this.project = project;
    this.location = location;
    this.dataExchangeId = exchange.dataExchangeId;
    this.registerOutputs({ dataExchangeId: this.dataExchangeId });
  }
}
