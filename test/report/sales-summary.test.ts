import { expect } from "chai";
import fc from "fast-check";
import { dayAt, weekdays } from "../../report/days.ts";
import type { Filter } from "../../report/filter.ts";
import { summariseSales } from "../../report/sales/summary.ts";
import * as till from "./orders.ts";

const itInCI = process.env.CI ? it : it.skip;

const anyFilter: fc.Arbitrary<Filter> = fc
  .record({
    from: fc.integer({ min: -5, max: till.DAYS + 5 }),
    length: fc.integer({ min: 0, max: till.DAYS }),
    stores: fc.subarray(till.stores.map(({ name }) => name)),
    orderTypes: fc.subarray(till.orderTypes),
  })
  .map(({ from, length, ...names }) => ({
    from: dayAt(till.FIRST_DAY, from),
    to: dayAt(till.FIRST_DAY, from + length - 1),
    ...names,
  }));

const sum = (orders: readonly till.Order[], value: (order: till.Order) => number) =>
  orders.reduce((total, order) => total + value(order), 0);

function totals(orders: readonly till.Order[]) {
  return {
    orders: orders.length,
    refunded: orders.filter(({ refunded }) => refunded).length,
    items: sum(orders, till.items),
    discounted: orders.filter(({ reason }) => reason !== undefined).length,
    subTotal: sum(orders, till.subTotal),
    discount: sum(orders, till.discount),
    net: sum(orders, till.net),
    margin: sum(orders, (order) => till.net(order) - till.items(order) * 10_00),
  };
}

function keeps({ stores, orderTypes }: Filter, order: till.Order): boolean {
  const among = (names: readonly string[], name = "") => names.length === 0 || names.includes(name);
  return among(stores, till.stores[order.store]?.name) && among(orderTypes, till.orderTypes[order.orderType]);
}

const kept = (orders: readonly till.Order[], filter: Filter, from = filter.from, to = filter.to) =>
  orders.filter((order) => keeps(filter, order) && till.dayOf(order) >= from && till.dayOf(order) <= to);

/** Checks a property for random orders and filters. */
function always(check: (orders: till.Order[], filter: Filter) => void): void {
  fc.assert(fc.property(till.anyOrders, anyFilter, check), { numRuns: 200 });
}

describe("the figures of sales", () => {
  it("are sums over the orders that the filter keeps", () =>
    always((orders, filter) => {
      expect(summariseSales(till.cubeOf(orders), filter).totals).to.deep.equal(totals(kept(orders, filter)));
    }));

  it("are compared with a previous period of the same length, if the data covers it and a store of the selection was open", () =>
    always((orders, filter) => {
      const { before } = summariseSales(till.cubeOf(orders), filter);
      const length = Math.round((Date.parse(filter.to) - Date.parse(filter.from)) / 86_400_000) + 1;
      const from = dayAt(filter.from, -length);
      const isOpen = ({ name, openedOn }: (typeof till.stores)[number]) =>
        openedOn <= from && (filter.stores.length === 0 || filter.stores.includes(name));
      if (length < 1 || from < till.FIRST_DAY || !till.stores.some(isOpen)) expect(before).to.equal(undefined);
      else
        expect(before).to.deep.equal({
          from,
          to: dayAt(filter.from, -1),
          totals: totals(kept(orders, filter, from, dayAt(filter.from, -1))),
        });
    }));

  it("include every day of the selection, even without orders", () =>
    always((orders, filter) => {
      const last = dayAt(till.FIRST_DAY, till.DAYS - 1);
      const { daily } = summariseSales(till.cubeOf(orders), filter);
      for (const [i, { day, ...sums }] of daily.entries()) {
        if (i > 0) expect(day).to.equal(dayAt(daily[i - 1]?.day ?? "", 1));
        expect(totals(kept(orders, filter, day, day))).to.include(sums);
        expect(sums).to.have.all.keys("orders", "refunded", "items", "net");
      }
      const within = filter.from <= filter.to && filter.from <= last && filter.to >= till.FIRST_DAY;
      expect(daily[0]?.day).to.equal(within ? [filter.from, till.FIRST_DAY].sort()[1] : undefined);
      expect(daily.at(-1)?.day).to.equal(within ? [filter.to, last].sort()[0] : undefined);
    }));

  it("have for a single store as many days as the chart, quiet ones too", () =>
    always((orders, filter) => {
      const one = { ...filter, stores: ["Obolon"] };
      const { daily, closedDays, stores } = summariseSales(till.cubeOf(orders), one);
      fc.pre(daily.length > closedDays);
      expect(stores.map(({ days }) => days)).to.deep.equal([daily.length - closedDays]);
    }));

  itInCI("count the orders of each hour of the week", () =>
    always((orders, filter) => {
      const { ordersByHour, daily, closedDays, weekdayCounts } = summariseSales(till.cubeOf(orders), filter);
      const nameOf = (day: string) => new Date(day).toLocaleDateString("en", { weekday: "long", timeZone: "UTC" });
      for (const [weekday, name] of weekdays.entries()) {
        expect(weekdayCounts[weekday]).to.equal(
          daily.slice(closedDays).filter(({ day }) => nameOf(day) === name).length,
        );
        for (let hour = 0; hour < till.hours.count; hour++) {
          const own = kept(orders, filter).filter(
            (order) => nameOf(till.dayOf(order)) === name && order.hour === till.hours.first + hour,
          );
          expect(ordersByHour[weekday * till.hours.count + hour]).to.equal(own.length);
        }
      }
    }),
  );

  it("are given by store, with the days since it opened", () =>
    always((orders, filter) => {
      const { stores, daily } = summariseSales(till.cubeOf(orders), filter);
      expect(stores.map(({ store }) => till.stores[store]?.name)).to.deep.equal(
        till.stores
          .map(({ name }) => name)
          .filter((name) => filter.stores.length === 0 || filter.stores.includes(name)),
      );
      for (const { store, days, before: _, ...figures } of stores) {
        const own = kept(orders, filter).filter((order) => order.store === store);
        expect(figures).to.deep.equal(totals(own));
        const { openedOn = "" } = till.stores[store] ?? {};
        expect(days).to.equal(daily.filter(({ day }) => day >= openedOn).length);
      }
    }));

  it("do not compare a store with days before it opened", () => {
    const order = {
      store: 1,
      orderType: 0,
      hour: 8,
      refunded: false,
      lines: [{ product: 0, items: 1 }],
      reason: undefined,
    };
    const cube = till.cubeOf([
      { ...order, day: 8 },
      { ...order, day: 20 },
    ]);
    const earlier = (from: string, to: string) =>
      summariseSales(cube, { from, to, stores: ["Obolon"], orderTypes: [] }).stores[0]?.before;
    // Opened on 5 March, the eighth day.
    expect(earlier("2024-03-13", "2024-03-22")).to.equal(undefined);
    expect(earlier("2024-03-14", "2024-03-21")?.orders).to.equal(1);
  });

  it("are given by product, category, mix and reason for the discount", () =>
    always((orders, filter) => {
      const { products, categories, mixes, reasons } = summariseSales(till.cubeOf(orders), filter);
      const own = kept(orders, filter);
      const sold = (product: number) =>
        sum(own, ({ lines }) => lines.reduce((all, line) => all + (line.product === product ? line.items : 0), 0));
      expect(products.map(({ items, net }) => [items, net])).to.deep.equal(
        till.products.map((_, i) => [sold(i), sum(own, (order) => till.netOf(order, i))]),
      );
      expect(categories.map(({ name, items }) => [name, items])).to.deep.equal([
        ["Beverage", sold(0) + sold(1)],
        ["Pastry", sold(2)],
      ]);
      expect(mixes).to.deep.equal(
        till.mixes.map((_, i) => {
          const mixed = own.filter((order) => till.mixOf(order) === i);
          return { orders: mixed.length, net: sum(mixed, till.net) };
        }),
      );
      expect(reasons).to.deep.equal(
        till.reasons.map((_, i) => {
          const given = own.filter(({ reason }) => reason === i);
          return { orders: given.length, discount: sum(given, till.discount) };
        }),
      );
    }));
});
