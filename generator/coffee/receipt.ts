import { Bytes, type Encoded, encode } from "../csv/bytes.ts";
import { rowWriter } from "../csv/row-writer.ts";
import * as tables from "../tables/coffee.ts";
import { promotions } from "./discounts.ts";

/** The most orders of a store in a day: the number of an order has five digits in its id. */
export const MOST_ORDERS_A_STORE_DAY = 99_999;
const MOST_LINES = 5;

const orderTypes = ["In-store", "Takeaway"] as const;
export const channels = ["counter", "app"] as const;
export const paymentMethods = ["card", "cash", "e-wallet"] as const;

/**
 * The order being written. One object serves for all orders, so that the inner loop allocates nothing. Money is in kopiykas; names
 * are indexes into their lists.
 */
export class Receipt {
  /** `YYYY-MM-DD`, and with the hour in UTC, `YYYY-MM-DDTHH:`. */
  day: Encoded = encode("");
  utcHour: Encoded = encode("");
  /** Id of the order, also in its lines: day, store and number within both, as `YYYYMMDDSSNNNNN`. */
  readonly id = new Bytes(15);
  /** Id of the store. */
  store = 0;
  hour = 0;
  /** Second of the hour, 0 to 3599. */
  second = 0;
  /** 0 for an anonymous guest. */
  customerId = 0;
  orderType = 0;
  channel = 0;
  paymentMethod = 0;
  refunded = false;
  /** Index of the promotion that set the discount, or -1. */
  promotion = -1;
  discountPercent = 0;
  subTotal = 0;
  discount = 0;
  lineCount = 0;
  /** The lines: indexes into the menu, and quantities. */
  readonly products = new Uint8Array(MOST_LINES);
  readonly quantities = new Uint8Array(MOST_LINES);
  /** List prices of the whole menu as text, by the product's index. */
  priceTexts: readonly Encoded[] = [];
  /** The line being written, from 0. */
  line = 0;
}

const text = {
  orderTypes: orderTypes.map(encode),
  channels: channels.map(encode),
  paymentMethods: paymentMethods.map(encode),
  promotions: promotions.map(({ code }) => encode(code)),
  completed: encode("completed"),
  refunded: encode("refunded"),
  true: encode("true"),
  false: encode("false"),
  colon: encode(":"),
  utc: encode("Z"),
  percents: Array.from({ length: 101 }, (_, percent) => encode((percent / 100).toFixed(2))),
};

/** Writes the row of Orders.csv. */
export const writeOrder = rowWriter<typeof tables.orders.columns, Receipt>(tables.orders, {
  order_id: (out, { id }) => out.copy(id),
  ordered_at: (out, { utcHour, second }) => {
    const minute = (second / 60) | 0;
    out.text(utcHour);
    out.twoDigits(minute);
    out.text(text.colon);
    out.twoDigits(second - minute * 60);
    out.text(text.utc);
  },
  order_date: (out, { day }) => out.text(day),
  order_hour: (out, { hour }) => out.integer(hour),
  order_type: (out, { orderType }) => out.text(text.orderTypes[orderType] as Encoded),
  channel: (out, { channel }) => out.text(text.channels[channel] as Encoded),
  payment_method: (out, { paymentMethod }) => out.text(text.paymentMethods[paymentMethod] as Encoded),
  customer_id: (out, { customerId }) => {
    if (customerId > 0) out.integer(customerId);
  },
  store_id: (out, { store }) => out.integer(store),
  status: (out, { refunded }) => out.text(refunded ? text.refunded : text.completed),
  promo_code: (out, { promotion }) => {
    if (promotion >= 0) out.text(text.promotions[promotion] as Encoded);
  },
  sub_total: (out, { subTotal }) => out.hundredths(subTotal),
  discount_applied: (out, { discountPercent }) => out.text(discountPercent > 0 ? text.true : text.false),
  discount_rate: (out, { discountPercent }) => out.text(text.percents[discountPercent] as Encoded),
  discount_amount: (out, { discount }) => out.hundredths(discount),
  total_amount: (out, { subTotal, discount }) => out.hundredths(subTotal - discount),
});

/** Writes the row of OrderDetails.csv for the receipt's current line. */
export const writeLine = rowWriter<typeof tables.orderDetails.columns, Receipt>(tables.orderDetails, {
  order_detail_id: (out, { id, line }) => {
    out.copy(id);
    out.integer(line + 1);
  },
  order_id: (out, { id }) => out.copy(id),
  line_number: (out, { line }) => out.integer(line + 1),
  product_id: (out, { products, line }) => out.integer((products[line] as number) + 1),
  quantity: (out, { quantities, line }) => out.integer(quantities[line] as number),
  unit_price: (out, { priceTexts, products, line }) => out.text(priceTexts[products[line] as number] as Encoded),
});
