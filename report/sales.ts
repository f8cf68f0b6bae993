import type { ResultRow } from "../generator/warehouse/warehouse.ts";
import { column, daysFrom, distinct, kopiykas, matrix, wordsOf } from "./columns.ts";
import { type Marts, readStores } from "./marts.ts";
import type { SalesCube } from "./shape.ts";

/** The marts that the page reads. */
export const salesMarts = ["flat_orders", "flat_order_details", "dim_store", "dim_product"] as const;

const CELL = "order_date, store_id, order_type";

/** The cube of the sales page, from marts that are all there. */
export async function readSales(marts: Marts): Promise<SalesCube> {
  const [{ ids, stores }, products, cells, byHour, byMix, byProduct, discounts] = await Promise.all([
    readStores(marts),
    marts.rows("SELECT product_id, product_name, product_category, product_subcategory FROM {dim_product} ORDER BY 1"),
    marts.rows(cellsSql),
    marts.rows(`SELECT ${CELL}, order_hour, COUNT(*) AS orders FROM {flat_orders} GROUP BY 1, 2, 3, 4`),
    marts.rows(`SELECT ${CELL}, product_mix_type, category_count, COUNT(*) AS orders, SUM(net_amount) AS net
      FROM {flat_orders} GROUP BY 1, 2, 3, 4, 5`),
    marts.rows(`SELECT ${CELL}, product_id, SUM(quantity) AS items, SUM(net_amount) AS net
      FROM {flat_order_details} GROUP BY 1, 2, 3, 4`),
    marts.rows(`SELECT ${CELL}, discount_kind, discount_reason, COUNT(*) AS orders, SUM(discount_amount) AS discount
      FROM {flat_orders} WHERE discount_applied GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`),
  ]);

  const { of: dayOf, ...days } = daysFrom(dayIn(cells[0]), dayIn(cells.at(-1)));
  const store = wordsOf(ids);
  const orderType = wordsOf(distinct(cells, "order_type"));
  const product = wordsOf(products.map(({ product_id }) => String(product_id)));
  const mixes = [...new Map(byMix.map((row) => [String(row.product_mix_type), Number(row.category_count)]))]
    .map(([name, categories]) => ({ name, categories }))
    .sort((one, other) => other.categories - one.categories || compare(one.name, other.name));
  const mix = wordsOf(mixes.map(({ name }) => name));
  const reasons = wordsOf([...new Set(discounts.map(reasonIn))].sort());
  const hoursUsed = byHour.map(({ order_hour }) => Number(order_hour));
  const hours = spanOf(hoursUsed);

  const keyOf = (row: ResultRow) => `${row.order_date} ${row.store_id} ${row.order_type}`;
  const places = new Map(cells.map((row, place) => [keyOf(row), place]));
  const cellOf = (row: ResultRow) => places.get(keyOf(row)) as number;
  const sums = (name: string) => column(cells, (row) => Number(row[name]));
  const money = (name: string) => column(cells, (row) => kopiykas(row[name]));
  const by = (rows: ResultRow[], width: number, at: (row: ResultRow) => number, value: (row: ResultRow) => number) =>
    matrix(cells.length, width, rows, (row) => [cellOf(row), at(row)], value);
  const mixOf = (row: ResultRow) => mix.of(row.product_mix_type);
  const productOf = (row: ResultRow) => product.of(row.product_id);

  return {
    days,
    stores,
    orderTypes: orderType.list,
    hours,
    mixes,
    products: products.map((row) => ({
      name: String(row.product_name),
      category: String(row.product_category),
      subcategory: String(row.product_subcategory),
    })),
    discountReasons: reasons.list.map((reason) => {
      const [kind, name] = JSON.parse(reason);
      return { kind, name };
    }),
    cells: {
      day: column(cells, (row) => dayOf(row.order_date)),
      store: column(cells, (row) => store.of(row.store_id)),
      orderType: column(cells, (row) => orderType.of(row.order_type)),
      orders: sums("orders"),
      refundedOrders: sums("refunded_orders"),
      items: sums("items"),
      discountedOrders: sums("discounted_orders"),
      subTotal: money("sub_total"),
      discount: money("discount"),
      net: money("net"),
      margin: money("margin"),
      ordersByHour: by(byHour, hours.count, (row) => Number(row.order_hour) - hours.first, ordersIn),
      ordersByMix: by(byMix, mixes.length, mixOf, ordersIn),
      netByMix: by(byMix, mixes.length, mixOf, netIn),
      itemsByProduct: by(byProduct, products.length, productOf, (row) => Number(row.items)),
      netByProduct: by(byProduct, products.length, productOf, netIn),
    },
    discounts: {
      cell: column(discounts, cellOf),
      reason: column(discounts, (row) => reasons.of(reasonIn(row))),
      orders: column(discounts, ordersIn),
      discount: column(discounts, (row) => kopiykas(row.discount)),
    },
  };
}

const cellsSql = `SELECT ${CELL},
    COUNT(*) AS orders,
    SUM(CASE WHEN is_refunded THEN 1 ELSE 0 END) AS refunded_orders,
    SUM(CASE WHEN discount_applied THEN 1 ELSE 0 END) AS discounted_orders,
    SUM(items) AS items,
    SUM(sub_total) AS sub_total,
    SUM(discount_amount) AS discount,
    SUM(net_amount) AS net,
    SUM(margin_amount) AS margin
  FROM {flat_orders} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;

const ordersIn = (row: ResultRow) => Number(row.orders);
const netIn = (row: ResultRow) => kopiykas(row.net);
const dayIn = (row: ResultRow | undefined) => (row === undefined ? undefined : String(row.order_date));
/** Kind and name in one word, so that a promotion could be called like a level. */
const reasonIn = (row: ResultRow) => JSON.stringify([row.discount_kind, row.discount_reason]);
const compare = (one: string, other: string) => (one < other ? -1 : 1);

function spanOf(values: readonly number[]): { first: number; count: number } {
  let [first, last] = [Number.POSITIVE_INFINITY, -1];
  for (const value of values) [first, last] = [Math.min(first, value), Math.max(last, value)];
  return last < 0 ? { first: 0, count: 0 } : { first, count: last - first + 1 };
}
