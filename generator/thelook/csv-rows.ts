import { type Bytes, type Encoded, encode } from "../csv/bytes.ts";
import { rowWriter } from "../csv/row-writer.ts";
import { thelook } from "../tables/merchant.ts";
import { type Item, type Order, type Person, statuses, trafficSources } from "./people.ts";
import { firstNames, lastNames, mailDomains, streets } from "./synthetic-values.ts";

/*
 * The CSV rows of the synthetic thelook, in the form of BigQuery's export. No value contains a comma or a quote.
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
  /** The price of each product in cents, by id. */
  readonly prices: Int32Array;
}

const encoded = (texts: readonly string[]) => texts.map(encode);
const lower = (texts: readonly string[]) => encoded(texts.map((text) => text.toLowerCase()));
const names = { F: encoded(firstNames.F), M: encoded(firstNames.M) };
const surnames = encoded(lastNames);
const mailNames = { F: lower(firstNames.F), M: lower(firstNames.M) };
const mailSurnames = lower(lastNames);
const mailEndings = encoded(mailDomains.map((domain) => `@${domain}`));
const streetNames = encoded(streets.map((street) => ` ${street}`));
const genders = { F: encode("F"), M: encode("M") };
const noCity = encode("null");
const sources = encoded(trafficSources);
const statusNames = encoded(statuses);

export const userRow = rowWriter<typeof thelook.users.columns, UserSource>(thelook.users, {
  id: (out, { id }) => out.integer(id),
  first_name: (out, { person: { gender, firstName } }) => out.text(names[gender][firstName] as Encoded),
  last_name: (out, { person }) => out.text(surnames[person.lastName] as Encoded),
  email: (out, { person: { gender, firstName, lastName, mailDomain } }) => {
    out.text(mailNames[gender][firstName] as Encoded);
    out.text(mailSurnames[lastName] as Encoded);
    out.text(mailEndings[mailDomain] as Encoded);
  },
  age: (out, { person }) => out.integer(person.age),
  gender: (out, { person }) => out.text(genders[person.gender]),
  state: (out, { person }) => out.text(person.place.state),
  street_address: (out, { person }) => {
    out.integer(person.house);
    out.text(streetNames[person.street] as Encoded);
  },
  postal_code: (out, { person }) => out.text(person.district.postalCode),
  city: (out, { person }) => out.text(person.cityMissing ? noCity : person.place.city),
  country: (out, { person }) => out.text(person.place.country),
  latitude: (out, { person }) => out.text(person.district.latitude),
  longitude: (out, { person }) => out.text(person.district.longitude),
  traffic_source: (out, { person }) => out.text(sources[person.trafficSource] as Encoded),
  created_at: (out, { person }) => timestamp(out, person.createdAt),
});

export const orderRow = rowWriter<typeof thelook.orders.columns, OrderSource>(thelook.orders, {
  order_id: (out, { orderId }) => out.integer(orderId),
  user_id: (out, { id }) => out.integer(id),
  status: (out, { order }) => out.text(statusNames[order.status] as Encoded),
  gender: (out, { person }) => out.text(genders[person.gender]),
  created_at: (out, { order }) => timestamp(out, order.createdAt),
  returned_at: (out, { order }) => timestamp(out, order.returnedAt),
  shipped_at: (out, { order }) => timestamp(out, order.shippedAt),
  delivered_at: (out, { order }) => timestamp(out, order.deliveredAt),
  num_of_item: (out, { order }) => out.integer(order.items.length),
});

export const itemRow = rowWriter<typeof thelook.orderItems.columns, ItemSource>(thelook.orderItems, {
  id: (out, { itemId }) => out.integer(itemId),
  order_id: (out, { orderId }) => out.integer(orderId),
  user_id: (out, { id }) => out.integer(id),
  product_id: (out, { item }) => out.integer(item.product),
  // Each piece in stock is sold once, so the item's id can stand for it.
  inventory_item_id: (out, { itemId }) => out.integer(itemId),
  status: (out, { order }) => out.text(statusNames[order.status] as Encoded),
  created_at: (out, { item }) => timestamp(out, item.createdAt),
  shipped_at: (out, { order }) => timestamp(out, order.shippedAt),
  delivered_at: (out, { order }) => timestamp(out, order.deliveredAt),
  returned_at: (out, { order }) => timestamp(out, order.returnedAt),
  sale_price: (out, { item, prices }) => out.hundredths(prices[item.product] as number),
});

/** By day since 1970. Allocated until 2052, because an array that grows from a high index is slow. */
const days = new Array<Encoded | undefined>(30_000);
const minuteTexts = Array.from({ length: 1_440 }, (_, minute) => {
  const twoDigits = (number: number) => String(number).padStart(2, "0");
  return `${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}:`;
});
const minutes = encoded(minuteTexts);
const fullMinutes = encoded(minuteTexts.map((text) => `${text}00.000000 UTC`));
const zone = encode(".000000 UTC");

/** Writes seconds since 1970 in the form of BigQuery's export, and nothing for undefined. */
function timestamp(out: Bytes, instant: number | undefined): void {
  if (instant === undefined) return;
  const day = Math.floor(instant / 86_400);
  const second = instant - day * 86_400;
  const minute = Math.floor(second / 60);
  out.text(dateOf(day));
  // Nearly all times are full minutes.
  if (second === minute * 60) {
    out.text(fullMinutes[minute] as Encoded);
    return;
  }
  out.text(minutes[minute] as Encoded);
  out.digits(second - minute * 60, 2);
  out.text(zone);
}

function dateOf(day: number): Encoded {
  days[day] ??= encode(`${new Date(day * 86_400_000).toISOString().slice(0, 10)} `);
  return days[day] as Encoded;
}
