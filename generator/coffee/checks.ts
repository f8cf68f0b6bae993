import { UserError } from "../errors.ts";
import type { Manifest } from "../lake/manifest.ts";
import { coffee } from "../tables/index.ts";
import { type Column, fullName, type Table } from "../tables/table.ts";
import { type Dialect, unseen } from "../warehouse/dialect.ts";
import type { ResultRow, Warehouse } from "../warehouse/warehouse.ts";
import { dayOf, kyivTimes } from "./calendar.ts";
import { checkDays } from "./check-days.ts";
import { isSameTable, type StagedTable, staying } from "./staged-table.ts";

type Waiting = StagedTable & { readonly from: string };

/** A rule for single rows: `bad` is true for a row that breaks it. */
interface Rule {
  readonly bad: string;
  /** The column, or expression, whose value the message shows. */
  readonly shows: string;
  /** Completes the sentence "order_hour is 99, …". */
  readonly must: string;
}

/** No day is before this one: dbt has a row for each day since the first. */
const EARLIEST = "2000-01-01";

/** A load is refused if it has fewer rows than this share of the last one's. */
const SHRINK = 0.5;

/**
 * Checks rows before they replace those of the last load: keys, references, bounds, days and times, and that no table is empty or
 * has far fewer rows than now.
 * @param settings the run's, which say which days its orders may have
 * @param allowShrink whether tables may become much smaller
 * @throws UserError that names, for each broken rule, a file, a row and a value
 */
export async function checkRows(
  warehouse: Warehouse,
  staged: readonly StagedTable[],
  settings: Manifest["settings"],
  allowShrink = false,
): Promise<void> {
  const waiting = staged.filter((given): given is Waiting => given.from !== undefined);
  const faults = await checkSizes(warehouse, staged, allowShrink);
  if (waiting.length > 0)
    faults.push(
      ...(await checkSingleRows(warehouse, waiting, settings)),
      ...(await checkKeys(warehouse, staged, waiting)),
      ...(await checkStores(warehouse, waiting)),
    );
  // Rows in the wrong month may break another rule, too.
  if (faults.length === 0)
    faults.push(...(await checkMonths(warehouse, waiting)), ...(await checkDays(warehouse, staged, settings)));
  if (faults.length === 0) faults.push(...(await checkSums(warehouse, waiting)));
  if (faults.length === 0) return;
  const shown = faults.slice(0, 10);
  if (faults.length > shown.length) shown.push(`and ${faults.length - shown.length} more faults of this kind`);
  throw new UserError(`${shown.join("\n       ")}\n       Nothing was loaded: the tables hold the last good load.`);
}

async function checkSizes(warehouse: Warehouse, staged: readonly StagedTable[], allowShrink: boolean) {
  const counts = staged.map(({ table }) => `(SELECT COUNT(*) FROM ${warehouse.nameOf(table)}) AS ${table.table}`);
  const [last = {}] = await warehouse.run(`SELECT ${counts.join(", ")}`);
  return staged.flatMap((given) => {
    const { table, rows } = given;
    const before = Number(last[table.table]);
    // A shop may have no events, and a new one no customers yet: then no order names one, which the keys show.
    if (rows === 0 && ![coffee.events, coffee.customers].some((may) => isSameTable(table, may)))
      return [`${place(given)}: the file has no rows`];
    if (allowShrink || rows >= before * SHRINK) return [];
    return [
      `${place(given)}: ${rows} rows, but the last load had ${before}. If that is intended, load with --allow-shrink, as pulumi up does`,
    ];
  });
}

/** Every rule for single rows, in one scan of each table. */
async function checkSingleRows(warehouse: Warehouse, staged: readonly Waiting[], settings: Manifest["settings"]) {
  const checked = staged.map((given, index) => ({
    ...given,
    key: keyOf(given.table),
    rules: rulesOf(warehouse.dialect, given.table, settings),
    index,
  }));
  // A table without rules needs no scan.
  const scanned = checked.filter(({ rules }) => rules.length > 0);
  const scans = scanned.map(({ from, key, rules, index }) => {
    const found = rules.flatMap(({ bad }, rule) => [
      `COUNT(CASE WHEN ${bad} THEN 1 END) AS n_${index}_${rule}`,
      `MIN(CASE WHEN ${bad} THEN ${key} END) AS key_${index}_${rule}`,
    ]);
    return `(SELECT ${found.join(",\n  ")} FROM ${from}) AS t_${index}`;
  });
  const [row = {}] = await warehouse.run(`SELECT * FROM ${scans.join("\nCROSS JOIN ")}`);
  const faults: string[] = [];
  for (const given of scanned)
    for (const [rule, { shows, must }] of given.rules.entries()) {
      const count = Number(row[`n_${given.index}_${rule}`]);
      if (count === 0) continue;
      const id = row[`key_${given.index}_${rule}`];
      const [found] = await warehouse.run(`SELECT ${shows} AS value FROM ${given.from} WHERE ${given.key} = ${id}`);
      const more = count > 1 ? ` (and ${count - 1} more rows)` : "";
      faults.push(`${place(given)}, ${given.key} ${id}: ${shows} is ${show(found)}, ${must}${more}`);
    }
  return faults;
}

function rulesOf(dialect: Dialect, table: Table, { from, until }: Manifest["settings"]): Rule[] {
  const rules = Object.entries(table.columns).flatMap(([name, column]) => ruleOfColumn(name, column));
  const day = (column: string, first: string, last: string, days: string) => ({
    bad: `${column} < DATE '${first}' OR ${column} > DATE '${last}'`,
    shows: column,
    must: `outside ${days}, ${first} to ${last}`,
  });
  const known = (column: string) => day(column, EARLIEST, until, "the days that a run may know");
  if (isSameTable(table, coffee.stores))
    rules.push(
      { bad: "closes_at_hour <= opens_at_hour", shows: "closes_at_hour", must: "not after opens_at_hour" },
      known("opened_on"),
      {
        bad: "latitude = 0 AND longitude = 0",
        shows: "latitude",
        must: "like its longitude, which is a place in the ocean; look up where the store is",
      },
    );
  if (isSameTable(table, coffee.products)) rules.push(known("launched_on"));
  if (isSameTable(table, coffee.customers))
    rules.push(known("registration_date"), {
      bad: "birth_year > EXTRACT(YEAR FROM registration_date)",
      shows: "birth_year",
      must: "after the registration_date",
    });
  if (isSameTable(table, coffee.events))
    rules.push(known("starts_on"), { bad: "ends_on < starts_on", shows: "ends_on", must: "before starts_on" });
  if (isSameTable(table, coffee.orders)) {
    rules.push(day("order_date", from, until, "the run's days"));
    // The hour of the order covers 60 minutes, in Kyiv's time, and the clocks change twice a year.
    const [since, ...changes] = kyivTimes(dayOf(from), dayOf(until)).reverse();
    const whens = changes.reverse().map(({ hours, end }) => `WHEN ordered_at < TIMESTAMP '${end}' THEN ${hours * 60}`);
    const ahead = `CASE ${[...whens, `WHEN TRUE THEN ${Number(since?.hours) * 60}`].join(" ")} END`;
    const inHour = `${dialect.minutesBetween("order_date", "ordered_at")} + ${ahead} - order_hour * 60`;
    rules.push(
      // Only these two say whether the chain kept the money.
      {
        bad: "status NOT IN ('completed', 'refunded')",
        shows: "status",
        must: "and must be completed or refunded",
      },
      {
        bad: `NOT (${inHour} BETWEEN 0 AND 59)`,
        shows: "ordered_at",
        must: "which is not in order_hour of order_date by the clocks of Kyiv",
      },
      {
        bad: "discount_applied <> (discount_rate > 0)",
        shows: "discount_applied",
        must: "unlike its discount_rate",
      },
      {
        bad: "ABS(sub_total - discount_amount - total_amount) > 0.005",
        shows: "total_amount",
        must: "and not sub_total less discount_amount",
      },
    );
  }
  return rules;
}

function ruleOfColumn(name: string, { type, mode, range }: Column): Rule[] {
  if (type === "STRING") {
    // BigQuery's load replaces bytes that are not UTF-8, where the one on a laptop refuses them.
    const garbled = {
      bad: `STRPOS(${name}, CHR(65533)) > 0`,
      shows: name,
      must: "which has characters that were lost (U+FFFD); save the file as UTF-8",
    };
    // An optional text may be missing, but not look so.
    const isThere = mode === "REQUIRED" ? "" : ` AND ${name} <> ''`;
    const empty = {
      // TRIM is slow, and a text that begins with a visible character of ASCII is not empty.
      bad: `CASE WHEN ${name} BETWEEN '!' AND '~' THEN FALSE ELSE TRIM(${name}, ${unseen}) = ''${isThere} END`,
      shows: name,
      must: "which is empty",
    };
    return [empty, garbled];
  }
  if (range === undefined) return [];
  const { min, max } = range;
  const within = [
    ...(min === undefined ? [] : [`${name} >= ${min}`]),
    ...(max === undefined ? [] : [`${name} <= ${max}`]),
  ];
  const must = max === undefined ? `and must be ${min} or more` : `and must be ${min} to ${max}`;
  // Not "below or above": BigQuery loads NaN, and finds it neither.
  return [{ bad: `NOT (${within.join(" AND ")})`, shows: name, must }];
}

/**
 * Rows with the same primary key, and rows that refer to a missing key, among the waiting rows and between them and the rows that stay. Lines wait
 * with all orders of their months, so they must refer to these orders.
 */
async function checkKeys(warehouse: Warehouse, staged: readonly StagedTable[], waiting: readonly Waiting[]) {
  const faults: string[] = [];
  const checks = waiting.flatMap((given) => {
    const key = keyOf(given.table);
    const says = ({ id, n }: ResultRow) => `${place(given)}, ${key} ${id}: ${n} rows have this ${key}`;
    const twice = {
      sql: `SELECT ${key} AS id, COUNT(*) AS n FROM ${given.from} GROUP BY ${key} HAVING COUNT(*) > 1`,
      says,
    };
    const again = {
      sql: `SELECT n.${key} AS id, 2 AS n FROM ${given.from} AS n INNER JOIN ${staying(warehouse, given)} AS o ON o.${key} = n.${key}`,
      says,
    };
    return given.replaced === "TRUE" ? [twice] : [twice, again];
  });
  for (const child of staged)
    for (const { column, references } of child.table.foreignKeys ?? []) {
      const parent = staged.find(({ table }) => table.table === references.table);
      if (parent === undefined) continue;
      const key = keyOf(child.table);
      const says = ({ id, n }: ResultRow) =>
        `${place(child)}, ${key} ${id}: ${column} is ${n}, which no row of ${references.table} has`;
      const orphans = (children: string) => ({
        sql: `SELECT c.${key} AS id, c.${column} AS n FROM ${children} AS c LEFT JOIN ${parent.from ?? warehouse.nameOf(parent.table)} AS p ON p.${references.column} = c.${column}
WHERE c.${column} IS NOT NULL AND p.${references.column} IS NULL`,
        says,
      });
      if (child.from !== undefined) checks.push(orphans(child.from));
      // Rows that stay keep their parents, unless all of these are replaced.
      if (parent.replaced === "TRUE" && child.replaced !== "TRUE") checks.push(orphans(staying(warehouse, child)));
    }
  const queries = checks.map(
    ({ sql }, index) => `SELECT ${index} AS item, MIN(id) AS id, COUNT(*) AS found FROM (${sql}) AS found_${index}`,
  );
  const counted = await warehouse.run(queries.join("\nUNION ALL\n"));
  for (const { item, id, found } of counted) {
    const check = checks[Number(item)];
    if (check === undefined || Number(found) === 0) continue;
    const [row = {}] = await warehouse.run(`SELECT * FROM (${check.sql}) AS found WHERE id = ${id}`);
    faults.push(`${check.says(row)}${Number(found) > 1 ? ` (and ${Number(found) - 1} more)` : ""}`);
  }
  return faults;
}

/** Orders without lines, or with lines that do not add up to their sub_total. */
async function checkSums(warehouse: Warehouse, waiting: readonly Waiting[]): Promise<string[]> {
  const { orders, lines } = monthly(waiting);
  if (orders === undefined || lines === undefined) return [];
  // Floats: the product of the largest values of these columns has too many digits for a NUMERIC.
  const float = (expression: string) => `CAST(${expression} AS ${warehouse.dialect.type("FLOAT64")})`;
  const sums = `SELECT order_id, SUM(${float("quantity")} * ${float("unit_price")}) AS total FROM ${lines.from} GROUP BY order_id`;
  const bad = `SELECT o.order_id AS id, ROUND(s.total, 2) AS total, o.sub_total FROM ${orders.from} AS o LEFT JOIN (${sums}) AS s ON s.order_id = o.order_id
WHERE s.total IS NULL OR ABS(s.total - ${float("o.sub_total")}) > 0.005`;
  const [{ n = 0 } = {}] = await warehouse.run(`SELECT COUNT(*) AS n FROM (${bad}) AS bad`);
  if (Number(n) === 0) return [];
  const [{ id, total, sub_total } = {}] = await warehouse.run(`${bad} ORDER BY id LIMIT 1`);
  const more = Number(n) > 1 ? ` (and ${Number(n) - 1} more orders)` : "";
  return [
    total === null
      ? `${place(orders)}, order_id ${id}: no line has this order_id${more}`
      : `${place(lines)}, order_id ${id}: the lines add up to ${total}, and the order's sub_total is ${sub_total}${more}`,
  ];
}

/** Stores with one name, as a reader sees it, which the reports cannot tell apart; and coordinates that another store has the other way round. */
async function checkStores(warehouse: Warehouse, waiting: readonly Waiting[]): Promise<string[]> {
  const stores = waiting.find(({ table }) => isSameTable(table, coffee.stores));
  if (stores === undefined) return [];
  const names = await warehouse.run(
    `SELECT MIN(store_id) AS id, TRIM(store_name, ${unseen}) AS name, COUNT(*) AS n FROM ${stores.from} GROUP BY name HAVING COUNT(*) > 1 ORDER BY id`,
  );
  // Of several stores, the one that disagrees with most others is wrong.
  const [swapped] = await warehouse.run(
    `SELECT a.store_id AS id, MIN(b.store_id) AS other, COUNT(*) AS n FROM ${stores.from} AS a INNER JOIN ${stores.from} AS b
  ON ABS(a.latitude - b.longitude) < 1 AND ABS(a.longitude - b.latitude) < 1 AND ABS(a.latitude - b.latitude) > 1
GROUP BY a.store_id ORDER BY n DESC, id LIMIT 1`,
  );
  return [
    ...names.map(
      ({ id, name, n }) =>
        `${place(stores)}, store_id ${id}: ${n} stores have the store_name "${name}", by which the reports tell them apart`,
    ),
    ...(swapped === undefined
      ? []
      : [
          `${place(stores)}, store_id ${swapped.id}: latitude and longitude are those of store_id ${swapped.other} the other way round; swap them`,
        ]),
  ];
}

/** Orders and lines outside their file's month: the next load of that month would keep or lose them by mistake. */
async function checkMonths(warehouse: Warehouse, waiting: readonly Waiting[]): Promise<string[]> {
  const { orders, lines } = monthly(waiting);
  if (orders === undefined || lines === undefined) return [];
  const month = "EXTRACT(YEAR FROM order_date) * 100 + EXTRACT(MONTH FROM order_date)";
  const tables = [
    [orders, `${orders.from} AS o`],
    [lines, `${lines.from} AS l INNER JOIN ${orders.from} AS o ON o.order_id = l.order_id`],
  ] as const;
  const found = await Promise.all(
    tables.map(async ([{ files, uris }, from]) => {
      const months = await warehouse.run(`SELECT ${month} AS item, COUNT(*) AS n FROM ${from} GROUP BY 1`);
      const counts = new Map(months.map(({ item, n }) => [Number(item), Number(n)]));
      return files.flatMap(({ month, rows }, index) => {
        const inMonth = counts.get(Number(month?.replace("-", ""))) ?? 0;
        return inMonth === rows ? [] : [`${uris[index]}: ${rows} rows, and the files have ${inMonth} rows of ${month}`];
      });
    }),
  );
  return found.flat();
}

/** The waiting orders and their lines: a load has both for the same months, or neither. */
function monthly(waiting: readonly Waiting[]) {
  return {
    orders: waiting.find(({ table }) => isSameTable(table, coffee.orders)),
    lines: waiting.find(({ table }) => isSameTable(table, coffee.orderDetails)),
  };
}

function place({ uris, table }: StagedTable): string {
  const [first = fullName(table)] = uris;
  return uris.length > 1 ? `${first} or one of ${uris.length - 1} more files` : first;
}

function keyOf({ primaryKey }: Table): string {
  return String(primaryKey[0]);
}

function show(row: ResultRow | undefined): string {
  const value = row?.value;
  return typeof value === "string" ? `"${value}"` : String(value);
}
