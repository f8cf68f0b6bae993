import type { Bytes, Encoded } from "../csv/bytes.ts";
import { Random } from "../random.ts";
import { type Guests, levelIn } from "./customers.ts";
import { anonymousShare, storeDemand, storeLuck } from "./demand.ts";
import { loyaltyLevels, promotions } from "./discounts.ts";
import { type Choices, choices, choose, poisson, sloped } from "./draws.ts";
import { products } from "./menu.ts";
import { hourSlopes, guests as kinds, PASSER_BY } from "./personas.ts";
import { channels, MOST_ORDERS_A_STORE_DAY, paymentMethods, Receipt, writeLine, writeOrder } from "./receipt.ts";
import { stores } from "./stores.ts";
import { USUAL_HOUR, USUAL_PAYMENT } from "./tastes.ts";
import type { OpenShop, TradingDay } from "./trade.ts";

/** Share of the orders that are refunded. */
const REFUNDED = 0.005;
/** Share of the orders that ask for the promotion on offer. */
const PROMOTION_TAKEN = { registered: 0.45, anonymous: 0.3 };
/** Share of takeaway; all of it where there are no seats. */
const takeaway = { flagship: 0.36, neighbourhood: 0.45, kiosk: 1 };
/** Added to the share of takeaway before ten, when people are on their way to work, and for orders in the app. */
const MORNING_TAKEAWAY = 0.12;
const APP_TAKEAWAY = 0.25;
/** Share of the orders paid in cash while the mobile networks are down. */
const CASH_OFFLINE = 0.9;

const [COUNTER, APP] = [channels.indexOf("counter"), channels.indexOf("app")];
const [CARD, CASH] = [paymentMethods.indexOf("card"), paymentMethods.indexOf("cash")];

const loyaltyPercents = Uint8Array.from(loyaltyLevels, ({ percent }) => percent);
const lineCounts = kinds.map(({ lines }) => choices([0, ...lines]));
const slopes = {
  workday: kinds.map((kind) => hourSlopes(kind, false)),
  weekend: kinds.map((kind) => hourSlopes(kind, true)),
};
const pieceCounts = kinds.map(({ pieces }) => choices([0, ...pieces]));
const takeawayByGuest = kinds.map(({ takeaway }) => takeaway);
const isDrink = products.map(({ category }) => category === "Beverage");

/** A sort key is the second of the day times this, plus the order's index before sorting. */
const PLACES = 1 << 18;

/**
 * Returns a function that writes the orders and lines of one store on one day, sorted by time, and returns how many it wrote. They
 * depend only on seed, scale, store and day. `visitors` are ids of customers. It throws if there are more orders than an order's number can count.
 */
export function storeDayWriter(seed: number, scale: number, guests: Guests) {
  const random = new Random(seed, "coffee orders");
  const receipt = new Receipt();
  let keys = new Float64Array(1024);

  /** Draws the orders' times into `keys`, sorted, and returns the number of orders. */
  function drawTimes(on: TradingDay, storeIndex: number, shop: OpenShop, visitors: readonly number[]): number {
    const store = stores[storeIndex] as (typeof stores)[number];
    const { opensAt, closesAt, demand, hours } = shop;
    const luck = on.city * storeLuck(random) * scale;
    const mean =
      storeDemand(store, on.day) * anonymousShare(store, on.day) * demand * (hours.volume[PASSER_BY] as number) * luck;
    const count = visitors.length + poisson(random, mean);
    if (count > MOST_ORDERS_A_STORE_DAY) throw new Error(`${count} orders at ${store.name} on day ${on.day}`);
    const slopesToday = on.weekend ? slopes.weekend : slopes.workday;
    if (count > keys.length) keys = new Float64Array(count * 2);
    for (let i = 0; i < count; i++) {
      const id = i < visitors.length ? (visitors[i] as number) : 0;
      const kind = guests.persona[id] as number;
      let hour = choose(random, hours.byGuest[kind] as Choices);
      if (id > 0 && random.next() < USUAL_HOUR) {
        const usual = (on.weekend ? guests.weekendHour : guests.workdayHour)[id] as number;
        if (usual >= opensAt && usual < closesAt) hour = usual;
      }
      const slope = (slopesToday[kind] as Float64Array)[hour] as number;
      const second = Math.floor(sloped(random, slope) * 3600);
      keys[i] = (hour * 3600 + second) * PLACES + i;
    }
    keys.subarray(0, count).sort();
    return count;
  }

  function fillLines({ menu }: TradingDay, id: number): void {
    const kind = guests.persona[id] as number;
    const pieces = pieceCounts[kind] as Choices;
    receipt.lineCount = choose(random, lineCounts[kind] as Choices);
    receipt.subTotal = 0;
    let taken = 0;
    let choice = menu.first[receipt.hour] as Choices;
    for (let line = 0; line < receipt.lineCount; line++) {
      let product = choose(random, choice);
      if (id > 0) {
        const favourite = (isDrink[product] ? guests.drink : guests.bite)[id] as number;
        if (random.next() < (menu.favourite[favourite] as number)) product = favourite;
      }
      // Several pieces of a product are one line with a quantity.
      while ((taken >>> product) & 1) product = choose(random, choice);
      taken |= 1 << product;
      if (line === 0) choice = menu.further[product] as Choices;
      const quantity = choose(random, pieces);
      const price = menu.prices[product] as number;
      receipt.products[line] = product;
      receipt.quantities[line] = quantity;
      receipt.subTotal += price * quantity;
    }
  }

  /**
   * Applies the better of loyalty discount and promotion. Prices are whole hryvnias and the till rounds discounts to them, so that every guest
   * can pay in cash: Ukraine has no coin below 50 kopiykas since 1 October 2025, and had none below 10 since 1 July 2018.
   */
  function fillDiscount({ offers, month }: TradingDay, id: number): void {
    const level = levelIn(month, guests.level[id] as number, guests.registeredIn[id] as number);
    const loyalty = id > 0 ? (loyaltyPercents[level] as number) : 0;
    const offer = offers[receipt.hour] as number;
    const asks = random.next() < (id > 0 ? PROMOTION_TAKEN.registered : PROMOTION_TAKEN.anonymous);
    const offered = asks && offer >= 0 ? (promotions[offer]?.percent as number) : 0;
    receipt.promotion = offered > loyalty ? offer : -1;
    receipt.discountPercent = Math.max(offered, loyalty);
    const hryvnias = Math.round((receipt.subTotal * receipt.discountPercent) / 10_000);
    // A small order's discount is not rounded to nothing.
    receipt.discount = receipt.discountPercent > 0 ? Math.max(1, hryvnias) * 100 : 0;
  }

  /** Draws where and how the guest orders and pays. */
  function fillWay(on: TradingDay, shop: OpenShop, format: keyof typeof takeaway, id: number): void {
    const inApp = id > 0 && random.next() * 100 < (guests.inApp[id] as number) && !shop.offline;
    receipt.channel = inApp ? APP : COUNTER;
    const takeawayShare =
      takeaway[format] +
      (format === "kiosk" ? 0 : (takeawayByGuest[guests.persona[id] as number] as number)) +
      (receipt.hour < 10 ? MORNING_TAKEAWAY : 0) +
      (inApp ? APP_TAKEAWAY : 0);
    receipt.orderType = random.next() < takeawayShare ? 1 : 0;
    receipt.paymentMethod = choose(random, on.payments);
    if (id > 0 && random.next() < USUAL_PAYMENT) receipt.paymentMethod = guests.payment[id] as number;
    if (inApp && receipt.paymentMethod === CASH) receipt.paymentMethod = CARD;
    if (shop.offline && random.next() < CASH_OFFLINE) receipt.paymentMethod = CASH;
    receipt.refunded = random.next() < REFUNDED;
  }

  return function writeStoreDay(
    on: TradingDay,
    storeIndex: number,
    visitors: readonly number[],
    out: { orders: Bytes; lines: Bytes },
  ): { orders: number; lines: number } {
    const shop = on.shops[storeIndex];
    if (shop === undefined) return { orders: 0, lines: 0 };
    random.at(on.day * 100 + storeIndex);
    const count = drawTimes(on, storeIndex, shop, visitors);
    const { format } = stores[storeIndex] as (typeof stores)[number];
    receipt.day = on.text;
    receipt.store = storeIndex + 1;
    receipt.priceTexts = on.menu.priceTexts;
    let lines = 0;
    for (let i = 0; i < count; i++) {
      const key = keys[i] as number;
      const time = Math.floor(key / PLACES);
      const place = key - time * PLACES;
      // Reading past the end of an array is slow.
      const id = place < visitors.length ? (visitors[place] as number) : 0;
      receipt.id.clear();
      receipt.id.text(on.digits);
      receipt.id.digits(storeIndex + 1, 2);
      receipt.id.digits(i + 1, 5);
      receipt.hour = (time / 3600) | 0;
      receipt.utcHour = on.utcHours[receipt.hour] as Encoded;
      receipt.second = time - receipt.hour * 3600;
      receipt.customerId = id;
      fillWay(on, shop, format, id);
      fillLines(on, id);
      fillDiscount(on, id);
      writeOrder(out.orders, receipt);
      for (receipt.line = 0; receipt.line < receipt.lineCount; receipt.line++) writeLine(out.lines, receipt);
      lines += receipt.lineCount;
    }
    return { orders: count, lines };
  };
}
