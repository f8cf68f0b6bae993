import type * as tables from "../tables/coffee.ts";
import type { Row } from "../tables/table.ts";
import { dayOf, isoDay } from "./calendar.ts";
import { events } from "./events.ts";
import { priceOn, products } from "./menu.ts";
import { FIRST_DAY } from "./shop-settings.ts";
import { stores } from "./stores.ts";

const firstDay = dayOf(FIRST_DAY);

/** The rows of Stores.csv: the stores that are open on a day. */
export function storeRows(day: number): Row<typeof tables.stores>[] {
  return stores.flatMap((store, i) => {
    if (store.openedOn > day) return [];
    return {
      store_id: i + 1,
      store_name: store.name,
      district: store.district,
      city: "Kyiv",
      address: store.address,
      latitude: store.latitude,
      longitude: store.longitude,
      opened_on: isoDay(store.openedOn),
      format: store.format,
      seating_capacity: store.seats,
      opens_at_hour: store.opensAt,
      closes_at_hour: store.closesAt,
    };
  });
}

/** The rows of Products.csv: the menu of a day, at that day's prices. */
export function productRows(day: number): Row<typeof tables.products>[] {
  return products.flatMap((product, i) => {
    if (product.launchedOn > day) return [];
    const id = String(i + 1).padStart(3, "0");
    const kopiykas = priceOn(product, day);
    return {
      product_id: i + 1,
      sku: `${product.category.slice(0, 3).toUpperCase()}-${id}`,
      product_name: product.name,
      product_category: product.category,
      product_subcategory: product.subcategory,
      price: kopiykas / 100,
      unit_cost: Math.round(kopiykas * product.cost) / 100,
      is_seasonal: product.season !== 0,
      is_vegan: product.vegan,
      calories: product.calories,
      launched_on: isoDay(Math.max(product.launchedOn, firstDay)),
    };
  });
}

/** The rows of Events.csv: the events that have begun by a day. */
export function eventRows(day: number): Row<typeof tables.events>[] {
  return events
    .filter(({ from }) => from <= day)
    .map(({ name, kind, from, to, store, opensAt, closesAt, demand, closed, source }, i) => ({
      event_id: i + 1,
      event_name: name,
      kind,
      starts_on: isoDay(from),
      ends_on: isoDay(to),
      store_id: store === undefined ? null : store + 1,
      opens_at_hour: opensAt ?? null,
      closes_at_hour: closesAt ?? null,
      demand_factor: demand ?? null,
      is_closed: closed ?? false,
      source,
    }));
}
