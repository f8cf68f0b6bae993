/*
 * The effects planted in the e-wallet, each written once: wallet.ts derives the rows from them, the tests look for them, and
 * docs/data.md lists what they amount to. Nothing depends on gender, so that a question about it finds nothing.
 */

/** A number for each value of one of a person's columns. A value that is not listed has `others`. */
export interface Effect {
  readonly column: "country" | "traffic_source" | "account_tier";
  readonly of: Readonly<Record<string, number>>;
  readonly others: number;
}

/** A number for each age: that of the first band whose `below` is above it. An unknown age has `unknown`. */
export interface AgeEffect {
  readonly column: "age";
  readonly bands: readonly { readonly below: number; readonly is: number }[];
  readonly unknown: number;
}

type Effects = readonly (Effect | AgeEffect)[];

const age = (unknown: number, ...of: readonly [below: number, is: number][]): AgeEffect => ({
  column: "age",
  bands: of.map(([below, is]) => ({ below, is })),
  unknown,
});
const byCountry = (others: number, of: Effect["of"]): Effect => ({ column: "country", of, others });
const bySource = (of: Effect["of"], others: number): Effect => ({ column: "traffic_source", of, others });

/**
 * Who joins. The numbers of a person are multiplied, and the share of wallets is raised to the result: of a share of 0.55, the
 * power 0.7 makes 0.66 and the power 1.4 makes 0.43, and any power of a share is a share. The young join more often than the old,
 * and people pay with a phone more often in China, South Korea and Brazil than in Germany and Japan.
 */
export const joining: Effects = [
  age(1, [25, 0.6], [35, 0.7], [45, 0.9], [55, 1.2], [65, 1.6], [200, 2.2]),
  byCountry(1, {
    China: 0.8,
    "South Korea": 0.8,
    Brasil: 0.85,
    "United Kingdom": 0.9,
    "United States": 1.05,
    Belgium: 1.15,
    France: 1.15,
    Deutschland: 1.5,
    Germany: 1.5,
    Japan: 1.35,
  }),
  bySource({ Facebook: 0.8, Display: 0.85, Email: 1.3 }, 1),
];

/**
 * How much money passes through a wallet: the numbers of a person are added to the logarithm of the volume, so that 0.25 makes it
 * 28 % larger. Middle age and rich countries raise it; customers who came by a newsletter pay more than those who came by
 * an advertisement.
 */
export const volume: Effects = [
  age(0, [25, -0.45], [35, -0.05], [45, 0.2], [55, 0.25], [65, 0.1], [200, -0.15]),
  byCountry(0, {
    "United States": 0.3,
    "United Kingdom": 0.2,
    Germany: 0.2,
    Deutschland: 0.2,
    Australia: 0.2,
    Japan: 0.15,
    France: 0.1,
    "South Korea": 0.1,
    Spain: -0.1,
    España: -0.1,
    Poland: -0.25,
    Brasil: -0.35,
    Colombia: -0.5,
  }),
  bySource({ Email: 0.25, Display: -0.15, Facebook: -0.2 }, 0),
];

/**
 * Whose identity is verified. As with joining, the numbers are multiplied and make the power of a share. Some countries' laws ask
 * for it, and a Business account is of little use without it.
 */
export const verifying: Effects = [
  { column: "account_tier", of: { Free: 1.15, Premium: 0.9, Business: 0.4 }, others: 1 },
  age(1, [25, 1.25], [200, 1]),
  byCountry(1, {
    "South Korea": 0.5,
    Germany: 0.7,
    Deutschland: 0.7,
    "United Kingdom": 0.7,
    China: 0.9,
    "United States": 1.1,
    Brasil: 1.4,
  }),
  bySource({ Facebook: 1.2, Display: 1.2 }, 1),
];

/** Share of verified users among those who keep all their orders and for whom every number of `verifying` is 1. */
export const VERIFIED = 0.72;

/** The share of cancelled and returned orders, times this, is added to 1 and multiplies the power: 0.72 becomes 0.35 for all. */
export const UNDONE_MATTERS = 2.2;

/** Correlation of the logarithms of a wallet's volume and of the owner's spend at the merchant. */
export const VOLUME_FOLLOWS_SPEND = 0.39;

/** The middle of customers' spend in thelook, USD, and the standard deviation of its logarithm. */
export const SPEND = { median: 90, deviation: 1.1 } as const;

/** The middle of the wallets' volume, USD since the wallet was opened, and the standard deviation of its logarithm. */
export const VOLUME = { median: 1_700, deviation: 1.2 } as const;

/** Wallet users who never shopped at the merchant, for each of its customers with a wallet. */
export const STRANGERS = 0.5;

/**
 * A customer with a wallet pays an order with it if a draw of the order is below a draw of the customer to this power: 71 % of the
 * orders on average, and hardly any for some customers.
 */
export const HABIT = 0.4;

/** How the other orders are paid. */
export const OTHERWISE = { Card: 0.7, "Bank transfer": 0.18, "Cash on delivery": 0.12 } as const;

/** In what way a payment disagrees with its order, by the share of the disagreements. */
export const DISCREPANCIES = {
  /** The amount is 1 to 20 % too large or too small. */
  amount: 0.3,
  /** The wallet did not hear of the order's last change. */
  status: 0.25,
  /** Paid one to ten days after the order. */
  late: 0.2,
  /** There is no payment for an order that the merchant's checkout sent to the wallet. */
  missing: 0.15,
  /** There are two payments, a few minutes apart. */
  twice: 0.1,
} as const;

/** SQL for a person's number of each effect. */
function numbersOf(effects: Effects): string[] {
  return effects.map((effect) => {
    if (effect.column === "age") {
      const bands = effect.bands.map(({ below, is }) => `WHEN age < ${below} THEN ${float(is)}`);
      return `(CASE ${bands.join(" ")} ELSE ${float(effect.unknown)} END)`;
    }
    const values = Object.entries(effect.of).map(([value, is]) => `WHEN '${value}' THEN ${float(is)}`);
    return `(CASE ${effect.column} ${values.join(" ")} ELSE ${float(effect.others)} END)`;
  });
}

/** SQL for the product of a person's numbers. */
export function productOf(effects: Effects): string {
  return numbersOf(effects).join(" * ");
}

/** SQL for the sum of a person's numbers. */
export function sumOf(effects: Effects): string {
  return numbersOf(effects).join(" + ");
}

/** A number as FLOAT64: DuckDB reads 0.25 as a DECIMAL, but 2.5e-1 as the same number as BigQuery. */
export function float(value: number): string {
  return value.toExponential();
}

/** SQL that picks a key of `shares` by a draw in [0, 1): each with its share; the last gets the remainder. */
export function pickBy(draw: string, shares: Readonly<Record<string, number>>): string {
  const names = Object.keys(shares);
  let upTo = 0;
  const cases = names.slice(0, -1).map((name) => {
    upTo += shares[name] as number;
    return `WHEN ${draw} < ${float(Number(upTo.toFixed(9)))} THEN '${name}'`;
  });
  return `CASE ${cases.join(" ")} ELSE '${names.at(-1)}' END`;
}

/** SQL for a number of the normal distribution, from two numbers in [0, 1). */
export function normal(one: string, other: string): string {
  // Box and Muller's transform. 1 minus a number below 1 is above 0, and has a logarithm.
  return `(SQRT(-2e+0 * LN(1e+0 - ${one})) * COS(6.283185307179586e+0 * ${other}))`;
}
