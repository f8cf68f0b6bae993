import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { PrivacyView } from "bigquery-clean-room";
import { type Party, parties } from "../../cleanroom/party.ts";
import type { SharedView } from "../../cleanroom/views.ts";
import { Dataset } from "../google/dataset.ts";
import { childOf, type Place } from "../google/place.ts";
import { retryWhileRefused } from "../google/retry.ts";

export interface SharedViewsArgs {
  /** The party's project, and the location and labels. */
  readonly place: Place;
  /** The party that shares. */
  readonly party: Party;
  /** The party's own tables. */
  readonly source: Dataset;
  /** The definitions of the views. */
  readonly views: readonly SharedView[];
}

/**
 * The views that a party shares, with their analysis rules, in a separate dataset. The party's own dataset authorises that whole dataset, so
 * a view that was created again may still read the tables.
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
          // A dataset cannot hold two views of one name.
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
