import { count, list, percent, plural, rate, usd } from "../format.ts";
import type { Value } from "../table.ts";
import { type AnswerColumn, answerColumns } from "./answer.ts";
import { sharesDiffer } from "./compare.ts";
import type { UseCaseAnswer } from "./shape.ts";
import { type Difference, genericHeadline, largestDifference, mostTelling } from "./telling.ts";

/* The sentence above each answer, which answers the question. A question without a function of its own gets a generic headline. */

/** The headline of an answer, and how the page draws it. */
export interface Told {
  /** A sentence in which `**` marks bold words. */
  readonly headline: string;
  /** The measures with strong bars. Several are drawn on one scale, and no other beside them. */
  readonly shows?: readonly AnswerColumn[];
  /** The rows to draw, if not all; the table has all. */
  readonly drawn?: UseCaseAnswer["rows"];
  /** A sentence below the chart: how to read its figures beside those of other answers. */
  readonly note?: string;
}

type Row = readonly Value[];

/** The query was changed, and no longer has a column that its headline needs. */
class NoColumn extends Error {}

/** An answer with its columns by name. */
class Named {
  readonly rows: UseCaseAnswer["rows"];
  private readonly columns: readonly AnswerColumn[];

  constructor(answer: UseCaseAnswer) {
    this.columns = answerColumns(answer);
    this.rows = answer.rows;
  }

  /** Throws NoColumn if the answer has no such column. */
  column(name: string): AnswerColumn {
    const found = this.columns.find((column) => column.name === name);
    if (found === undefined) throw new NoColumn(`the answer has no column ${name}`);
    return found;
  }

  text = (row: Row | undefined, name: string): string => String(row?.[this.column(name).at] ?? "(none)");
  number = (row: Row | undefined, name: string): number => Number(row?.[this.column(name).at] ?? Number.NaN);
  sum = (name: string): number => this.rows.reduce((sum, row) => sum + this.number(row, name), 0);
  find = (name: string, value: Value): Row | undefined => this.rows.find((row) => row[this.column(name).at] === value);
  differ = (name: string, of: string, rows: readonly Row[] = this.rows): Difference | undefined =>
    largestDifference(rows, this.column(name), [this.column(of)]);
}

const disagreements: Readonly<Record<string, string>> = {
  "other amount": "with another amount",
  "other status": "with another status",
  late: "paid late",
  missing: "not paid",
  "paid twice": "paid twice",
};

function verification(answer: Named): Told {
  const orders = answer.sum("orders");
  const wrong = answer.rows.filter((row) => answer.text(row, "finding") !== "agrees");
  const shown = { shows: [answer.column("orders")], ...(wrong.length > 0 && { drawn: wrong }) };
  if (wrong.length === 0)
    return { ...shown, headline: `All payments for ${count(orders)} orders agree in amount, status and time` };
  const number = wrong.reduce((sum, row) => sum + answer.number(row, "orders"), 0);
  const kinds = wrong.map((row) => {
    const finding = answer.text(row, "finding");
    return `${count(answer.number(row, "orders"))} ${disagreements[finding] ?? finding}`;
  });
  // Rounding must not turn nearly all into all.
  const share = percent(Math.min(1 - number / orders, 0.999));
  return {
    ...shown,
    headline: `**${share}** of the payments for ${count(orders)} orders agree; ${plural(number, "order is", "orders are")} wrong: ${list(kinds)}`,
  };
}

/** Without it, these figures seem to contradict the overlap, which counts customers without orders too. */
const ONLY_BUYERS = "Only customers who have ordered count here.";

function segmentation(answer: Named): Told {
  const measure = answer.column("kept_usd_per_customer");
  const shown = { shows: [measure], note: ONLY_BUYERS };
  const pair = answer.differ(measure.name, "customers");
  if (pair === undefined) return { ...shown, headline: "The tiers do not differ in spend by more than chance" };
  const [most, least] = [pair.high, pair.low].map((row) => ({
    tier: answer.text(row, "account_tier"),
    kept: answer.number(row, measure.name),
  })) as [{ tier: string; kept: number }, { tier: string; kept: number }];
  return {
    ...shown,
    headline: `A customer with a **${most.tier}** wallet keeps goods worth ${usd(most.kept)}, ${rate(most.kept / least.kept)} times as much as one with a ${least.tier} wallet (${usd(least.kept)})`,
  };
}

function trust(answer: Named): Told {
  const measure = answer.column("cancelled_or_returned");
  const shows = [measure];
  const [verified, others] = [true, false].map((is) =>
    answer.number(answer.find("is_verified_user", is), measure.name),
  );
  const pair = answer.differ(measure.name, "customers");
  const shares = `${percent(verified ?? Number.NaN)} of the orders they pay with it, the others ${percent(others ?? Number.NaN)}`;
  if (pair === undefined)
    return { shows, headline: `No difference beyond chance: verified users of the wallet cancel or return ${shares}` };
  return { shows, headline: `**Verified** users of the wallet cancel or return ${shares}` };
}

/** A difference by less than this factor may be certain, but matters little. */
const SLIGHT = 1.1;

function enrichment(answer: Named): Told {
  const measure = answer.column("on_paying_tier");
  const shows = [measure];
  const attributes = [...new Set(answer.rows.map((row) => answer.text(row, "attribute")))];
  const told = attributes.map((attribute) => {
    const rows = answer.rows.filter((row) => answer.text(row, "attribute") === attribute);
    const pair = answer.differ(measure.name, "wallet_users", rows);
    if (pair === undefined) return `${attribute} makes no difference beyond chance`;
    if (answer.number(pair.high, measure.name) < SLIGHT * answer.number(pair.low, measure.name))
      return `${attribute} makes hardly any difference`;
    const [low, high] = [pair.low, pair.high].map(
      (row) => `${percent(answer.number(row, measure.name))} (${answer.text(row, "attribute_value")})`,
    );
    return `by ${attribute}, from ${low} to ${high}`;
  });
  const few = answer.rows.some((row) => row[measure.at] === null);
  return {
    shows,
    headline: `Who pays for a tier: ${told.join("; ")}`,
    ...(few && { note: "The query itself suppresses them: no rule does." }),
  };
}

function overlap(answer: Named): Told {
  const [row] = answer.rows;
  return {
    headline: `**${percent(answer.number(row, "share_with_wallet"))}** of our ${count(answer.number(row, "customers"))} customers have a wallet, and ${percent(answer.number(row, "share_never_used_here"))} of these have never paid us with it`,
  };
}

function decades(answer: Named): Told {
  const measure = answer.column("kept_usd_per_customer");
  const shown = { shows: [measure], note: ONLY_BUYERS };
  const all = [...new Set(answer.rows.map((row) => answer.text(row, "birth_decade")))].map((decade) =>
    answer.rows.filter((row) => answer.text(row, "birth_decade") === decade),
  );
  const times = all.flatMap((rows) => {
    const [free, business] = ["Free", "Business"].map((tier) =>
      rows.find((row) => answer.text(row, "account_tier") === tier),
    );
    if (free === undefined || business === undefined) return [];
    const pair = answer.differ(measure.name, "customers", [free, business]);
    return pair?.high === business ? [answer.number(business, measure.name) / answer.number(free, measure.name)] : [];
  });
  if (times.length === 0)
    return { ...shown, headline: "No birth decade has tiers that spend differently by more than chance" };
  const where = times.length === all.length ? "every birth decade" : `${times.length} of ${all.length} birth decades`;
  const [least, most] = [Math.min(...times), Math.max(...times)].map(rate);
  const range = least === most ? most : `${least} to ${most}`;
  return {
    ...shown,
    headline: `In **${where}**, Business customers spend more than Free ones: ${range} times as much`,
  };
}

function reach(answer: Named): Told {
  const measure = answer.column("on_paying_tier");
  const shows = [measure];
  const pair = answer.differ(measure.name, "wallet_users");
  const spend = answer.differ("kept_usd_per_user", "wallet_users");
  const spent =
    spend === undefined
      ? "their spend does not differ by more than chance"
      : `users from ${answer.text(spend.high, "traffic_source")} spend more than those from ${answer.text(spend.low, "traffic_source")}`;
  if (pair === undefined)
    return { shows, headline: `The sources do not differ in the share of paying users by more than chance; ${spent}` };
  const [high, low] = [pair.high, pair.low].map(
    (row) => `${answer.text(row, "traffic_source")} (${percent(answer.number(row, measure.name))})`,
  );
  return { shows, headline: `Users from **${high}** pay for a tier more often than those from ${low}; ${spent}` };
}

function noisyPayments(answer: Named): Told {
  const measure = answer.column("payments");
  const shows = [measure];
  const undone = ["Cancelled", "Returned"].reduce((sum, status) => {
    const payments = answer.number(answer.find("status", status), "payments");
    return sum + (Number.isFinite(payments) ? payments : 0);
  }, 0);
  const all = answer.sum("payments");
  return {
    shows,
    headline: `About **${count(Math.round(all / 100) * 100)}** payments, ${percent(undone / all)} of them for orders that were cancelled or returned; the noise hides single users`,
  };
}

/** In thelook, a few customers live in a country under its other name. */
const secondSpellings: Readonly<Record<string, string>> = { España: "Spain", Deutschland: "Germany" };

function tooFew(answer: Named): Told {
  const measure = answer.column("share_with_wallet");
  const few = answer.rows.filter((row) => row[answer.column("with_wallet").at] === null);
  const spelt = Object.entries(secondSpellings)
    .filter(([second]) => answer.find("country", second) !== undefined)
    .map(([second, first]) => `${second} is thelook's second spelling of ${first}.`);
  const note = [...(few.length > 0 ? ["The merchant knows these countries from its own table."] : []), ...spelt];
  const shown = { shows: [measure], ...(note.length > 0 && { note: note.join(" ") }) };
  const names = few.slice(0, 4).map((row) => answer.text(row, "country"));
  const more = few.length > names.length ? [`${few.length - names.length} more`] : [];
  const pair = answer.differ(measure.name, "customers");
  const told =
    pair === undefined
      ? "the others do not differ by more than chance"
      : `of the others, wallets are more common in ${answer.text(pair.high, "country")} (${percent(answer.number(pair.high, measure.name))}) than in ${answer.text(pair.low, "country")} (${percent(answer.number(pair.low, measure.name))})`;
  if (few.length === 0) return { ...shown, headline: `No country is too small to tell; ${told}` };
  return {
    ...shown,
    headline: `**Too few to tell** in ${few.length} of ${plural(answer.rows.length, "country", "countries")}: ${list([...names, ...more])}; ${told}`,
  };
}

function joining(answer: Named): Told {
  const measure = answer.column("share_with_wallet");
  const shows = [measure];
  const pair = answer.differ(measure.name, "customers");
  if (pair === undefined) return { shows, headline: "The ages do not differ in wallets by more than chance" };
  const [high, low] = [pair.high, pair.low].map(
    (row) => `${percent(answer.number(row, measure.name))} of those aged ${answer.text(row, "age_band")}`,
  );
  return { shows, headline: `**${high}** have a wallet, but ${low}` };
}

function categories(answer: Named): Told {
  const [free, premium, business] = ["free", "premium", "business"].map((tier) => answer.column(`share_of_${tier}`));
  if (free === undefined || premium === undefined || business === undefined) throw new NoColumn("share_of_");
  const figure = (row: Row, tier: string) => {
    const share = answer.number(row, `share_of_${tier}`);
    return { value: share, of: answer.number(row, `${tier}_items`) / share };
  };
  const different = answer.rows
    .filter((row) => row[business.at] !== null && row[free.at] !== null)
    .filter((row) => sharesDiffer(figure(row, "business"), figure(row, "free")))
    .map((row) => {
      const [its, others] = [figure(row, "business").value, figure(row, "free").value];
      return {
        times: its / others,
        text: `${answer.text(row, "category")} (${percent(its)} of their items, Free ${percent(others)})`,
      };
    })
    .sort((a, b) => b.times - a.times);
  const more = different.filter(({ times }) => times > 1).slice(0, 2);
  const less = different.filter(({ times }) => times < 1).slice(-1);
  const shows = [free, premium, business];
  if (different.length === 0)
    return { shows, headline: "The tiers do not differ in what they buy by more than chance" };
  const told = [
    ...(more.length > 0 ? [`more ${list(more.map(({ text }) => `**${text.replace(" (", "** (")}`))}`] : []),
    ...(less.length > 0 ? [`less ${list(less.map(({ text }) => text))}`] : []),
  ];
  return { shows, headline: `Business customers buy ${told.join("; ")}` };
}

/** By the name of the use case. */
const own: Readonly<Record<string, (answer: Named) => Told>> = {
  "01-transaction-verification": verification,
  "02-segmentation-by-tier": segmentation,
  "03-trust-by-verification": trust,
  "04-wallet-enrichment": enrichment,
  "05-overlap": overlap,
  "06-spend-by-decade-and-tier": decades,
  "07-reach-by-source": reach,
  "08-payments-with-noise": noisyPayments,
  "10-too-few-to-tell": tooFew,
  "11-what-each-tier-buys": categories,
  "12-joining-by-age": joining,
};

/** The names of the use cases that have a headline of their own. */
export const toldOnTheirOwn: readonly string[] = Object.keys(own);

/** The headline of an answer: from the use case's own function, or else from the answer's columns. */
export function tell(answer: UseCaseAnswer): Told {
  const headline = Object.hasOwn(own, answer.name) ? own[answer.name] : undefined;
  try {
    if (headline !== undefined && answer.rows.length > 0) return headline(new Named(answer));
  } catch (error) {
    if (!(error instanceof NoColumn)) throw error;
  }
  const telling = mostTelling(answer);
  return { headline: genericHeadline(answer), ...(telling && { shows: [telling.column] }) };
}
