import * as pulumi from "@pulumi/pulumi";
import type { Overrides } from "./cleanroom/overrides.ts";
import { PARTIES, type Party } from "./cleanroom/party.ts";
import { shareViews } from "./cleanroom/views.ts";
import { MAX_SCALE } from "./generator/coffee/settings.ts";
import { number, type Option } from "./generator/options.ts";

/*
 * The settings of the stack. Pulumi.yaml declares the same ones, for people and for Pulumi's own check of their types; a test holds the
 * two against each other. Everything else that the settings must be is checked here, before anything is declared.
 */

/** Any text that a pattern or rule allows. */
function text(
  help: string,
  fallback: string,
  allowed: string,
  fits: RegExp | ((given: string) => boolean),
): Option<string> {
  const right = fits instanceof RegExp ? (given: string) => fits.test(given) : fits;
  const parse = (given: string): string => {
    if (right(given)) return given;
    throw allowed;
  };
  return { help, default: fallback, parse };
}

/** A number that Pulumi.yaml has as text, since its types know no fractions. */
const fraction = (help: string, fallback: number, max: number) =>
  number(help, fallback, { above: 0, max, whole: false });
const whole = (help: string, fallback: number, min: number, max: number) => number(help, fallback, { min, max });

const project = /^$|^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const projectHelp = "a project's id: 6 to 30 lower-case letters, digits and hyphens, or nothing for gcp:project";
const schedule = (help: string, fallback: string) =>
  text(help, fallback, 'five fields, minute to day of the week, such as "30 3 * * *"', isCron);
const image =
  /^(docker\.io|([a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)(\/[a-z0-9._-]+)+(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/;
const PUBLIC_THELOOK = "bigquery://bigquery-public-data/thelook_ecommerce";

const labels: Option<Readonly<Record<string, string>>> = {
  help: "labels for every resource that takes them, beside the stack's own",
  default: {},
  parse(given) {
    const value = parseJson(given);
    const right =
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      Object.entries(value).every(
        ([key, text]) => /^[a-z][a-z0-9_-]{0,62}$/.test(key) && /^[a-z0-9_-]{0,63}$/.test(String(text)),
      );
    if (!right) throw "an object of names and values, of lower-case letters, digits, - and _, up to 63 of them";
    return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
  },
};

const sharedViews: Option<Overrides> = {
  help: "what the shared views do otherwise than by default, by name of view and field; docs/cloud.md lists the fields",
  default: {},
  parse(given) {
    const value = parseJson(given);
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw "an object of views and their fields";
    const { wrong } = shareViews(value as Overrides);
    if (wrong.length > 0) throw `what BigQuery takes: ${wrong.join("; ")}`;
    return value as Overrides;
  },
};

const cleanRoomMembers: Option<Readonly<Record<Party, readonly string[]>>> = {
  help: "who may subscribe and ask as merchant or wallet, beside the party's account: user:, group: or serviceAccount: and an address",
  default: { merchant: [], wallet: [] },
  parse(given) {
    const value = parseJson(given);
    const allowed =
      'lists by party, such as {"merchant": ["group:analysts@example.com"]}, of user:, group: or serviceAccount:';
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw allowed;
    const lists = Object.entries(value);
    const right = lists.every(
      ([party, members]) =>
        PARTIES.includes(party as Party) &&
        Array.isArray(members) &&
        members.every((member) => /^(user|group|serviceAccount):[^@\s:]+@[^@\s:]+$/.test(String(member))) &&
        new Set(members).size === members.length,
    );
    if (!right) throw allowed;
    return { merchant: [], wallet: [], ...Object.fromEntries(lists) };
  },
};

/** One that IAM knows, and never everybody. */
const reader = /^((user|group|serviceAccount):[^\s@:,]+@[a-z0-9.-]+|domain:[a-z0-9-]+(\.[a-z0-9-]+)+)$/;

/** Every setting: what it is for, its default, and what is allowed. */
export const settings = {
  location: text("where data is", "US", "US, EU, or a region such as europe-west1", /^(US|EU|[a-z]+-[a-z]+\d+)$/),
  region: text("where jobs and functions run", "us-central1", "a region such as us-central1", /^[a-z]+-[a-z]+\d+$/),
  merchantProject: text("project of the merchant's dataset; empty: gcp:project", "", projectHelp, project),
  walletProject: text("project of the e-wallet's dataset; empty: gcp:project", "", projectHelp, project),
  bucketName: text(
    "name of the bucket; empty: the project's id and -coffee-demo; the reports' has -reports after it",
    "",
    "3 to 55 lower-case letters, digits, - and _, without google in it, or nothing",
    // Google takes 63, and the reports' bucket has a longer name.
    /^$|^(?!goog|.*google)[a-z0-9][a-z0-9_-]{1,53}[a-z0-9]$/,
  ),
  reportReaders: text(
    "who may read the reports, with commas between: user:ADDRESS, group:ADDRESS, domain:NAME; empty: who has rights on the project",
    "",
    "user:ADDRESS, group:ADDRESS, serviceAccount:ADDRESS or domain:NAME, each once, with commas and no spaces between; never everybody",
    (given) => given === "" || areReaders(given.split(",")),
  ),
  thelookSource: text(
    "where the merchant's data comes from; the public dataset is in location US only",
    PUBLIC_THELOOK,
    `${PUBLIC_THELOOK} or synthetic:`,
    (given) => given === PUBLIC_THELOOK || given === "synthetic:",
  ),
  seed: whole("seed of everything random: the same seed gives the same rows", 42, 0, 0xffffffff),
  days: whole("how many days of the coffee shop, up to yesterday; 0: all since 2022-01-01", 0, 0, 3652),
  scale: fraction("how much coffee-shop data, 1 being the real size", 1, MAX_SCALE),
  tasks: whole("into how many tasks the coffee shop's generator is split", 1, 1, 10_000),
  memory: text(
    "memory of a task",
    "1Gi",
    "512Mi to 1023Mi, or 1Gi to 32Gi",
    /^(51[2-9]|5[2-9]\d|[6-9]\d\d|10[01]\d|102[0-3])Mi$|^([1-9]|[12]\d|3[0-2])Gi$/,
  ),
  retries: whole("how often a task is tried again; Cloud Run itself asks for a few", 3, 3, 10),
  timeoutSeconds: whole("how long one try of a task may take, in seconds", 1800, 60, 86_400),
  generateSchedule: schedule("when the coffee shop's files are made", "0 3 * * *"),
  loadSchedule: schedule("when they are loaded", "30 3 * * *"),
  dbtSchedule: schedule("when the marts are built", "0 4 * * *"),
  reportSchedule: schedule("when the reports are written", "30 4 * * *"),
  timeZone: text(
    "time zone of the schedules",
    "Europe/Kyiv",
    "a zone of the tz database, such as Europe/Kyiv",
    isTimeZone,
  ),
  walletShare: fraction("share of the merchant's adult customers who have a wallet", 0.55, 1),
  premiumFrom: whole("spending from which a wallet is mostly Premium, USD", 80, 1, 1_000_000),
  businessFrom: whole("spending from which a wallet is mostly Business, USD", 200, 1, 1_000_000),
  sharedViews,
  cleanRoomMembers,
  generatorImage: text(
    "image with Node 22 that the jobs run on",
    "docker.io/library/node:22-slim",
    "an image with its registry (docker.io, gcr.io or …-docker.pkg.dev), such as docker.io/library/node:22-slim",
    image,
  ),
  dbtImage: text(
    "image with dbt-bigquery, by its name on ghcr.io",
    "dbt-labs/dbt-bigquery",
    "OWNER/NAME",
    /^[a-z0-9-]+(\/[a-z0-9._-]+)+$/,
  ),
  dbtTag: text(
    "its tag; transform/dbt_project.yml says which dbt it needs",
    "1.11.1",
    "a tag such as 1.11.1",
    /^\w[\w.-]{0,127}$/,
  ),
  labels,
};

/** The checked values of all settings. */
export type Settings = { readonly [Name in keyof typeof settings]: (typeof settings)[Name]["default"] } & {
  /** `gcp:project`: of everything but what has a project of its own. */
  readonly project: string;
};

/**
 * Checks a stack's configuration, by full name such as `gcp-data-demos:seed`. What is not set has its default.
 * Throws one RunError that names every wrong setting with its value and what is allowed.
 * @param namespace the program's name
 */
export function checkSettings(config: Readonly<Record<string, string>>, namespace: string): Settings {
  const wrong: string[] = [];
  const given = (name: string): string | undefined => config[`${namespace}:${name}`];
  const refuse = (name: string, allowed: string) =>
    wrong.push(`${namespace}:${name} is "${given(name) ?? ""}": use ${allowed}`);

  const gcpProject = config["gcp:project"];
  if (gcpProject === undefined) wrong.push("gcp:project is not set: pulumi config set gcp:project PROJECT");
  else if (gcpProject === "" || !project.test(gcpProject))
    wrong.push(`gcp:project is "${gcpProject}": use a project's id: 6 to 30 lower-case letters, digits and hyphens`);

  const known = Object.keys(settings);
  for (const key of Object.keys(config)) {
    const [space, name = ""] = key.split(":");
    if (space === namespace && !known.includes(name))
      wrong.push(`${key} is no setting: use one of ${known.join(", ")}`);
  }

  const values = Object.fromEntries(
    Object.entries(settings).map(([name, option]) => {
      const text = given(name);
      if (text === undefined) return [name, option.default];
      try {
        return [name, option.parse(text)];
      } catch (allowed) {
        refuse(name, String(allowed));
        return [name, option.default];
      }
    }),
  ) as Omit<Settings, "project">;

  if (values.premiumFrom >= values.businessFrom)
    wrong.push(
      `${namespace}:premiumFrom is ${values.premiumFrom} and ${namespace}:businessFrom is ${values.businessFrom}: use a lower premiumFrom`,
    );
  if (values.thelookSource === PUBLIC_THELOOK && values.location !== "US")
    wrong.push(
      `${namespace}:location is "${values.location}", and the public thelook is in US only: use US, or set thelookSource to synthetic:`,
    );
  const main = gcpProject ?? "";
  const { merchant, wallet } = values.cleanRoomMembers;
  const merchantProject = values.merchantProject || main;
  const walletProject = values.walletProject || main;
  const both = merchant.filter((member) => wallet.includes(member));
  // One grant on the project would be declared twice, and removed with either.
  if (merchantProject === walletProject && both.length > 0)
    wrong.push(
      `${namespace}:cleanRoomMembers has ${both.join(", ")} as merchant and as wallet, which are in one project: name each once, or give a party a project of its own`,
    );
  if (wrong.length > 0) {
    const error = new pulumi.RunError(
      `wrong settings, change them by "pulumi config set NAME VALUE", fields of an object by "pulumi config set --path NAME.FIELD VALUE":\n  ${wrong.join("\n  ")}`,
    );
    // Nobody sees it, yet Pulumi has it formatted, for which Node takes 20 seconds: https://github.com/nodejs/node/issues/64011
    delete error.stack;
    throw error;
  }
  return { ...values, project: main, merchantProject, walletProject };
}

/** The settings of the stack that runs. Throws as `checkSettings` does. */
export function readSettings(): Settings {
  return checkSettings(pulumi.runtime.allConfig(), pulumi.getProject());
}

function areReaders(members: readonly string[]): boolean {
  return members.every((member) => reader.test(member)) && new Set(members).size === members.length;
}

function parseJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
}

/** Whether it is a schedule in unix-cron format: numbers, lists, ranges and steps, each in its field's range. */
function isCron(given: string): boolean {
  const ranges = [
    [0, 59],
    [0, 23],
    [1, 31],
    [1, 12],
    [0, 7],
  ] as const;
  const fields = given.trim().split(/\s+/);
  const fits = (part: string, [min, max]: readonly [number, number]): boolean => {
    const [, all, from, to, step] = /^(?:(\*)|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? [];
    if (all === undefined && from === undefined) return false;
    const [first, last] = [Number(from ?? min), Number(to ?? from ?? max)];
    return first >= min && last <= max && first <= last && (step === undefined || Number(step) > 0);
  };
  return (
    fields.length === ranges.length &&
    ranges.every((range, i) => (fields[i] ?? "").split(",").every((part) => fits(part, range)))
  );
}

function isTimeZone(given: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: given });
    // Offsets such as +02:00 are formatted too, and are no zones.
    return /^[A-Za-z]/.test(given);
  } catch {
    return false;
  }
}
