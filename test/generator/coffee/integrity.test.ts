import { expect } from "chai";
import { openShop, type Shop } from "./support.ts";

/** The whole history at its real size, in DuckDB. Loading it as typed rows is a test in itself. */
describe("the coffee shop's data, row by row,", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop({ seed: 42, until: "2026-11-22", scale: 1 });
  });
  after(() => shop.close());

  const none = async (sql: string) => expect(await shop.rows(`SELECT * FROM (${sql}) LIMIT 3`)).to.deep.equal([]);
  const lines = "order_details JOIN orders USING (order_id) JOIN products USING (product_id)";

  describe("is whole", () => {
    const keys = {
      stores: "store_id",
      events: "event_id",
      products: "product_id",
      customers: "customer_id",
      orders: "order_id",
      order_details: "order_detail_id",
    };
    for (const [table, key] of Object.entries(keys)) {
      it(`has one row per ${key}`, () => none(`SELECT ${key} FROM ${table} GROUP BY 1 HAVING COUNT(*) > 1`));
    }

    const references = [
      ["orders", "store_id", "stores"],
      ["orders", "customer_id", "customers"],
      ["order_details", "order_id", "orders"],
      ["order_details", "product_id", "products"],
    ];
    for (const [from, key, to] of references) {
      it(`finds the ${key} of every row of ${from} in ${to}`, () =>
        none(`SELECT * FROM ${from} ANTI JOIN ${to} USING (${key}) WHERE ${key} IS NOT NULL`));
    }

    it("has a home store for every customer, open on the day of registration", () =>
      none(`SELECT * FROM customers LEFT JOIN stores ON store_id = home_store_id
        WHERE opened_on IS NULL OR opened_on > registration_date`));

    it("has lines numbered from 1 in every order, each of another product", () =>
      none(`SELECT order_id FROM orders LEFT JOIN order_details USING (order_id) GROUP BY 1
        HAVING COUNT(DISTINCT product_id) <> MAX(line_number) OR COUNT(order_detail_id) <> MAX(line_number)
          OR MIN(line_number) <> 1 OR MAX(line_number) > 5`));

    it("numbers a store's orders of a day by their time, from 1", () =>
      none(`SELECT * FROM (SELECT order_id, ordered_at,
          row_number() OVER (PARTITION BY order_date, store_id ORDER BY order_id) AS number,
          lag(ordered_at) OVER (PARTITION BY order_date, store_id ORDER BY order_id) AS before,
          strftime(order_date, '%Y%m%d')::BIGINT * 10000000 + store_id * 100000 AS base FROM orders)
        WHERE order_id <> base + number OR before > ordered_at`));

    it("has registration dates in the order of the ids", () =>
      none(`SELECT * FROM (SELECT registration_date, lag(registration_date) OVER (ORDER BY customer_id) AS before FROM customers)
        WHERE before > registration_date`));
  });

  describe("keeps the order of time", () => {
    it("has no order before the customer registered", () =>
      none("SELECT * FROM orders JOIN customers USING (customer_id) WHERE order_date < registration_date"));

    it("has no order after the customer left", () =>
      none("SELECT * FROM orders JOIN ground_truth.customers USING (customer_id) WHERE order_date >= churned_on"));

    it("has no order before the store opened, or outside its hours", () =>
      none(`SELECT * FROM orders JOIN stores USING (store_id)
        WHERE order_date < opened_on OR order_hour < opens_at_hour OR order_hour >= closes_at_hour`));

    it("has no line of a product before its launch", () =>
      none(`SELECT * FROM ${lines} WHERE order_date < launched_on`));

    it("has orders from the first day to the last", async () => {
      const [days] = await shop.rows(
        "SELECT MIN(order_date)::VARCHAR AS first, MAX(order_date)::VARCHAR AS last FROM orders",
      );
      expect(days).to.deep.equal({ first: "2022-01-10", last: "2026-11-22" });
    });

    it("has ordered_at in UTC, two hours behind Kyiv in winter and three in summer, switch days included", async () => {
      const offsets = await shop.rows(`SELECT order_date::VARCHAR AS day, MIN(order_hour - hour(ordered_at)) AS least,
          MAX(order_hour - hour(ordered_at)) AS most, BOOL_AND(ordered_at::DATE = order_date)::INTEGER AS same_day
        FROM orders WHERE order_date IN ('2026-01-15', '2026-07-15', '2026-03-28', '2026-03-29', '2026-10-24', '2026-10-25')
        GROUP BY 1 ORDER BY 1`);
      const hours = {
        "2026-01-15": 2,
        "2026-03-28": 2,
        "2026-03-29": 3,
        "2026-07-15": 3,
        "2026-10-24": 3,
        "2026-10-25": 2,
      };
      expect(offsets).to.deep.equal(
        Object.entries(hours).map(([day, offset]) => ({ day, least: offset, most: offset, same_day: 1 })),
      );
    });
  });

  describe("has exact money", () => {
    const exact = `SELECT o.order_id, sub_total, discount_amount, total_amount,
        SUM(quantity * unit_price::DECIMAL(12, 2)) AS lines,
        CASE WHEN discount_applied THEN greatest(1, round(sub_total::DECIMAL(12, 2) * discount_rate::DECIMAL(4, 2))) ELSE 0 END AS discount
      FROM orders o JOIN order_details USING (order_id) GROUP BY ALL`;

    it("adds up from the lines to the order", () =>
      none(`SELECT * FROM (${exact})
        WHERE sub_total <> lines OR discount_amount <> discount OR total_amount <> sub_total - discount_amount`));

    it("has no order with kopiykas, for which guests have no coins", () =>
      none("SELECT * FROM orders WHERE total_amount <> floor(total_amount)"));

    it("gives the better of loyalty and promotion, and names the promotion only when it wins", () =>
      // A guest rises from the lowest level to today's by one on the first of each month.
      none(`SELECT * FROM (SELECT *, coalesce([3, 5, 7, 10, 15][1 + least(date_diff('month', registration_date, order_date),
            list_position(['3%', '5%', '7%', '10%', '15%'], level_of_discount) - 1)] / 100, 0)::DECIMAL(4, 2) AS loyalty
          FROM orders LEFT JOIN customers USING (customer_id))
        WHERE discount_rate < loyalty OR (discount_rate > loyalty) <> (promo_code IS NOT NULL)
          OR discount_applied <> (discount_rate > 0)`));

    it("has today's prices in the menu, and lower ones in the past", async () => {
      await none(`SELECT * FROM ${lines} WHERE order_date = '2026-11-22' AND unit_price <> price`);
      await none(`SELECT * FROM ${lines} WHERE unit_price > price`);
      expect(
        await shop.value(
          `SELECT MIN(n) FROM (SELECT COUNT(DISTINCT unit_price) AS n FROM ${lines} WHERE launched_on < '2024-01-01' GROUP BY product_id)`,
        ),
      ).to.be.at.least(4);
      await none("SELECT * FROM products WHERE unit_cost >= price OR price NOT BETWEEN 35 AND 200");
    });
  });
});
