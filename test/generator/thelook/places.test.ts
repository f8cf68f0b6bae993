import { expect } from "chai";
import { Bytes, type Encoded } from "../../../generator/csv/bytes.ts";
import { Random } from "../../../generator/random.ts";
import { gazetteer } from "../../../generator/thelook/gazetteer.ts";
import { placeOf } from "../../../generator/thelook/places.ts";

/** The forms of postal codes by country, and a box that holds the country's places in the gazetteer, in degrees. */
const countries: Record<string, { postalCode: RegExp; south: number; north: number; west: number; east: number }> = {
  China: { postalCode: /^\d{6}$/, south: 18, north: 54, west: 73, east: 136 },
  "United States": { postalCode: /^\d{5}$/, south: 18, north: 72, west: -180, east: -66 },
  Brasil: { postalCode: /^\d{5}-\d{3}$/, south: -34, north: 6, west: -74, east: -34 },
  "South Korea": { postalCode: /^\d{5}$/, south: 33, north: 39, west: 125, east: 130 },
  France: { postalCode: /^\d{5}$/, south: 41, north: 52, west: -6, east: 10 },
  "United Kingdom": { postalCode: /^[A-Z]{1,2}\d{1,2}$/, south: 49, north: 61, west: -9, east: 2 },
  Germany: { postalCode: /^\d{5}$/, south: 47, north: 56, west: 5, east: 16 },
  Spain: { postalCode: /^\d{5}$/, south: 27, north: 44, west: -19, east: 5 },
  Japan: { postalCode: /^\d{3}-\d{4}$/, south: 24, north: 46, west: 122, east: 146 },
  Australia: { postalCode: /^\d{4}$/, south: -44, north: -9, west: 112, east: 154 },
  Belgium: { postalCode: /^\d{4}$/, south: 49, north: 52, west: 2, east: 7 },
  Poland: { postalCode: /^\d{2}-\d{3}$/, south: 49, north: 55, west: 14, east: 25 },
  Colombia: { postalCode: /^\d{6}$/, south: -5, north: 13, west: -80, east: -66 },
  Austria: { postalCode: /^\d{4}$/, south: 46, north: 50, west: 9, east: 18 },
  España: { postalCode: /^\d{5}$/, south: 27, north: 44, west: -19, east: 5 },
  Deutschland: { postalCode: /^\d{5}$/, south: 47, north: 56, west: 5, east: 16 },
};

describe("The places of the synthetic thelook", () => {
  const out = new Bytes(512);
  const text = (encoded: Encoded) => {
    out.clear();
    out.text(encoded);
    return new TextDecoder().decode(out.written());
  };
  const lines = gazetteer.split("\n").map((line) => line.split("|"));

  it("are a few thousand in the original's countries, each once in its state, with coordinates in its country", () => {
    let [country, state] = ["", ""];
    const seen = new Set<string>();
    for (const [name = "", latitude, longitude, share] of lines) {
      if (share === undefined) {
        [country, state] = [name, String(latitude)];
        expect(Object.keys(countries)).to.include(country);
        continue;
      }
      const { south = 0, north = 0, west = 0, east = 0 } = countries[country] ?? {};
      expect(Number(latitude), name).to.be.within(south, north);
      expect(Number(longitude), name).to.be.within(west, east);
      expect(Number(share), name).to.be.within(1, 10_000);
      expect(name, "in an unquoted CSV field").not.to.match(/[",]/);
      seen.add(`${country}|${state}|${name}|${latitude}|${longitude}`);
    }
    expect(seen.size).to.equal(lines.filter(({ length }) => length > 3).length);
    expect(seen.size).to.be.within(4_000, 6_000);
    expect(Buffer.byteLength(gazetteer)).to.be.below(200_000);
  });

  it("give each user a postal code of their country's form, and coordinates within about eleven kilometers of the place", () => {
    const middles = new Map<string, [number, number][]>();
    let [country, state] = ["", ""];
    for (const [name = "", latitude, longitude, share] of lines)
      if (share === undefined) [country, state] = [name, String(latitude)];
      else {
        const key = `${country}|${state}|${name}`;
        middles.set(key, [...(middles.get(key) ?? []), [Number(latitude), Number(longitude)]]);
      }
    const random = new Random(1, "places");
    for (let user = 0; user < 20_000; user++) {
      const place = placeOf(random.at(user));
      const { postalCode, latitude, longitude } = place.district(random.below(place.districts));
      const where = `${text(place.country)}|${text(place.state)}|${text(place.city)}`;
      expect(text(postalCode), where).to.match(countries[text(place.country)]?.postalCode ?? /never/);
      const away = (middles.get(where) ?? []).map(([north, east]) =>
        Math.hypot(
          Number(text(latitude)) - north,
          (Number(text(longitude)) - east) * Math.cos((north * Math.PI) / 180),
        ),
      );
      expect(Math.min(...away), where).to.be.below(0.1 + 1e-6);
    }
  });

  it("give districts of a place different postal codes and coordinates, and the same ones each time", () => {
    const random = new Random(2, "places");
    for (let user = 0; user < 300; user++) {
      const place = placeOf(random.at(user));
      const districts = Array.from({ length: place.districts }, (_, index) => place.district(index));
      for (const part of ["postalCode", "latitude"] as const)
        expect(new Set(districts.map((of) => text(of[part]))).size, text(place.city)).to.equal(districts.length);
      expect(place.district(0)).to.equal(districts[0]);
    }
  });
});
