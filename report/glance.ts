import type { CleanRoomData } from "./clean-room/shape.ts";
import { answerHeadline } from "./clean-room/story.ts";
import type { CustomersData } from "./customers/shape.ts";
import { customersStory } from "./customers/story.ts";
import { summariseCustomers } from "./customers/summary.ts";
import { everything } from "./filter.ts";
import { change, plural, uahShort } from "./format.ts";
import type { PageName, Report } from "./report.ts";
import type { SalesData } from "./sales/shape.ts";
import { salesStory } from "./sales/story.ts";
import { summariseSales } from "./sales/summary.ts";

/** What the first page says: of each report a few of its own sentences. A report without figures has none. */
export type Glance = Readonly<Partial<Record<PageName, readonly string[]>>>;

export type IndexReport = Report<{ readonly glance?: Glance }>;

const SENTENCES = 3;

/** Of each report what it says at first, before a reader has chosen anything. */
export function glanceOf(sales: SalesData, customers: CustomersData, cleanRoom: CleanRoomData | undefined): Glance {
  return {
    sales: salesGlance(sales),
    customers: customersGlance(customers),
    "clean-room": cleanRoomGlance(cleanRoom),
  };
}

function salesGlance({ sales }: SalesData): string[] {
  if (sales === undefined || sales.days.count === 0) return [];
  const summary = summariseSales(sales, everything(sales, 365));
  const { totals, before, daily } = summary;
  if (totals.orders === 0) return [];
  const against = before === undefined ? "" : `, ${change(totals.net, before.totals.net)} on as many before`;
  const revenue = `**${uahShort(totals.net)}** in the last ${plural(daily.length, "day")}${against}.`;
  return [revenue, ...salesStory(sales, summary)].slice(0, SENTENCES);
}

function customersGlance({ customers, months, gaps }: CustomersData): string[] {
  if (customers === undefined || customers.profiles.registered.length === 0) return [];
  const parts = { ...(months && { months }), ...(gaps && { gaps }) };
  return customersStory(summariseCustomers(customers, parts, everything(customers))).slice(0, SENTENCES);
}

function cleanRoomGlance(cleanRoom: CleanRoomData | undefined): string[] {
  const answers = cleanRoom?.useCases.filter(({ refused, rows }) => refused === undefined && rows.length > 1) ?? [];
  return answers.map((answer) => `${answerHeadline(answer)}.`).slice(0, SENTENCES);
}
