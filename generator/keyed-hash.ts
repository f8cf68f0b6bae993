import { createHmac } from "node:crypto";
import { UserError } from "./errors.ts";
import { merchant } from "./tables/index.ts";
import { temporaryTable } from "./warehouse/dialect.ts";
import type { Warehouse } from "./warehouse/warehouse.ts";

/*
 * Hashed addresses that only the owners of a key can compute again. A plain SHA-256 does not protect an address that somebody can guess.
 *
 * The key must not appear in SQL: BigQuery keeps a query's text and plan, and project members can read them. So this process computes the hashes, and
 * loads them as a table of plain and keyed hashes, which the fill's script joins. A load shows its data in no log.
 */

/** Shorter keys can be guessed as well. */
const LEAST = 32;

/** The environment variable with the key. Cloud Run sets it from Secret Manager, so that no setting and no state contains it. */
export const HASH_KEY = "HASH_KEY";

/** The key from the environment; undefined if there is none. Throws UserError, which does not quote it, if it is too short. */
export function hashKey(env: NodeJS.ProcessEnv): string | undefined {
  const key = env[HASH_KEY]?.trim();
  if (!key) return undefined;
  if (key.length < LEAST)
    throw new UserError(
      `${HASH_KEY} has ${key.length} characters: use at least ${LEAST} random ones, as "openssl rand -hex 32" prints`,
    );
  return key;
}

/** HMAC-SHA-256 of an address, 64 hexadecimal digits. */
export function keyedHash(key: string, address: string): string {
  return createHmac("sha256", key).update(address).digest("hex");
}

/** The tables of the fill's script that have hashed addresses. */
interface HashedTables {
  readonly users: string;
  readonly provider_users: string;
}

/**
 * Stages the keyed hashes of everybody in a script's tables.
 * @param script the statements that make the tables. They run here once more, because BigQuery drops temporary tables when a script ends.
 * @returns the staged table, with the columns `plain` and `keyed`
 */
export async function stageKeyedHashes(
  warehouse: Warehouse,
  key: string,
  script: readonly string[],
  tables: HashedTables,
): Promise<string> {
  const addresses = Object.values(tables).map((table) => `SELECT hashed_email, email FROM ${table}`);
  const rows = await warehouse.run([...script, addresses.join(" UNION DISTINCT ")].join(";\n"));
  const pairs = rows.map(({ hashed_email, email }) => [String(hashed_email), keyedHash(key, String(email))]);
  return warehouse.stageTexts(merchant.users, ["plain", "keyed"], pairs);
}

/** The tables that `keyedStatements` makes. */
export const keyedTables: HashedTables = { users: "keyed_users", provider_users: "keyed_provider_users" };

/** The statements that make copies of a script's tables with the keyed hashes (`keyedTables`). They fail the script if a hash is missing. */
export function keyedStatements(staged: string, tables: HashedTables): string[] {
  const gone = "the source changed during the fill: run it again";
  const keyed = `CASE WHEN k.keyed IS NULL THEN ERROR('${gone}') ELSE k.keyed END`;
  return (["users", "provider_users"] as const).map((name) =>
    temporaryTable(
      keyedTables[name],
      `SELECT t.* REPLACE (${keyed} AS hashed_email) FROM ${tables[name]} AS t LEFT JOIN ${staged} AS k ON k.plain = t.hashed_email`,
    ),
  );
}
