import { tell } from "./clean-room/headlines.ts";
import type { CleanRoomData } from "./clean-room/shape.ts";
import type { CustomersData } from "./customers/shape.ts";
import { customersStory } from "./customers/story.ts";
import { summariseCustomers } from "./customers/summary.ts";
import { everything } from "./filter.ts";
import { plural, uahShort, upOrDown } from "./format.ts";
import type { PageName, Report } from "./report.ts";
import type { SalesData } from "./sales/shape.ts";
import { salesStory } from "./sales/story.ts";
import { summariseSales } from "./sales/summary.ts";

/** Sentences for the index page, a few from each report. A report without figures has none. */
type Highlights = Readonly<Partial<Record<PageName, readonly string[]>>>;

/** A result beside the reports, for a reader who has the folder: its address from the reports' folder, its name, and a sentence. */
export interface Beside {
  readonly href: string;
  readonly name: string;
  readonly about: string;
}

export type IndexReport = Report<{ readonly highlights?: Highlights; readonly beside?: readonly Beside[] }>;

const SENTENCES = 3;

/** Takes the first sentences of each report, as it opens with its initial filter. */
export function highlightsOf(
  sales: SalesData,
  customers: CustomersData,
  cleanRoom: CleanRoomData | undefined,
): Highlights {
  return {
    sales: salesHighlights(sales),
    customers: customersHighlights(customers),
    "clean-room": cleanRoomHighlights(cleanRoom),
  };
}

function salesHighlights({ sales }: SalesData): string[] {
  if (sales === undefined || sales.days.count === 0) return [];
  const summary = summariseSales(sales, everything(sales, 365));
  const { totals, before, daily } = summary;
  if (totals.orders === 0) return [];
  const days = plural(daily.length, "day");
  const compared = before === undefined ? "" : `, ${upOrDown(totals.net, before.totals.net)} on the ${days} before`;
  const revenue = `Revenue of **${uahShort(totals.net)}** in the last ${days}${compared}.`;
  return [revenue, ...salesStory(sales, summary)].slice(0, SENTENCES);
}

function customersHighlights(data: CustomersData): string[] {
  const { customers } = data;
  if (customers === undefined || customers.profiles.registered.length === 0) return [];
  return customersStory(summariseCustomers(customers, data, everything(customers))).slice(0, SENTENCES);
}

function cleanRoomHighlights(cleanRoom: CleanRoomData | undefined): string[] {
  const answers = cleanRoom?.useCases.filter(({ refused, rows }) => refused === undefined && rows.length > 1) ?? [];
  return answers.map((answer) => `${tell(answer).headline}.`).slice(0, SENTENCES);
}
