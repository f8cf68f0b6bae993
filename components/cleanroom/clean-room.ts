import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { Overrides } from "../../cleanroom/overrides.ts";
import { otherParty, PARTIES, type Party, parties } from "../../cleanroom/party.ts";
import { templates } from "../../cleanroom/templates.ts";
import { shareViews } from "../../cleanroom/views.ts";
import type { Dataset } from "../google/dataset.ts";
import { type Grant, type Grantee, grant } from "../google/grants.ts";
import { Identity } from "../google/identity.ts";
import { childOf, type Place } from "../google/place.ts";
import { isLingering, isMissing, isRefusal, retryWhile } from "../google/retry.ts";
import { accounts } from "../names.ts";
import { Exchange } from "./exchange.ts";
import { SharedViews } from "./shared-views.ts";
import { Templates } from "./templates.ts";

/** One value for each of the two parties. */
type Each<T> = Readonly<Record<Party, T>>;

export interface CleanRoomArgs {
  /** Location and labels. The projects are the parties' own. */
  readonly place: Place;
  /** The parties' projects. */
  readonly projects: Each<string>;
  /** The parties' own tables. */
  readonly datasets: Each<Dataset>;
  /** The shared views' changes to their defaults. `config.ts` has checked it. */
  readonly sharedViews: Overrides;
  /** The shared views that only query templates read. `config.ts` has checked it. */
  readonly templatesOnly: readonly string[];
  /** A new number submits all query templates again. */
  readonly templatesRevision: number;
  /** Who may subscribe and query as a party, in addition to its service account: `user:…`, `group:…`, `serviceAccount:…`. */
  readonly cleanRoomMembers: Each<readonly string[]>;
  /** Whether both parties see the addresses of those who query their views. It cannot be turned off again. */
  readonly logQueryAddresses: boolean;
  /** Everybody else who has grants on the parties' datasets. */
  readonly otherGrantees: readonly pulumi.Resource[];
}

/**
 * The clean room of two parties, with one exchange for each direction. Each party shares views with analysis rules and query templates,
 * and finds the other's in a linked dataset. A service account acts for each party: it may query the party's own tables and views and the linked ones, and
 * nothing else.
 */
export class CleanRoom extends pulumi.ComponentResource {
  /** The linked datasets, `project.dataset`, as soon as they can be queried. */
  readonly linked: pulumi.Output<string[]>;

  constructor(name: string, args: CleanRoomArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:cleanroom:CleanRoom", name, {}, opts);
    const {
      projects,
      datasets,
      cleanRoomMembers,
      templatesOnly,
      templatesRevision: revision,
      logQueryAddresses,
    } = args;
    const { views: all } = shareViews(args.sharedViews);
    const child = childOf(this, opts);
    const sides = PARTIES.map((party) => {
      const project = projects[party];
      const place = { ...args.place, project };
      const views = all.filter((view) => view.party === party);
      const source = datasets[party];
      const shared = new SharedViews(`${name}-${party}-shared`, { place, party, source, views }, child);
      const listed = { shared, views, templatesOnly, logQueryAddresses };
      const exchange = new Exchange(`${name}-${party}`, { place, party, ...listed }, child);

      const displayName = `Subscribes and asks in the clean room as ${parties[party].title}`;
      const account = new Identity(`${name}-${party}`, { accountId: accounts[party], displayName, project }, child);
      const members = [["account", account], ...cleanRoomMembers[party].map((member) => [member, granteeOf(member)])];
      const grantAll = (grants: Readonly<Record<string, Grant>>, to: pulumi.CustomResourceOptions) =>
        (members as [string, Grantee][]).flatMap(([who, grantee]) =>
          Object.entries(grants).map(([what, given]) => grant(`${name}-${party}-${who}-${what}`, grantee, given, to)),
        );
      const reads = (dataset: pulumi.Input<string>): Grant => ({ on: "dataset", project, dataset, role: "READER" });
      const granted = grantAll({ tables: reads(source.datasetId), views: reads(shared.datasetId) }, child);

      const own = templates.filter(({ owner }) => owner === party);
      const approved = new Templates(
        `${name}-${party}-templates`,
        { place, party, projects, source, shared, exchange, templates: own, revision },
        childOf(this, opts, [...granted, ...args.otherGrantees]),
      );
      return [party, { place, exchange, approved, account, grantAll, reads }] as const;
    });
    const side = Object.fromEntries(sides) as Each<(typeof sides)[number][1]>;

    const linked = PARTIES.map((party) => {
      const { place, account, grantAll, reads } = side[party];
      const { exchange, approved } = side[otherParty(party)];
      const { title, linked: datasetId } = parties[party];
      const { project } = place;
      const { location, dataExchangeId } = exchange;
      const on = { on: "exchange", project: exchange.project, location, exchange: dataExchangeId } as const;
      const subscribing = grantAll(
        {
          subscribes: { ...on, role: "roles/analyticshub.subscriber" },
          // Google's pages disagree about whether this role belongs on the exchange or on the project.
          manages: { ...on, role: "roles/analyticshub.subscriptionOwner" },
          subscriptions: { on: "project", project, role: "roles/analyticshub.subscriptionOwner" },
          // To run queries, and to create the linked dataset.
          asks: { on: "project", project, role: "roles/bigquery.user" },
        },
        child,
      );
      const subscription = new gcp.bigqueryanalyticshub.DataExchangeSubscription(
        `${name}-${party}-subscription`,
        {
          project,
          location,
          subscriptionId: datasetId,
          dataExchangeProject: exchange.project,
          dataExchangeLocation: location,
          dataExchangeId: exchange.listed,
          // Google fills an empty contact itself. That would show as a change and replace the subscription.
          subscriberContact: account.email,
          // No labels: a change of labels would replace the subscription.
          destinationDataset: {
            location,
            datasetReference: { projectId: project, datasetId },
            friendlyName: datasetId,
            description: `What ${parties[otherParty(party)].title} shares with ${title}`,
          },
          // Refreshes the subscription when listings have changed, and not at every `pulumi refresh`.
          refreshPolicy: "ON_STALE",
        },
        {
          // Wait for the listings, too: Google refuses a subscription to an empty exchange, and links only the listings that exist at that moment.
          ...childOf(this, opts, [exchange, approved, ...subscribing]),
          ...retryWhile(
            `${name}-${party}-subscription`,
            (error) => isRefusal(error) || isLingering(error),
            "as happens while grants take effect, or while a linked dataset of that name is still being removed",
          ),
          deleteBeforeReplace: true,
        },
      );
      // The provider returns before the linked dataset exists, so retry while it is missing.
      const waits = retryWhile(
        `${name}-${party}-linked`,
        isMissing,
        "as happens while the linked dataset is being created",
      );
      // Take the id from the subscription: its replacement deletes the linked dataset, and these grants have to be created again.
      const asking = grantAll({ linked: reads(subscription.subscriptionId) }, pulumi.mergeOptions(child, waits));
      return pulumi.all(asking.map(({ id }) => id)).apply(() => `${project}.${datasetId}`);
    });
    this.linked = pulumi.all(linked);
    this.registerOutputs({ linked: this.linked });
  }
}

function granteeOf(member: string): Grantee {
  return { member, email: member.slice(member.indexOf(":") + 1) };
}
