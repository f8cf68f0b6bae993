import { Random } from "../random.ts";
import type { Bytes } from "./bytes.ts";
import type { Customer } from "./customers.ts";
import { storeDemand, storeLuck } from "./demand.ts";
import { loyaltyLevels, promotions } from "./discounts.ts";
import { type Choices, choices, choose, poisson } from "./draws.ts";
import { guests, orderHours, PASSER_BY } from "./personas.ts";
import { MOST_ORDERS_A_STORE_DAY, Receipt, writeLine, writeOrder } from "./receipt.ts";
import { stores } from "./stores.ts";
import type { TradingDay } from "./trade.ts";

/** Share of the orders that are refunded. */
const REFUNDED = 0.005;
/** Share of the orders that ask for the promotion on offer. */
const PROMOTION_TAKEN = { registered: 0.45, anonymous: 0.3 };
const takeaway = { flagship: 0.36, neighbourhood: 0.45, kiosk: 0.85 };
/** Added to the share of takeaway before ten, when people are on their way to work. */
const MORNING_TAKEAWAY = 0.12;

const lineCounts = guests.map(({ lines }) => choices([0, ...lines]));
const quantities = choices([0, 0.8, 0.15, 0.05]);
/** Weights of counter, app and kiosk. */
const channelChoices = { registered: choices([0.46, 0.44, 0.1]), anonymous: choices([0.8, 0, 0.2]) };

/** Choices of the order's hour, by store and guest. */
const hours = stores.map((store) =>
  guests.map((guest) => ({ workday: orderHours(guest, store, false), weekend: orderHours(guest, store, true) })),
);

/** A sort key is the second of the day times this, plus the order's index before sorting. */
const PLACES = 1 << 18;

/**
 * Returns a function that writes the orders and lines of one store on one day, sorted by time, and returns how many it wrote. They
 * depend only on seed, scale, store and day. It throws if there are more orders than an order's number can count.
 */
export function storeDayWriter(seed: number, scale: number) {
  const random = new Random(seed, "coffee orders");
  const receipt = new Receipt();
  let keys = new Float64Array(1024);

  /** Draws the orders' times into `keys`, sorted, and returns the number of orders. */
  function drawTimes(on: TradingDay, storeIndex: number, visitors: readonly Customer[]): number {
    const store = stores[storeIndex] as (typeof stores)[number];
    const mean = storeDemand(store, on.day) * on.city * storeLuck(random) * scale;
    const count = visitors.length + poisson(random, mean);
    if (count > MOST_ORDERS_A_STORE_DAY) throw new Error(`${count} orders at ${store.name} on day ${on.day}`);
    if (count > keys.length) keys = new Float64Array(count * 2);
    const choicesOfHour = hours[storeIndex] as (typeof hours)[number];
    for (let i = 0; i < count; i++) {
      const guest = choicesOfHour[visitors[i]?.persona ?? PASSER_BY] as { workday: Choices; weekend: Choices };
      const hour = choose(random, on.weekend ? guest.weekend : guest.workday);
      const second = Math.floor(random.next() * 3600);
      keys[i] = (hour * 3600 + second) * PLACES + i;
    }
    keys.subarray(0, count).sort();
    return count;
  }

  function fillLines({ menu }: TradingDay, guest: number): void {
    receipt.lineCount = choose(random, lineCounts[guest] as Choices);
    receipt.subTotal = 0;
    let taken = 0;
    let choice = menu.first[receipt.hour] as Choices;
    for (let line = 0; line < receipt.lineCount; line++) {
      let product = choose(random, choice);
      // More of one product is a quantity, not another line.
      while ((taken >>> product) & 1) product = choose(random, choice);
      taken |= 1 << product;
      if (line === 0) choice = menu.further[product] as Choices;
      const quantity = choose(random, quantities);
      const price = menu.prices[product] as number;
      receipt.products[line] = product;
      receipt.quantities[line] = quantity;
      receipt.prices[line] = price;
      receipt.subTotal += price * quantity;
    }
  }

  /**
   * Applies the better of loyalty discount and promotion. It rounds each line by itself, so that the lines add up to the order's
   * discount.
   */
  function fillDiscount({ offers }: TradingDay, customer: Customer | undefined): void {
    const loyalty = customer === undefined ? 0 : (loyaltyLevels[customer.level]?.percent as number);
    const offer = offers[receipt.hour] as number;
    const asks = random.next() < (customer === undefined ? PROMOTION_TAKEN.anonymous : PROMOTION_TAKEN.registered);
    const offered = asks && offer >= 0 ? (promotions[offer]?.percent as number) : 0;
    receipt.promotion = offered > loyalty ? offer : -1;
    receipt.discountPercent = Math.max(offered, loyalty);
    receipt.discount = 0;
    for (let line = 0; line < receipt.lineCount; line++) {
      const amount = (receipt.prices[line] as number) * (receipt.quantities[line] as number);
      receipt.discount += ((amount * receipt.discountPercent + 50) / 100) | 0;
    }
  }

  return function writeStoreDay(
    on: TradingDay,
    storeIndex: number,
    visitors: readonly Customer[],
    out: { orders: Bytes; lines: Bytes },
  ): { orders: number; lines: number } {
    random.at(on.day * 100 + storeIndex);
    const count = drawTimes(on, storeIndex, visitors);
    const { format } = stores[storeIndex] as (typeof stores)[number];
    receipt.day = on.text;
    receipt.dayDigits = on.digits;
    receipt.utcOffsetHours = on.utcOffsetHours;
    receipt.store = storeIndex + 1;
    let lines = 0;
    for (let i = 0; i < count; i++) {
      const key = keys[i] as number;
      const time = Math.floor(key / PLACES);
      const customer = visitors[key - time * PLACES];
      receipt.number = i + 1;
      receipt.hour = (time / 3600) | 0;
      receipt.second = time - receipt.hour * 3600;
      receipt.customerId = customer?.id ?? 0;
      const takeawayShare = takeaway[format] + (receipt.hour < 10 ? MORNING_TAKEAWAY : 0);
      receipt.orderType = random.next() < takeawayShare ? 1 : 0;
      receipt.channel = choose(random, customer === undefined ? channelChoices.anonymous : channelChoices.registered);
      receipt.paymentMethod = choose(random, on.payments);
      receipt.refunded = random.next() < REFUNDED;
      fillLines(on, customer?.persona ?? PASSER_BY);
      fillDiscount(on, customer);
      writeOrder(out.orders, receipt);
      for (receipt.line = 0; receipt.line < receipt.lineCount; receipt.line++) writeLine(out.lines, receipt);
      lines += receipt.lineCount;
    }
    return { orders: count, lines };
  };
}
