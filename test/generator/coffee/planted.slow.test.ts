import { expect } from "chai";
import { dayOf } from "../../../generator/coffee/calendar.ts";
import { anonymousShare, cityDemand, storeDemand } from "../../../generator/coffee/demand.ts";
import { promotions } from "../../../generator/coffee/discounts.ts";
import { shopDay } from "../../../generator/coffee/shop-days.ts";
import { stores } from "../../../generator/coffee/stores.ts";
import { Random } from "../../../generator/random.ts";
import { openShop, type Shop } from "./support.ts";

const seed = 42;
const scale = 4;
const until = "2026-11-22";

/** The effects that docs/data.md promises, found in the orders. */
describe("the effects planted in the coffee shop's orders", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop({ seed, until, scale });
    await shop.run(`CREATE VIEW named AS SELECT * FROM order_details JOIN orders USING (order_id) JOIN products USING (product_id);
      CREATE TABLE days AS SELECT order_date AS day, COUNT(*)::DOUBLE AS orders FROM orders GROUP BY 1`);
  });
  after(() => shop.close());

  const none = async (sql: string) => expect(await shop.rows(`SELECT * FROM (${sql}) LIMIT 3`)).to.deep.equal([]);
  const ordersOn = (day: string) => shop.value(`SELECT COALESCE(SUM(orders), 0) FROM days WHERE day = '${day}'`);
  /** The mean of the days two weeks before and after a day that are the same weekday and have no event of a day or two. */
  const around = (day: string) =>
    shop.value(`SELECT AVG(orders) FROM days WHERE abs(day - DATE '${day}') IN (7, 14)
      AND NOT EXISTS (FROM events WHERE ends_on - starts_on < 2 AND kind <> 'promotion' AND day BETWEEN starts_on AND ends_on)`);

  describe("by events", () => {
    it("leave no order in a closed store or outside the hours of the day", () =>
      none(`FROM (SELECT store_id, order_date AS day, MIN(order_hour) AS first, MAX(order_hour) AS last FROM orders GROUP BY ALL) AS trade
          JOIN events ON day BETWEEN starts_on AND ends_on AND trade.store_id = coalesce(events.store_id, trade.store_id)
        WHERE is_closed OR first < opens_at_hour OR last >= closes_at_hour`));

    it("stop all trade on 24 February 2022, and let it begin again store by store", async () => {
      const first = await shop.rows(`SELECT store_id, MIN(order_date)::VARCHAR AS day FROM orders
        WHERE store_id <= 2 AND order_date >= '2022-02-24' GROUP BY 1 ORDER BY 1`);
      expect(first).to.deep.equal([
        { store_id: 1, day: "2022-03-30" },
        { store_id: 2, day: "2022-04-26" },
      ]);
    });

    it("bring people back to Kyiv step by step in 2022", async () => {
      const aDay = (from: string, to: string) =>
        shop.value(`SELECT COUNT(*) / COUNT(DISTINCT order_date) FROM orders
          WHERE store_id = 1 AND order_date BETWEEN '${from}' AND '${to}'`);
      const [before, april, june, october] = [
        await aDay("2022-02-01", "2022-02-23"),
        await aDay("2022-04-01", "2022-04-30"),
        await aDay("2022-06-01", "2022-06-30"),
        await aDay("2022-10-11", "2022-10-19"),
      ];
      expect(april / before).to.be.within(0.3, 0.65);
      expect(june).to.be.above(1.2 * april);
      expect(october).to.be.above(1.2 * june);
    });

    it("cut the days of the blackout of November 2022", async () => {
      const usual = await around("2022-11-23");
      expect((await ordersOn("2022-11-23")) / usual).to.be.within(0.35, 0.7);
      expect((await ordersOn("2022-11-24")) / usual).to.be.within(0.1, 0.35);
    });

    it("leave no app and hardly any cards in the blackout, when the mobile networks were down", async () => {
      const blackout = "FROM orders WHERE order_date = '2022-11-24'";
      await none(`${blackout} AND channel = 'app'`);
      expect(await shop.value(`SELECT AVG((payment_method = 'cash')::INTEGER) ${blackout}`)).to.be.above(0.75);
    });

    // The factors are multiplied by the hours lost.
    const holidays: [name: string, least: number, most: number][] = [
      ["New Year''s Day", 0.25, 0.5],
      ["Christmas", 0.45, 0.7],
      ["Women''s Day", 1.1, 1.4],
      ["Easter", 0.45, 0.75],
      ["Last School Bell", 1.05, 1.3],
      ["Knowledge Day", 1.1, 1.5],
      ["New Year''s Eve", 0.5, 0.85],
    ];
    for (const [name, least, most] of holidays) {
      it(`make ${name.replace("''", "'")} between ${least} and ${most} of the same weekday before and after`, async () => {
        const days = await shop.rows(
          `SELECT starts_on::VARCHAR AS day FROM events WHERE event_name = '${name}' AND starts_on > '2022-09-01'`,
        );
        const ratios = await Promise.all(
          days.map(async ({ day }) => (await ordersOn(String(day))) / (await around(String(day)))),
        );
        expect(ratios.length).to.be.above(2);
        expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).to.be.within(least, most);
      });
    }
  });

  describe("by promotions", () => {
    it("lift the orders of the happy hour by 15 to 25 %, measured against Mondays and Wednesdays", async () => {
      const inHours = (condition: string) =>
        shop.value(`SELECT COUNT(*) FILTER (WHERE order_hour BETWEEN 15 AND 17) / COUNT(*) FILTER (WHERE order_hour < 15)
          FROM orders WHERE order_date >= '2023-03-26' AND isodow(order_date) IN (${condition})`);
      expect((await inHours("2")) / (await inHours("1, 3"))).to.be.within(1.15, 1.25);
    });

    for (const { code, lift } of promotions.filter(({ hours }) => hours === undefined)) {
      it(`lift the orders of ${code} by ${Math.round(100 * lift - 100)} % beyond what weather, season and events explain`, async () => {
        const days = await shop.rows(`SELECT order_date::VARCHAR AS day, COUNT(*) AS orders,
            MAX((EXISTS (FROM events WHERE event_name = '${code}' AND order_date BETWEEN starts_on AND ends_on))::INTEGER) AS offered
          FROM orders WHERE customer_id IS NULL AND order_date > '2023-03-26' AND isodow(order_date) <> 2
            AND NOT EXISTS (FROM events WHERE event_name <> '${code}' AND kind IN ('promotion', 'holiday') AND order_date BETWEEN starts_on AND ends_on)
          GROUP BY 1`);
        const ratio = (offered: number) => {
          const those = days.filter((row) => row.offered === offered);
          const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
          return (
            sum(those.map(({ orders }) => Number(orders))) / sum(those.map(({ day }) => expected(dayOf(String(day)))))
          );
        };
        expect(ratio(1) / ratio(0)).to.be.closeTo(lift, 0.025);
      });
    }

    it("give away three times the margin of other days, or more, in the two weeks of SUMMER15", async () => {
      const discount = (from: string, to: string) =>
        shop.value(`SELECT SUM(discount_amount) / SUM(sub_total) FROM orders
          WHERE year(order_date) >= 2023 AND customer_id IS NULL AND isodow(order_date) <> 2 AND strftime(order_date, '%m-%d') BETWEEN '${from}' AND '${to}'`);
      expect(await discount("07-01", "07-14")).to.be.within(0.035, 0.055);
      expect(await discount("07-15", "07-31")).to.equal(0);
    });
  });

  it("by the weather: a day resembles the day before", async () => {
    const correlation = await shop.value(`WITH plain AS (
        SELECT day, ln(orders) AS size FROM days WHERE day BETWEEN '2023-04-01' AND '2025-09-30'
          AND NOT EXISTS (FROM events WHERE kind <> 'promotion' AND ends_on - starts_on < 2 AND day BETWEEN starts_on AND ends_on)),
      rest AS (SELECT day, size - avg(size) OVER (PARTITION BY isodow(day)) - avg(size) OVER (PARTITION BY date_trunc('month', day)) AS rest
        FROM plain)
      SELECT corr(a.rest, b.rest) FROM rest a JOIN rest b ON b.day = a.day + 1`);
    expect(correlation).to.be.within(0.3, 0.55);
  });

  it("by the weather, which alone makes no record day", () => {
    const demand = Array.from({ length: 10 }, (_, other) => new Random(other, "coffee days")).flatMap((random) =>
      Array.from({ length: 1800 }, (_, day) => cityDemand(dayOf("2022-01-10") + day, random)),
    );
    // The season is between 0.91 and 1.08.
    expect(Math.min(...demand)).to.be.within(0.69, 0.75);
    expect(Math.max(...demand)).to.be.within(1.3, 1.38);
  });

  describe("by tastes", () => {
    /** The share of the most frequent value among a customer's rows, and among all rows. */
    const favourite = async (value: string, from: string) => {
      const [found] =
        await shop.rows(`WITH counts AS (SELECT customer_id, ${value} AS value, COUNT(*) AS n FROM ${from} GROUP BY ALL),
          own AS (SELECT MAX(n) AS most, SUM(n) AS all_rows FROM counts WHERE customer_id IS NOT NULL GROUP BY customer_id HAVING SUM(n) > 30),
          everybody AS (SELECT value, SUM(n) AS n FROM counts GROUP BY 1)
        SELECT (SELECT SUM(most) / SUM(all_rows) FROM own)::DOUBLE AS own, (SELECT MAX(n) / SUM(n) FROM everybody)::DOUBLE AS market`);
      return found as { own: number; market: number };
    };

    it("make a favourite of 35 to 50 % of a customer's drinks, and the market's favourite of a quarter at most", async () => {
      const { own, market } = await favourite("product_name", "named WHERE product_category = 'Beverage'");
      expect(own).to.be.within(0.35, 0.5);
      expect(market).to.be.below(0.25);
    });

    it("give a customer a usual hour on workdays, twice as often as the busiest hour of all", async () => {
      const { own, market } = await favourite("order_hour", "orders WHERE isodow(order_date) < 6");
      expect(own)
        .to.be.above(0.5)
        .and.above(2 * market);
    });

    it("give a customer a usual way to pay", async () => {
      const { own } = await favourite("payment_method", "orders");
      expect(own).to.be.above(0.75);
    });

    it("send a customer to the usual store and mostly to one other, not all over town", async () => {
      const visited = `FROM (SELECT customer_id, store_id, COUNT(*) AS n FROM orders WHERE customer_id IS NOT NULL GROUP BY ALL)
        GROUP BY customer_id HAVING SUM(n) > 30`;
      const inTwo = `SELECT AVG(two) FROM (SELECT LIST_SUM(LIST_REVERSE_SORT(LIST(n))[:2]) / SUM(n) AS two ${visited})`;
      expect(await shop.value(inTwo)).to.be.above(0.95);
      const everywhere = `SELECT AVG((stores = 6)::INTEGER) FROM (SELECT COUNT(*) AS stores ${visited})`;
      expect(await shop.value(everywhere)).to.be.below(0.25);
    });

    it("divide customers into those who use the app and those who hardly ever do, by how they registered too", async () => {
      const users = `FROM (SELECT customer_id, AVG((channel = 'app')::INTEGER) AS app FROM orders WHERE customer_id IS NOT NULL
        GROUP BY 1 HAVING COUNT(*) > 30) JOIN customers USING (customer_id)`;
      const share = (condition: string) =>
        shop.value(`SELECT COUNT(*) FILTER (WHERE ${condition}) / COUNT(*) ${users}`);
      expect(await share("app < 0.1")).to.be.within(0.12, 0.35);
      expect(await share("app > 0.8")).to.be.within(0.12, 0.35);
      const mean = (condition: string) => shop.value(`SELECT AVG(app) ${users} WHERE ${condition}`);
      const appFans = await mean("acquisition_channel = 'app'");
      expect(appFans / (await mean("acquisition_channel <> 'app'"))).to.be.within(1.6, 2.3);
    });

    it("let age decide: the old pay in cash and leave the app alone, the young pay by e-wallet", async () => {
      const [young, , old] = await shop.rows(`SELECT AVG(cash) AS cash, AVG(wallet) AS wallet, AVG(app) AS app
        FROM (SELECT (year(registration_date) - birth_year).greatest(0).least(89) // 30 AS age, AVG((payment_method = 'cash')::INTEGER) AS cash,
            AVG((payment_method = 'e-wallet')::INTEGER) AS wallet, AVG((channel = 'app')::INTEGER) AS app
          FROM orders JOIN customers USING (customer_id) GROUP BY customer_id, age)
        GROUP BY age ORDER BY age`);
      expect(Number(old?.cash) / Number(young?.cash)).to.be.within(2.5, 7);
      expect(Number(young?.wallet) / Number(old?.wallet)).to.be.within(1.8, 4);
      expect(Number(young?.app) / Number(old?.app)).to.be.within(1.6, 3);
    });

    it("send commuters out with one cup, and keep brunchers and remote workers in their seats", async () => {
      const byPersona = async (value: string, from: string) => {
        const rows = await shop.rows(
          `SELECT persona, AVG(${value}) AS mean FROM ${from} JOIN ground_truth.customers USING (customer_id) GROUP BY 1`,
        );
        return Object.fromEntries(rows.map(({ persona, mean }) => [String(persona), Number(mean)]));
      };
      const takeaway = await byPersona(
        "(order_type = 'Takeaway')::INTEGER",
        "orders JOIN stores USING (store_id) SEMI JOIN (FROM stores WHERE seating_capacity > 0) USING (store_id)",
      );
      expect(takeaway["Daily commuter"]).to.be.above(0.75);
      expect(takeaway["Remote worker"]).to.be.below(0.4);
      expect(takeaway["Weekend bruncher"]).to.be.below(0.4);
      const pieces = await byPersona("quantity", "named");
      expect(pieces["Daily commuter"]).to.be.below(1.12);
      expect(pieces["Weekend bruncher"]).to.be.above(1.35);
    });

    it("leave cold brew to the warm months, even for customers whose favourite it is", async () => {
      const share = (months: string) =>
        shop.value(`SELECT COUNT(*) FILTER (WHERE product_name = 'Cold Brew') / COUNT(*) FROM named
          WHERE product_category = 'Beverage' AND customer_id IS NOT NULL AND month(order_date) IN (${months})`);
      expect(await share("12, 1, 2")).to.be.below(0.35 * (await share("6, 7, 8")));
    });
  });

  describe("leave out what cannot be", () => {
    it("nobody sits in a store without seats", () =>
      none("FROM orders JOIN stores USING (store_id) WHERE seating_capacity = 0 AND order_type = 'In-store'"));

    it("nobody pays in cash in the app, or orders there without an account", () =>
      none("FROM orders WHERE channel = 'app' AND (payment_method = 'cash' OR customer_id IS NULL)"));

    it("everybody who registers in a store orders in the home store on that day", () =>
      none(`FROM customers LEFT JOIN orders ON orders.customer_id = customers.customer_id AND order_date = registration_date
        WHERE acquisition_channel <> 'app' AND home_store_id IS DISTINCT FROM store_id`));

    it("a promotion brings nobody on a day without one", () =>
      none(`FROM customers WHERE acquisition_channel = 'promotion' AND NOT EXISTS (FROM events
        WHERE kind = 'promotion' AND event_name <> 'HAPPYHOUR20' AND registration_date BETWEEN starts_on AND ends_on)`));

    it("nobody registers while the home store is closed", () =>
      none(`FROM customers JOIN events ON registration_date BETWEEN starts_on AND ends_on AND is_closed
        AND home_store_id = coalesce(store_id, home_store_id)`));

    it("students are 17 to 24 years old when they register, and nobody is younger", async () => {
      const ages =
        await shop.rows(`SELECT (persona = 'Student')::INTEGER AS student, MIN(year(registration_date) - birth_year) AS youngest,
          MAX(year(registration_date) - birth_year) AS oldest FROM customers JOIN ground_truth.customers USING (customer_id) GROUP BY 1 ORDER BY 1`);
      expect(ages[1]).to.deep.equal({ student: 1, youngest: 17, oldest: 24 });
      expect(ages[0]).to.include({ student: 0, youngest: 18 });
    });
  });
});

/** Anonymous orders that weather, season and events let expect on a day, promotions aside. */
function expected(day: number): number {
  const city = cityDemand(day, new Random(seed, "coffee days"));
  const anonymous = stores.map(
    (store, i) => storeDemand(store, day) * anonymousShare(store, day) * (shopDay(i, day)?.demand ?? 0),
  );
  return anonymous.reduce((sum, orders) => sum + orders, 0) * city * scale;
}
