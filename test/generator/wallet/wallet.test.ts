import { expect } from "chai";
import { type FillSummary, fill } from "../../../generator/fill.ts";
import { walletDefaults } from "../../../generator/wallet/wallet.ts";
import type { ResultRow } from "../../../generator/warehouse/warehouse.ts";
import { allRows, countOf, emptyWarehouse, syntheticExport, temporaryFolder } from "../thelook/merchant.ts";

const itInCI = process.env.CI ? it : it.skip;

describe("The e-wallet derived from the merchant", () => {
  const folder = temporaryFolder();
  const warehouse = emptyWarehouse(folder);
  const another = emptyWarehouse(folder);
  let source: string;
  let summary: FillSummary;
  let rows: Record<string, ResultRow[]>;
  /** The rows if every adult customer has a wallet of the lowest tier and nobody else has one, and every payment disagrees with its order. */
  let everybody: Record<string, ResultRow[]>;
  before(async () => {
    source = await syntheticExport(0.03);
    summary = await fill(warehouse(), { source, seed: 42 });
    rows = await allRows(warehouse());
    const raised = { premiumFrom: 1e9, businessFrom: 1e10 };
    everybody = await filledWith({ ...raised, walletShare: 1, strangers: 0, discrepancyShare: 1 });
  });
  const ask = (sql: string) => warehouse().run(sql);
  const number = async (sql: string) => Number(Object.values((await ask(sql))[0] ?? {})[0]);
  const wallets = () => rows["ewallet_provider.provider_users"] ?? [];
  const transactions = () => rows["ewallet_provider.transactions"] ?? [];
  const filledWith = async (options: Partial<Parameters<typeof fill>[1]>) => {
    await fill(another(), { source, seed: 42, ...options });
    return allRows(another());
  };
  const customersWith = () => countOf(summary, "customers", "with a wallet");
  const strangersWith = () => countOf(summary, "wallets", "of people who are not customers");

  it("has about half of the merchant's customers", () => {
    const customers = countOf(summary, "customers", "of the merchant");
    expect(customersWith() / customers).to.be.within(0.44, 0.54);
    const leftOut = ["younger than 18", "adults without a wallet"].map((who) =>
      countOf(summary, "customers", `left out: ${who}`),
    );
    expect(leftOut.reduce((sum, count) => sum + count, customersWith())).to.equal(customers);
    expect(customers).to.equal(rows["merchant.users"]?.length);
  });

  it("has half as many users who are not customers, with an address, a city and a birth date like others", async () => {
    expect(customersWith() + strangersWith()).to.equal(wallets().length);
    expect(strangersWith() / customersWith()).to.be.within(0.42, 0.58);
    const strangers =
      await ask(`SELECT p.*, city IN (SELECT city FROM merchant.users) AS known_city, hashed_email = sha256(email) AS own_hash,
        date_sub('year', date_of_birth, (SELECT max(created_at)::DATE FROM merchant.orders)) AS age
      FROM ewallet_provider.provider_users p ANTI JOIN merchant.users u ON u.email = p.email`);
    expect(strangers).to.have.length(strangersWith());
    for (const { email, age, known_city, own_hash } of strangers) {
      expect(email).to.match(/^[a-z]+@example\.(com|net|org)$/);
      expect(age).to.be.within(18, 70);
      expect(known_city).not.to.equal(false);
      expect(own_hash).to.equal(true);
    }
    expect(new Set(strangers.map(({ age }) => age)).size).to.be.above(45);
    expect(new Set(strangers.map(({ account_tier }) => account_tier)).size).to.equal(3);
    expect(new Set(strangers.map(({ city }) => city)).size).to.be.above(10);
  });

  it("does not tell by an address who is a customer: first name, last name and domain are as common among the others", async () => {
    const among = async (customer: boolean) => {
      const [found = {}] =
        await ask(`WITH names AS (SELECT DISTINCT lower(first_name) AS first, length(first_name) AS long FROM merchant.users)
        SELECT avg(length(email)) AS length, avg((email LIKE '%.com')::INTEGER) AS com,
          avg((email LIKE 'a%')::INTEGER) AS with_a, avg((SELECT max(long) FROM names WHERE starts_with(email, first))) AS first_name
        FROM ewallet_provider.provider_users p WHERE email ${customer ? "" : "NOT"} IN (SELECT email FROM merchant.users)`);
      return found as Record<"length" | "com" | "with_a" | "first_name", number>;
    };
    const [customers, others] = [await among(true), await among(false)];
    expect(others.length).to.be.closeTo(customers.length, 0.5);
    expect(others.com).to.be.closeTo(customers.com, 0.06);
    expect(others.with_a).to.be.closeTo(customers.with_a, 0.07);
    expect(others.first_name).to.be.closeTo(customers.first_name, 0.25);
  });

  it("has volumes without an edge at the spend, which would tell it", async () => {
    const edge = `SELECT count(*) FROM ewallet_provider.provider_users p JOIN merchant.users u USING (hashed_email)
      JOIN (SELECT user_id, sum(sale_price) AS spent FROM merchant.order_items GROUP BY 1) s ON s.user_id = u.id
      WHERE abs(payment_volume - 2 * spent) < 0.02`;
    expect(await number(edge)).to.be.at.most(1);
  });

  it("numbers its users from 1 to n, one per e-mail address, customers and others mixed", async () => {
    const ids = wallets().map(({ provider_user_id }) => provider_user_id);
    expect(ids).to.deep.equal(ids.map((_, index) => index + 1));
    expect(new Set(wallets().map(({ hashed_email }) => hashed_email)).size).to.equal(ids.length);
    const middle = await number(`SELECT avg(provider_user_id) FROM ewallet_provider.provider_users p
      ANTI JOIN merchant.users u USING (hashed_email)`);
    expect(middle / ids.length).to.be.within(0.45, 0.55);
  });

  it("has ids that reveal nothing of its users: neither the birthday, nor the verification, nor the tier", async () => {
    for (const half of ["month(date_of_birth) < 7", "is_verified_user", "account_tier = 'Free'"]) {
      const middle = await number(`SELECT avg(provider_user_id) FROM ewallet_provider.provider_users WHERE ${half}`);
      expect(middle / wallets().length, half).to.be.within(0.45, 0.55);
    }
  });

  it("has adults only, each of the age that the merchant knows on the day of the last order", async () => {
    expect(await number("SELECT min(age) FROM merchant.users")).to.equal(12);
    const [found = {}] = await ask(`SELECT min(u.age) AS youngest, count(*) AS users,
        count(*) FILTER (date_sub('year', p.date_of_birth, last_day) = u.age) AS right_age,
        count(DISTINCT dayofyear(p.date_of_birth)) AS birthdays
      FROM ewallet_provider.provider_users p JOIN merchant.users u USING (hashed_email),
        (SELECT max(created_at)::DATE AS last_day FROM merchant.orders)`);
    expect(found.youngest).to.equal(18);
    expect(found.right_age).to.equal(found.users);
    expect(found.birthdays).to.be.above(300);
  });

  it("copies e-mail address and city from the merchant", async () => {
    const same = `SELECT count(*) FROM ewallet_provider.provider_users p JOIN merchant.users u
      ON u.hashed_email = p.hashed_email AND u.email = p.email AND u.city IS NOT DISTINCT FROM p.city`;
    expect(await number(same)).to.equal(customersWith());
  });

  it("has the tier of its volume, which holds all payments at the merchant", async () => {
    const { premiumFrom, businessFrom } = walletDefaults;
    for (const { payment_volume, account_tier } of wallets()) {
      const volume = Number(payment_volume);
      const tier = volume >= businessFrom ? "Business" : volume >= premiumFrom ? "Premium" : "Free";
      expect(account_tier).to.equal(tier);
    }
    const exceeded = `SELECT count(*) FROM ewallet_provider.provider_users JOIN (SELECT provider_user_id,
      sum(transaction_amount) AS paid FROM ewallet_provider.transactions GROUP BY 1) USING (provider_user_id) WHERE paid > payment_volume`;
    expect(await number(exceeded)).to.equal(0);
  });

  it("was used for most, but not all, of its users' orders, and the merchant knows which", async () => {
    const [found = {}] = await ask(`SELECT count(*) AS orders, count(c.order_id) AS recorded,
        avg((payment_method = 'E-wallet')::INTEGER) FILTER (p.email IS NOT NULL) AS by_wallet,
        count(*) FILTER (p.email IS NULL AND payment_method = 'E-wallet') AS by_nobody
      FROM (SELECT DISTINCT order_id FROM merchant.order_items) JOIN merchant.orders o USING (order_id)
      JOIN merchant.users u ON u.id = o.user_id LEFT JOIN merchant.order_payments c USING (order_id)
      LEFT JOIN ewallet_provider.provider_users p USING (hashed_email)`);
    expect(found.recorded).to.equal(found.orders);
    expect(found.by_wallet).to.be.within(0.66, 0.77);
    expect(found.by_nobody).to.equal(0);
    const otherwise =
      await ask(`SELECT payment_method, count(*) / sum(count(*)) OVER () AS share FROM merchant.order_payments
      WHERE payment_method <> 'E-wallet' GROUP BY 1 ORDER BY 2 DESC`);
    expect(otherwise.map(({ payment_method }) => payment_method)).to.deep.equal([
      "Card",
      "Bank transfer",
      "Cash on delivery",
    ]);
    expect(otherwise[0]?.share).to.be.within(0.65, 0.75);
    expect(countOf(summary, "orders", "paid with the wallet") + countOf(summary, "orders", "paid otherwise")).to.equal(
      found.orders,
    );
  });

  it("identifies transactions by unique UUIDs", () => {
    const doubled = everybody["ewallet_provider.transactions"] ?? [];
    expect(new Set(doubled.map(({ order_id }) => order_id)).size).to.be.below(doubled.length);
    for (const each of [transactions(), doubled]) {
      const ids = each.map(({ transaction_id }) => String(transaction_id));
      for (const id of ids) expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(new Set(ids).size).to.equal(ids.length);
    }
  });

  itInCI("moves the tiers with the thresholds, and the number of wallets with the share", async () => {
    const users = everybody["ewallet_provider.provider_users"] ?? [];
    expect(new Set(users.map(({ account_tier }) => account_tier))).to.deep.equal(new Set(["Free"]));
    const adults = countOf(summary, "customers", "left out: adults without a wallet") + customersWith();
    expect(users).to.have.length(adults);
    const nobody = await filledWith({ walletShare: 0 });
    expect(nobody["ewallet_provider.transactions"]).to.have.length(0);
    expect(nobody["merchant.users"]).to.deep.equal(rows["merchant.users"]);
  });

  itInCI("is replaced by the same rows for the same seed, and by others for another seed", async () => {
    expect(await fill(warehouse(), { source, seed: 42 })).to.deep.equal(summary);
    expect(await allRows(warehouse())).to.deep.equal(rows);
    const other = await filledWith({ seed: 43 });
    expect(other["merchant.users"]).to.deep.equal(rows["merchant.users"]);
    const known = new Set(rows["merchant.users"]?.map(({ hashed_email }) => hashed_email));
    const who = (of: ResultRow[] = []) =>
      new Set(of.map(({ hashed_email }) => hashed_email).filter((hash) => known.has(hash)));
    const both = [...who(other["ewallet_provider.provider_users"])].filter((hash) => who(wallets()).has(hash));
    expect(both.length / customersWith()).to.be.within(0.45, 0.65);
    expect(other["ewallet_provider.transactions"]?.[0]?.transaction_id).not.to.equal(transactions()[0]?.transaction_id);
  });

  itInCI("leaves all tables as they were if the last one cannot be written", async () => {
    await ask("ALTER TABLE ewallet_provider.transactions RENAME COLUMN status TO state");
    try {
      const failed = await fill(warehouse(), { source, seed: 43 }).catch((error: Error) => error.message);
      expect(failed).to.include("status");
    } finally {
      await ask("ALTER TABLE ewallet_provider.transactions RENAME COLUMN state TO status");
    }
    expect(await allRows(warehouse())).to.deep.equal(rows);
  });
});
