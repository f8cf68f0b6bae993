import { thelook } from "../tables/merchant.ts";
import { columnNames, type Table } from "../tables/table.ts";
import type { Item, Order, Person } from "./people.ts";

/*
 * The CSV lines of the synthetic thelook, with line ends, in the form of BigQuery's export. No value contains a comma or a quote.
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
  // Each piece in stock is sold once, so the item's id can stand for it.
  inventory_item_id: ({ itemId }) => itemId,
  status: ({ order }) => order.status,
  created_at: ({ item }) => timestamp(item.createdAt),
  shipped_at: ({ order }) => timestamp(order.shippedAt),
  delivered_at: ({ order }) => timestamp(order.deliveredAt),
  returned_at: ({ order }) => timestamp(order.returnedAt),
  sale_price: ({ item }) => item.price,
});

/**
 * Returns the function that writes a table's line, from one function per column. A missing column does not compile, and the
 * definition sets the order, so columns cannot shift against the header.
 */
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

/** Seconds since 1970 in the form of BigQuery's export; an empty text for undefined. */
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
