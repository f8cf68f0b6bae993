import { Cron } from "croner";
import type { Rehearsal } from "./adapter.ts";
import { happened } from "./alerts.ts";
import { accountOf, checkGranted } from "./checks.ts";
import { at, called, type Declared, need, wrong } from "./declaration.ts";
import { messageOf } from "./errors.ts";
import { type RunningFunction, startFunction } from "./functions.ts";

/** The declared target of a schedule. */
interface Target {
  readonly uri: string;
  readonly httpMethod?: string;
  /** In base 64. */
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly oidcToken?: { readonly serviceAccountEmail: string; readonly audience?: string };
  readonly oauthToken?: { readonly serviceAccountEmail: string };
}

const RUN_API = /^https:\/\/(?:[a-z0-9-]+-)?run\.googleapis\.com\/v2\//;

/**
 * Sorts schedules by the first time of day at which each fires, whatever its time zone.
 * Throws UserError for a time or a time zone that Cloud Scheduler refuses.
 * @example
 * inOrder(rehearsal.schedules).map(({ name }) => name); // ["generate", "load", "report"]
 */
export function inOrder(schedules: readonly Declared[]): Declared[] {
  const times = schedules.map((schedule) => ({ schedule, minute: firstMinute(schedule) }));
  return times.sort((one, other) => one.minute - other.minute).map(({ schedule }) => schedule);
}

/**
 * Calls the target of a schedule as its declared service account, and returns the answer, parsed from JSON.
 * Throws UserError that names the schedule if the call is refused or fails.
 */
export async function fire(
  rehearsal: Rehearsal,
  schedule: Declared,
  functions: Map<string, RunningFunction>,
): Promise<unknown> {
  const target = need<Target>(schedule, "httpTarget");
  const { uri, httpMethod: method = "POST", body, headers } = target;
  const { url, token, fn } = await aim(rehearsal, schedule, target, functions);
  const response = await fetch(url, {
    method,
    headers: { ...headers, authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: Buffer.from(body, "base64") }),
    signal: AbortSignal.timeout(1000 * Number.parseFloat(at<string>(schedule.inputs, "attemptDeadline") ?? "180s")),
  }).catch((error: unknown) => {
    throw wrong(schedule, `${method} ${uri} got no answer: ${messageOf(error)}`);
  });
  const text = await response.text();
  // Check the grants first: a missing one explains more than the answer.
  fn?.running.checkTouched();
  if (!response.ok) {
    refused(rehearsal, schedule, fn?.declared, response.status, text.trim());
    const whom = fn === undefined ? uri : called(fn.declared);
    const log = fn === undefined ? "" : `\nIts output: ${fn.running.log}`;
    throw wrong(schedule, `${whom} answered ${response.status}: ${text.trim()}${log}`);
  }
  return JSON.parse(text || "{}");
}

/** Reports a call without a 2xx answer: Cloud Run counts and logs it, and Cloud Scheduler logs it. */
function refused(
  rehearsal: Rehearsal,
  schedule: Declared,
  fn: Declared | undefined,
  status: number,
  text: string,
): void {
  const code = String(status);
  if (fn !== undefined)
    happened(rehearsal, {
      fields: {
        "resource.type": "cloud_run_revision",
        "resource.labels.service_name": String(fn.inputs.name),
        logName: `projects/${rehearsal.declaration.project}/logs/run.googleapis.com%2Frequests`,
        "httpRequest.status": code,
        "metric.type": "run.googleapis.com/request_count",
        "metric.labels.response_code": code,
        "metric.labels.response_code_class": `${code[0]}xx`,
      },
      words: `${fn.inputs.name} answered ${code}: ${text}`,
    });
  happened(rehearsal, {
    fields: {
      "resource.type": "cloud_scheduler_job",
      "resource.labels.job_id": String(schedule.inputs.name),
      severity: "ERROR",
      "httpRequest.status": code,
    },
    words: `${schedule.inputs.name} was answered ${code}: ${text}`,
  });
}

/** The address on this machine and the token for a schedule's target, and the function if the target is one. */
async function aim(
  rehearsal: Rehearsal,
  schedule: Declared,
  { uri, oidcToken, oauthToken }: Target,
  functions: Map<string, RunningFunction>,
) {
  if (RUN_API.test(uri)) {
    if (oauthToken === undefined)
      throw wrong(
        schedule,
        `calls ${uri}, a Google API, without an oauthToken, so Google would refuse it: declare one`,
      );
    const token = accountOf(rehearsal, schedule, oauthToken.serviceAccountEmail);
    return { url: uri.replace(RUN_API, rehearsal.runAdmin ?? ""), token };
  }
  const origin = URL.canParse(uri) ? new URL(uri).origin : uri;
  const declared = rehearsal.functions.get(origin);
  if (declared === undefined)
    throw wrong(schedule, `calls ${uri}, which is not the address of a declared function or job`);
  if (oidcToken === undefined)
    throw wrong(
      schedule,
      `calls ${called(declared)} without an oidcToken, so the function would refuse it: declare one`,
    );
  const account = accountOf(rehearsal, schedule, oidcToken.serviceAccountEmail);
  const { audience = uri } = oidcToken;
  if (audience.replace(/\/$/, "") !== origin)
    throw wrong(schedule, `calls ${called(declared)} at ${origin} with a token for ${audience}: give it that audience`);
  checkGranted(rehearsal, schedule, account, `service/${declared.inputs.name}`, "write");
  const running = functions.get(origin) ?? (await startFunction(rehearsal, declared));
  functions.set(origin, running);
  rehearsal.ran.add(declared.urn);
  return { url: `${running.url}${uri.slice(origin.length)}`, token: account, fn: { declared, running } };
}

/** The five fields of unix-cron, which Cloud Scheduler reads. Croner also reads others, such as `L` and `@daily`. */
const UNIX_CRON = (() => {
  const field = (...names: string[]) => {
    const value = ["\\d+", ...names].join("|");
    const part = `(?:\\*|(?:${value})(?:-(?:${value}))?)(?:/\\d+)?`;
    return `${part}(?:,${part})*`;
  };
  const months = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
  const days = "SUN MON TUE WED THU FRI SAT".split(" ");
  return new RegExp(`^${[field(), field(), field(), field(...months), field(...days)].join(" ")}$`, "i");
})();

/** The minute of the day at which a schedule first fires, on a day on which it fires. */
function firstMinute(schedule: Declared): number {
  const cron = need<string>(schedule, "schedule").trim().split(/\s+/).join(" ");
  const timeZone = at<string>(schedule.inputs, "timeZone") ?? "Etc/UTC";
  if (!isTimeZone(timeZone))
    throw wrong(
      schedule,
      `timeZone is "${timeZone}", which the tz database does not have: use a name such as "Europe/Kyiv"`,
    );
  const refuse = (why: string) =>
    wrong(schedule, `schedule is "${cron}", which Cloud Scheduler refuses (${why}): write it as in "30 3 * * *"`);
  if (!UNIX_CRON.test(cron)) throw refuse("it needs five fields: minute, hour, day, month, day of the week");
  let first: Date | null;
  try {
    // Start at a midnight, so that the next time is the first of its day. Use UTC, where no day lacks an hour.
    const pattern = new Cron(cron, { mode: "5-part", sloppyRanges: true, timezone: "UTC" });
    first = pattern.nextRun(new Date("1999-12-31T23:59:59Z"));
  } catch (error) {
    throw refuse(messageOf(error).replace(/^CronPattern: /, ""));
  }
  if (!first) throw refuse("it never fires");
  return first.getUTCHours() * 60 + first.getUTCMinutes();
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // Intl also accepts offsets such as +02:00, which are not zones.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
