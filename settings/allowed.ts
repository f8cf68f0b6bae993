import { Cron } from "croner";
import type { Overrides } from "../cleanroom/overrides.ts";
import { PARTIES, type Party } from "../cleanroom/party.ts";
import { shareViews } from "../cleanroom/views.ts";
import { dayOf } from "../generator/coffee/calendar.ts";
import { FIRST_DAY, MAX_SCALE } from "../generator/coffee/shop-settings.ts";
import { yesterdayInKyiv } from "../generator/command-settings.ts";
import { PUBLIC_THELOOK } from "../generator/tables/merchant.ts";
import { fraction, names, object, text, whole, yesOrNo } from "./kinds.ts";

/* The values that each setting allows. Pulumi.yaml holds its purpose, type and default. */

/** A project's id. */
export const PROJECT = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const partyProject = text(
  "a project's id: 6 to 30 lower-case letters, digits and hyphens, or nothing for gcp:project",
  (given) => given === "" || PROJECT.test(given),
);
const schedule = text(
  'five fields, minute to day of the week, such as "30 3 * * *" or "0 6 * JAN-MAR MON", that fire on some day',
  firesSometime,
);

/** The days from the coffee shops' first one to yesterday. None if the machine's clock is years behind: the generator then says so. */
function daysOfTrade(): number {
  return Math.max(0, dayOf(yesterdayInKyiv()) - dayOf(FIRST_DAY) + 1);
}

const labels = object(
  "an object of up to 60 names and values, of lower-case letters, digits, - and _, up to 63 of them",
  (given): Readonly<Record<string, string>> | undefined => {
    // Google allows 64, and the stack and Pulumi add their own.
    if (Object.keys(given).length > 60) return undefined;
    if (Object.values(given).some((value) => typeof value === "object")) return undefined;
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

const cleanRoomMembers = object(
  'lists by party of user:ADDRESS, group:ADDRESS or serviceAccount:ADDRESS, each once, such as {"merchant": ["group:analysts@example.com"]}',
  (given): Readonly<Record<Party, readonly string[]>> | undefined => {
    const lists = Object.entries(given);
    const isAllowed = lists.every(
      ([party, members]) =>
        PARTIES.includes(party as Party) &&
        Array.isArray(members) &&
        members.every(
          (member) => typeof member === "string" && /^(user|group|serviceAccount):[^@\s:]+@[^@\s:]+$/.test(member),
        ) &&
        areDistinct(members),
    );
    return isAllowed ? { merchant: [], wallet: [], ...Object.fromEntries(lists) } : undefined;
  },
);

/** The channels that an alert policy may have: https://cloud.google.com/monitoring/quotas */
const MOST_CHANNELS = 16;

/** Who may read the reports. IAM's names for everybody are not allowed. */
const READER = /^((user|group|serviceAccount):[^\s@:,]+@[a-z0-9.-]+|domain:[a-z0-9-]+(\.[a-z0-9-]+)+)$/;

/** Domains in which anybody can get an address: as a reader, each would mean everybody. */
const PUBLIC_DOMAINS =
  "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com me.com aol.com gmx.com gmx.net gmx.de web.de mail.com proton.me protonmail.com zoho.com fastmail.com ukr.net i.ua meta.ua bigmir.net";
const publicDomains = new Set(PUBLIC_DOMAINS.split(" "));

const isPublicDomain = (member: string) =>
  member.startsWith("domain:") && publicDomains.has(member.slice("domain:".length).toLowerCase());

const IMAGE =
  /^(docker\.io|([a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)(\/[a-z0-9._-]+)+(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/;

/** Parses each setting, and refuses values that are not allowed. */
export const allowed = {
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
    "user:ADDRESS, group:ADDRESS, serviceAccount:ADDRESS or domain:NAME, each once, with commas and no spaces between; never everybody, nor a domain that gives anybody an address, such as gmail.com",
    (given) => given === "" || areReaders(given.split(",")),
  ),
  alertEmails: text(
    `up to ${MOST_CHANNELS} addresses such as ann@example.com, each once, with commas and no spaces between, or nothing`,
    (given) => given === "" || areAddresses(given.split(",")),
  ),
  billingAccount: text(
    "a billing account's id, such as 012345-6789AB-CDEF01, or nothing",
    /^$|^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$/,
  ),
  monthlyBudget: whole(1, 1_000_000),
  thelookSource: text(`${PUBLIC_THELOOK} or synthetic:`, (given) => given === PUBLIC_THELOOK || given === "synthetic:"),
  seed: whole(0, 0xffffffff),
  days: (given: string) => whole(0, daysOfTrade())(given),
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
  dbtTag: text("a tag such as 1.11.1, or a digest, sha256: and 64 digits", /^(\w[\w.-]{0,127}|sha256:[0-9a-f]{64})$/),
  labels,
};

function areAddresses(given: readonly string[]): boolean {
  return (
    given.length <= MOST_CHANNELS &&
    given.every((each) => /^[^\s@:,"]+@[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(each)) &&
    areDistinct(given)
  );
}

function areReaders(members: readonly string[]): boolean {
  return members.every((member) => READER.test(member) && !isPublicDomain(member)) && areDistinct(members);
}

/** Whether each address is there once. Google ignores the case of its letters. */
function areDistinct(addresses: readonly string[]): boolean {
  return new Set(addresses.map((address) => address.toLowerCase())).size === addresses.length;
}

const MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const WEEKDAYS = "sun|mon|tue|wed|thu|fri|sat";

/**
 * Whether Cloud Scheduler takes a schedule in unix-cron format, and it fires on some day: "0 0 30 2 *" never does. Only digits, signs, and
 * the names of months and days: the parser also knows @daily, L, W, # and ?, which unix-cron does not have.
 */
function firesSometime(given: string): boolean {
  const [minute, hour, day, month = "", weekday = "", ...more] = given.trim().split(/\s+/);
  const isPlain = (field: string | undefined, named = "") =>
    /^[\d*,/-]+$/.test((field ?? "").replace(new RegExp(`\\b(${named})\\b`, "gi"), "1"));
  if (more.length > 0 || ![minute, hour, day].every((field) => isPlain(field))) return false;
  if (!isPlain(month, MONTHS) || !isPlain(weekday, WEEKDAYS)) return false;
  try {
    return new Cron(given.trim(), { mode: "5-part", paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

function isTimeZone(given: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: given });
    // Intl also accepts offsets such as +02:00, which are not zones, and europe/kyiv, which the tz database does not have.
    return given.split("/").every((part) => /^[A-Z]/.test(part));
  } catch {
    return false;
  }
}
