import { type Dialect, digitsOf, numberOf, temporaryTable } from "../warehouse/dialect.ts";
import {
  float,
  joining,
  normal,
  productOf,
  SPEND,
  sumOf,
  UNDONE_MATTERS,
  VERIFIED,
  VOLUME,
  VOLUME_FOLLOWS_SPEND,
  verifying,
  volume,
} from "./effects.ts";
import { firstNames, lastNames, mailDomains } from "./names.ts";

/** The temporary tables of people: the merchant's customers, the other wallet users, and the rows of `provider_users`. */
export const customersTable = "wallet_customers";
const strangersTable = "wallet_strangers";
export const providerUsersTable = "wallet_provider_users";

/** The condition for a customer who is too young for a wallet. A customer of unknown age counts as an adult. */
export const isMinor = "COALESCE(age, 18) < 18";

export interface PeopleOptions {
  readonly seed: number;
  readonly walletShare: number;
  readonly premiumFrom: number;
  readonly businessFrom: number;
  readonly strangers: number;
}

/**
 * The statements that choose the wallet's users and describe them. The effects are those of effects.ts.
 * @param lastDay SQL for the day on which people are as old as `age` says
 */
export function peopleStatements(dialect: Dialect, lastDay: string, options: PeopleOptions): string[] {
  const { seed, walletShare, premiumFrom, businessFrom, strangers } = options;
  const digits = (label: string) => `${digitsOf(dialect, seed, label, "hashed_email")} AS ${label}_digits`;
  const number = (label: string, which: Parameters<typeof numberOf>[2]) => numberOf(dialect, `${label}_digits`, which);
  const int = dialect.type("INT64");
  const whole = (expression: string) => `CAST(FLOOR(${expression}) AS ${int})`;
  const nullOf = (type: Parameters<Dialect["type"]>[0]) => `CAST(NULL AS ${dialect.type(type)})`;
  const anyOf = (words: readonly string[], which: Parameters<typeof numberOf>[2]) =>
    dialect.elementOf(words, whole(`${number("stranger", which)} * ${words.length}`));

  // Leap years can shift the result by a day either way, so the draw keeps a day's distance from both birthdays.
  const daysOld = whole(`CASE WHEN age BETWEEN 0 AND 130 THEN age END * 365.25 + 1 + ${number("wallet", 0)} * 363`);
  // The spend of a person who bought little or nothing reveals nothing, so take the middle.
  const spend = `COALESCE((LN(CASE WHEN spent >= 1e+0 THEN spent END) - LN(${float(SPEND.median)})) / ${float(SPEND.deviation)}, 0e+0)`;
  const noise = `${float(Math.sqrt(1 - VOLUME_FOLLOWS_SPEND ** 2))} * ${normal(number("volume", 0), number("volume", 1))}`;
  const logOfVolume = `LN(${float(VOLUME.median)}) + ${float(VOLUME.deviation)} * (${float(VOLUME_FOLLOWS_SPEND)} * ${spend} + ${noise})`;
  return [
    temporaryTable(
      strangersTable,
      `SELECT ${dialect.sha256("email")} AS hashed_email, email, age, city, country
FROM (
  SELECT
    CONCAT(
      ${anyOf(firstNames, 0)}, '.', ${anyOf(lastNames, 1)}, CAST(id AS ${dialect.type("STRING")}),
      '@', ${anyOf(mailDomains, 2)}
    ) AS email,
    18 + ${whole(`${number("stranger", 3)} * 53`)} AS age, city, country
  FROM (
    SELECT id, city, country, ${digits("stranger")}
    FROM ${customersTable}
    WHERE NOT (${isMinor}) AND ${number("customer", 1)} < ${float(walletShare * strangers)}
  ) AS drawn
) AS people
WHERE email NOT IN (SELECT email FROM ${customersTable})`,
    ),
    temporaryTable(
      providerUsersTable,
      `SELECT
  -- By digits that nothing else reads, so that an id reveals nothing of its user.
  ROW_NUMBER() OVER (ORDER BY SUBSTR(wallet_digits, 25), hashed_email) AS provider_user_id,
  email,
  ${dialect.daysBefore(lastDay, "days_old")} AS date_of_birth,
  city,
  account_tier,
  ${number("wallet", 1)} < POW(${float(VERIFIED)}, ${productOf(verifying)} * (1e+0 + ${float(UNDONE_MATTERS)} * undone)) AS is_verified_user,
  hashed_email,
  payment_volume,
  id AS user_id,
  ${number("wallet", 2)} AS habit
FROM (
  SELECT *,
    CASE WHEN payment_volume >= ${businessFrom} THEN 'Business' WHEN payment_volume >= ${premiumFrom} THEN 'Premium' ELSE 'Free' END
      AS account_tier
  FROM (
    SELECT *, ${daysOld} AS days_old,
      -- Nobody spends more than half of their money at one merchant.
      ROUND(GREATEST(EXP(${logOfVolume} + ${sumOf(volume)}), 2e+0 * COALESCE(spent, 0e+0)), 2) AS payment_volume
    FROM (
      SELECT *, ${digits("wallet")}, ${digits("volume")}
      FROM (
        SELECT id, hashed_email, email, age, city, country, traffic_source, spent, COALESCE(undone, 0.25) AS undone
        FROM ${customersTable}
        WHERE NOT (${isMinor}) AND ${number("customer", 0)} < POW(${float(walletShare)}, ${productOf(joining)})
        UNION ALL
        SELECT ${nullOf("INT64")}, hashed_email, email, age, city, country, ${nullOf("STRING")}, ${nullOf("FLOAT64")}, 0.25
        FROM ${strangersTable}
      ) AS everybody
    ) AS drawn
  ) AS paying
) AS described`,
    ),
  ];
}
