import { columnNames, type Table } from "../tables/table.ts";
import * as thelook from "../tables/thelook.ts";
import type { Item, Order, Person } from "./people.ts";

/*
 * The synthetic thelook's CSV lines, with their ends, in the form of BigQuery's export. No value holds a comma or a quote.
 */

interface UserSource {
  readonly id: number;
  readonly person: Person;
}

interface OrderSource extends UserSource {
  readonly orderId: number;
  readonly order: Order;
}

interface ItemSource extends OrderSource {
  readonly itemId: number;
  readonly item: Item;
}

export const userLine = lineOf<typeof thelook.users, UserSource>(thelook.users, {
  id: ({ id }) => id,
  first_name: ({ person }) => person.firstName,
  last_name: ({ person }) => person.lastName,
  email: ({ person }) => person.email,
  age: ({ person }) => person.age,
  gender: ({ person }) => person.gender,
  state: ({ person }) => person.state,
  street_address: ({ person }) => person.streetAddress,
  postal_code: ({ person }) => person.postalCode,
  city: ({ person }) => person.city,
  country: ({ person }) => person.country,
  latitude: ({ person }) => person.latitude,
  longitude: ({ person }) => person.longitude,
  traffic_source: ({ person }) => person.trafficSource,
  created_at: ({ person }) => timestamp(person.createdAt),
});

export const orderLine = lineOf<typeof thelook.orders, OrderSource>(thelook.orders, {
  order_id: ({ orderId }) => orderId,
  user_id: ({ id }) => id,
  status: ({ order }) => order.status,
  gender: ({ person }) => person.gender,
  created_at: ({ order }) => timestamp(order.createdAt),
  returned_at: ({ order }) => timestamp(order.returnedAt),
  shipped_at: ({ order }) => timestamp(order.shippedAt),
  delivered_at: ({ order }) => timestamp(order.deliveredAt),
  num_of_item: ({ order }) => order.itemCount,
});

export const itemLine = lineOf<typeof thelook.orderItems, ItemSource>(thelook.orderItems, {
  id: ({ itemId }) => itemId,
  order_id: ({ orderId }) => orderId,
  user_id: ({ id }) => id,
  product_id: ({ item }) => item.product,
  // Each piece in stock is sold once, so that the item's number serves for it.
  inventory_item_id: ({ itemId }) => itemId,
  status: ({ order }) => order.status,
  created_at: ({ item }) => timestamp(item.createdAt),
  shipped_at: ({ order }) => timestamp(order.shippedAt),
  delivered_at: ({ order }) => timestamp(order.deliveredAt),
  returned_at: ({ order }) => timestamp(order.returnedAt),
  sale_price: ({ item }) => item.price,
});

/** The function that writes a table's line, from one function a column: columns cannot be missing, nor shift against the header. */
function lineOf<T extends Table, Source>(
  table: T,
  values: { readonly [Name in keyof T["columns"]]: (source: Source) => string | number },
): (source: Source) => string {
  const [first, ...rest] = columnNames(table).map((name) => values[name as keyof T["columns"]]);
  return (source) => {
    let line = `${(first as (source: Source) => number)(source)}`;
    for (const value of rest) line += `,${value(source)}`;
    return `${line}\n`;
  };
}

const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, "0"));
const days = new Map<number, string>();

/** Seconds since 1970 as BigQuery exports a timestamp; nothing for none. */
function timestamp(instant: number | undefined): string {
  if (instant === undefined) return "";
  const day = Math.floor(instant / 86_400);
  const second = instant - day * 86_400;
  const time = `${twoDigits[Math.floor(second / 3_600)]}:${twoDigits[Math.floor(second / 60) % 60]}:${twoDigits[second % 60]}`;
  return `${dateOf(day)} ${time}.000000 UTC`;
}

function dateOf(day: number): string {
  const known = days.get(day);
  if (known !== undefined) return known;
  const date = new Date(day * 86_400_000).toISOString().slice(0, 10);
  days.set(day, date);
  return date;
}
