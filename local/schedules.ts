import { accountOf, checkGranted } from "./accounts.ts";
import { at, called, type Declared, need, wrong } from "./declaration.ts";
import { type RunningFunction, startFunction } from "./functions.ts";
import type { RunAdminServer } from "./run-admin.ts";
import type { World } from "./world.ts";

/** Where a schedule aims, as declared. */
interface Target {
  readonly uri: string;
  readonly httpMethod?: string;
  /** In base 64. */
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly oidcToken?: { readonly serviceAccountEmail: string; readonly audience?: string };
  readonly oauthToken?: { readonly serviceAccountEmail: string; readonly scope?: string };
}

const RUN_API = /^https:\/\/(?:[a-z0-9-]+-)?run\.googleapis\.com\/v2\//;

/** The schedules in the order of their first time of day. Throws UserError for a time or zone that Cloud Scheduler refuses. */
export function inOrder(schedules: readonly Declared[]): Declared[] {
  const times = schedules.map((schedule) => ({ schedule, minute: firstMinute(schedule) }));
  return times.sort((one, other) => one.minute - other.minute).map(({ schedule }) => schedule);
}

/** Fires a schedule at the declared target with the declared identity. Throws UserError that names the schedule. */
export async function fire(
  world: World,
  schedule: Declared,
  server: RunAdminServer,
  functions: Map<string, RunningFunction>,
): Promise<unknown> {
  const target = need<Target>(schedule, "httpTarget");
  const { uri, httpMethod: method = "POST", body, headers } = target;
  const { url, token, fn } = await aim(world, schedule, target, server, functions);
  const response = await fetch(url, {
    method,
    headers: { ...headers, authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: Buffer.from(body, "base64") }),
    signal: AbortSignal.timeout(1000 * Number.parseFloat(at<string>(schedule.inputs, "attemptDeadline") ?? "180s")),
  }).catch((error: unknown) => {
    throw wrong(schedule, `${method} ${uri} was not answered: ${error instanceof Error ? error.message : error}`);
  });
  const text = await response.text();
  // A grant that is missing explains more than what came of it.
  fn?.running.checkTouched();
  if (!response.ok) {
    const whom = fn === undefined ? uri : called(fn.declared);
    throw wrong(
      schedule,
      `${whom} answered ${response.status}: ${text.trim()}${fn ? `\nIts output: ${fn.running.log}` : ""}`,
    );
  }
  return JSON.parse(text || "{}");
}

async function aim(
  world: World,
  schedule: Declared,
  { uri, oidcToken, oauthToken }: Target,
  server: RunAdminServer,
  functions: Map<string, RunningFunction>,
) {
  if (RUN_API.test(uri)) {
    if (oauthToken === undefined) throw wrong(schedule, `calls ${uri}, a Google API, and has no oauthToken for it`);
    const token = accountOf(world, schedule, oauthToken.serviceAccountEmail);
    return { url: uri.replace(RUN_API, server.url), token };
  }
  const origin = URL.canParse(uri) ? new URL(uri).origin : uri;
  const declared = world.functions.get(origin);
  if (declared === undefined) throw wrong(schedule, `calls ${uri}, where no declared function or job answers`);
  if (oidcToken === undefined)
    throw wrong(schedule, `calls ${called(declared)} without oidcToken, and only known callers get in`);
  const account = accountOf(world, schedule, oidcToken.serviceAccountEmail);
  const { audience = uri } = oidcToken;
  if (audience.replace(/\/$/, "") !== origin)
    throw wrong(schedule, `calls ${called(declared)} at ${origin} with a token for ${audience}: give it that audience`);
  checkGranted(world, schedule, account, `service/${declared.inputs.name}`, "write");
  const running = functions.get(origin) ?? (await startFunction(world, declared));
  functions.set(origin, running);
  world.rehearsed.add(declared.urn);
  return { url: `${running.url}${uri.slice(origin.length)}`, token: account, fn: { declared, running } };
}

const fieldRanges = [
  { what: "minute", from: 0, to: 59 },
  { what: "hour", from: 0, to: 23 },
] as const;

/** Minutes after midnight at which a schedule fires first on a day that it fires on. */
function firstMinute(schedule: Declared): number {
  const cron = need<string>(schedule, "schedule").trim().split(/\s+/);
  const zone = at<string>(schedule.inputs, "timeZone") ?? "Etc/UTC";
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
  } catch {
    throw wrong(schedule, `timeZone is "${zone}", which is no name of the tz database`);
  }
  const [minute = 0, hour = 0] = fieldRanges.map(({ what, from, to }, index) => {
    const first = /^(\*|\d+)/.exec(cron[index] ?? "")?.[0];
    const value = first === "*" ? from : Number(first);
    if (cron.length !== 5 || !(value >= from && value <= to))
      throw wrong(
        schedule,
        `schedule is "${cron.join(" ")}", and its ${what} cannot be read: write it as in "30 3 * * *"`,
      );
    return value;
  });
  return hour * 60 + minute;
}
