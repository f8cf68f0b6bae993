import { UserError } from "../generator/errors.ts";
import type { Lake } from "../generator/lake/lake.ts";
import type { Warehouse } from "../generator/warehouse/warehouse.ts";
import type { CleanRoomData } from "./clean-room/shape.ts";
import { customersMarts, readCustomers } from "./customers/read.ts";
import type { CustomersData } from "./customers/shape.ts";
import { type Beside, highlightsOf } from "./highlights.ts";
import { type Marts, openMarts } from "./marts.ts";
import { readNight } from "./night.ts";
import type { Meta, PageName, Report } from "./report.ts";
import { readSales, salesMarts } from "./sales/read.ts";
import type { SalesData } from "./sales/shape.ts";
import { fillPage } from "./template.ts";

export interface PublishOptions {
  /** Reads a built page, without data, by its file name; undefined if there is none. */
  readonly template: (name: string) => Promise<string | undefined>;
  /** Whether to write the coffee shops' pages. @default true */
  readonly coffeeShops?: boolean | undefined;
  /** Answers for the clean room's page. @default none, which leaves the page out */
  readonly cleanRoom?: CleanRoomData | undefined;
  /** Results beside the reports that the index page links to. @default none */
  readonly beside?: readonly Beside[];
  /** The time that the pages show. */
  readonly madeAt: Date;
  /** The newest day that the marts should have, `YYYY-MM-DD`. Pages from older marts say so. @default any day will do */
  readonly expected?: string | undefined;
}

/** The pages that were written. */
export interface Published {
  /** Bytes by file name. */
  readonly pages: Readonly<Record<string, number>>;
  /** Sentences about missing marts, as the pages show them. */
  readonly missing: readonly string[];
}

/**
 * Makes the reports from the marts and writes them to the lake. All pages are made before the first is written, and each is replaced
 * whole, `index.html` last, so that a failure leaves the last good pages. A page names a missing mart in place of its charts.
 * Throws UserError if the warehouse refuses or does not answer, if a built page is missing, or if the lake cannot be written.
 */
export async function publishReports(warehouse: Warehouse, lake: Lake, options: PublishOptions): Promise<Published> {
  const { template, coffeeShops = true, cleanRoom, beside = [], madeAt, expected } = options;
  const names = coffeeShops ? [...new Set([...salesMarts, ...Object.values(customersMarts).flat()])] : [];
  const marts = await openMarts(warehouse, names);
  const [last, asOf, night] = await Promise.all([lastOrder(marts), metricsAsOf(marts), readNight(warehouse, expected)]);
  const pages: PageName[] = [
    ...(coffeeShops ? (["sales", "customers"] as const) : []),
    ...(cleanRoom ? (["clean-room"] as const) : []),
  ];
  const base = baseOf(lake);
  const meta = (read: readonly string[], day: string | undefined): Meta => ({
    madeAt: madeAt.toISOString(),
    source: sourceOf(warehouse),
    tables: marts.tables.filter(({ name }) => read.some((mart) => name.endsWith(`.${mart}`))),
    ...(day !== undefined && { asOf: day }),
    ...(read.length > 0 && night),
    pages,
    ...(base !== undefined && { base }),
    timeZone: "Europe/Kyiv",
  });

  const sales = await salesOf(marts);
  const customers = await customersOf(marts, asOf ?? last);
  const reports: Report<unknown>[] = [
    ...(coffeeShops
      ? [
          { page: "sales" as const, meta: meta(salesMarts, last), ...sales },
          { page: "customers" as const, meta: meta(Object.values(customersMarts).flat(), asOf ?? last), ...customers },
        ]
      : []),
    ...(cleanRoom
      ? [{ page: "clean-room" as const, meta: meta([], cleanRoom.until), data: cleanRoom, missing: {} }]
      : []),
    {
      page: "index",
      meta: meta(names, last),
      data: { highlights: highlightsOf(sales.data, customers.data, cleanRoom), beside },
      missing: {},
    },
  ];
  const files = await Promise.all(
    reports.map(async (report) => {
      const name = `${report.page}.html`;
      const text = await template(name);
      if (text === undefined)
        throw new UserError(`${name} is not among the built pages: build them again (npm run build)`);
      return { name, html: fillPage(name, text, report) };
    }),
  );
  const written: Record<string, number> = {};
  for (const { name, html } of files) written[name] = (await lake.writeText(name, html)).bytes;
  return { pages: written, missing: reports.flatMap(({ missing }) => Object.values<string>(missing)) };
}

async function salesOf(marts: Marts): Promise<Pick<Report<SalesData>, "data" | "missing">> {
  const gone = marts.missing(...salesMarts);
  if (gone !== undefined) return { data: {}, missing: { sales: gone } };
  return { data: { sales: await readSales(marts) }, missing: {} };
}

async function customersOf(marts: Marts, asOf: string | undefined) {
  const missing = Object.entries(customersMarts).flatMap(([part, wanted]) => {
    const gone = marts.missing(...wanted);
    return gone === undefined ? [] : [[part, gone]];
  });
  return { data: await readCustomers(marts, asOf), missing: Object.fromEntries(missing) } satisfies Pick<
    Report<CustomersData>,
    "data" | "missing"
  >;
}

const lastOrder = (marts: Marts) => lastDay(marts, "flat_orders", "order_date");
const metricsAsOf = (marts: Marts) => lastDay(marts, "flat_customer_metrics", "as_of_date");

async function lastDay(marts: Marts, mart: string, column: string): Promise<string | undefined> {
  if (marts.missing(mart) !== undefined) return undefined;
  const [row] = await marts.rows(`SELECT MAX(${column}) AS day FROM {${mart}}`);
  return row?.day == null ? undefined : String(row.day);
}

/** Start of links between pages in a bucket: Google redirects a browser to a temporary address of one object, where relative links fail. */
function baseOf({ url }: Lake): string | undefined {
  const place = /^gs:\/\/(.+?)\/*$/.exec(url)?.[1];
  return place && `https://storage.cloud.google.com/${place}/`;
}

function sourceOf({ url }: Warehouse): string {
  const project = /^bigquery:\/\/([^/?]+)/.exec(url)?.[1];
  return project === undefined ? "DuckDB" : `BigQuery, project ${project}`;
}
