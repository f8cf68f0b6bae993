import type { ResultRow } from "../../generator/warehouse/warehouse.ts";
import { type Marts, readStores } from "../marts.ts";
import { eachPart, packedQuery, sumOfMoney } from "../packed-query.ts";
import { dictionaryOf, distinct, kopiykas, orderDays } from "../rows-to-columns.ts";
import type { DiscountReason, SalesCube } from "./shape.ts";

/** The marts that the page reads. */
export const salesMarts = [
  "flat_orders",
  "flat_order_details",
  "dim_store",
  "dim_product",
  "dim_event",
  "dim_customer",
] as const;

/** The columns that form a cell of the cube. */
const by = ["order_date", "store_id", "order_type"];
const from = "{flat_orders}";

/** Reads the cube of the sales page. All of `salesMarts` must exist. */
export async function readSales(marts: Marts): Promise<SalesCube> {
  const [{ ids, stores }, products, mixes, events, levels, cells, byHour, byMix, byProduct, discounts] =
    await Promise.all([
      readStores(marts),
      marts.rows(
        "SELECT product_id, product_name, product_category, product_subcategory FROM {dim_product} ORDER BY 1",
      ),
      marts.rows("SELECT DISTINCT product_mix_type, category_count FROM {flat_orders} ORDER BY 2 DESC, 1"),
      marts.rows("SELECT event_name, kind, starts_on, ends_on, store_id FROM {dim_event} ORDER BY starts_on, event_id"),
      marts.rows("SELECT DISTINCT level_of_discount, loyalty_tier FROM {dim_customer}"),
      marts.rows(cellsSql),
      marts.rows(packedQuery({ from, by, part: "order_hour", sums: ["COUNT(*)"] })),
      marts.rows(
        packedQuery({
          from,
          by,
          part: "product_mix_type",
          sums: ["COUNT(*)", "SUM(CASE WHEN is_refunded THEN 1 ELSE 0 END)", sumOfMoney("net_amount")],
        }),
      ),
      marts.rows(
        packedQuery({
          from: "{flat_order_details}",
          by,
          part: "product_id",
          sums: ["SUM(quantity)", sumOfMoney("net_amount")],
        }),
      ),
      marts.rows(
        packedQuery({
          from,
          by,
          part: REASON,
          sums: ["COUNT(*)", sumOfMoney("discount_amount")],
          where: "discount_applied",
        }),
      ),
    ]);

  const { of: dayOf, ...days } = orderDays(cells);
  const store = dictionaryOf(ids);
  const orderType = dictionaryOf(distinct(cells, "order_type"));
  const cell = dictionaryOf(cells.map(keyOf));
  const sums = (name: string) => cells.map((row) => Number(row[name]));
  const money = (name: string) => cells.map((row) => kopiykas(row[name]));
  /** Visits the parts of rows of `packedQuery`, with the place of their cell. */
  const eachPartOf = (
    rows: readonly ResultRow[],
    count: number,
    visit: (cell: number, part: string, sums: readonly number[]) => void,
  ) => {
    for (const row of rows) {
      const place = cell.of(keyOf(row));
      eachPart(row, count, (part, sums) => visit(place, part, sums));
    }
  };
  /** For each sum, a matrix of cells × words. */
  const matrices = (rows: readonly ResultRow[], count: number, words: readonly string[]) => {
    const { of } = dictionaryOf(words);
    const filled = Array.from({ length: count }, () => new Array<number>(cells.length * words.length).fill(0));
    eachPartOf(rows, count, (cell, part, sums) => {
      const place = cell * words.length + of(part);
      for (let i = 0; i < count; i++) (filled[i] as number[])[place] = sums[i] as number;
    });
    return filled;
  };

  const hoursWithOrders = new Set<number>();
  eachPartOf(byHour, 1, (_, hour) => hoursWithOrders.add(Number(hour)));
  const hours = spanOf([...hoursWithOrders]);
  const hourWords = Array.from({ length: hours.count }, (_, hour) => String(hours.first + hour));
  const mixWords = mixes.map(({ product_mix_type }) => String(product_mix_type));
  const productWords = products.map(({ product_id }) => String(product_id));
  const discountParts: { cell: number; part: string; sums: readonly number[] }[] = [];
  eachPartOf(discounts, 2, (cell, part, sums) => discountParts.push({ cell, part, sums: [...sums] }));
  discountParts.sort((one, other) => one.cell - other.cell || compare(one.part, other.part));
  const reasons = dictionaryOf([...new Set(discountParts.map(({ part }) => part))].sort());
  const tierOf = new Map(levels.map((row) => [String(row.level_of_discount), String(row.loyalty_tier)]));

  const [ordersByHour = []] = matrices(byHour, 1, hourWords);
  const [ordersByMix = [], refundedByMix = [], netByMix = []] = matrices(byMix, 3, mixWords);
  const [itemsByProduct = [], netByProduct = []] = matrices(byProduct, 2, productWords);
  return {
    days,
    stores,
    orderTypes: orderType.list,
    hours,
    mixes: mixes.map((row) => ({ name: String(row.product_mix_type), categories: Number(row.category_count) })),
    products: products.map((row) => ({
      name: String(row.product_name),
      category: String(row.product_category),
      subcategory: String(row.product_subcategory),
    })),
    discountReasons: reasons.list.map((word) => reasonOf(word, tierOf)),
    events: events.map(({ event_name, kind, starts_on, ends_on, store_id }) => ({
      name: String(event_name),
      kind: String(kind),
      from: dayOf(starts_on),
      to: dayOf(ends_on),
      ...(store_id !== null && { store: store.of(store_id) }),
    })),
    cells: {
      day: cells.map((row) => dayOf(row.order_date)),
      store: cells.map((row) => store.of(row.store_id)),
      orderType: cells.map((row) => orderType.of(row.order_type)),
      orders: sums("orders"),
      refundedOrders: sums("refunded_orders"),
      items: sums("items"),
      discountedOrders: sums("discounted_orders"),
      subTotal: money("sub_total"),
      discount: money("discount"),
      net: money("net"),
      margin: money("margin"),
      ordersByHour,
      ordersByMix,
      refundedByMix,
      netByMix,
      itemsByProduct,
      netByProduct,
    },
    discounts: {
      cell: discountParts.map(({ cell }) => cell),
      reason: discountParts.map(({ part }) => reasons.of(part)),
      orders: discountParts.map(({ sums }) => sums[0] as number),
      discount: discountParts.map(({ sums }) => sums[1] as number),
    },
  };
}

const cellsSql = `SELECT ${by.join(", ")},
    COUNT(*) AS orders,
    SUM(CASE WHEN is_refunded THEN 1 ELSE 0 END) AS refunded_orders,
    SUM(CASE WHEN discount_applied THEN 1 ELSE 0 END) AS discounted_orders,
    SUM(items) AS items,
    SUM(sub_total) AS sub_total,
    SUM(discount_amount) AS discount,
    SUM(net_amount) AS net,
    SUM(margin_amount) AS margin
  FROM {flat_orders} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;

/** Kind and name in one text, since a promotion could have the name of a loyalty level. */
const REASON = "CONCAT(discount_kind, ' ', discount_reason)";

/** @param tierOf the name of each loyalty level, by its discount, such as Gold by 10% */
function reasonOf(word: string, tierOf: ReadonlyMap<string, string>): DiscountReason {
  const [kind = "", ...names] = word.split(" ");
  const name = names.join(" ");
  const tier = kind === "loyalty" ? tierOf.get(name) : undefined;
  return { kind: kind as DiscountReason["kind"], name: tier === undefined ? name : `${tier}, ${name}` };
}

const keyOf = (row: ResultRow) => `${row.order_date} ${row.store_id} ${row.order_type}`;
const compare = (one: string, other: string) => (one < other ? -1 : 1);

function spanOf(values: readonly number[]): { first: number; count: number } {
  if (values.length === 0) return { first: 0, count: 0 };
  const first = Math.min(...values);
  return { first, count: Math.max(...values) - first + 1 };
}
