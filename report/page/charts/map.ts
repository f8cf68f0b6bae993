import { s } from "../dom.ts";
import { city, dnipro, type Point } from "./kyiv.ts";
import { placeNames } from "./place-names.ts";

export interface Place {
  readonly name: string;
  readonly longitude: number;
  readonly latitude: number;
  /** Shown by the area of the circle. */
  readonly value: number;
  /** Written under the name. */
  readonly text: string;
  readonly strong?: boolean;
}

const KM_A_DEGREE = 111.2;

/** Draws places on the sketch of Kyiv as named circles whose area is their value. A click on a circle chooses the place. */
export function cityMap(label: string, width: number, places: readonly Place[], choose: (name: string) => void): Node {
  const height = Math.min(400, Math.max(320, width * 0.74));
  const latitudes = places.map(({ latitude }) => latitude);
  const longitudes = places.map(({ longitude }) => longitude);
  const centre = { x: middle(longitudes), y: middle(latitudes) };
  const squeeze = Math.cos((centre.y * Math.PI) / 180);
  // Kilometres that must fit, with room for names. A single store still gets 5 km of the city around it.
  const across = Math.max(5, span(longitudes) * KM_A_DEGREE * squeeze * 1.75);
  const down = Math.max(5, span(latitudes) * KM_A_DEGREE * 1.4);
  const scale = Math.min(width / across, height / down);
  const x = (longitude: number) => width / 2 + (longitude - centre.x) * KM_A_DEGREE * squeeze * scale;
  const y = (latitude: number) => height / 2 - (latitude - centre.y) * KM_A_DEGREE * scale;
  const path = (points: readonly Point[]) => points.map(([lon, lat]) => `${x(lon).toFixed(1)},${y(lat).toFixed(1)}`);
  const top = Math.max(...places.map(({ value }) => value), 1);
  const radius = (value: number) => Math.max(4, Math.sqrt(value / top) * Math.min(24, width / 18));
  const circles = places.map((place) => ({
    ...place,
    x: x(place.longitude),
    y: y(place.latitude),
    radius: radius(place.value),
  }));
  const placed = placeNames(circles, { width, height });
  const riverside = (lon: number, lat: number, text: string, angle = 0) => {
    const half = text.length * 4;
    // A map of two stores may show half of a name, which nobody can read.
    if (Math.min(x(lon), width - x(lon), y(lat), height - y(lat)) < half) return "";
    return s(
      "text",
      {
        transform: `translate(${x(lon).toFixed(1)} ${y(lat).toFixed(1)}) rotate(${angle})`,
        "text-anchor": "middle",
        style: "fill:var(--soft);font:italic 13px var(--serif);letter-spacing:.08em",
      },
      text,
    );
  };

  return s(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": label,
      style: "overflow:hidden;border-radius:8px;background:var(--paper)",
    },
    s("polygon", { points: path(city).join(" "), style: "fill:var(--land);stroke:var(--faint);stroke-dasharray:5 4" }),
    s("polygon", {
      points: river(x, y, scale),
      style: "fill:var(--water);stroke:var(--water);stroke-width:3;stroke-linejoin:round",
    }),
    riverside(30.5425, 50.487, "Dnipro", 82),
    riverside(30.465, 50.462, "right bank"),
    riverside(30.625, 50.462, "left bank"),
    ...circles.map(({ name, x, y, radius, strong }) =>
      s(
        "circle",
        {
          cx: x.toFixed(1),
          cy: y.toFixed(1),
          r: radius.toFixed(1),
          style: `cursor:pointer;stroke:var(--card);stroke-width:1.5;fill:${strong ? "var(--accent)" : "var(--h4)"};fill-opacity:.88`,
          onclick: () => choose(name),
        },
        s("title", {}, name),
      ),
    ),
    ...placed.map(({ name, text, strong, left, top }) => {
      const halo = "paint-order:stroke;stroke:var(--land);stroke-width:4px;stroke-linejoin:round";
      return s(
        "text",
        {
          x: left.toFixed(1),
          y: (top + 12).toFixed(1),
          style: `font:${strong ? 700 : 600} 13px var(--sans);fill:var(--ink);${halo};pointer-events:none`,
        },
        name,
        s("tspan", { x: left.toFixed(1), dy: "1.2em", style: "fill:var(--soft);font-weight:400;font-size:12px" }, text),
      );
    }),
    ruler(scale, height),
  );
}

function middle(values: readonly number[]): number {
  return (Math.min(...values) + Math.max(...values)) / 2;
}

function span(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}

/** The corners of a polygon between both banks of the river. */
function river(x: (longitude: number) => number, y: (latitude: number) => number, scale: number): string {
  const bank = (side: number) =>
    dnipro.map(([lon, lat, km]) => `${(x(lon) + (side * km * scale) / 2).toFixed(1)},${y(lat).toFixed(1)}`);
  return [...bank(-1), ...bank(1).reverse()].join(" ");
}

function ruler(scale: number, height: number): SVGElement {
  const kilometres = [1, 2, 5, 10, 20, 50, 100].find((km) => km * scale > 50) ?? 200;
  const end = 12 + kilometres * scale;
  return s(
    "g",
    {},
    s("path", { d: `M12 ${height - 17}v5H${end.toFixed(1)}v-5`, style: "fill:none;stroke:var(--soft)" }),
    s("text", { x: 14, y: height - 19, style: "fill:var(--soft);font:12px var(--sans)" }, `${kilometres} km`),
  );
}
