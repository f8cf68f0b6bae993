import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { Overrides } from "../cleanroom/overrides.ts";
import { otherParty, PARTIES, type Party, parties } from "../cleanroom/party.ts";
import { shareViews } from "../cleanroom/views.ts";
import type { Dataset } from "./dataset.ts";
import { Exchange } from "./exchange.ts";
import { isLingering, isMissing, isRefusal, isUnknownAccount, retryWhile } from "./google-delay.ts";
import { type Grant, type Grantee, grant } from "./grants.ts";
import { Identity } from "./identity.ts";
import { accounts } from "./names.ts";
import { childOf, type Place } from "./place.ts";
import { SharedViews } from "./shared-views.ts";

/** What each of the two parties has or is. */
type Each<T> = Readonly<Record<Party, T>>;

export interface CleanRoomArgs {
  readonly place: Place;
  readonly projects: Each<string>;
  /** The parties' own tables. */
  readonly datasets: Each<Dataset>;
  /** What the shared views do otherwise than by default; checked by whoever read the settings. */
  readonly sharedViews: Overrides;
  /** Who may subscribe and ask as a party, beside its service account: `user:…`, `group:…`, `serviceAccount:…`. */
  readonly cleanRoomMembers: Each<readonly string[]>;
}

/**
 * The clean room of two parties, one exchange a direction. Each shares views under rules, and finds in a linked dataset what the other
 * shares. A service account stands for each: it may ask on its own tables and views and on the linked ones, and read nothing else.
 */
export class CleanRoom extends pulumi.ComponentResource {
  /** The linked datasets, `project.dataset`, once they can be asked for. */
  readonly linked: pulumi.Output<string[]>;

  constructor(name: string, args: CleanRoomArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:cleanroom:CleanRoom", name, {}, opts);
    const { projects, datasets, cleanRoomMembers } = args;
    const { views: all } = shareViews(args.sharedViews);
    const child = childOf(this, opts);
    const sides = PARTIES.map((party) => {
      const place = { ...args.place, project: projects[party] };
      const views = all.filter((view) => view.party === party);
      const source = datasets[party];
      const shared = new SharedViews(`${name}-${party}-shared`, { place, party, source, views }, child);
      const exchange = new Exchange(`${name}-${party}`, { place, party, shared, views }, child);
      return [party, { place, shared, exchange }] as const;
    });
    const side = Object.fromEntries(sides) as Each<(typeof sides)[number][1]>;

    const linked = PARTIES.map((party) => {
      const { place, shared } = side[party];
      const { exchange } = side[otherParty(party)];
      const { title, linked: datasetId } = parties[party];
      const { project } = place;
      const { location, dataExchangeId } = exchange;

      const displayName = `Subscribes and asks in the clean room as ${title}`;
      const account = new Identity(`${name}-${party}`, { accountId: accounts[party], displayName, project }, child);
      const members = [["account", account], ...cleanRoomMembers[party].map((member) => [member, granteeOf(member)])];
      const grantAll = (grants: Readonly<Record<string, Grant>>, to: pulumi.CustomResourceOptions) =>
        (members as [string, Grantee][]).flatMap(([who, grantee]) =>
          Object.entries(grants).map(([what, given]) => grant(`${name}-${party}-${who}-${what}`, grantee, given, to)),
        );
      const on = { on: "exchange", project: exchange.project, location, exchange: dataExchangeId } as const;
      const subscribing = grantAll(
        {
          subscribes: { ...on, role: "roles/analyticshub.subscriber" },
          // Google's pages differ in where this one is to be granted.
          manages: { ...on, role: "roles/analyticshub.subscriptionOwner" },
          subscriptions: { on: "project", project, role: "roles/analyticshub.subscriptionOwner" },
          // To ask, and to make the linked dataset.
          asks: { on: "project", project, role: "roles/bigquery.user" },
        },
        child,
      );
      const reads = (dataset: pulumi.Input<string>): Grant => ({ on: "dataset", project, dataset, role: "READER" });
      grantAll({ tables: reads(datasets[party].datasetId), views: reads(shared.datasetId) }, child);

      const subscription = new gcp.bigqueryanalyticshub.DataExchangeSubscription(
        `${name}-${party}-subscription`,
        {
          project,
          location,
          subscriptionId: datasetId,
          dataExchangeProject: exchange.project,
          dataExchangeLocation: location,
          dataExchangeId,
          // Left out, one that Google sets by itself would show as a change, and replace the subscription.
          subscriberContact: account.email,
          // Without labels, since a change of them would replace the subscription.
          destinationDataset: {
            location,
            datasetReference: { projectId: project, datasetId },
            friendlyName: datasetId,
            description: `What ${parties[otherParty(party)].title} shares with ${title}`,
          },
          // Refreshed where listings have changed, and not at every look.
          refreshPolicy: "ON_STALE",
        },
        {
          // Listings among it: Google refuses to subscribe where there is none, and links what is listed then.
          ...childOf(this, opts, [exchange, ...subscribing]),
          ...retryWhile(
            `${name}-${party}-subscription`,
            (error) => isRefusal(error) || isLingering(error),
            "as happens while grants are on their way, or a linked dataset of that name is still being removed",
          ),
          deleteBeforeReplace: true,
        },
      );
      // Nobody waits for the operation that makes the linked dataset.
      const waits = retryWhile(
        `${name}-${party}-linked`,
        (error) => isMissing(error) || isUnknownAccount(error),
        "as happens while the linked dataset is being made",
      );
      // By the subscription's property: where it is replaced, grants on the dataset that goes with it are given anew.
      const asking = grantAll({ linked: reads(subscription.subscriptionId) }, { ...child, ...waits });
      return pulumi.all(asking.map(({ id }) => id)).apply(() => `${project}.${datasetId}`);
    });
    this.linked = pulumi.all(linked);
    this.registerOutputs({ linked: this.linked });
  }
}

function granteeOf(member: string): Grantee {
  return { member, email: member.slice(member.indexOf(":") + 1) };
}
