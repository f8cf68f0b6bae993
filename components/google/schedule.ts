import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { Identity } from "./identity.ts";
import { childOf, type Place } from "./place.ts";

/** When a schedule fires. */
export interface Clock {
  /** In unix-cron format, such as `0 3 * * *`. */
  readonly schedule: string;
  /** A zone of the tz database, such as `Europe/Kyiv`. */
  readonly timeZone: string;
}

export interface ScheduleArgs {
  /** Project and region. */
  readonly place: Place;
  /** The schedule's name. */
  readonly scheduleName: string;
  /** The step that it starts, for the console. */
  readonly description: string;
  /** When it fires. */
  readonly clock: Clock;
  /** The URL that it posts an empty JSON object to: one of our functions, or a Google API. */
  readonly target: { readonly uri: pulumi.Input<string>; readonly kind: "function" | "google-api" };
  /** The account that calls. It must be allowed to. */
  readonly identity: Identity;
  /** How long to wait for an answer, 15 to 1800 seconds. */
  readonly deadlineSeconds: number;
}

/** Calls a URL on a schedule, and again if that fails. Delivery is at least once: two calls can arrive for one time. */
export class Schedule extends pulumi.ComponentResource {
  constructor(name: string, args: ScheduleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:google:Schedule", name, {}, opts);
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
          // A Google API wants an access token; a function wants an identity token with its own URL as audience.
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
