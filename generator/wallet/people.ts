import { mailDomains } from "../thelook/synthetic-values.ts";
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
import { firstNames, lastNames } from "./names.ts";

/** The temporary tables of people: the merchant's customers, their names, the other wallet users, and the rows of `provider_users`. */
export const customersTable = "wallet_customers";
const namesTable = "wallet_names";
const strangersTable = "wallet_strangers";
export const providerUsersTable = "wallet_provider_users";

/** The condition for a customer who is too young for a wallet. A customer of unknown age counts as an adult. */
export const isMinor = "COALESCE(age, 18) < 18";

/** The addresses that each of the other wallet users tries: of the names of customers of thelook, a quarter are taken. */
const attempts = ["1", "2", "3", "4", "5", "6"];

export interface PeopleOptions {
  readonly seed: number;
  readonly walletShare: number;
  readonly premiumFrom: number;
  readonly businessFrom: number;
  readonly strangers: number;
}

/**
 * The statements that choose the wallet's users and describe them. The effects are those of effects.ts. Users who are not customers
 * have addresses like the customers', of the first name of one and the last name of another, so that the wallet cannot tell from its own
 * table who shops at the merchant.
 * @param lastDay SQL for the day on which people are as old as `age` says
 */
export function peopleStatements(dialect: Dialect, lastDay: string, options: PeopleOptions): string[] {
  const { seed, walletShare, premiumFrom, businessFrom, strangers } = options;
  const digits = (label: string) => `${digitsOf(dialect, seed, label, "hashed_email")} AS ${label}_digits`;
  const number = (label: string, which: Parameters<typeof numberOf>[2]) => numberOf(dialect, `${label}_digits`, which);
  const int = dialect.type("INT64");
  const whole = (expression: string) => `CAST(FLOOR(${expression}) AS ${int})`;
  const nullOf = (type: Parameters<Dialect["type"]>[0]) => `CAST(NULL AS ${dialect.type(type)})`;
  // A name as an address has it. Names are optional in an export, so a customer without one gets one.
  const written = (name: string, words: readonly string[], which: Parameters<typeof numberOf>[2]) =>
    `COALESCE(NULLIF(REPLACE(LOWER(${name}), ' ', ''), ''), ${dialect.elementOf(words, whole(`${number("customer", which)} * ${words.length}`))})`;
  const placeOf = (which: Parameters<typeof numberOf>[2]) =>
    whole(`${number("name", which)} * (SELECT COUNT(*) FROM ${namesTable})`);

  // Leap years can shift the result by a day either way, so the draw keeps a day's distance from both birthdays.
  const daysOld = whole(`CASE WHEN age BETWEEN 0 AND 130 THEN age END * 365.25 + 1 + ${number("wallet", 0)} * 363`);
  // The spend of a person who bought little or nothing reveals nothing, so take the middle.
  const spend = `COALESCE((LN(CASE WHEN spent >= 1e+0 THEN spent END) - LN(${float(SPEND.median)})) / ${float(SPEND.deviation)}, 0e+0)`;
  const noise = `${float(Math.sqrt(1 - VOLUME_FOLLOWS_SPEND ** 2))} * ${normal(number("volume", 0), number("volume", 1))}`;
  const logOfVolume = `LN(${float(VOLUME.median)}) + ${float(VOLUME.deviation)} * (${float(VOLUME_FOLLOWS_SPEND)} * ${spend} + ${noise})`;
  return [
    temporaryTable(
      namesTable,
      `SELECT ROW_NUMBER() OVER (ORDER BY hashed_email) - 1 AS place, ${written("first_name", firstNames, 2)} AS first_name,
  ${written("last_name", lastNames, 3)} AS last_name
FROM ${customersTable}`,
    ),
    // An address may be taken, so a stranger tries several: the first that is neither a customer's nor tried by another stranger before.
    temporaryTable(
      strangersTable,
      `SELECT ${dialect.sha256("email")} AS hashed_email, email, age, city, country
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY attempt) AS choice
  FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY email ORDER BY attempt, id) AS claim
    FROM (
      SELECT id, age, city, country, attempt, CONCAT(
          f.first_name, l.last_name, '@', ${dialect.elementOf(mailDomains, whole(`${number("name", 2)} * ${mailDomains.length}`))}
        ) AS email
      FROM (
        SELECT *, ${placeOf(0)} AS first_place, ${placeOf(1)} AS last_place
        FROM (
          SELECT id, city, country, 18 + ${whole(`${number("stranger", 3)} * 53`)} AS age, attempt,
            ${digitsOf(dialect, seed, "name", "CONCAT(hashed_email, ':', attempt)")} AS name_digits
          FROM (
            SELECT *, ${digits("stranger")}
            FROM ${customersTable}
            WHERE NOT (${isMinor}) AND ${number("customer", 1)} < ${float(walletShare * strangers)}
          ) AS drawn
          CROSS JOIN (${attempts.map((attempt) => `SELECT '${attempt}' AS attempt`).join(" UNION ALL ")}) AS attempts
        ) AS trying
      ) AS placed
      JOIN ${namesTable} AS f ON f.place = first_place
      JOIN ${namesTable} AS l ON l.place = last_place
    ) AS addressed
    WHERE email NOT IN (SELECT email FROM ${customersTable})
  ) AS claimed
  WHERE claim = 1
) AS chosen
WHERE choice = 1`,
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
      -- Nobody spends all of their money at one merchant. The least multiple differs by person, because a fixed one would show the spend.
      ROUND(GREATEST(EXP(${logOfVolume} + ${sumOf(volume)}), (1.2e+0 + 1.6e+0 * ${number("volume", 2)}) * COALESCE(spent, 0e+0)), 2)
        AS payment_volume
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
