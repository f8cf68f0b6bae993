import type { ResultRow } from "../../generator/warehouse/warehouse.ts";
import { type Marts, readStores } from "../marts.ts";
import { eachPart, packedQuery, sumOfMoney } from "../packed-query.ts";
import type { Store } from "../report.ts";
import { type Dictionary, daySpan, dictionaryOf, distinct, kopiykas, matrix, orderDays } from "../rows-to-columns.ts";
import type { CustomerMonths, Customers, CustomersData, Trade, VisitGaps } from "./shape.ts";

/** The marts that each part of the page reads. */
export const customersMarts = {
  customers: ["flat_customer_metrics", "dim_customer", "dim_store", "dim_rfm_segment"],
  months: ["flat_customer_months", "flat_customer_metrics"],
  gaps: ["flat_visit_gaps", "dim_visit_gap", "flat_customer_metrics"],
  trade: ["flat_orders", "dim_store"],
} as const satisfies Record<keyof CustomersData, readonly string[]>;

/** Shared by several parts of the page. */
interface Common {
  readonly marts: Marts;
  readonly asOf: string | undefined;
  readonly stores: readonly Store[];
  readonly storeIds: Dictionary;
  readonly orderTypes: Dictionary;
}

/** Reads the parts of the customers page whose marts exist. @param asOf the day that the customers' metrics look back from */
export async function readCustomers(marts: Marts, asOf: string | undefined): Promise<CustomersData> {
  const exists = (part: keyof CustomersData) => marts.missing(...customersMarts[part]) === undefined;
  const { ids, stores } = marts.missing("dim_store") === undefined ? await readStores(marts) : { ids: [], stores: [] };
  const common = { marts, asOf, stores, storeIds: dictionaryOf(ids), orderTypes: await readOrderTypes(marts) };
  const profiles = marts.missing("flat_customer_metrics") === undefined ? await marts.rows(profilesSql) : [];
  const places = dictionaryOf(profiles.map(({ customer_id }) => String(customer_id)));
  return {
    ...(exists("customers") && { customers: await readProfiles(common, profiles) }),
    ...(exists("months") && { months: await readMonths(marts, places) }),
    ...(exists("gaps") && { gaps: await readGaps(marts, places) }),
    ...(exists("trade") && { trade: await readTrade(common) }),
  };
}

/** The order types of orders and customers together, so that all parts share one list. */
async function readOrderTypes(marts: Marts): Promise<Dictionary> {
  const types = [
    ["flat_orders", "order_type"],
    ["flat_customer_metrics", "main_order_type"],
  ].filter(([mart = ""]) => marts.missing(mart) === undefined);
  const rows = await Promise.all(
    types.map(([mart, name]) => marts.rows(`SELECT DISTINCT ${name} AS type FROM {${mart}}`)),
  );
  return dictionaryOf(distinct(rows.flat(), "type"));
}

const profilesSql = `SELECT customer_id, registration_date, home_store_name, main_order_type, level_of_discount, discount_rate, loyalty_tier,
    acquisition_channel, days_since_last_order, orders_all_time, ltv, is_churned,
    median_days_between_orders, r_score, f_score
  FROM {flat_customer_metrics} ORDER BY registration_date, customer_id`;

async function readProfiles(
  { marts, asOf, stores, storeIds, orderTypes }: Common,
  rows: ResultRow[],
): Promise<Customers> {
  const [silent, grid] = await Promise.all([
    // On that day, later registrations did not exist yet.
    asOf === undefined
      ? []
      : marts.rows(`SELECT people.registration_date, stores.store_id
      FROM {dim_customer} AS people
      JOIN {dim_store} AS stores ON people.home_store_key = stores.store_key
      LEFT JOIN {flat_customer_metrics} AS metrics ON people.customer_key = metrics.customer_key
      WHERE metrics.customer_key IS NULL AND people.registration_date <= DATE '${asOf}'
      ORDER BY people.registration_date, people.customer_id`),
    marts.rows(
      "SELECT r_score, f_score, segment, segment_rank, meaning FROM {dim_rfm_segment} ORDER BY segment_rank, 1, 2",
    ),
  ]);
  const registrations = [...rows, ...silent].map((row) => String(row.registration_date)).sort();
  const { of: dayOf, ...days } = daySpan(registrations[0], asOf);
  const storeNames = dictionaryOf(stores.map(({ name }) => name));
  const levelOf = (row: ResultRow) => JSON.stringify([Number(row.discount_rate), row.loyalty_tier]);
  const levels = dictionaryOf([...new Set(rows.map(levelOf))].sort((one, other) => rateIn(one) - rateIn(other)));
  const channels = dictionaryOf(distinct(rows, "acquisition_channel"));
  const meanings = new Map(grid.map(({ segment, meaning }) => [String(segment), String(meaning)]));
  const segments = dictionaryOf([...meanings.keys()]);
  const numbers = (name: string) => rows.map((row) => Number(row[name]));

  return {
    days,
    stores,
    orderTypes: orderTypes.list,
    levels: levels.list.map((level) => ({
      name: JSON.parse(level)[1],
      rate: Math.round(rateIn(level) * 10_000) / 100,
    })),
    channels: channels.list,
    segments: [...meanings].map(([name, meaning]) => ({ name, meaning })),
    segmentOf: matrix(
      5,
      5,
      grid,
      (row) => [Number(row.r_score) - 1, Number(row.f_score) - 1],
      (row) => segments.of(row.segment),
    ),
    profiles: {
      registered: rows.map((row) => dayOf(row.registration_date)),
      store: rows.map((row) => storeNames.of(row.home_store_name)),
      orderType: rows.map((row) => orderTypes.of(row.main_order_type)),
      level: rows.map((row) => levels.of(levelOf(row))),
      channel: rows.map((row) => channels.of(row.acquisition_channel)),
      recency: numbers("days_since_last_order"),
      orders: numbers("orders_all_time"),
      ltv: rows.map((row) => kopiykas(row.ltv)),
      churned: rows.map((row) => (row.is_churned === true ? 1 : 0)),
      medianGapTimes2: rows.map(({ median_days_between_orders: gap }) =>
        gap === null ? -1 : Math.round(2 * Number(gap)),
      ),
      r: numbers("r_score"),
      f: numbers("f_score"),
    },
    silent: {
      registered: silent.map((row) => dayOf(row.registration_date)),
      store: silent.map((row) => storeIds.of(row.store_id)),
    },
  };
}

const rateIn = (level: string): number => JSON.parse(level)[0];

async function readMonths(marts: Marts, places: Dictionary): Promise<CustomerMonths> {
  const part = "months_since_registration";
  const sums = [sumOfMoney("revenue")];
  const rows = await marts.rows(packedQuery({ from: "{flat_customer_months}", by: ["customer_id"], part, sums }));
  const months: { customer: number; month: number; net: number }[] = [];
  for (const row of rows) {
    const customer = places.of(row.customer_id);
    eachPart(row, sums.length, (part, [net]) => months.push({ customer, month: Number(part), net: net as number }));
  }
  months.sort((one, other) => one.customer - other.customer || one.month - other.month);
  return {
    customer: months.map(({ customer }) => customer),
    month: months.map(({ month }) => month),
    net: months.map(({ net }) => net),
  };
}

async function readGaps(marts: Marts, places: Dictionary): Promise<VisitGaps> {
  const [lengths, rows] = await Promise.all([
    marts.rows("SELECT gap_length, from_days, to_days, gap_rank FROM {dim_visit_gap} ORDER BY gap_rank"),
    marts.rows("SELECT customer_id, gap_rank, gap_count FROM {flat_visit_gaps}"),
  ]);
  const ranks = dictionaryOf(lengths.map(({ gap_rank }) => String(gap_rank)));
  return {
    buckets: lengths.map(({ gap_length, from_days, to_days }) => ({
      name: String(gap_length),
      from: Number(from_days),
      ...(to_days !== null && { to: Number(to_days) }),
    })),
    gaps: matrix(
      places.list.length,
      lengths.length,
      rows,
      (row) => [places.of(row.customer_id), ranks.of(row.gap_rank)],
      (row) => Number(row.gap_count),
    ),
  };
}

async function readTrade({ marts, stores, storeIds, orderTypes, asOf }: Common): Promise<Trade> {
  const kinds = ["registered", "anonymous"] as const;
  const sums = kinds.map((kind) => {
    const is = kind === "registered" ? "is_registered" : "NOT is_registered";
    return `SUM(CASE WHEN ${is} THEN 1 ELSE 0 END) AS ${kind}_orders,
      SUM(CASE WHEN ${is} AND is_refunded THEN 1 ELSE 0 END) AS ${kind}_refunded,
      SUM(CASE WHEN ${is} THEN net_amount ELSE 0 END) AS ${kind}_net`;
  });
  const rows = await marts.rows(`SELECT order_date, store_id, order_type, ${sums.join(",\n")}
    FROM {flat_orders} ${asOf === undefined ? "" : `WHERE order_date <= DATE '${asOf}'`}
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`);
  const { of: dayOf, ...days } = orderDays(rows);
  const numbers = (name: string) => rows.map((row) => Number(row[name]));
  return {
    days,
    stores,
    orderTypes: orderTypes.list,
    cells: {
      day: rows.map((row) => dayOf(row.order_date)),
      store: rows.map((row) => storeIds.of(row.store_id)),
      orderType: rows.map((row) => orderTypes.of(row.order_type)),
      registeredOrders: numbers("registered_orders"),
      registeredRefunded: numbers("registered_refunded"),
      registeredNet: rows.map((row) => kopiykas(row.registered_net)),
      anonymousOrders: numbers("anonymous_orders"),
      anonymousRefunded: numbers("anonymous_refunded"),
      anonymousNet: rows.map((row) => kopiykas(row.anonymous_net)),
    },
  };
}
