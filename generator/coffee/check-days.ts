import type { Manifest } from "../lake/manifest.ts";
import { coffee } from "../tables/index.ts";
import type { Table } from "../tables/table.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { isoDay } from "./calendar.ts";
import { type StagedTable, sameName, staying } from "./staged-table.ts";

/** This many orders are missing before days without an order are refused: of a shop with few orders, a day may have none. */
const MISSED = 50;

/**
 * Days of the run without an order at its beginning or end, although a store was open, and orders outside its days in months that stay: a
 * manifest may name other days than its files have.
 */
export async function checkDays(
  warehouse: Warehouse,
  staged: readonly StagedTable[],
  { from, until }: Manifest["settings"],
): Promise<string[]> {
  const nowOf = (wanted: Table) => {
    const given = staged.find(({ table }) => sameName(table, wanted)) as StagedTable;
    return { given, rows: given.from ?? warehouse.nameOf(given.table) };
  };
  const orders = nowOf(coffee.orders).given;
  const parts = [staying(warehouse, orders), ...(orders.from === undefined ? [] : [orders.from])];
  const days = parts.map((part) => `SELECT order_date FROM ${part}`).join(" UNION ALL ");
  const [found] = await warehouse.run(
    `SELECT MIN(order_date) AS first, MAX(order_date) AS last, COUNT(*) AS n FROM (${days}) AS days`,
  );
  const [first, last] = [String(found?.first), String(found?.last)];
  const said = `and the manifest says that the run is of ${from} to ${until}`;
  if (first < from || last > until) return [`the orders are of ${first} to ${last}, ${said}`];
  const stores = await warehouse.run(`SELECT store_id, opened_on FROM ${nowOf(coffee.stores).rows}`);
  const closings = await warehouse.run(
    `SELECT store_id, starts_on, ends_on FROM ${nowOf(coffee.events).rows} WHERE is_closed`,
  );
  const isOpen = (day: string) =>
    stores.some(
      (store) =>
        String(store.opened_on) <= day &&
        !closings.some(
          ({ store_id, starts_on, ends_on }) =>
            String(starts_on) <= day && day <= String(ends_on) && (store_id === null || store_id === store.store_id),
        ),
    );
  const empty = daysBetween(from, until).filter((day) => (day < first || day > last) && isOpen(day));
  const perDay = Number(found?.n) / daysBetween(first, last).length;
  if (empty.length * perDay < MISSED) return [];
  return [`the orders are of ${first} to ${last}, although a store was open on ${empty.at(-1)}, ${said}`];
}

/** All days from one to another, as `YYYY-MM-DD`. */
function daysBetween(from: string, until: string): string[] {
  const [first = 0, last = 0] = [from, until].map((day) => Date.parse(day) / 86_400_000);
  return Array.from({ length: last - first + 1 }, (_, index) => isoDay(first + index));
}
