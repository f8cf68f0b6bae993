import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { Identity } from "./identity.ts";
import { childOf, type Place } from "./place.ts";

/** When something happens, in unix-cron format and a zone of the tz database. */
export interface Clock {
  readonly schedule: string;
  readonly timeZone: string;
}

export interface ScheduleArgs {
  readonly place: Place;
  /** The schedule's name. */
  readonly scheduleName: string;
  /** What it starts, as the console shows it. */
  readonly description: string;
  readonly clock: Clock;
  /** What is called, by POST with an empty JSON object: a function of ours, or an API of Google's. */
  readonly target: { readonly uri: pulumi.Input<string>; readonly kind: "function" | "google-api" };
  /** Who calls. Needs to be allowed to. */
  readonly identity: Identity;
  /** How long an answer may take, 15 to 1800. */
  readonly deadlineSeconds: number;
}

/** Calls something at its time, and again when that fails. Delivery is at least once: what is called can be called twice. */
export class Schedule extends pulumi.ComponentResource {
  constructor(name: string, args: ScheduleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:schedule:Schedule", name, {}, opts);
    const { place, scheduleName, description, clock, target, identity, deadlineSeconds } = args;
    const { uri, kind } = target;
    const serviceAccountEmail = identity.email;
    new gcp.cloudscheduler.Job(
      `${name}-schedule`,
      {
        project: place.project,
        region: place.region,
        name: scheduleName,
        description,
        ...clock,
        attemptDeadline: `${deadlineSeconds}s`,
        retryConfig: { retryCount: 3, minBackoffDuration: "60s" },
        httpTarget: {
          httpMethod: "POST",
          uri,
          headers: { "Content-Type": "application/json" },
          body: Buffer.from("{}").toString("base64"),
          // Google's APIs take access tokens; a function takes an identity token made out to its own address.
          ...(kind === "function"
            ? { oidcToken: { serviceAccountEmail, audience: uri } }
            : { oauthToken: { serviceAccountEmail } }),
        },
      },
      childOf(this, opts, [identity]),
    );
    this.registerOutputs({});
  }
}
