import { expect } from "chai";
import { type FillSummary, fill } from "../../../generator/fill.ts";
import type { ResultRow } from "../../../generator/warehouse/warehouse.ts";
import { allRows, countOf, emptyWarehouse, syntheticExport, temporaryFolder } from "../thelook/merchant.ts";

describe("The e-wallet derived from the merchant", () => {
  const folder = temporaryFolder();
  const warehouse = emptyWarehouse(folder);
  const another = emptyWarehouse(folder);
  let source: string;
  let summary: FillSummary;
  let rows: Record<string, ResultRow[]>;
  before(async () => {
    source = await syntheticExport(folder, 0.03);
    summary = await fill(warehouse(), { source, seed: 42 });
    rows = await allRows(warehouse());
  });
  const ask = (sql: string) => warehouse().run(sql);
  const number = async (sql: string) => Number(Object.values((await ask(sql))[0] ?? {})[0]);
  const wallets = () => rows["ewallet_provider.provider_users"] ?? [];
  const transactions = () => rows["ewallet_provider.transactions"] ?? [];
  const filledWith = async (options: Partial<Parameters<typeof fill>[1]>) => {
    await fill(another(), { source, seed: 42, ...options });
    return allRows(another());
  };

  it("has about half of the merchant's customers", () => {
    const customers = countOf(summary, "customers", "with an order that has items");
    expect(wallets().length / customers).to.be.within(0.46, 0.54);
    const leftOut = ["younger than 18", "adults without a wallet"].map((who) =>
      countOf(summary, "customers", `left out: ${who}`),
    );
    expect(leftOut.reduce((sum, count) => sum + count, wallets().length)).to.equal(customers);
  });

  it("numbers its users from 1 to n, one per e-mail address", () => {
    const ids = wallets().map(({ provider_user_id }) => provider_user_id);
    expect(ids).to.deep.equal(ids.map((_, index) => index + 1));
    expect(new Set(wallets().map(({ hashed_email }) => hashed_email)).size).to.equal(ids.length);
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

  it("is held by the young more often than by the old", async () => {
    const [reach = {}] = await ask(`SELECT
        count(p.email) FILTER (age BETWEEN 18 AND 34) / count(*) FILTER (age BETWEEN 18 AND 34) AS young,
        count(p.email) FILTER (age >= 55) / count(*) FILTER (age >= 55) AS old
      FROM merchant.users u LEFT JOIN ewallet_provider.provider_users p USING (hashed_email)
      WHERE u.id IN (SELECT user_id FROM merchant.order_items)`);
    expect(Number(reach.young) / Number(reach.old)).to.be.above(1.3);
  });

  it("verifies 75 % of the users who keep all their orders, and 35 % of those who cancel or return them all", async () => {
    const verified = (undone: string) =>
      number(`SELECT avg(is_verified_user::INTEGER) FROM ewallet_provider.provider_users JOIN (
          SELECT provider_user_id, avg((status IN ('Cancelled', 'Returned'))::INTEGER) AS undone
          FROM ewallet_provider.transactions GROUP BY 1) USING (provider_user_id)
        WHERE ${undone}`);
    expect(await verified("undone = 0")).to.be.within(0.7, 0.8);
    expect(await verified("undone = 1")).to.be.within(0.27, 0.43);
    expect(await verified("undone > 0 AND undone < 1")).to.be.within(0.45, 0.65);
  });

  it("copies e-mail address and city from the merchant", async () => {
    const same = `SELECT count(*) FROM ewallet_provider.provider_users p JOIN merchant.users u
      ON u.hashed_email = p.hashed_email AND u.email = p.email AND u.city IS NOT DISTINCT FROM p.city`;
    expect(await number(same)).to.equal(wallets().length);
  });

  it("has a transaction for each order of its users that has items: the items' sum, the order's status and time", async () => {
    const payable = `SELECT o.order_id, p.provider_user_id, round(sum(i.sale_price), 2) AS transaction_amount,
        o.created_at AS transaction_timestamp, o.status
      FROM merchant.orders o JOIN merchant.order_items i USING (order_id) JOIN merchant.users u ON u.id = o.user_id
      JOIN ewallet_provider.provider_users p USING (hashed_email) GROUP BY ALL`;
    const paid = `SELECT order_id, provider_user_id, transaction_amount, transaction_timestamp, status
      FROM ewallet_provider.transactions`;
    expect(await number(`SELECT count(*) FROM (${payable} EXCEPT ${paid})`)).to.equal(0);
    expect(await number(`SELECT count(*) FROM (${paid} EXCEPT ${payable})`)).to.equal(0);
    expect(await number(`SELECT count(*) FROM (${payable})`)).to.equal(transactions().length);
  });

  it("identifies transactions by unique UUIDs", () => {
    const ids = transactions().map(({ transaction_id }) => String(transaction_id));
    for (const id of ids) expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it("has all three tiers, none of them rare, with overlapping spend", async () => {
    const tiers =
      await ask(`SELECT account_tier, count(DISTINCT provider_user_id) AS users, min(spent) AS least, max(spent) AS most
      FROM ewallet_provider.provider_users JOIN (SELECT provider_user_id, sum(transaction_amount) AS spent
        FROM ewallet_provider.transactions GROUP BY 1) USING (provider_user_id) GROUP BY 1 ORDER BY avg(spent)`);
    expect(tiers.map(({ account_tier }) => account_tier)).to.deep.equal(["Free", "Premium", "Business"]);
    for (const { users } of tiers) expect(Number(users) / wallets().length).to.be.above(0.1);
    const [free, premium, business] = tiers;
    expect(Number(free?.most)).to.be.above(Number(premium?.least));
    expect(Number(premium?.most)).to.be.above(Number(business?.least));
  });

  it("moves the tiers with the thresholds, and the number of wallets with the share", async () => {
    const raised = await filledWith({ premiumFrom: 1e6, businessFrom: 1e7 });
    expect(new Set(raised["ewallet_provider.provider_users"]?.map(({ account_tier }) => account_tier))).to.deep.equal(
      new Set(["Free"]),
    );
    const everybody = await filledWith({ walletShare: 1 });
    const adults = countOf(summary, "customers", "left out: adults without a wallet") + wallets().length;
    expect(everybody["ewallet_provider.provider_users"]).to.have.length(adults);
    const nobody = await filledWith({ walletShare: 0 });
    expect(nobody["ewallet_provider.transactions"]).to.have.length(0);
    expect(nobody["merchant.users"]).to.deep.equal(rows["merchant.users"]);
  });

  it("is replaced by the same rows for the same seed, and by others for another seed", async () => {
    expect(await fill(warehouse(), { source, seed: 42 })).to.deep.equal(summary);
    expect(await allRows(warehouse())).to.deep.equal(rows);
    const other = await filledWith({ seed: 43 });
    expect(other["merchant.users"]).to.deep.equal(rows["merchant.users"]);
    const who = (of: ResultRow[] = []) => new Set(of.map(({ hashed_email }) => hashed_email));
    const both = [...who(other["ewallet_provider.provider_users"])].filter((hash) => who(wallets()).has(hash));
    expect(both.length / wallets().length).to.be.within(0.45, 0.65);
    expect(other["ewallet_provider.transactions"]?.[0]?.transaction_id).not.to.equal(transactions()[0]?.transaction_id);
  });

  it("leaves all tables as they were if the last one cannot be written", async () => {
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
