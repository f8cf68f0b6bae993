import { expect } from "chai";
import { openShop, type Shop } from "./support.ts";

const until = "2026-11-22";

const seeds = process.env.FUZZ ? Array.from({ length: Number(process.env.FUZZ) }, (_, i) => i + 1) : [42];

/** The customers of the whole history, against the ground truth. */
for (const seed of seeds)
  describe(`the lives of the coffee shop's customers, with seed ${seed},`, () => {
    let shop: Shop;
    before(async () => {
      shop = await openShop({ seed, until, scale: 4 });
      await shop.run(`CREATE VIEW placed AS
        SELECT DISTINCT customer_id, order_date, lag(order_date) OVER (PARTITION BY customer_id ORDER BY order_date) AS before
        FROM (SELECT DISTINCT customer_id, order_date FROM orders WHERE customer_id IS NOT NULL);
      CREATE VIEW came AS SELECT customer_id, life, churned_on IS NOT NULL AS gone, COUNT(*) AS visits, MAX(order_date) AS last_visit,
          DATE '${until}' - MAX(order_date) AS days, median(order_date - before) AS rhythm
        FROM placed JOIN ground_truth.customers USING (customer_id) GROUP BY ALL`);
    });
    after(() => shop.close());

    const none = async (sql: string) => expect(await shop.rows(`SELECT * FROM (${sql}) LIMIT 3`)).to.deep.equal([]);
    const share = (condition: string, from: string) =>
      shop.value(`SELECT COUNT(*) FILTER (WHERE ${condition}) / COUNT(*) FROM ${from}`);

    it("are regular, passing, pausing and fading, each for an eighth of the customers or more", async () => {
      const lives = await shop.rows(
        "SELECT life, COUNT(*) / SUM(COUNT(*)) OVER () AS part FROM ground_truth.customers GROUP BY 1",
      );
      expect(lives.map(({ life }) => life)).to.have.members(["regular", "passing", "pausing", "fading"]);
      for (const { life, part } of lives) expect(part, String(life)).to.be.within(0.125, 0.45);
    });

    it("are passing for most of those whom a promotion brought, and for few whom a friend brought", async () => {
      const passing = (channel: string) =>
        share(
          "life = 'passing'",
          `customers JOIN ground_truth.customers USING (customer_id) WHERE acquisition_channel = '${channel}'`,
        );
      expect(await passing("promotion")).to.be.within(0.48, 0.64);
      expect(await passing("friend")).to.be.within(0.18, 0.3);
      expect(await passing("walk-in")).to.be.within(0.33, 0.41);
    });

    it("let 60 to 75 % of the customers come a second time", async () => {
      expect(await share("visits > 1", "came")).to.be.within(0.6, 0.75);
    });

    it("bring 40 to 65 % of new customers back in the next month", async () => {
      const back = await shop.value(`SELECT AVG((EXISTS (FROM orders WHERE orders.customer_id = first.customer_id
          AND date_trunc('month', order_date) = month + INTERVAL 1 MONTH))::INTEGER)
        FROM (SELECT customer_id, date_trunc('month', MIN(order_date)) AS month FROM placed GROUP BY 1) AS first
        WHERE month < '2026-10-01'`);
      expect(back).to.be.within(0.4, 0.65);
    });

    it("end for passing customers on the day after their first or second visit", () =>
      none(
        "FROM came JOIN ground_truth.customers USING (customer_id) WHERE came.life = 'passing' AND (visits > 2 OR churned_on <> last_visit + 1)",
      ));

    it("have no visit during a pause, and visits after it", async () => {
      const pausing = "ground_truth.customers JOIN placed USING (customer_id) WHERE life = 'pausing'";
      await none(`FROM ${pausing} AND order_date >= paused_from AND order_date < coalesce(paused_until, '9999-12-31')`);
      expect(
        await shop.value(`SELECT COUNT(DISTINCT customer_id) FROM ${pausing} AND order_date >= paused_until`),
      ).to.be.above(100);
    });

    it("fade to less than half of the visits in the last weeks before a fading customer leaves", async () => {
      // Of those who came for two months before they faded, for two months or more.
      const [counts = {}] =
        await shop.rows(`SELECT COUNT(*) FILTER (WHERE order_date >= fading_from - 60 AND order_date < fading_from) / 60 AS before,
          COUNT(*) FILTER (WHERE order_date >= churned_on - 20 AND order_date < churned_on) / 20 AS last_weeks
        FROM ground_truth.customers JOIN customers USING (customer_id) JOIN placed USING (customer_id)
        WHERE churned_on - fading_from >= 60 AND fading_from - 60 > registration_date`);
      expect((counts.last_weeks as number) / (counts.before as number)).to.be.within(0.1, 0.5);
    });

    it("are in the ground truth only up to the last day", async () => {
      const [latest] = await shop.rows(`SELECT MAX(churned_on)::VARCHAR AS churned, MAX(paused_from)::VARCHAR AS paused,
      MAX(paused_until)::VARCHAR AS resumed, MAX(fading_from)::VARCHAR AS fading FROM ground_truth.customers`);
      for (const day of Object.values(latest ?? {})) expect(String(day) <= until, String(day)).to.equal(true);
    });

    it("are not found by recency alone: its AUC for churn is 0.95 at most, and above chance", async () => {
      const auc =
        await shop.value(`SELECT (SUM(place) FILTER (WHERE gone) - COUNT(*) FILTER (WHERE gone) * (COUNT(*) FILTER (WHERE gone) + 1) / 2)
          / (COUNT(*) FILTER (WHERE gone) * COUNT(*) FILTER (WHERE NOT gone))
        FROM (SELECT gone, rank() OVER (ORDER BY days) + (COUNT(*) OVER (PARTITION BY days) - 1) / 2 AS place FROM came)`);
      expect(auc).to.be.within(0.9, 0.95);
    });

    it("are found well by days relative to the customer's own rhythm", async () => {
      const flagged = "days > coalesce(4 * rhythm, 90)";
      expect(await share("gone", `came WHERE ${flagged}`)).to.be.above(0.85);
      expect(await share(flagged, "came WHERE gone")).to.be.above(0.85);
    });
  });
