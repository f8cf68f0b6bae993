import type { Bytes } from "../csv/bytes.ts";
import { CsvFile } from "../csv/csv-file.ts";
import { UserError } from "../errors.ts";
import type { Lake } from "../lake/lake.ts";
import { Random } from "../random.ts";
import { csvLine } from "../tables/derive.ts";
import { thelook } from "../tables/merchant.ts";
import type { Row, Table } from "../tables/table.ts";
import { catalogue, centers } from "./catalogue.ts";
import { itemRow, orderRow, userRow } from "./csv-rows.ts";
import { type Item, type Order, type Person, person, type Window } from "./people.ts";
import { DIRT_SHARE } from "./synthetic-values.ts";

export interface SyntheticOptions {
  readonly seed: number;
  /** The number of users; 1 means 100,000. A larger scale adds users and changes none. */
  readonly scale: number;
  /** The last day of the data, `YYYY-MM-DD`. */
  readonly until: string;
  /**
   * How dirty the files are, from 0 for clean ones: the share of orders whose items are missing. Two fifths of that share of each
   * table's rows of users, orders and items are repeated.
   */
  readonly dirtShare?: number | undefined;
  /** Called with the number of users written so far, and the total. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

const USERS = 100_000;
const FIRST_DAY = "2019-01-01";
const DAY_MS = 86_400_000;
const REPEATED_OF_DIRT = 0.4;
const MOST_ORDERS = 4;
const MOST_ITEMS = 4;

/**
 * Writes a stand-in for the CSV export of thelook_ecommerce to a folder of the lake: `users.csv`, `orders.csv`, `order_items.csv`,
 * `products.csv` and `distribution_centers.csv`, with the original's columns and shares, its own flaws (shared addresses, two
 * spellings of a country, the city "null") and those of a careless export (`dirtShare`). A user and their orders depend only on seed
 * and id, within the window up to `until`; a product depends only on seed and id.
 * Returns the rows written, by table. Throws UserError if `until` is not a date after the second day of 2019, or the lake cannot be
 * written.
 */
export async function writeSynthetic(
  lake: Lake,
  folder: string,
  { seed, scale, until, dirtShare = DIRT_SHARE, progress }: SyntheticOptions,
): Promise<Record<string, number>> {
  const window = windowUntil(until);
  const count = Math.max(1, Math.round(USERS * scale));
  const random = new Random(seed, "thelook");
  const dirt = new Dirt(seed, dirtShare);
  const products = catalogue(seed);
  const prices = Int32Array.from([0, ...products.map(({ retail_price }) => Math.round(100 * (retail_price ?? 0)))]);
  const files: CsvFile[] = [];
  try {
    const open = async (table: Table) => {
      const file = await CsvFile.create(lake, `${folder}/${table.file}.csv`, table);
      files.push(file);
      return file;
    };
    addAll(await open(thelook.distributionCenters), thelook.distributionCenters, centers);
    addAll(await open(thelook.products), thelook.products, products);
    const people: Files = {
      users: await open(thelook.users),
      orders: await open(thelook.orders),
      items: await open(thelook.orderItems),
    };
    for (let id = 1; id <= count; id++) {
      writePerson(people, id, person(random.at(id), window), prices, dirt.of(id));
      if (id % 1_000 === 0 || id === count) {
        for (const file of files) if (file.isFull) await file.flush();
        progress?.(id, count);
      }
    }
    const closed = [];
    for (const file of files) closed.push(await file.close());
    return Object.fromEntries(closed.map(({ table, rows }) => [table, rows]));
  } catch (error) {
    for (const file of files) await file.abort();
    throw error;
  }
}

function windowUntil(until: string): Window {
  const lastDay = /^\d{4}-\d\d-\d\d$/.test(until) ? Date.parse(until) : Number.NaN;
  // Date.parse reads 31 February as a day of March.
  if (Number.isNaN(lastDay) || new Date(lastDay).toISOString().slice(0, 10) !== until)
    throw new UserError(`until is "${until}": use a date, YYYY-MM-DD`);
  if (until <= FIRST_DAY) throw new UserError(`until is "${until}": thelook begins on ${FIRST_DAY}, use a later day`);
  return { first: Date.parse(FIRST_DAY) / DAY_MS, last: lastDay / DAY_MS };
}

/** Decides, by user, which rows are repeated and which orders lack their items. */
class Dirt {
  private readonly random: Random;
  private readonly share: number;

  constructor(seed: number, share: number) {
    this.random = new Random(seed, "thelook: dirt");
    this.share = share;
  }

  of(user: number): this {
    if (this.share > 0) this.random.at(user);
    return this;
  }

  /** How many times a row stands in its file. */
  times(): 1 | 2 {
    return this.share > 0 && this.random.next() < this.share * REPEATED_OF_DIRT ? 2 : 1;
  }

  lacksItems(): boolean {
    return this.share > 0 && this.random.next() < this.share;
  }
}

function addAll<T extends Table>(file: CsvFile, table: T, rows: readonly Row<T>[]): void {
  file.bytes.string(rows.map((row) => csvLine(table, row)).join(""));
  file.rows += rows.length;
}

interface Files {
  readonly users: CsvFile;
  readonly orders: CsvFile;
  readonly items: CsvFile;
}

/**
 * Writes one user with their orders and items. Ids leave room for the most orders and items, so that they follow from the user's.
 */
function writePerson(
  { users, orders, items }: Files,
  id: number,
  person: Person,
  prices: Int32Array,
  dirt: Dirt,
): void {
  add(users, dirt.times(), userRow, { id, person });
  for (let place = 0; place < person.orders.length; place++) {
    const order = person.orders[place] as Order;
    const orderId = (id - 1) * MOST_ORDERS + place + 1;
    add(orders, dirt.times(), orderRow, { id, person, orderId, order });
    if (dirt.lacksItems()) continue;
    for (let itemPlace = 0; itemPlace < order.items.length; itemPlace++) {
      const item = order.items[itemPlace] as Item;
      const itemId = (orderId - 1) * MOST_ITEMS + itemPlace + 1;
      add(items, dirt.times(), itemRow, { id, person, orderId, order, itemId, item, prices });
    }
  }
}

function add<Source>(file: CsvFile, times: number, write: (out: Bytes, source: Source) => void, source: Source): void {
  for (let time = 0; time < times; time++) write(file.bytes, source);
  file.rows += times;
}
