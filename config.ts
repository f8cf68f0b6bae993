import * as pulumi from "@pulumi/pulumi";
import { Cron } from "croner";
import type { Overrides } from "./cleanroom/overrides.ts";
import { PARTIES, type Party } from "./cleanroom/party.ts";
import { templates } from "./cleanroom/templates.ts";
import { shareViews } from "./cleanroom/views.ts";
import { MAX_SCALE } from "./generator/coffee/shop-settings.ts";
import { number } from "./generator/options.ts";
import { readPulumiYaml } from "./pulumi-yaml.ts";

/*
 * Checks the stack's settings before anything is declared. Pulumi.yaml says what each setting is for, its type and its default; this file
 * says which values are allowed.
 */

/** Turns a setting's text into its value. Throws a text that says what is allowed. */
type Parse<Value> = (given: string) => Value;

/** Any text that a pattern or a function accepts. */
function text(allowed: string, accepts: RegExp | ((given: string) => boolean)): Parse<string> {
  const isAllowed = accepts instanceof RegExp ? (given: string) => accepts.test(given) : accepts;
  return (given) => {
    if (isAllowed(given)) return given;
    throw allowed;
  };
}

/** A whole number within limits. */
function whole(min: number, max: number): Parse<number> {
  return number("", 0, { min, max }).parse;
}

/** A number above 0, or from 0. Pulumi.yaml declares it as text, since Pulumi has no type for fractions. */
function fraction(max: number, from: { above: number } | { min: number } = { above: 0 }): Parse<number> {
  return number("", 0, { ...from, max, whole: false }).parse;
}

/** A setting that is on or off. */
const yesOrNo: Parse<boolean> = (given) => {
  if (given !== "true" && given !== "false") throw "true or false";
  return given === "true";
};

/** An object, in JSON. */
function object<Value>(allowed: string, read: (given: object) => Value | undefined): Parse<Value> {
  return (given) => {
    const value = parseJson(given);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    const found = isObject ? read(value) : undefined;
    if (found === undefined) throw allowed;
    return found;
  };
}

const PROJECT = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const partyProject = text(
  "a project's id: 6 to 30 lower-case letters, digits and hyphens, or nothing for gcp:project",
  (given) => given === "" || PROJECT.test(given),
);
const schedule = text(
  'five fields of numbers, minute to day of the week, such as "30 3 * * *", that fire on some day',
  firesSometime,
);
const PUBLIC_THELOOK = "bigquery://bigquery-public-data/thelook_ecommerce";

const labels = object(
  "an object of names and values, of lower-case letters, digits, - and _, up to 63 of them",
  (given): Readonly<Record<string, string>> | undefined => {
    const pairs = Object.entries(given).map(([key, value]) => [key, String(value)] as const);
    const isAllowed = pairs.every(
      ([key, value]) => /^[a-z][a-z0-9_-]{0,62}$/.test(key) && /^[a-z0-9_-]{0,63}$/.test(value),
    );
    return isAllowed ? Object.fromEntries(pairs) : undefined;
  },
);

const sharedViews = object("an object of views and their fields", (given) => {
  const overrides = given as Overrides;
  const { wrong } = shareViews(overrides);
  if (wrong.length > 0) throw `what BigQuery takes: ${wrong.join("; ")}`;
  return overrides;
});

/** A list of texts, in JSON. */
const names: Parse<readonly string[]> = (given) => {
  const value = parseJson(given);
  if (Array.isArray(value) && value.every((each) => typeof each === "string") && new Set(value).size === value.length)
    return value;
  throw 'a list of names, each once, such as ["users_shared"]';
};

const cleanRoomMembers = object(
  'lists by party, such as {"merchant": ["group:analysts@example.com"]}, of user:, group: or serviceAccount:',
  (given): Readonly<Record<Party, readonly string[]>> | undefined => {
    const lists = Object.entries(given);
    const isAllowed = lists.every(
      ([party, members]) =>
        PARTIES.includes(party as Party) &&
        Array.isArray(members) &&
        members.every((member) => /^(user|group|serviceAccount):[^@\s:]+@[^@\s:]+$/.test(String(member))) &&
        new Set(members).size === members.length,
    );
    return isAllowed ? { merchant: [], wallet: [], ...Object.fromEntries(lists) } : undefined;
  },
);

/** Who may read the reports. IAM's names for everybody are not allowed. */
const READER = /^((user|group|serviceAccount):[^\s@:,]+@[a-z0-9.-]+|domain:[a-z0-9-]+(\.[a-z0-9-]+)+)$/;

const IMAGE =
  /^(docker\.io|([a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)(\/[a-z0-9._-]+)+(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/;

/** Parses each setting, and refuses values that are not allowed. */
const allowed = {
  location: text("US, EU, or a region such as europe-west1", /^(US|EU|[a-z]+-[a-z]+\d+)$/),
  region: text("a region such as us-central1", /^[a-z]+-[a-z]+\d+$/),
  merchantProject: partyProject,
  walletProject: partyProject,
  bucketName: text(
    "3 to 55 lower-case letters, digits, - and _, without google in it, or nothing",
    // Google allows 63, but the name of the reports' bucket is longer.
    /^$|^(?!goog|.*google)[a-z0-9][a-z0-9_-]{1,53}[a-z0-9]$/,
  ),
  reportReaders: text(
    "user:ADDRESS, group:ADDRESS, serviceAccount:ADDRESS or domain:NAME, each once, with commas and no spaces between; never everybody",
    (given) => given === "" || areReaders(given.split(",")),
  ),
  thelookSource: text(`${PUBLIC_THELOOK} or synthetic:`, (given) => given === PUBLIC_THELOOK || given === "synthetic:"),
  seed: whole(0, 0xffffffff),
  days: whole(0, 3652),
  scale: fraction(MAX_SCALE),
  tasks: whole(1, 10_000),
  memory: text(
    "512Mi to 1023Mi, or 1Gi to 32Gi",
    /^(51[2-9]|5[2-9]\d|[6-9]\d\d|10[01]\d|102[0-3])Mi$|^([1-9]|[12]\d|3[0-2])Gi$/,
  ),
  retries: whole(3, 10),
  timeoutSeconds: whole(60, 86_400),
  generateSchedule: schedule,
  loadSchedule: schedule,
  dbtSchedule: schedule,
  reportSchedule: schedule,
  timeZone: text("a zone of the tz database, such as Europe/Kyiv", isTimeZone),
  walletShare: fraction(1),
  premiumFrom: whole(1, 1_000_000),
  businessFrom: whole(1, 1_000_000),
  discrepancyShare: fraction(1, { min: 0 }),
  hashKeySecret: text(
    "the name of a secret in the stack's project: letters, digits, - and _; or nothing",
    /^[\w-]{0,255}$/,
  ),
  sharedViews,
  templatesOnly: names,
  templatesRevision: whole(1, 9999),
  cleanRoomMembers,
  logQueryAddresses: yesOrNo,
  generatorImage: text(
    "an image with its registry (docker.io, gcr.io or …-docker.pkg.dev), such as docker.io/library/node:22-slim",
    IMAGE,
  ),
  dbtImage: text("OWNER/NAME", /^[a-z0-9-]+(\/[a-z0-9._-]+)+$/),
  dbtTag: text("a tag such as 1.11.1", /^\w[\w.-]{0,127}$/),
  labels,
};

type Name = keyof typeof allowed;

/** The names of all settings. */
export const settingNames = Object.keys(allowed) as readonly Name[];

/** The checked values of all settings. */
export type Settings = { readonly [Each in Name]: ReturnType<(typeof allowed)[Each]> } & {
  /** `gcp:project`: the project of everything that has no project of its own. */
  readonly project: string;
};

/**
 * Checks a stack's configuration, by full name such as `gcp-data-demos:seed`. A setting that is not set has the default of Pulumi.yaml.
 * @param namespace the program's name
 * @throws one RunError that names every wrong setting with its value and what is allowed
 */
export function checkSettings(config: Readonly<Record<string, string>>, namespace: string): Settings {
  const { settings: declared } = readPulumiYaml();
  const wrong: string[] = [];

  const gcpProject = config["gcp:project"];
  if (gcpProject === undefined) wrong.push("gcp:project is not set: pulumi config set gcp:project PROJECT");
  else if (!PROJECT.test(gcpProject))
    wrong.push(`gcp:project is "${gcpProject}": use a project's id: 6 to 30 lower-case letters, digits and hyphens`);

  for (const key of Object.keys(config)) {
    const [space, name = ""] = key.split(":");
    if (space === namespace && !Object.hasOwn(allowed, name))
      wrong.push(`${key} is no setting: use one of ${settingNames.join(", ")}`);
  }

  const values = Object.fromEntries(
    settingNames.map((name) => {
      const fallback = declared[name]?.default ?? "";
      const given = config[`${namespace}:${name}`] ?? fallback;
      try {
        return [name, allowed[name](given)];
      } catch (use) {
        wrong.push(`${namespace}:${name} is "${given}": use ${use}`);
        // Go on with the default, to find what else is wrong.
        return [name, given === fallback ? undefined : allowed[name](fallback)];
      }
    }),
  ) as Omit<Settings, "project">;

  const project = gcpProject ?? "";
  const merchantProject = values.merchantProject || project;
  const walletProject = values.walletProject || project;
  const settings = { ...values, project, merchantProject, walletProject };
  // A value is missing where even the default of Pulumi.yaml is wrong.
  if (Object.values(values).every((value) => value !== undefined)) wrong.push(...contradictions(settings, namespace));
  if (wrong.length > 0) {
    const error = new pulumi.RunError(
      `wrong settings, change them by "pulumi config set NAME VALUE", fields of an object by "pulumi config set --path NAME.FIELD VALUE":\n  ${wrong.join("\n  ")}`,
    );
    // Pulumi formats the stack trace and shows none of it, which takes Node 20 seconds: https://github.com/nodejs/node/issues/64011
    delete error.stack;
    throw error;
  }
  return settings;
}

/** Says which settings are right by themselves and wrong together. */
function contradictions(settings: Settings, namespace: string): string[] {
  const { premiumFrom, businessFrom, thelookSource, location, cleanRoomMembers } = settings;
  const wrong: string[] = [];
  if (premiumFrom >= businessFrom)
    wrong.push(
      `${namespace}:premiumFrom is ${premiumFrom} and ${namespace}:businessFrom is ${businessFrom}: use a lower premiumFrom`,
    );
  if (thelookSource === PUBLIC_THELOOK && location !== "US")
    wrong.push(
      `${namespace}:location is "${location}", and the public thelook is in US only: use US, or set thelookSource to synthetic:`,
    );
  const shared = shareViews(settings.sharedViews).views.map(({ name }) => name);
  for (const view of settings.templatesOnly)
    if (!shared.includes(view))
      wrong.push(
        `${namespace}:templatesOnly has "${view}", which is no shared view: use some of ${shared.join(", ")}, as a list`,
      );
  for (const { name, views } of templates)
    for (const view of views)
      if (!shared.includes(view))
        wrong.push(
          `${namespace}:sharedViews gives ${view} a rule of another kind, and so another name, but the query template ${name} reads ${view}: keep its kind of rule, or change cleanroom/templates/${name}.sql`,
        );
  const { merchant, wallet } = cleanRoomMembers;
  const both = merchant.filter((member) => wallet.includes(member));
  // The project would get the same grant twice, and removing one would remove both.
  if (settings.merchantProject === settings.walletProject && both.length > 0)
    wrong.push(
      `${namespace}:cleanRoomMembers has ${both.join(", ")} as merchant and as wallet, which are in one project: name each once, or give a party a project of its own`,
    );
  return wrong;
}

/** The settings of the stack that runs. Throws as `checkSettings` does. */
export function readSettings(): Settings {
  return checkSettings(pulumi.runtime.allConfig(), pulumi.getProject());
}

function areReaders(members: readonly string[]): boolean {
  return members.every((member) => READER.test(member)) && new Set(members).size === members.length;
}

function parseJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
}

/**
 * Whether Cloud Scheduler takes a schedule in unix-cron format, and it fires on some day: "0 0 30 2 *" never does. Only digits and signs:
 * the parser also knows @daily, names, L, W, # and ?, which unix-cron does not have.
 */
function firesSometime(given: string): boolean {
  if (!/^[\d\s*,/-]+$/.test(given)) return false;
  try {
    return new Cron(given.trim(), { mode: "5-part", paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

function isTimeZone(given: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: given });
    // Intl also accepts offsets such as +02:00, which are not zones.
    return /^[A-Za-z]/.test(given);
  } catch {
    return false;
  }
}
