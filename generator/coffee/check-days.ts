import type { Manifest } from "../lake/manifest.ts";
import { coffee } from "../tables/index.ts";
import { fullName, type Table } from "../tables/table.ts";
import type { ResultRow, Warehouse } from "../warehouse/warehouse.ts";
import { dayOf, isoDay } from "./calendar.ts";
import { isSameTable, type StagedTable, staying } from "./staged-table.ts";

/** This many orders must be missing before days without any are refused: a shop with few orders may have a day without one. */
const MISSED = 50;

/** A day on which a store was open, counted from the run's first one, and its orders. */
interface OpenDay {
  readonly date: string;
  readonly day: number;
  readonly n: number;
}

/**
 * Days without an order, of all stores or of one, although they were open and the same days of the week before and after have many orders; and
 * orders outside the run's days in months that stay. A run without events does not say when stores were closed, so only days at its beginning and end are
 * refused then: a manifest may name other days than its files have.
 */
export async function checkDays(
  warehouse: Warehouse,
  staged: readonly StagedTable[],
  { from, until }: Manifest["settings"],
): Promise<string[]> {
  const nowOf = (wanted: Table) => {
    const given = staged.find(({ table }) => isSameTable(table, wanted)) as StagedTable;
    return { given, rows: given.from ?? warehouse.nameOf(given.table) };
  };
  const orders = nowOf(coffee.orders).given;
  const parts = [staying(warehouse, orders), ...(orders.from === undefined ? [] : [orders.from])];
  const both = parts.map((part) => `SELECT store_id, order_date FROM ${part}`).join(" UNION ALL ");
  const counts = await warehouse.run(
    `SELECT store_id, order_date, COUNT(*) AS n FROM (${both}) AS orders GROUP BY store_id, order_date ORDER BY order_date`,
  );
  const [first, last] = [String(counts[0]?.order_date), String(counts.at(-1)?.order_date)];
  const name = fullName(orders.table);
  const said = `the manifest says that the run is of ${from} to ${until}`;
  if (first < from || last > until) return [`${name}: the orders are of ${first} to ${last}, and ${said}`];

  const stores = await warehouse.run(`SELECT store_id, store_name, opened_on FROM ${nowOf(coffee.stores).rows}`);
  const events = await warehouse.run(
    `SELECT store_id, starts_on, ends_on, is_closed FROM ${nowOf(coffee.events).rows}`,
  );
  const closings = events.filter(({ is_closed }) => is_closed === true);
  const isOpen = (store: ResultRow, day: string) =>
    String(store.opened_on) <= day &&
    !closings.some(
      ({ store_id, starts_on, ends_on }) =>
        String(starts_on) <= day && day <= String(ends_on) && (store_id === null || store_id === store.store_id),
    );
  const days = daysBetween(from, until);
  const missing = (of: readonly ResultRow[], who: string) => {
    const perDay = new Map<string, number>();
    for (const { store_id, order_date, n } of counts)
      if (of.some((store) => store.store_id === store_id))
        perDay.set(String(order_date), (perDay.get(String(order_date)) ?? 0) + Number(n));
    const open = days.flatMap((date, day) =>
      of.some((store) => isOpen(store, date)) ? [{ date, day, n: perDay.get(date) ?? 0 }] : [],
    );
    return gapsIn(open)
      .filter(([start, end]) => events.length > 0 || start === 0 || end === open.length)
      .map(
        ([start, end]) =>
          `${name}: no orders on ${spanOf(open.slice(start, end))}, although ${who} was open, and ${said}. If it was closed, list the days in ${coffee.events.table}`,
      );
  };
  const chain = missing(stores, "a store");
  return chain.length > 0 ? chain : stores.flatMap((store) => missing([store], String(store.store_name)));
}

/** Unbroken runs of days without orders, if so many orders must be missing: the first day of each, and the day after it. */
function gapsIn(open: readonly OpenDay[]): [start: number, end: number][] {
  const starts = open.flatMap(({ n }, index) => (n === 0 && open[index - 1]?.n !== 0 ? [index] : []));
  return starts.flatMap((start): [number, number][] => {
    const length = open.slice(start).findIndex(({ n }) => n > 0);
    const end = length < 0 ? open.length : start + length;
    // A shop that is closed every Sunday misses no orders on Sundays.
    const usual = ({ day }: OpenDay) => {
      const isSameWeekday = (other: OpenDay) => (other.day - day) % 7 === 0;
      const sameWeekday = [open.slice(0, start).findLast(isSameWeekday), open.slice(end).find(isSameWeekday)];
      // A run of a few days may have no other day of this weekday.
      const beside = sameWeekday.some((each) => each !== undefined) ? sameWeekday : [open[start - 1], open[end]];
      const counts = beside.flatMap((each) => (each === undefined ? [] : [each.n]));
      return counts.reduce((sum, n) => sum + n, 0) / Math.max(1, counts.length);
    };
    const missed = open.slice(start, end).reduce((sum, each) => sum + usual(each), 0);
    return missed < MISSED ? [] : [[start, end]];
  });
}

/** A day, or the first and the last of several. */
function spanOf(days: readonly OpenDay[]): string {
  const [first, last] = [days[0]?.date, days.at(-1)?.date];
  return first === last ? String(first) : `${first} to ${last}`;
}

/** All days from one to another, as `YYYY-MM-DD`. */
function daysBetween(from: string, until: string): string[] {
  const first = dayOf(from);
  return Array.from({ length: dayOf(until) - first + 1 }, (_, index) => isoDay(first + index));
}
