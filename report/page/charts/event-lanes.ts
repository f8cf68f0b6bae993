import { s } from "../dom.ts";

/** Something that happened, shown above a daily chart. */
export interface LaneEvent {
  readonly name: string;
  /** First and last day in the chart, `YYYY-MM-DD`. */
  readonly from: string;
  readonly to: string;
  /** The number of its days, in the chart and outside. */
  readonly days: number;
  /** Such as holiday or promotion. Promotions get a lane of their own. */
  readonly kind: string;
}

/** The order in which events get their names if there is little room. */
const ranks = ["invasion", "attack", "closing", "outage", "curfew", "holiday", "opening"];

/** Events with more days are drawn paler, behind the others, so that a name above them is read as that of the short event at its place. */
const LONG = 14;

/** The height that the lanes need above a chart. */
export const LANES = 34;

const DAY = 86_400_000;
/** Pixels of a letter, roughly. */
const LETTER = 6.1;

/**
 * Draws events as bars over their days: names and events above, promotions below. A name is written where there is room; the tooltip of a day has all of them.
 * @param x the pixel of a point in time @param left the pixel where the chart begins @param right the pixel where it ends
 */
export function eventLanes(
  events: readonly LaneEvent[],
  x: (time: Date) => number,
  left: number,
  right: number,
): SVGElement {
  const bars = events.map((event) => {
    const from = Math.max(left, x(new Date(event.from)));
    const to = Math.min(right, x(new Date(Date.parse(event.to) + DAY)));
    const rank = ranks.indexOf(event.kind);
    return {
      ...event,
      x: from,
      width: Math.max(to - from, 2.5),
      promotion: event.kind === "promotion",
      rank: rank < 0 ? ranks.length : rank,
      opacity: opacityOf(event),
    };
  });
  const taken: { from: number; to: number }[] = [];
  const names = bars
    .filter(({ promotion }) => !promotion)
    .sort((a, b) => a.rank - b.rank || a.x - b.x || a.width - b.width)
    .flatMap(({ name, x: from }) => {
      const long = name.length * LETTER;
      const start = Math.min(from, right - long);
      const box = { from: start - 6, to: start + long + 6 };
      if (start < 0 || taken.some((other) => box.from < other.to && other.from < box.to)) return [];
      taken.push(box);
      return [
        s(
          "text",
          { x: start.toFixed(1), y: 11, "text-anchor": "start", style: "fill:var(--soft);font-size:11px" },
          name,
        ),
      ];
    });
  const bar = ({ x, width, promotion, opacity }: (typeof bars)[number]) =>
    s("rect", {
      x: x.toFixed(1),
      y: promotion ? 23 : 16,
      width: width.toFixed(1),
      height: 5,
      rx: 1.5,
      style: `fill:var(${promotion ? "--c2" : "--c3"});fill-opacity:${opacity}`,
    });
  return s("g", {}, ...names, ...bars.sort((a, b) => a.opacity - b.opacity).map(bar));
}

/** How strongly an event is drawn. Promotions have a lane to themselves, without names. */
function opacityOf({ kind, days }: Pick<LaneEvent, "kind" | "days">): number {
  return kind !== "promotion" && days > LONG ? 0.4 : 1;
}
