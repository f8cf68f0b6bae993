import { expect } from "chai";
import type { ResultRow, Warehouse } from "../../generator/warehouse/warehouse.ts";
import { customersMarts, readCustomers } from "../../report/customers/read.ts";
import type { CustomersData } from "../../report/customers/shape.ts";
import { type Marts, openMarts } from "../../report/marts.ts";
import type { Column, Days } from "../../report/report.ts";
import { readSales, salesMarts } from "../../report/sales/read.ts";
import type { SalesCube } from "../../report/sales/shape.ts";
import { LAST_DAY } from "../transform/shop.ts";
import { makeMarts } from "./marts.ts";

describe("the reports' data", function () {
  this.timeout(600_000);
  let warehouse: Warehouse;
  let marts: Marts;
  let sales: SalesCube;
  let customers: Required<CustomersData>;

  before(async () => {
    warehouse = await (await makeMarts()).open();
    marts = await openMarts(warehouse, [...salesMarts, ...Object.values(customersMarts).flat()]);
    sales = await readSales(marts);
    customers = (await readCustomers(marts, LAST_DAY)) as Required<CustomersData>;
  });
  after(() => warehouse?.close());

  const dayAt = ({ first }: Days, day: number) =>
    new Date(Date.parse(first) + day * 86_400_000).toISOString().slice(0, 10);
  const sum = (column: Column) => column.reduce((total, each) => total + each, 0);
  const kopiykas = (value: ResultRow[string] | undefined) => Math.round(Number(value) * 100);

  /** Filters of a page, each in SQL and as a function. */
  const filters = [
    { name: "everything", where: "TRUE", keeps: () => true },
    {
      name: "two weeks",
      where: "order_date BETWEEN DATE '2024-02-20' AND DATE '2024-03-04'",
      keeps: (day: string) => day >= "2024-02-20" && day <= "2024-03-04",
    },
    { name: "a store", where: "store_name = 'Podil'", keeps: (_: string, store: string) => store === "Podil" },
    {
      name: "one day of takeaway in a store",
      where: "order_date = DATE '2024-03-16' AND store_name = 'Golden Gate' AND order_type = 'Takeaway'",
      keeps: (day: string, store: string, type: string) =>
        day === "2024-03-16" && store === "Golden Gate" && type === "Takeaway",
    },
  ];

  for (const { name, where, keeps } of filters)
    describe(`on sales, filtered to ${name}`, () => {
      let kept: number[];
      before(() => {
        const { day, store, orderType } = sales.cells;
        kept = [...day.keys()].filter((cell) =>
          keeps(
            dayAt(sales.days, day[cell] as number),
            sales.stores[store[cell] as number]?.name as string,
            sales.orderTypes[orderType[cell] as number] as string,
          ),
        );
        expect(kept).not.to.be.empty;
      });
      const total = (column: Column) => kept.reduce((all, cell) => all + (column[cell] as number), 0);
      const totals = (matrix: Column, width: number) =>
        Array.from({ length: width }, (_, x) =>
          kept.reduce((all, cell) => all + (matrix[cell * width + x] as number), 0),
        );
      const from = (columns: string, rest = "") =>
        warehouse.run(`SELECT ${columns} FROM coffee_marts.flat_order_details WHERE ${where} ${rest}`);

      it("agrees with the order lines", async () => {
        const [row = {}] = await from(`COUNT(DISTINCT order_id) AS orders, SUM(quantity) AS items,
          COUNT(DISTINCT CASE WHEN is_refunded THEN order_id END) AS refunded,
          COUNT(DISTINCT CASE WHEN discount_applied THEN order_id END) AS discounted,
          SUM(sub_total) AS sub_total, SUM(discount_amount) AS discount, SUM(net_amount) AS net, SUM(margin_amount) AS margin`);
        const { cells } = sales;
        expect({
          orders: total(cells.orders),
          refunded: total(cells.refundedOrders),
          items: total(cells.items),
          discounted: total(cells.discountedOrders),
          subTotal: total(cells.subTotal),
          discount: total(cells.discount),
          net: total(cells.net),
          margin: total(cells.margin),
        }).to.deep.equal({
          orders: row.orders,
          refunded: row.refunded,
          items: row.items,
          discounted: row.discounted,
          subTotal: kopiykas(row.sub_total),
          discount: kopiykas(row.discount),
          net: kopiykas(row.net),
          margin: kopiykas(row.margin),
        });
      });

      it("has the orders of each hour", async () => {
        const rows = await from("order_hour AS hour, COUNT(DISTINCT order_id) AS orders", "GROUP BY 1");
        const hours = totals(sales.cells.ordersByHour, sales.hours.count);
        const found = hours.flatMap((orders, hour) => (orders > 0 ? [[hour + sales.hours.first, orders]] : []));
        expect(found).to.have.deep.members(rows.map(({ hour, orders }) => [hour, orders]));
      });

      it("has the orders, refunds and revenue of each mix of categories", async () => {
        const rows = await from(
          `product_mix_type AS mix, COUNT(DISTINCT order_id) AS orders, COUNT(DISTINCT CASE WHEN is_refunded THEN order_id END) AS refunded,
            SUM(net_amount) AS net, COUNT(DISTINCT product_category) AS n`,
          "GROUP BY 1",
        );
        const { ordersByMix, refundedByMix, netByMix } = sales.cells;
        const [orders, refunded, net] = [ordersByMix, refundedByMix, netByMix].map((each) =>
          totals(each, sales.mixes.length),
        );
        const found = sales.mixes.flatMap((mix, i) =>
          orders?.[i] ? [[mix.name, orders[i], refunded?.[i], net?.[i], mix.categories]] : [],
        );
        expect(found).to.have.deep.members(
          rows.map((row) => [row.mix, row.orders, row.refunded, kopiykas(row.net), row.n]),
        );
      });

      it("has the pieces and revenue of each product", async () => {
        const rows = await from("product_name AS name, SUM(quantity) AS items, SUM(net_amount) AS net", "GROUP BY 1");
        const [items, net] = [sales.cells.itemsByProduct, sales.cells.netByProduct].map((each) =>
          totals(each, sales.products.length),
        );
        const found = sales.products.flatMap(({ name }, i) => (items?.[i] ? [[name, items[i], net?.[i]]] : []));
        expect(found).to.have.deep.members(rows.map((row) => [row.name, row.items, kopiykas(row.net)]));
      });

      it("has the discounts by reason", async () => {
        const rows = await from(
          `CASE WHEN promo_code IS NULL THEN 'loyalty' ELSE 'promotion' END AS kind, coalesce(promo_code, CASE discount_rate WHEN 0.03 THEN 'Bean, 3%' WHEN 0.05 THEN 'Bronze, 5%' WHEN 0.07 THEN 'Silver, 7%'
              WHEN 0.1 THEN 'Gold, 10%' WHEN 0.15 THEN 'Platinum, 15%' END) AS name,
            COUNT(DISTINCT order_id) AS orders, SUM(discount_amount) AS discount`,
          "AND discount_applied GROUP BY 1, 2",
        );
        const inFilter = new Set(kept);
        const { cell, reason, orders, discount } = sales.discounts;
        const found = sales.discountReasons.flatMap(({ kind, name }, place) => {
          const rowsOf = [...cell.keys()].filter((i) => reason[i] === place && inFilter.has(cell[i] as number));
          const of = (column: Column) => rowsOf.reduce((all, i) => all + (column[i] as number), 0);
          return rowsOf.length > 0 ? [[kind, name, of(orders), of(discount)]] : [];
        });
        expect(found).to.have.deep.members(rows.map((row) => [row.kind, row.name, row.orders, kopiykas(row.discount)]));
      });
    });

  it("has cells sorted by day, and columns of equal length", () => {
    const { day, ordersByHour, ordersByMix, refundedByMix, netByMix, itemsByProduct, netByProduct, ...columns } =
      sales.cells;
    expect(day).to.deep.equal([...day].sort((one, other) => one - other));
    for (const column of Object.values(columns)) expect(column).to.have.length(day.length);
    expect(ordersByHour).to.have.length(day.length * sales.hours.count);
    for (const matrix of [ordersByMix, refundedByMix, netByMix])
      expect(matrix).to.have.length(day.length * sales.mixes.length);
    for (const matrix of [itemsByProduct, netByProduct])
      expect(matrix).to.have.length(day.length * sales.products.length);
    expect(sales.days).to.deep.equal({ first: "2024-02-01", count: 60 });
  });

  it("lists the segments best first, with a meaning, and gives every customer the mart's segment", async () => {
    const { segments, segmentOf, profiles } = customers.customers;
    expect(segments[0]?.name).to.equal("Champions");
    expect(segments.at(-1)?.name).to.equal("Churned");
    for (const { meaning } of segments) expect(meaning).to.match(/\. .+\.$/);
    const found = new Map<string, number>();
    for (const [i, r] of profiles.r.entries()) {
      const segment = segments[segmentOf[(r - 1) * 5 + (profiles.f[i] as number) - 1] as number]?.name as string;
      found.set(segment, (found.get(segment) ?? 0) + 1);
    }
    const rows = await warehouse.run(
      "SELECT segment, COUNT(*) AS n FROM coffee_marts.flat_customer_metrics GROUP BY 1",
    );
    expect([...found]).to.have.deep.members(rows.map(({ segment, n }) => [segment, n]));
  });

  it("has customers by home store, order type and level, with their value, activity and churn", async () => {
    const { profiles, stores, orderTypes, levels, channels } = customers.customers;
    const found = profiles.ltv.map((ltv, i) => {
      const of = (column: Column) => column[i] as number;
      return [
        dayAt(customers.customers.days, of(profiles.registered)),
        stores[of(profiles.store)]?.name,
        orderTypes[of(profiles.orderType)],
        `${levels[of(profiles.level)]?.name} ${levels[of(profiles.level)]?.rate}%`,
        channels[of(profiles.channel)],
        ...[of(profiles.recency), of(profiles.orders), ltv],
        ...[of(profiles.churned), of(profiles.medianGapTimes2)],
      ];
    });
    const rows = await warehouse.run("SELECT * FROM coffee_marts.flat_customer_metrics");
    const expected = rows.map((row) => [
      ...[
        row.registration_date,
        row.home_store_name,
        row.main_order_type,
        `${row.loyalty_tier} ${row.level_of_discount}`,
      ],
      ...[row.acquisition_channel, row.recency, row.orders_all_time, kopiykas(row.ltv)],
      Number(row.is_churned),
      row.median_days_between_orders === null ? -1 : 2 * Number(row.median_days_between_orders),
    ]);
    expect(found).to.have.deep.members(expected);
    expect(levels.map(({ rate }) => rate)).to.deep.equal([...levels.map(({ rate }) => rate)].sort((a, b) => a - b));
    expect(customers.customers.days.count - 1).to.equal(
      Math.max(...rows.map((row) => Number(row.customer_age_days)), ...silentAges()),
    );
  });

  const silentAges = () => {
    const { days, silent } = customers.customers;
    return silent.registered.map((day) => days.count - 1 - day);
  };

  it("counts customers who never ordered separately", async () => {
    const { silent, profiles } = customers.customers;
    const [row] = await warehouse.run("SELECT COUNT(*) AS n FROM coffee_marts.dim_customer");
    expect(silent.registered.length).to.be.greaterThan(0);
    expect(silent.registered.length + profiles.registered.length).to.equal(row?.n);
  });

  it("has the customers and the revenue of each cohort in each month", async () => {
    const { months } = customers;
    const { profiles, days } = customers.customers;
    const found = new Map<string, [customers: number, net: number]>();
    for (const [i, customer] of months.customer.entries()) {
      const key = `${dayAt(days, profiles.registered[customer] as number).slice(0, 7)} ${months.month[i]}`;
      const [count, net] = found.get(key) ?? [0, 0];
      found.set(key, [count + 1, net + (months.net[i] as number)]);
    }
    const rows =
      await warehouse.run(`SELECT strftime(registration_date, '%Y-%m') AS cohort, COUNT(DISTINCT customer_id) AS customers,
        (year(order_date) - year(registration_date)) * 12 + month(order_date) - month(registration_date) AS month,
        SUM(net_amount) AS net
      FROM coffee_marts.flat_order_details WHERE is_registered GROUP BY ALL`);
    expect(rows.length).to.be.greaterThan(20);
    const expected = rows.map((row) => [`${row.cohort} ${row.month}`, [row.customers, kopiykas(row.net)]]);
    expect([...found]).to.have.deep.members(expected);
    expect(months.customer).to.deep.equal([...months.customer].sort((one, other) => one - other));
  });

  it("counts the gaps between visits by length", async () => {
    const { buckets, gaps } = customers.gaps;
    const found = buckets.map((_, bucket) => sum(gaps.filter((_, place) => place % buckets.length === bucket)));
    const rows =
      await warehouse.run(`SELECT order_date - lag(order_date) OVER (PARTITION BY customer_id ORDER BY order_date) AS gap
      FROM (SELECT DISTINCT customer_id, order_date FROM coffee_marts.flat_order_details WHERE is_registered)
      QUALIFY gap IS NOT NULL`);
    const expected = buckets.map(
      ({ from, to = Number.POSITIVE_INFINITY }) =>
        rows.filter(({ gap }) => Number(gap) >= from && Number(gap) <= to).length,
    );
    expect(found).to.deep.equal(expected);
    expect(sum(found)).to.equal(rows.length).and.to.be.greaterThan(100);
  });

  it("separates registered and anonymous orders", async () => {
    const { cells } = customers.trade;
    const rows = await warehouse.run(`SELECT is_registered, COUNT(DISTINCT order_id) AS orders, SUM(net_amount) AS net,
      COUNT(DISTINCT CASE WHEN is_refunded THEN order_id END) AS refunded
      FROM coffee_marts.flat_order_details GROUP BY 1 ORDER BY 1`);
    expect([
      [false, sum(cells.anonymousOrders), sum(cells.anonymousNet), sum(cells.anonymousRefunded)],
      [true, sum(cells.registeredOrders), sum(cells.registeredNet), sum(cells.registeredRefunded)],
    ]).to.deep.equal(rows.map((row) => [row.is_registered, row.orders, kopiykas(row.net), row.refunded]));
  });

  it("identifies nobody: it contains no ids and no keys of customers", async () => {
    const text = JSON.stringify([sales, customers]);
    const rows = await warehouse.run("SELECT customer_key FROM coffee_marts.dim_customer");
    for (const { customer_key } of rows) expect(text).not.to.include(customer_key);
    expect(text).not.to.match(/customer_?id|email|birth/i);
  });
});
