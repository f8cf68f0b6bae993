import { UserError } from "./errors.ts";
import type { Manifest, ManifestFile } from "./lake/manifest.ts";
import { coffee, coffeeTables } from "./tables/index.ts";
import type { Table } from "./tables/table.ts";
import type { Warehouse } from "./warehouse/warehouse.ts";

/** A file whose rows a table holds, as `loaded_files` records it. */
export type HeldFile = Pick<ManifestFile, "table" | "rows" | "md5" | "month">;

/** The part of a load that concerns one table. */
export interface TablePlan {
  /** The table, in the dataset of the load. */
  readonly table: Table;
  /** The files to load, which have changed since the last load; none if the table is as it should be. */
  readonly files: readonly ManifestFile[];
  /** Rows that the table will have. */
  readonly rows: number;
  /** SQL condition for the rows to delete; undefined if there are none. */
  readonly replaced: string | undefined;
}

/**
 * Plans a load: compares the manifest's files with those that the tables hold, by checksum. A table with one file is replaced whole. Orders
 * and their lines are replaced by months, always the same months of both.
 * @throws UserError if the manifest lacks a table, or has months that do not belong together
 */
export function planLoad(
  warehouse: Warehouse,
  manifest: Manifest,
  dataset: string,
  held: readonly HeldFile[],
): TablePlan[] {
  const months = changedMonths(manifest, held);
  return coffeeTables.map((declared) => {
    const table = { ...declared, dataset };
    const of = ({ table: name }: HeldFile) => name === table.table;
    const all = filesOf(manifest, table);
    const rows = all.reduce((sum, file) => sum + file.rows, 0);
    // Files of another form, such as one for all months, are replaced whole.
    const byMonth = isMonthly(table) && held.some(of) && held.every((file) => !of(file) || file.month !== undefined);
    if (byMonth) {
      const files = all.filter(({ month }) => months.has(String(month)));
      return { table, files, rows, replaced: months.size === 0 ? undefined : rowsOfMonths(warehouse, table, months) };
    }
    const isHeld = !isMonthly(table) && held.some((file) => of(file) && contentOf(file) === contentOf(all[0]));
    return { table, files: isHeld ? [] : all, rows, replaced: isHeld ? undefined : "TRUE" };
  });
}

/** Whether a table has a file for each month. */
function isMonthly(table: Table): boolean {
  return [coffee.orders.table, coffee.orderDetails.table].includes(table.table);
}

function filesOf({ run, files }: Manifest, table: Table): ManifestFile[] {
  const found = files.filter((file) => file.table === table.table);
  if (found.length === 0) throw new UserError(`The manifest of ${run} names no file for ${table.table}. ${again}`);
  if (!isMonthly(table)) {
    if (found[0]?.month !== undefined)
      throw new UserError(
        `The manifest of ${run} names a month of ${table.table}, whose file must have the whole table. ${again}`,
      );
    if (found.length === 1) return found;
    throw new UserError(
      `The manifest of ${run} names ${found.length} files for ${table.table}, which must have one. ${again}`,
    );
  }
  const months = found.map(({ month }) => month);
  if (months.includes(undefined))
    throw new UserError(`The manifest of ${run} names a file of ${table.table} without its month. ${again}`);
  const twice = months.find((month, index) => months.indexOf(month) !== index);
  if (twice !== undefined)
    throw new UserError(`The manifest of ${run} names two files of ${table.table} for ${twice}. ${again}`);
  return found;
}

/** Every month with a file of orders or lines that the tables do not hold, and every month that they hold and the manifest lacks. */
function changedMonths({ run, files }: Manifest, held: readonly HeldFile[]): Set<string> {
  const monthsIn = (table: Table, of: readonly HeldFile[]) =>
    of.flatMap((file) => (file.table === table.table ? (file.month ?? []) : []));
  const [orders, lines] = [monthsIn(coffee.orders, files), monthsIn(coffee.orderDetails, files)];
  const alone = orders.find((month) => !lines.includes(month)) ?? lines.find((month) => !orders.includes(month));
  if (alone !== undefined)
    throw new UserError(
      `The manifest of ${run} has orders without lines, or lines without orders, for ${alone}. ${again}`,
    );
  const known = new Set(held.map(contentOf));
  const changed = files.filter((file) => file.month !== undefined && !known.has(contentOf(file)));
  const gone = monthsIn(coffee.orders, held).filter((month) => !orders.includes(month));
  return new Set([...changed.flatMap(({ month }) => month ?? []), ...gone]);
}

/** A file's content, to compare. The number of rows is part of it, so that a wrong one in a manifest is noticed when the file is read. */
function contentOf(file: HeldFile | undefined): string {
  return `${file?.table} ${file?.month} ${file?.md5} ${file?.rows}`;
}

/** A condition for the rows of some months: an order has its day, and a line has its order. */
function rowsOfMonths(warehouse: Warehouse, table: Table, months: ReadonlySet<string>): string {
  const days = [...months].sort().map((month) => {
    const [year = 0, number = 0] = month.split("-").map(Number);
    const last = new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
    return `order_date BETWEEN DATE '${month}-01' AND DATE '${last}'`;
  });
  const condition = `(${days.join(" OR ")})`;
  if (table.table === coffee.orders.table) return condition;
  const orders = warehouse.nameOf({ ...coffee.orders, dataset: table.dataset });
  return `order_id IN (SELECT order_id FROM ${orders} WHERE ${condition})`;
}

/** The advice for a load that failed. */
export const again = "Nothing was loaded; generate the files again (npm run generate), then load.";

/**
 * The files whose rows the tables hold. A table that does not have its files' number of rows, because it was created again or changed by
 * hand, counts as empty.
 */
export async function heldFiles(warehouse: Warehouse, dataset: string): Promise<HeldFile[]> {
  const name = warehouse.nameOf({ ...coffee.loadedFiles, dataset });
  const found = await warehouse.run(`SELECT table_name, part, md5, row_count FROM ${name}`);
  const held = found.map(({ table_name, part, md5, row_count }) => ({
    table: String(table_name),
    md5: String(md5),
    rows: Number(row_count),
    ...(part !== WHOLE && { month: String(part) }),
  }));
  if (held.length === 0) return [];
  const counts = coffeeTables.map(
    (table) => `(SELECT COUNT(*) FROM ${warehouse.nameOf({ ...table, dataset })}) AS ${table.table}`,
  );
  const [now = {}] = await warehouse.run(`SELECT ${counts.join(", ")}`);
  const promised = (table: Table) => held.reduce((sum, file) => sum + (file.table === table.table ? file.rows : 0), 0);
  const changed = coffeeTables.filter((table) => Number(now[table.table]) !== promised(table));
  // Orders and lines are replaced by the same months, so both are read again.
  const reread = changed.some(isMonthly) ? [...changed, coffee.orders, coffee.orderDetails] : changed;
  return held.filter(({ table }) => reread.every((each) => each.table !== table));
}

/** The value of `part` for a whole table in `loaded_files`. */
const WHOLE = "all";

/** The statements that replace the rows of the tables by staged ones, and record which files they hold. They belong into one transaction. */
export function replaceParts(
  warehouse: Warehouse,
  plan: readonly (TablePlan & { readonly from: string | undefined })[],
  { run, files }: Manifest,
  dataset: string,
): string[] {
  const changed = plan.filter(({ replaced }) => replaced !== undefined);
  if (changed.length === 0) return [];
  const held = warehouse.nameOf({ ...coffee.loadedFiles, dataset });
  const records = files.map(
    ({ table, month = WHOLE, md5, rows }) => `('${table}', '${month}', '${md5}', ${rows}, '${run}')`,
  );
  return [
    // Children first: the condition for lines reads the orders that are still there.
    ...changed.toReversed().map(({ table, replaced }) => `DELETE FROM ${warehouse.nameOf(table)} WHERE ${replaced}`),
    ...changed.flatMap(({ table, from }) => {
      const columns = Object.keys(table.columns).join(", ");
      return from === undefined
        ? []
        : `INSERT INTO ${warehouse.nameOf(table)} (${columns}) SELECT ${columns} FROM ${from}`;
    }),
    `DELETE FROM ${held} WHERE TRUE`,
    `INSERT INTO ${held} (table_name, part, md5, row_count, run) VALUES ${records.join(",\n")}`,
  ];
}
