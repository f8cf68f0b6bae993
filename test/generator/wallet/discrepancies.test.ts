import { expect } from "chai";
import { fill } from "../../../generator/fill.ts";
import { DISCREPANCIES } from "../../../generator/wallet/effects.ts";
import { emptyWarehouse, syntheticExport, temporaryFolder } from "../thelook/merchant.ts";

const itInCI = process.env.CI ? it : it.skip;

describe("The payments that disagree with their order", () => {
  const folder = temporaryFolder();
  const warehouse = emptyWarehouse(folder);
  let source: string;
  before(async () => {
    source = await syntheticExport(0.05);
  });
  let held: number | "default" | undefined;
  /** Fills the warehouse, unless it holds these rows. */
  const filled = async (discrepancyShare?: number) => {
    const wanted = discrepancyShare ?? "default";
    if (held !== wanted) await fill(warehouse(), { source, seed: 42, discrepancyShare });
    held = wanted;
  };
  const number = async (sql: string) => Number(Object.values((await warehouse().run(sql))[0] ?? {})[0]);

  /** The orders that were sent to the wallet, with the payments for each and the ways in which these disagree. */
  const compared = `SELECT o.order_id, o.created_at, amount, count(t.order_id) AS payments, count(DISTINCT t.status) AS statuses,
      bool_or(abs(transaction_amount - amount) > 0.005) AS other_amount, bool_or(t.status <> o.status) AS other_status,
      bool_or(transaction_timestamp <> o.created_at) AS other_time, max(transaction_timestamp) AS paid_at,
      max(transaction_amount) AS most
    FROM merchant.order_payments c JOIN merchant.orders o USING (order_id)
    JOIN (SELECT order_id, round(sum(sale_price), 2) AS amount FROM merchant.order_items GROUP BY 1) USING (order_id)
    LEFT JOIN ewallet_provider.transactions t USING (order_id) WHERE payment_method = 'E-wallet' GROUP BY ALL`;
  const kinds = {
    missing: "payments = 0",
    twice: "payments = 2",
    amount: "payments = 1 AND other_amount",
    status: "payments = 1 AND other_status",
    late: "payments = 1 AND other_time",
  };

  itInCI("are one in a hundred by default, and everybody's share is the one that was set", async () => {
    await filled();
    const agreeing = `SELECT avg((payments = 1 AND NOT other_amount AND NOT other_status AND NOT other_time)::INTEGER) FROM (${compared})`;
    expect(1 - (await number(agreeing))).to.be.within(0.004, 0.018);
    await filled(0.5);
    expect(1 - (await number(agreeing))).to.be.within(0.45, 0.55);
  });

  it("disagree in one way each, as often as effects.ts says", async () => {
    await filled(0.5);
    const [found = {}] = await warehouse().run(
      `SELECT ${Object.entries(kinds).map(([kind, holds]) => `avg((${holds})::INTEGER) / 0.5 AS "${kind}"`)},
        avg((other_amount::INTEGER + other_status::INTEGER + other_time::INTEGER > 1)::INTEGER) AS several FROM (${compared})`,
    );
    const { several, ...shares } = found;
    expect(several).to.equal(0);
    for (const [kind, share] of Object.entries(DISCREPANCIES))
      expect(Number(shares[kind]), kind).to.be.within(share - 0.07, share + 0.07);
  });

  itInCI(
    "are off by 1 to 20 %, late by one to ten days, or made a second time within minutes; never after the snapshot",
    async () => {
      await filled(1);
      const [found = {}] = await warehouse().run(`SELECT
        min(abs(most / amount - 1)) FILTER (other_amount AND amount > 5) AS least,
        max(abs(most / amount - 1)) FILTER (other_amount AND amount > 5) AS most,
        min(date_diff('hour', created_at, paid_at)) FILTER (${kinds.late}) AS soonest,
        max(date_diff('hour', created_at, paid_at)) FILTER (${kinds.late}) AS latest,
        max(date_diff('minute', created_at, paid_at)) FILTER (${kinds.twice}) AS again,
        bool_or(paid_at > (SELECT max(created_at) FROM merchant.orders)) AS after_the_end
      FROM (${compared})`);
      expect(found.least).to.be.within(0.009, 0.05);
      expect(found.most).to.be.within(0.15, 0.203);
      expect(found.soonest).to.be.within(24, 48);
      expect(found.latest).to.be.within(180, 240);
      expect(found.again).to.be.within(1, 21);
      expect(found.after_the_end).to.equal(false);
    },
  );

  it("are none with a share of 0: one payment an order, with the items' sum, the order's status and time", async () => {
    await filled(0);
    const payable = `SELECT o.order_id, p.provider_user_id, round(sum(i.sale_price), 2) AS transaction_amount,
        o.created_at AS transaction_timestamp, o.status
      FROM merchant.orders o JOIN merchant.order_items i USING (order_id) JOIN merchant.users u ON u.id = o.user_id
      JOIN merchant.order_payments c ON c.order_id = o.order_id AND c.payment_method = 'E-wallet'
      JOIN ewallet_provider.provider_users p USING (hashed_email) GROUP BY ALL`;
    const paid = `SELECT order_id, provider_user_id, transaction_amount, transaction_timestamp, status
      FROM ewallet_provider.transactions`;
    const orders = await number(`SELECT count(*) FROM (${payable})`);
    expect(orders).to.be.above(1000);
    expect(await number(`SELECT count(*) FROM (${payable} INTERSECT ${paid})`)).to.equal(orders);
    expect(await number(`SELECT count(*) FROM ewallet_provider.transactions`)).to.equal(orders);
  });
});
