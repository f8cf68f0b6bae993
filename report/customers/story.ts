import { capital, count, list, percentWhole, plural, rate, uah, uahShort } from "../format.ts";
import { quantile, topTenthShare } from "../numbers.ts";
import { averageOrder } from "../sales/summary.ts";
import type { VisitGaps } from "./shape.ts";
import type { CustomerGroup, CustomersSummary } from "./summary.ts";
import type { TradeSummary } from "./trade.ts";

/* What the figures of the customers say, in sentences. All expect at least one customer. */

const byMost = (value: (group: CustomerGroup) => number) => (a: CustomerGroup, b: CustomerGroup) => value(b) - value(a);

export const churnRate = ({ churned, customers }: { churned: number; customers: number }): number =>
  churned / customers;

export function segmentsHeadline({ segments, totals }: CustomersSummary): string {
  const [best] = [...segments].sort(byMost(({ ltv }) => ltv));
  if (best === undefined || !(totals.ltv > 0)) return "None of them has brought revenue yet";
  return `${best.name} are ${percentWhole(best.customers / totals.customers)} of the customers and brought ${percentWhole(best.ltv / totals.ltv)} of the revenue`;
}

export function gridHeadline({ grid }: CustomersSummary): string {
  // Below on the right of the grid: came often (4 and 5), and not for long (1 and 2).
  const away = grid.reduce((sum, { customers }, i) => sum + (i < 10 && i % 5 >= 3 ? customers : 0), 0);
  if (away > 0) return `${plural(away, "frequent customer has", "frequent customers have")} stayed away for long`;
  const [fullest] = grid.map((group, i) => ({ ...group, i })).sort((a, b) => b.customers - a.customers);
  if (fullest === undefined || fullest.customers === 0) return "";
  const [r, f] = [Math.floor(fullest.i / 5) + 1, (fullest.i % 5) + 1];
  return `Most stand at recency ${r}, frequency ${f}: ${plural(fullest.customers, "customer")}, ${fullest.name}`;
}

/** Who is leaving: how many, what they brought, and where most of that was. */
export function leavingHeadline({ totals, segments }: CustomersSummary): string {
  if (totals.churned === 0) return "Nobody has left";
  const worst = segments
    .filter(({ churned }) => churned > 0)
    .sort(byMost(({ churnedLtv }) => churnedLtv))
    .slice(0, 2)
    .map(({ name }) => name);
  return `${count(totals.churned)} of ${count(totals.customers)} have left, with ${percentWhole(totals.churnedLtv / totals.ltv)} of all revenue behind them: most of it ${list(worst)}`;
}

export function latelyHeadline({ totals }: CustomersSummary): string {
  if (totals.leftLately === 0) return "Of those who have left, nobody was here in the last 90 days";
  return `Gone, though here in the last 90 days: ${plural(totals.leftLately, "customer")} who had brought ${uahShort(totals.leftLatelyLtv)}. Write to them first`;
}

/** Levels with customers, the lowest discount first. */
export function levelsHeadline({ levels }: CustomersSummary): string {
  const held = levels.filter(({ customers }) => customers > 0);
  const sorted = [...held].sort((a, b) => churnRate(b) - churnRate(a));
  const [worst, best] = [sorted[0], sorted.at(-1)];
  if (worst === undefined || best === undefined) return "";
  if (worst === best) return `${percentWhole(1 - churnRate(best))} of ${best.name} still come`;
  return `${best.name} stays: ${percentWhole(1 - churnRate(best))} still come, of ${worst.name} ${percentWhole(1 - churnRate(worst))}`;
}

export function valueHeadline({ ltvs }: CustomersSummary): string {
  const half = uah(quantile(ltvs, 0.5));
  if (ltvs.length < 10) return `Half of the customers have brought ${half} or more`;
  return `The top tenth of customers brought ${percentWhole(topTenthShare(ltvs))} of the revenue; half brought less than ${half}`;
}

export function curvesHeadline({ values }: CustomersSummary): string {
  const aged = values.filter(({ points }) => points.length > 12);
  const at = (month: number) => aged.map(({ year, points }) => ({ year, value: points[month]?.value ?? 0 }));
  const sorted = at(12).sort((a, b) => b.value - a.value);
  const best = sorted[0];
  if (best === undefined) return "No year's customers are a year old yet";
  if (sorted.length === 1) return `A customer of ${best.year} has brought ${uah(best.value)} after a year`;
  const worst = sorted.at(-1);
  return `After a year a customer of ${best.year} has brought ${uah(best.value)}, one of ${worst?.year} ${uah(worst?.value ?? 0)}`;
}

export function repeatHeadline({ totals, medianGaps }: CustomersSummary): string {
  const share = percentWhole(totals.repeat / totals.customers);
  if (medianGaps.length === 0) return `${share} came back`;
  return `${share} came back; half of those come every ${plural(Math.round(quantile(medianGaps, 0.5)), "day")} or more often`;
}

export function gapsHeadline({ gaps }: CustomersSummary, { buckets }: VisitGaps): string {
  const sum = gaps.reduce((total, number) => total + number, 0);
  const top = gaps.indexOf(Math.max(...gaps));
  if (!(sum > 0)) return "Nobody came twice";
  const { name = "", from = 0 } = buckets[top] ?? {};
  return `Most often they are back ${from === 1 ? "the next day" : `after ${name}`}: ${percentWhole((gaps[top] ?? 0) / sum)} of all returns`;
}

export function retentionHeadline({ cohorts }: CustomersSummary): string {
  const in_ = (month: number) => {
    const old = cohorts.filter(({ retention }) => retention.length > month);
    const customers = old.reduce((sum, cohort) => sum + cohort.customers, 0);
    return old.reduce((sum, cohort) => sum + (cohort.retention[month] ?? 0) * cohort.customers, 0) / customers;
  };
  const [first, year] = [in_(1), in_(12)];
  if (Number.isNaN(first)) return "No month after registration has passed yet";
  if (Number.isNaN(year)) return `${percentWhole(first)} order in the month after they registered`;
  return `${percentWhole(first)} order in the month after they registered, ${percentWhole(year)} still do a year later`;
}

export function activityHeadline({ totals }: CustomersSummary): string {
  const part = (active: number) => percentWhole(active / totals.customers);
  return `${part(totals.active30)} came in the last 30 days, ${part(totals.active7)} in the last 7`;
}

export function ageHeadline({ ages }: CustomersSummary): string {
  const days = quantile(ages, 0.5);
  const months = days / 30.44;
  const text =
    months < 2
      ? plural(Math.round(days), "day")
      : months < 24
        ? plural(Math.round(months), "month")
        : `${rate(months / 12)} years`;
  return `Half of the customers registered more than ${text} ago`;
}

export function channelsHeadline({ channels }: CustomersSummary): string {
  const held = channels.filter(({ customers }) => customers > 0);
  const [largest] = [...held].sort(byMost(({ customers }) => customers));
  const [richest] = [...held].sort(byMost(({ ltv, customers }) => ltv / customers));
  if (largest === undefined || richest === undefined) return "";
  const value = uah(richest.ltv / richest.customers);
  const most = `${capital(largest.name)} brings the most customers`;
  if (richest === largest) return `${most}, and the best ones: ${value} each`;
  return `${most}, ${richest.name} the best ones: ${value} each`;
}

export function tradeHeadline({ registered, anonymous }: TradeSummary): string {
  const orders = registered.orders + anonymous.orders;
  const net = registered.net + anonymous.net;
  if (registered.orders === 0) return "All orders are anonymous";
  if (anonymous.orders === 0) return "All orders are of registered customers";
  const more = averageOrder(registered) / averageOrder(anonymous) - 1;
  const size =
    percentWhole(Math.abs(more)) === "0%"
      ? "of the same size"
      : `${percentWhole(Math.abs(more))} ${more < 0 ? "smaller" : "larger"}`;
  const compared = Number.isFinite(more) ? `; their orders are ${size}` : "";
  return `Registered customers place ${percentWhole(registered.orders / orders)} of orders and bring ${percentWhole(registered.net / net)} of revenue${compared}`;
}

/** The page's first words. */
export function customersStory(summary: CustomersSummary): string[] {
  const { totals, levels, segments, ltvs } = summary;
  const held = levels.filter(({ customers }) => customers > 0).sort((a, b) => churnRate(b) - churnRate(a));
  const [worst, best] = [held[0], held.at(-1)];
  const valuable = segments.filter(({ churned }) => churned > 0).sort(byMost(({ churnedLtv }) => churnedLtv))[0];
  return [
    `**${count(totals.churned)} of ${count(totals.customers)}** customers have left, away for three times their usual pause.`,
    valuable &&
      `Most was lost with **${valuable.name}**: ${plural(valuable.churned, "customer")} who had brought ${uahShort(valuable.churnedLtv)}.`,
    totals.leftLately > 0 &&
      `**${count(totals.leftLately)}** of them were here in the last 90 days (${uahShort(totals.leftLatelyLtv)} so far): still worth a call.`,
    worst &&
      best &&
      worst !== best &&
      `**${best.name}** stays (${percentWhole(churnRate(best))} left), **${worst.name}** goes (${percentWhole(churnRate(worst))} left).`,
    ltvs.length >= 10 && `The top tenth of customers brings **${percentWhole(topTenthShare(ltvs))}** of their revenue.`,
    `**${percentWhole(totals.active30 / totals.customers)}** came in the last 30 days.`,
  ].filter((sentence) => typeof sentence === "string");
}
