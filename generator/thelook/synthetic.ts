import { UserError } from "../errors.ts";
import type { FileWriter, Lake } from "../lake/lake.ts";
import { Random } from "../random.ts";
import { csvHeader } from "../tables/derive.ts";
import type { Table } from "../tables/table.ts";
import * as thelook from "../tables/thelook.ts";
import { itemLine, orderLine, userLine } from "./lines.ts";
import { type Person, person, type Window } from "./people.ts";

export interface SyntheticOptions {
  readonly seed: number;
  /** Of 100,000 users; a larger scale adds users and changes none. */
  readonly scale: number;
  /** The last day of the data, `YYYY-MM-DD`. */
  readonly until: string;
  /** Called as users are written. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

const USERS = 100_000;
const FIRST_DAY = "2019-01-01";
/** Share of rows that stand in their file twice, as in exports. */
const REPEATED = 0.002;
const MOST_ORDERS = 4;
const MOST_ITEMS = 4;

/**
 * Writes a stand-in for thelook_ecommerce as its CSV export would be: `users.csv`, `orders.csv` and `order_items.csv` under `folder`
 * of the lake, with the original's columns, shares and flaws (shared addresses, two spellings of a country, the city "null", repeated
 * rows, orders whose items are missing). A user and their orders are a pure function of seed and id, within the window up to `until`.
 * Returns the rows written, by table. Throws UserError for an `until` that is no date or not after the first day of 2019, and where
 * the lake cannot be written.
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
  const files: CsvFile[] = [];
  try {
    const open = async (table: Table) => {
      const file = new CsvFile(table, await lake.create(`${folder}/${table.file}.csv`));
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
  // Date.parse lets the 31st of February pass as a day of March.
  if (Number.isNaN(lastDay) || new Date(lastDay).toISOString().slice(0, 10) !== until)
    throw new UserError(`until is "${until}": use a date, YYYY-MM-DD`);
  if (until <= FIRST_DAY) throw new UserError(`until is "${until}": thelook begins on ${FIRST_DAY}, use a later day`);
  return { from: Date.parse(FIRST_DAY) / 1000, to: lastDay / 1000 + 86_400 };
}

/** A CSV file being written: lines gather until `flush`. */
class CsvFile {
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
  readonly users: CsvFile;
  readonly orders: CsvFile;
  readonly items: CsvFile;
}

/** Writes one user, their orders and items. Ids leave room for the most orders and items, so that they follow from the user's. */
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
