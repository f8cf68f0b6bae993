import { type Encoded, encode } from "../csv/bytes.ts";
import type { Random } from "../random.ts";
import { gazetteer } from "./gazetteer.ts";

/** A place in which users of the synthetic thelook live. */
export interface Place {
  readonly country: Encoded;
  readonly state: Encoded;
  readonly city: Encoded;
  /** How often users who live here have no city. */
  readonly cityMissing: number;
  /** The number of its postal districts. */
  readonly districts: number;
  district(index: number): District;
}

/** A postal district, around whose middle its users live. */
export interface District {
  readonly postalCode: Encoded;
  readonly latitude: Encoded;
  readonly longitude: Encoded;
}

/** Users per 100,000 for each postal district: a place with more has more districts. */
const USERS_OF_DISTRICT = 5;
/** The most districts of a place whose postal codes end in a plain number, as in London's SW1 to SW20. */
const MOST_NUMBERED = 20;
/** In degrees: neighboring districts of a place are about a kilometer apart, and the hundredth is eleven from the middle. */
const SPACING = 0.01;
/** The angle that spreads points evenly over a disc, in radians. */
const GOLDEN_ANGLE = 2.39996;

/** The shares of users without a city, which differ by country in the original: its source of places has gaps. */
const cityMissing: Readonly<Record<string, number>> = {
  Brasil: 0.047,
  Spain: 0.011,
  "South Korea": 0.0084,
  "United States": 0.0078,
};

const places: Place[] = [];
/** For each place, the share of users who live there or in a place before it. */
const bounds: number[] = [];
readGazetteer();

/** Draws the place of a user. */
export function placeOf(random: Random): Place {
  const point = random.next();
  let low = 0;
  let high = places.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (point < (bounds[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return places[low] as Place;
}

function readGazetteer(): void {
  let country = "";
  let [countryName, stateName] = [encode(""), encode("")];
  let users = 0;
  let sum = 0;
  for (const line of gazetteer.split("\n")) {
    const [name = "", second = "", third = "", share, postalCode = ""] = line.split("|");
    if (share === undefined) {
      country = name;
      [countryName, stateName, users] = [encode(name), encode(second), Number(third)];
      continue;
    }
    const here = (users * Number(share)) / 10_000;
    places.push(
      placeAt(Number(second), Number(third), postalCode, here, {
        country: countryName,
        state: stateName,
        city: encode(name),
        cityMissing: cityMissing[country] ?? 0,
      }),
    );
    sum += here;
    bounds.push(sum);
  }
  for (const index of bounds.keys()) bounds[index] = (bounds[index] as number) / sum;
}

function placeAt(
  latitude: number,
  longitude: number,
  postalCode: string,
  users: number,
  names: Pick<Place, "country" | "state" | "city" | "cityMissing">,
): Place {
  const digits = /#+/.exec(postalCode)?.[0].length;
  const most = digits === undefined ? MOST_NUMBERED : 10 ** digits;
  const districts = Math.max(1, Math.min(most, Math.ceil(users / USERS_OF_DISTRICT)));
  // Made when they are first used, because a small scale uses few.
  const known: District[] = [];
  const made = (index: number): District => {
    const [angle, distance] = [index * GOLDEN_ANGLE, SPACING * Math.sqrt(index)];
    const east = (distance * Math.sin(angle)) / Math.cos((latitude * Math.PI) / 180);
    return {
      postalCode: encode(
        digits === undefined
          ? postalCode.replace("*", String(index + 1))
          : postalCode.replace(/#+/, String(index).padStart(digits, "0")),
      ),
      latitude: encode((latitude + distance * Math.cos(angle)).toFixed(6)),
      longitude: encode((longitude + east).toFixed(6)),
    };
  };
  return {
    ...names,
    districts,
    district: (index) => {
      known[index] ??= made(index);
      return known[index] as District;
    },
  };
}
