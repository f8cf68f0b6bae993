import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { type Party, parties } from "../cleanroom/party.ts";
import type { SharedView } from "../cleanroom/views.ts";
import { Dataset } from "./dataset.ts";
import { retryWhileRefused } from "./google-delay.ts";
import { childOf, type Place } from "./place.ts";
import { PrivacyView } from "./privacy-view.ts";

export interface SharedViewsArgs {
  /** With the project of the party. */
  readonly place: Place;
  readonly party: Party;
  /** The party's own tables. */
  readonly source: Dataset;
  readonly views: readonly SharedView[];
}

/**
 * What a party shares: views with analysis rules, in a dataset of their own, whose views the party's own dataset lets in. A view that is
 * made anew is let in as well.
 */
export class SharedViews extends pulumi.ComponentResource {
  /** The id of the views' dataset. */
  readonly datasetId: pulumi.Output<string>;

  constructor(name: string, args: SharedViewsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:cleanroom:SharedViews", name, {}, opts);
    const { place, party, source, views } = args;
    const { project, location, labels } = place;
    const { title, shared } = parties[party];
    const description = `What ${title} shares in its clean room: views with analysis rules`;
    const dataset = new Dataset(name, { place, dataset: shared, description }, childOf(this, opts));
    this.datasetId = dataset.datasetId;

    for (const { name: view, description, columns, rule, query } of views) {
      const text = query({ merchant: project, wallet: project });
      new PrivacyView(
        `${name}-${view}`,
        { project, dataset: this.datasetId, location, view, description, labels, columns, query: text, rule },
        {
          ...childOf(this, opts, [source]),
          ...retryWhileRefused(`${name}-${view}`),
          // Two of one name cannot be there at once.
          deleteBeforeReplace: true,
        },
      );
    }
    new gcp.bigquery.DatasetAccess(
      `${name}-authorised`,
      {
        project,
        datasetId: source.datasetId,
        authorizedDataset: { dataset: { projectId: project, datasetId: this.datasetId }, targetTypes: ["VIEWS"] },
      },
      childOf(this, opts),
    );
    this.registerOutputs({ datasetId: this.datasetId });
  }
}
