import { UserError } from "../errors.ts";
import type { FileWriter, Lake } from "../lake/lake.ts";
import { Random } from "../random.ts";
import { csvHeader } from "../tables/derive.ts";
import { thelook } from "../tables/merchant.ts";
import type { Table } from "../tables/table.ts";
import { itemLine, orderLine, userLine } from "./csv-lines.ts";
import { type Person, person, type Window } from "./people.ts";

export interface SyntheticOptions {
  readonly seed: number;
  /** The number of users; 1 means 100,000. A larger scale adds users and changes none. */
  readonly scale: number;
  /** The last day of the data, `YYYY-MM-DD`. */
  readonly until: string;
  /** Called with the number of users written so far, and the total. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

const USERS = 100_000;
const FIRST_DAY = "2019-01-01";
/** Share of rows that are in their file twice, as in real exports. */
const REPEATED = 0.002;
const MOST_ORDERS = 4;
const MOST_ITEMS = 4;

/**
 * Writes a stand-in for the CSV export of thelook_ecommerce to a folder of the lake: `users.csv`, `orders.csv` and
 * `order_items.csv`, with the original's columns, shares and flaws (shared addresses, two spellings of a country, the city "null",
 * repeated rows, orders whose items are missing). A user and their orders depend only on seed and id, within the window up to
 * `until`.
 * Returns the rows written, by table. Throws UserError if `until` is not a date after the first day of 2019, or the lake cannot be
 * written.
 */
export async function writeSynthetic(
  lake: Lake,
  folder: string,
  { seed, scale, until, progress }: SyntheticOptions,
): Promise<Record<string, number>> {
  const window = windowUntil(until);
  const count = Math.max(1, Math.round(USERS * scale));
  const random = new Random(seed, "thelook");
  const twice = new Random(seed, "thelook: rows that stand twice");
  const files: LinesFile[] = [];
  try {
    const open = async (table: Table) => {
      const file = new LinesFile(table, await lake.create(`${folder}/${table.file}.csv`));
      files.push(file);
      return file;
    };
    const users = await open(thelook.users);
    const orders = await open(thelook.orders);
    const items = await open(thelook.orderItems);
    for (let id = 1; id <= count; id++) {
      writePerson({ users, orders, items }, id, person(random.at(id), window), twice.at(id));
      if (id % 1_000 === 0 || id === count) {
        for (const file of files) await file.flush();
        progress?.(id, count);
      }
    }
    for (const { writer } of files) await writer.close();
  } catch (error) {
    for (const { writer } of files) await writer.abort();
    throw error;
  }
  return Object.fromEntries(files.map(({ table, rows }) => [table.table, rows]));
}

function windowUntil(until: string): Window {
  const lastDay = /^\d{4}-\d\d-\d\d$/.test(until) ? Date.parse(until) : Number.NaN;
  // Date.parse takes 31 February for a day of March.
  if (Number.isNaN(lastDay) || new Date(lastDay).toISOString().slice(0, 10) !== until)
    throw new UserError(`until is "${until}": use a date, YYYY-MM-DD`);
  if (until <= FIRST_DAY) throw new UserError(`until is "${until}": thelook begins on ${FIRST_DAY}, use a later day`);
  return { from: Date.parse(FIRST_DAY) / 1000, to: lastDay / 1000 + 86_400 };
}

/** Writes a CSV file: collects lines until `flush`. */
class LinesFile {
  rows = 0;
  readonly table: Table;
  readonly writer: FileWriter;
  private text: string;

  constructor(table: Table, writer: FileWriter) {
    this.table = table;
    this.writer = writer;
    this.text = `${csvHeader(table)}\n`;
  }

  add(line: string, times: number): void {
    for (let time = 0; time < times; time++) this.text += line;
    this.rows += times;
  }

  async flush(): Promise<void> {
    const chunk = Buffer.from(this.text);
    this.text = "";
    await this.writer.write(chunk);
  }
}

interface Files {
  readonly users: LinesFile;
  readonly orders: LinesFile;
  readonly items: LinesFile;
}

/**
 * Writes one user with their orders and items. Ids leave room for the most orders and items, so that they follow from the user's.
 */
function writePerson({ users, orders, items }: Files, id: number, person: Person, twice: Random): void {
  const times = () => (twice.next() < REPEATED ? 2 : 1);
  users.add(userLine({ id, person }), times());
  for (const [place, order] of person.orders.entries()) {
    const orderId = (id - 1) * MOST_ORDERS + place + 1;
    orders.add(orderLine({ id, person, orderId, order }), times());
    for (const [itemPlace, item] of order.items.entries()) {
      const itemId = (orderId - 1) * MOST_ITEMS + itemPlace + 1;
      items.add(itemLine({ id, person, orderId, order, itemId, item }), times());
    }
  }
}
