import * as Plot from "@observablehq/plot";
import type { AnswerColumn } from "../../../report/clean-room/answer.ts";
import type { UseCaseAnswer } from "../../../report/clean-room/shape.ts";
import { tickShort } from "../../../report/format.ts";
import { picture, tipStyle } from "../../../report/page/charts/picture.ts";
import { shownValue } from "../../../report/table.ts";

/** Figures over time. */
export interface Course {
  readonly points: readonly { readonly time: Date; readonly value: number; readonly text: string }[];
  readonly figure: string;
}

/** The course of an answer whose first column is a day, a time or a month (YYYYMM), each once, and whose second is a figure. */
export function courseOf({ columns, rows }: UseCaseAnswer, read: readonly AnswerColumn[]): Course | undefined {
  const [first, second] = columns;
  const figure = read[1];
  if (first === undefined || second === undefined || figure === undefined || rows.length < 3) return undefined;
  const isMonth = first.type === "INT64" && /month$/i.test(first.name);
  if (!isMonth && !/^(DATE|DATETIME|TIMESTAMP)$/.test(first.type)) return undefined;
  const points = rows.map((row) => {
    const text = String(row[0]);
    const time = new Date(isMonth ? `${text.slice(0, 4)}-${text.slice(4, 6)}-01` : text);
    // NULL is no zero: without a figure for each time there is no line.
    return {
      time,
      value: typeof row[1] === "number" ? row[1] : Number.NaN,
      text: `${text}\n${shownValue(row[1], figure.kind)}`,
    };
  });
  const known = points.every(({ time, value }) => !Number.isNaN(time.getTime()) && Number.isFinite(value));
  const once = new Set(points.map(({ time }) => time.getTime())).size === points.length;
  return known && once ? { points, figure: figure.title } : undefined;
}

/** Draws a course as a line. */
export function course({ points, figure }: Course, width: number): SVGSVGElement {
  return picture(`${figure} over time`, {
    width,
    height: 260,
    marginLeft: 52,
    x: { type: "utc", label: null },
    y: { label: figure, labelArrow: "none", tickFormat: tickShort, tickSize: 0, ticks: 5, nice: true, zero: true },
    marks: [
      Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
      Plot.ruleY([0], { stroke: "var(--faint)" }),
      Plot.lineY(points, { x: "time", y: "value", sort: "time", stroke: "var(--accent)", strokeWidth: 2.4 }),
      Plot.dot(points, { x: "time", y: "value", r: 2.5, fill: "var(--accent)" }),
      Plot.tip(points, Plot.pointerX({ x: "time", y: "value", title: "text", ...tipStyle })),
    ],
  });
}
