import { CERTAIN, FEW, meansApart, sharesDiffer } from "../clean-room/compare.ts";
import { quantile, topTenthShare } from "../column-math.ts";
import { capital, count, list, percentWhole, plural, rate, uah, uahShort } from "../format.ts";
import { averageOrder } from "../sales/summary.ts";
import type { VisitGaps } from "./shape.ts";
import type { CustomerGroup, CustomersSummary } from "./summary.ts";
import type { TradeSummary } from "./trade.ts";

/* Sentences about the customers' figures, true for any selection with at least one customer. `**` marks bold words. */

const byMost = (value: (group: CustomerGroup) => number) => (a: CustomerGroup, b: CustomerGroup) => value(b) - value(a);

export const churnRate = ({ churned, customers }: { churned: number; customers: number }): number =>
  churned / customers;

export function segmentsHeadline({ segments, totals }: CustomersSummary): string {
  const [best] = [...segments].sort(byMost(({ ltv }) => ltv));
  if (best === undefined || !(totals.ltv > 0)) return "No segment has brought revenue yet";
  if (best.customers === totals.customers) return `All registered customers are ${best.name}`;
  return `${best.name} are ${percentWhole(best.customers / totals.customers)} of registered customers and brought ${percentWhole(best.ltv / totals.ltv)} of their revenue`;
}

export function gridHeadline({ grid }: CustomersSummary): string {
  // At the bottom right of the grid: frequency 4 and 5, recency 1 and 2.
  const away = grid.reduce((sum, { customers }, i) => sum + (i < 10 && i % 5 >= 3 ? customers : 0), 0);
  if (away > 0)
    return `${plural(away, "frequent customer has", "frequent customers have")} been away for far longer than usual`;
  const [fullest] = grid.map((group, i) => ({ ...group, i })).sort((a, b) => b.customers - a.customers);
  if (fullest === undefined || fullest.customers === 0) return "";
  const [r, f] = [Math.floor(fullest.i / 5) + 1, (fullest.i % 5) + 1];
  return `The largest group is recency ${r}, frequency ${f} (${fullest.name}): ${plural(fullest.customers, "customer")}`;
}

/** Says how many have left, what they brought, and in which two segments most of it was. */
export function leavingHeadline({ totals, segments }: CustomersSummary): string {
  if (totals.churned === 0) return "Nobody has left";
  const worst = segments
    .filter(({ churned }) => churned > 0)
    .sort(byMost(({ churnedLtv }) => churnedLtv))
    .slice(0, 2)
    .map(({ name }) => name);
  if (totals.churned === totals.customers)
    return totals.customers === 1 ? "The only customer has left" : `All ${count(totals.customers)} customers have left`;
  const left = `${count(totals.churned)} of ${count(totals.customers)} registered customers ${totals.churned === 1 ? "has" : "have"} left`;
  return `${left}. They brought ${percentWhole(totals.churnedLtv / totals.ltv)} of the revenue of all ${count(totals.customers)}, mainly from ${list(worst)}`;
}

export function latelyHeadline({ totals }: CustomersSummary): string {
  if (totals.leftLately === 0) return "Nobody has left recently: no last order is in the past 90 days";
  return `${plural(totals.leftLately, "customer", "customers")} left only recently, with a last order in the past 90 days. They had spent ${uahShort(totals.leftLatelyLtv)}: contact them first`;
}

/**
 * The groups that keep fewest and most of their customers, if they differ by more than chance. Groups with too few customers to compare are
 * left out.
 */
function keptApart(groups: readonly CustomerGroup[]): { worst: CustomerGroup; best: CustomerGroup } | undefined {
  const [worst, ...others] = groups.filter(({ customers }) => customers >= FEW).sort(byMost(churnRate));
  const best = others.at(-1);
  if (worst === undefined || best === undefined) return undefined;
  const figure = (group: CustomerGroup) => ({ value: churnRate(group), of: group.customers });
  return sharesDiffer(figure(worst), figure(best)) ? { worst, best } : undefined;
}

/** Compares the loyalty levels that keep most and fewest of their customers. */
export function levelsHeadline({ levels }: CustomersSummary): string {
  const held = levels.filter(({ customers }) => customers > 0);
  const [only] = held;
  if (only === undefined) return "";
  if (held.length === 1) return `${percentWhole(1 - churnRate(only))} of ${only.name} customers still come`;
  const apart = keptApart(held);
  if (apart === undefined) return "The levels do not differ in how many customers they keep by more than chance";
  const { worst, best } = apart;
  return `${percentWhole(1 - churnRate(best))} of ${best.name} customers still come, against ${percentWhole(1 - churnRate(worst))} of ${worst.name}`;
}

export function valueHeadline({ ltvs }: CustomersSummary): string {
  const half = uah(quantile(ltvs, 0.5));
  if (ltvs.length < 10) return `Half of the customers have brought ${half} or more`;
  return `The top 10% of registered customers brought ${percentWhole(topTenthShare(ltvs))} of their revenue; half of all customers brought less than ${half} each`;
}

export function curvesHeadline({ values }: CustomersSummary): string {
  const aged = values.filter(({ points }) => points.length > 12);
  const at = (month: number) => aged.map(({ year, points }) => ({ year, value: points[month]?.value ?? 0 }));
  const sorted = at(12).sort((a, b) => b.value - a.value);
  const best = sorted[0];
  if (best === undefined) return "No customer registered a full year ago yet";
  if (sorted.length === 1)
    return `After 12 months, a customer who registered in ${best.year} has brought ${uah(best.value)}`;
  const worst = sorted.at(-1);
  return `After 12 months, a customer from ${best.year} has brought ${uah(best.value)}; one from ${worst?.year}, ${uah(worst?.value ?? 0)}`;
}

export function repeatHeadline({ totals, medianGaps }: CustomersSummary): string {
  const share = percentWhole(totals.repeat / totals.customers);
  if (medianGaps.length === 0) return `${share} came back`;
  // Rounded up, so that half of them come this often or more often.
  const days = Math.ceil(quantile(medianGaps, 0.5));
  return `${share} came back; half of those came at least every ${days === 1 ? "day" : plural(days, "day")}`;
}

export function gapsHeadline({ gaps }: CustomersSummary, { buckets }: VisitGaps): string {
  const sum = gaps.reduce((total, number) => total + number, 0);
  const top = gaps.indexOf(Math.max(...gaps));
  if (!(sum > 0)) return "Nobody came twice";
  const { name = "", from = 0 } = buckets[top] ?? {};
  // A bucket's name begins with a number, except the last one's: "Over 90 days".
  return `Customers most often return ${from === 1 ? "the next day" : `after ${name.replace(/^Over/, "over")}`}: ${percentWhole((gaps[top] ?? 0) / sum)} of all returns`;
}

/** Compares the same customers after a month and after a year: those who registered a year ago or earlier, once there are any. */
export function retentionHeadline({ cohorts }: CustomersSummary): string {
  const [young, aged] = [1, 12].map((month) => cohorts.filter(({ retention }) => retention.length > month));
  const share = (month: number, of: typeof cohorts = []) => {
    const customers = of.reduce((sum, cohort) => sum + cohort.customers, 0);
    return of.reduce((sum, cohort) => sum + (cohort.retention[month] ?? 0) * cohort.customers, 0) / customers;
  };
  const year = share(12, aged);
  const first = share(1, Number.isNaN(year) ? young : aged);
  if (Number.isNaN(first)) return "No cohort has completed its first month yet";
  if (Number.isNaN(year)) return `${percentWhole(first)} order in the month after registration`;
  return `${percentWhole(first)} order in the month after registration, and ${percentWhole(year)} still do after a year`;
}

export function activityHeadline({ totals }: CustomersSummary): string {
  const part = (active: number) => percentWhole(active / totals.customers);
  return `${part(totals.active30)} came in the last 30 days, ${part(totals.active7)} in the last 7`;
}

export function ageHeadline({ ages }: CustomersSummary): string {
  const days = quantile(ages, 0.5);
  if (days < 1) return "Half of the customers registered on the last day of orders";
  const months = days / 30.44;
  // Rounded down, so that it holds for half of them.
  const text =
    months < 2
      ? plural(Math.floor(days), "day")
      : months < 24
        ? plural(Math.floor(months), "month")
        : `${rate(Math.floor((10 * months) / 12) / 10)} years`;
  return `Half of the customers registered at least ${text} ago`;
}

/**
 * Names the channel with the most valuable customers only if they differ from all others by more than chance; otherwise the channels that
 * keep most and fewest of their customers, on the same condition.
 */
export function channelsHeadline({ channels, ltvs }: CustomersSummary): string {
  const held = channels.filter(({ customers }) => customers > 0);
  const [largest] = [...held].sort(byMost(({ customers }) => customers));
  const [richest] = [...held].sort(byMost(({ ltv, customers }) => ltv / customers));
  if (largest === undefined || richest === undefined) return "";
  const most = `${capital(largest.name)} brings the most customers`;
  if (held.length === 1) return most;
  const mean = (groups: readonly CustomerGroup[]) => {
    const of = groups.reduce((sum, { customers }) => sum + customers, 0);
    return { value: groups.reduce((sum, { ltv }) => sum + ltv, 0) / of, of };
  };
  const [its, others] = [mean([richest]), mean(held.filter((group) => group !== richest))];
  if (its.of < FEW || others.of < FEW || meansApart(its, others, deviationOf(ltvs)) < CERTAIN)
    return `${most}; ${keptByChannel(held)}`;
  const value = uah(its.value);
  if (richest === largest) return `${most}, and the most valuable ones: ${value} each`;
  return `${most}; ${richest.name} brings the most valuable ones: ${value} each`;
}

function keptByChannel(channels: readonly CustomerGroup[]): string {
  const apart = keptApart(channels);
  if (apart === undefined) return "what a customer brings does not differ between channels by more than chance";
  const [best, worst] = [apart.best, apart.worst].map((group) => percentWhole(1 - churnRate(group)));
  return `${apart.best.name} keeps the largest share of its customers (${best}), ${apart.worst.name} the smallest (${worst})`;
}

/** The standard deviation as a multiple of the mean. */
function deviationOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) / mean;
}

/** The standard deviation of an order's value, as a multiple of its mean. */
const DEVIATION_OF_ORDERS = 0.7;

/** Compares the size of orders of the same months, if the difference is more than chance. */
export function tradeHeadline({ registered, anonymous, anonymousThen }: TradeSummary): string {
  const orders = registered.orders + anonymous.orders;
  const net = registered.net + anonymous.net;
  if (registered.orders === 0) return "All orders are anonymous";
  if (anonymous.orders === 0) return "All orders come from registered customers";
  const shares = `Registered customers place ${percentWhole(registered.orders / orders)} of orders and bring ${percentWhole(registered.net / net)} of revenue`;
  const [theirs, others] = [
    { value: averageOrder(registered), of: registered.orders },
    { value: anonymousThen, of: anonymous.orders },
  ];
  if (Math.min(theirs.of, others.of) < FEW || !(anonymousThen > 0)) return shares;
  const more = theirs.value / others.value - 1;
  if (Math.abs(more) < 0.005 || Math.abs(meansApart(theirs, others, DEVIATION_OF_ORDERS)) < CERTAIN)
    return `${shares}; their orders are about the same size as anonymous ones of the same months`;
  return `${shares}; their orders are ${percentWhole(Math.abs(more))} ${more < 0 ? "smaller" : "larger"} than anonymous ones of the same months`;
}

/** The sentences at the top of the page. */
export function customersStory(summary: CustomersSummary): string[] {
  const { totals, levels, segments, ltvs } = summary;
  const apart = keptApart(levels);
  const valuable = segments.filter(({ churned }) => churned > 0).sort(byMost(({ churnedLtv }) => churnedLtv))[0];
  return [
    totals.churned === 0
      ? "Nobody seems to have left."
      : `**${count(totals.churned)} of ${count(totals.customers)}** ${totals.customers === 1 ? "customer" : "customers"} ${totals.churned === 1 ? "seems" : "seem"} to have left: away for far longer than usual, or for over 90 days after one or two visits.`,
    valuable &&
      `The costliest loss is in **${valuable.name}**: ${plural(valuable.churned, "customer")} who had spent ${uahShort(valuable.churnedLtv)}.`,
    totals.leftLately > 0 &&
      `**${count(totals.leftLately)}** of those who seem to have left ordered in the last 90 days, after spending ${uahShort(totals.leftLatelyLtv)}: contact them first.`,
    apart &&
      `**${apart.best.name}** customers leave least often (${percentWhole(churnRate(apart.best))} have left), and **${apart.worst.name}** customers most often (${percentWhole(churnRate(apart.worst))}).`,
    ltvs.length >= 10 &&
      `The top 10% of customers bring **${percentWhole(topTenthShare(ltvs))}** of registered customers' revenue.`,
    `**${percentWhole(totals.active30 / totals.customers)}** of customers came in the last 30 days.`,
  ].filter((sentence) => typeof sentence === "string");
}
