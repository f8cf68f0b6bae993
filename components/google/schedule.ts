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
  /** The URL that it posts an empty JSON object to: one of our functions, with a path below its URL, or a Google API. */
  readonly target:
    | { readonly kind: "function"; readonly uri: pulumi.Input<string>; readonly path: string }
    | { readonly kind: "google-api"; readonly uri: pulumi.Input<string> };
  /** The account that calls. It must be allowed to. */
  readonly identity: Identity;
  /** How long to wait for an answer, 15 to 1800 seconds. */
  readonly deadlineSeconds: number;
}

/** How long a schedule keeps calling until it gets a 200. If the step is not done by then, a person must look. */
const PATIENCE_SECONDS = 6 * 3600;

/**
 * Calls a URL on a schedule, and again until the answer is 200, for up to six hours, so that a step can wait for the step before it. Delivery is
 * at least once: two calls can arrive for one scheduled time.
 */
export class Schedule extends pulumi.ComponentResource {
  constructor(name: string, args: ScheduleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("demo:google:Schedule", name, {}, opts);
    const { place, scheduleName, description, clock, target, identity, deadlineSeconds } = args;
    const { uri } = target;
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
        // If both limits are set, Google retries until both are reached. The pauses are 1, 2, 4, 8 and then 15 minutes.
        retryConfig: {
          retryCount: 5,
          maxRetryDuration: `${PATIENCE_SECONDS}s`,
          minBackoffDuration: "60s",
          maxBackoffDuration: "900s",
          maxDoublings: 4,
        },
        httpTarget: {
          httpMethod: "POST",
          uri: target.kind === "function" ? pulumi.interpolate`${uri}${target.path}` : uri,
          headers: { "Content-Type": "application/json" },
          body: Buffer.from("{}").toString("base64"),
          // A Google API wants an access token; a function wants an identity token for its own URL, without the path.
          ...(target.kind === "function"
            ? { oidcToken: { serviceAccountEmail, audience: uri } }
            : { oauthToken: { serviceAccountEmail } }),
        },
      },
      childOf(this, opts, [identity]),
    );
    this.registerOutputs({});
  }
}
