import fc from "fast-check";
import { dayAt } from "../../report/days.ts";
import type { SalesCube } from "../../report/sales/shape.ts";

/** A small order, as a till records it. Amounts are in kopiykas. */
export interface Order {
  readonly day: number;
  readonly store: number;
  readonly orderType: number;
  readonly hour: number;
  readonly refunded: boolean;
  /** Product and pieces of each line. The product's number sets its price. */
  readonly lines: readonly { readonly product: number; readonly items: number }[];
  /** Index in `reasons`; undefined without a discount. */
  readonly reason: number | undefined;
}

export const FIRST_DAY = "2024-02-27";
export const DAYS = 40;

export const stores = [
  { name: "Podil", openedOn: "2022-01-15" },
  { name: "Obolon", openedOn: "2024-03-05" },
].map((store) => ({ ...store, district: "", address: "", latitude: 50.46, longitude: 30.52, format: "kiosk" }));
export const orderTypes = ["In-store", "Takeaway"];
export const products = [
  { name: "Latte", category: "Beverage", subcategory: "Coffee" },
  { name: "Tea", category: "Beverage", subcategory: "Tea" },
  { name: "Croissant", category: "Pastry", subcategory: "Croissant" },
];
export const mixes = [
  { name: "Beverage + Pastry", categories: 2 },
  { name: "Beverage Only", categories: 1 },
  { name: "Pastry Only", categories: 1 },
];
export const reasons = [
  { kind: "loyalty", name: "5%" },
  { kind: "promotion", name: "SPRING5" },
] as const;
export const hours = { first: 7, count: 4 };

export const price = (product: number): number => 50_00 + 15_00 * product;
export const items = ({ lines }: Order): number => lines.reduce((sum, { items }) => sum + items, 0);
export const subTotal = ({ lines }: Order): number =>
  lines.reduce((sum, { product, items }) => sum + items * price(product), 0);
export const discount = (order: Order): number => (order.reason === undefined ? 0 : subTotal(order) / 10);
export const net = (order: Order): number => (order.refunded ? 0 : subTotal(order) - discount(order));
export const netOf = (order: Order, product: number): number =>
  order.lines
    .filter((line) => line.product === product)
    .reduce(
      (sum, { items }) => sum + (order.refunded ? 0 : items * price(product) * (order.reason === undefined ? 1 : 0.9)),
      0,
    );
export const mixOf = ({ lines }: Order): number => {
  const categories = new Set(lines.map(({ product }) => products[product]?.category));
  return categories.size > 1 ? 0 : categories.has("Beverage") ? 1 : 2;
};

export const anyOrders: fc.Arbitrary<Order[]> = fc.array(
  fc.record({
    day: fc.nat(DAYS - 1),
    store: fc.nat(1),
    orderType: fc.nat(1),
    hour: fc.integer({ min: 7, max: 10 }),
    refunded: fc.boolean(),
    lines: fc.array(fc.record({ product: fc.nat(2), items: fc.integer({ min: 1, max: 3 }) }), {
      minLength: 1,
      maxLength: 4,
    }),
    reason: fc.option(fc.nat(1), { nil: undefined }),
  }),
  { maxLength: 60 },
);

/** Makes the cube of some orders, cell by cell. */
export function cubeOf(orders: readonly Order[]): SalesCube {
  const keys = [...new Set(orders.map(({ day, store, orderType }) => (day * 10 + store) * 10 + orderType))].sort(
    (a, b) => a - b,
  );
  const groups = keys.map((key) =>
    orders.filter(({ day, store, orderType }) => (day * 10 + store) * 10 + orderType === key),
  );
  const column = (value: (order: Order) => number) =>
    groups.map((group) => group.reduce((sum, order) => sum + value(order), 0));
  const matrix = (width: number, value: (order: Order, x: number) => number) =>
    groups.flatMap((group) =>
      Array.from({ length: width }, (_, x) => group.reduce((sum, order) => sum + value(order, x), 0)),
    );
  const discounts = groups.flatMap((group, cell) =>
    reasons.flatMap((_, reason) => {
      const given = group.filter((order) => order.reason === reason);
      return given.length === 0
        ? []
        : [{ cell, reason, orders: given.length, discount: given.reduce((sum, order) => sum + discount(order), 0) }];
    }),
  );
  const first = (value: (order: Order) => number) => groups.map(([order]) => value(order as Order));
  return {
    days: { first: FIRST_DAY, count: DAYS },
    stores,
    orderTypes,
    hours,
    mixes,
    products,
    discountReasons: reasons,
    events: [],
    cells: {
      day: first(({ day }) => day),
      store: first(({ store }) => store),
      orderType: first(({ orderType }) => orderType),
      orders: column(() => 1),
      refundedOrders: column(({ refunded }) => Number(refunded)),
      items: column(items),
      discountedOrders: column(({ reason }) => Number(reason !== undefined)),
      subTotal: column(subTotal),
      discount: column(discount),
      net: column(net),
      margin: column((order) => net(order) - items(order) * 10_00),
      ordersByHour: matrix(hours.count, (order, x) => Number(order.hour === hours.first + x)),
      ordersByMix: matrix(mixes.length, (order, x) => Number(mixOf(order) === x)),
      refundedByMix: matrix(mixes.length, (order, x) => Number(order.refunded && mixOf(order) === x)),
      netByMix: matrix(mixes.length, (order, x) => (mixOf(order) === x ? net(order) : 0)),
      itemsByProduct: matrix(products.length, ({ lines }, x) =>
        lines.reduce((sum, { product, items }) => sum + (product === x ? items : 0), 0),
      ),
      netByProduct: matrix(products.length, netOf),
    },
    discounts: {
      cell: discounts.map(({ cell }) => cell),
      reason: discounts.map(({ reason }) => reason),
      orders: discounts.map(({ orders }) => orders),
      discount: discounts.map(({ discount }) => discount),
    },
  };
}

export const dayOf = ({ day }: Order): string => dayAt(FIRST_DAY, day);
