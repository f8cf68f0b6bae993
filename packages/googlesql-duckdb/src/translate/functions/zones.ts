import { type Call, literalText, type Translate } from "../call.ts";
import { inTimestamps } from "./date-arithmetic.ts";

/*
 * Time zones. A TIMESTAMP is in UTC and a DATETIME is local time; both have DuckDB's type without a zone. Google's library and DuckDB
 * know the offsets of zones from the same database, IANA's.
 */

/** Converts a time from UTC to a zone: the argument `at`, UTC if there is none. */
export function local(value: string, call: Call, at: number): string {
  const zone = zoneOf(call, at);
  if (zone === undefined) return value;
  if (typeof zone === "string") return inTimestamps(`timezone('${zone}', timezone('UTC', ${value}))`, call);
  return inTimestamps(`(${value} + to_minutes(${zone}))`, call);
}

/** Passes the local time in a zone to a function. The zone is the argument after the first `count`, if there is one. */
export function inZone(count: number, translate: Translate): Translate {
  return (call) => {
    const [value, ...others] = call.args as [string, ...string[]];
    return translate({ ...call, args: [local(value, call, count), ...others] });
  };
}

/** Refuses zones other than UTC. The zone is the argument after the first `count`, if there is one. */
export function inUtc(count: number, translate: Translate): Translate {
  return (call) => {
    if (zoneOf(call, count) !== undefined) call.refuse("in a time zone other than UTC");
    return translate(call);
  };
}

/** A zone as its name, or as its offset in minutes; undefined for UTC. */
function zoneOf(call: Call, at: number): string | number | undefined {
  if (call.nodes.length <= at) return undefined;
  const name = literalText(call, at);
  if (name === "UTC") return undefined;
  const [, sign, hours, minutes = "0"] = /^([+-])(\d{1,2})(?::(\d\d))?$/.exec(name) ?? [];
  if (hours && Number(hours) <= 14 && Number(minutes) < 60)
    return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  return zones.has(name) ? name : call.refuse(`in the time zone ${name}`);
}

const cities = {
  Africa: "Cairo Johannesburg Lagos Nairobi",
  America: "Bogota Chicago Denver Los_Angeles Mexico_City New_York Phoenix Sao_Paulo Toronto",
  Asia: "Bangkok Dubai Hong_Kong Jakarta Jerusalem Karachi Kolkata Manila Seoul Shanghai Singapore Tokyo",
  Australia: "Brisbane Melbourne Perth Sydney",
  Europe:
    "Amsterdam Athens Berlin Brussels Bucharest Budapest Copenhagen Helsinki Istanbul Kiev Kyiv Lisbon London Madrid Oslo Paris Prague Rome Sofia Stockholm Vienna Vilnius Warsaw Zurich",
  Pacific: "Auckland Honolulu",
  US: "Central Eastern Mountain Pacific",
};

/** The zones that a test has compared. For others the two may have databases of different years. */
export const zones: ReadonlySet<string> = new Set(
  Object.entries(cities).flatMap(([area, names]) => names.split(" ").map((city) => `${area}/${city}`)),
);
