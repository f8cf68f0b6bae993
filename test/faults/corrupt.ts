import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { isUserError } from "../../generator/errors.ts";
import { load } from "../../generator/load.ts";
import { coffee, coffeeDataset, coffeeTables } from "../../generator/tables/index.ts";
import type { Column, ColumnType, Table } from "../../generator/tables/table.ts";
import { createTables } from "../../generator/warehouse/duckdb.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import { contentsIn } from "./contents.ts";
import type { Kind } from "./fault.ts";
import type { SmallRun } from "./small-run.ts";
import { SmallRun as Run } from "./small-run.ts";

/** A way to spoil the files of a small run: a load must refuse it. */
interface Corrupt {
  readonly name: string;
  spoil(run: SmallRun): Promise<void>;
}

/** Values that do not fit a type. The manifest promises the spoiled file, so that only the value is wrong. */
const misfits: Readonly<Record<ColumnType, readonly string[]>> = {
  INTEGER: ["x", "1.5"],
  FLOAT64: ["north", "1e400"],
  NUMERIC: ["free", "NaN"],
  STRING: [],
  BOOLEAN: ["maybe"],
  DATE: ["2024-02-30", "10.03.2024"],
  TIMESTAMP: ["2024-03-10 24:00:00", "noon"],
};

/** Every value that a column refuses. */
function valuesOf(name: string, { type, mode, range }: Column): string[] {
  const beyond = [
    ...(range?.min === undefined ? [] : [String(range.min - 1)]),
    ...(range?.max === undefined ? [] : [String(range.max + 1)]),
  ];
  const none = mode === "REQUIRED" ? (type === "STRING" ? ["", '""', '" "', '"\t"'] : [""]) : [];
  return [...misfits[type], ...beyond, ...none].filter((value) => name !== "" && value !== undefined);
}

const values: readonly Corrupt[] = coffeeTables.flatMap((table) =>
  Object.entries(table.columns).flatMap(([column, of]) =>
    valuesOf(column, of).map((value) => ({
      name: `${table.table}.${column} is ${JSON.stringify(value)}`,
      spoil: (run: SmallRun) => run.set(table, column, value),
    })),
  ),
);

/** Spellings that people, spreadsheets and other databases have for values, each in one column. */
const spellings: readonly Corrupt[] = (
  [
    [coffee.orderDetails, "quantity", ["1e3", "0x10", "1_000", " 5", "5 ", "\u0663", "5.0", "9223372036854775808"]],
    [coffee.products, "price", ["1e2", "\u20b412", "Infinity", "1.1234567890", " 100"]],
    [
      coffee.orders,
      "ordered_at",
      [
        ...["2024-03-01T05:12", "2024-03-01T08:12:00+02:00", "2024-03-01 05:60:00", "2024-03-01T05:12:60Z"],
        ...["2024-03-01T05:12:00.1234567Z", "24-03-01T05:12:00Z", "2024-03-01T05:12:00 Europe/Kyiv", "1709269920"],
      ],
    ],
    [coffee.orders, "order_date", ["2024-3-1", "20240301", "2024-03-01T00:00:00", "0000-00-00", "45352", "2024/03/01"]],
    [coffee.orders, "discount_applied", ["1", "yes", "t", "TrUe", "null"]],
    [coffee.orders, "customer_id", ["NULL", "\\N", "NA", "nan"]],
    [coffee.orders, "order_id", ["0", "-9223372036854775808"]],
  ] as const
).flatMap(([table, column, values]) =>
  values.map((value) => ({
    name: `${table.table}.${column} is spelt ${JSON.stringify(value)}`,
    spoil: (run: SmallRun) => run.set(table, column, value),
  })),
);

const references: readonly Corrupt[] = coffeeTables.flatMap((table) => {
  const [key = ""] = table.primaryKey;
  const twice: Corrupt = {
    name: `two rows of ${table.table} with one ${key}`,
    spoil: (run) => run.changeLines(table, (header, rows) => [header, ...rows, rows[0] ?? ""]),
  };
  const orphans = (table.foreignKeys ?? []).map(
    ({ column, references }): Corrupt => ({
      name: `${table.table}.${column} names no row of ${references.table}`,
      spoil: (run) => run.set(table, column, "987654321"),
    }),
  );
  return [twice, ...orphans];
});

/** Files that are spoiled as a whole. */
const spoiled: Readonly<Record<string, (run: SmallRun, table: Table) => Promise<void>>> = {
  "is missing": (run, table) => run.remove(run.fileOf(table).path),
  "is a folder": (run, table) => run.remove(run.fileOf(table).path, true),
  "is cut off, unlike the manifest": (run, table) => run.write(run.fileOf(table).path, "order_id\n1"),
  "is empty": (run, table) => run.change(table, () => ""),
  "is cut off in a row": (run, table) => run.change(table, (content) => content.subarray(0, content.length - 9)),
  "has another header": (run, table) =>
    run.changeLines(table, (header, rows) => [header.replace(/_id/, "_key"), ...rows]),
  "has a column too many": (run, table) => run.changeLines(table, (header, rows) => [`${header},more`, ...rows]),
  "has a column twice": (run, table) =>
    run.changeLines(table, (header, rows) => [`${header},${header.split(",")[0]}`, ...rows.map((row) => `${row},1`)]),
  "has no header": (run, table) => run.changeLines(table, (_, rows) => rows),
  "has a field too many": (run, table) =>
    run.changeLines(table, (header, [row, ...rows]) => [header, `${row},1`, ...rows]),
  "has an open quote": (run, table) => run.changeLines(table, (header, [row, ...rows]) => [header, `"${row}`, ...rows]),
  "has a line of 3 MB": (run, table) =>
    run.changeLines(table, (header, rows) => [header, "x".repeat(3_000_000), ...rows.slice(1)]),
  "has semicolons": (run, table) => run.change(table, (content) => content.toString().replaceAll(",", ";")),
  "is UTF-16": (run, table) => run.change(table, (content) => Buffer.from(`\ufeff${content}`, "utf16le")),
  "is zeros, as after a power cut": (run, table) => run.change(table, (content) => Buffer.alloc(content.length)),
  "has a row more than the manifest says": (run, table) =>
    run.change(table, (content) => content, run.fileOf(table).rows - 1),
};
/** Spoiled in ways that are the same for every table. */
const spoiledOnce: Readonly<Record<string, (run: SmallRun) => Promise<void>>> = {
  "the file of orders ends its lines in CR": (run) =>
    run.change(coffee.orders, (content) => content.toString().replaceAll("\n", "\r")),
  "the file of orders ends its lines in two ways": (run) =>
    run.change(coffee.orders, (content) => content.toString().replace("\n", "\r\n")),
  "the file of orders is compressed": (run) => run.change(coffee.orders, (content) => gzipSync(content)),
  "the file of orders has the header again at its end": (run) =>
    run.changeLines(coffee.orders, (header, rows) => [header, ...rows, header]),
  "the file of lines is there twice, one after the other": (run) =>
    run.changeLines(coffee.orderDetails, (header, rows) => [header, ...rows, ...rows]),
  "the file of stores has its header in capitals": (run) =>
    run.changeLines(coffee.stores, (header, rows) => [header.toUpperCase(), ...rows]),
  "the file of stores has a blank in its header": (run) =>
    run.changeLines(coffee.stores, (header, rows) => [header.replace(",", ", "), ...rows]),
  "the file of stores begins with a comment": (run) =>
    run.changeLines(coffee.stores, (header, rows) => ["# exported", header, ...rows]),
  "the file of stores begins with sep=,": (run) =>
    run.changeLines(coffee.stores, (header, rows) => ["sep=,", header, ...rows]),
  "the file of stores has a row of commas": (run) =>
    run.changeLines(coffee.stores, (header, rows) => [...[header, ...rows], header.replace(/[^,]/g, "")]),
  "the file of stores has tabs": (run) =>
    run.change(coffee.stores, (content) => content.toString().replaceAll(",", "\t")),
  "the file of stores is in Latin-1": (run) =>
    run.change(coffee.stores, (content) => Buffer.from(content.toString().replace("Podil", "Pod\u00efl"), "latin1")),
  "the file of stores is a server's page of HTML": (run) =>
    run.change(coffee.stores, () => "<html><body>502 Bad Gateway</body></html>\n"),
};
const files: readonly Corrupt[] = [
  ...coffeeTables.flatMap((table) =>
    Object.entries(spoiled).map(([name, spoil]) => ({
      name: `the file of ${table.table} ${name}`,
      spoil: (run: SmallRun) => spoil(run, table),
    })),
  ),
  ...Object.entries(spoiledOnce).map(([name, spoil]) => ({ name, spoil })),
];

/** Manifests. */
const manifest = (name: string, change: (run: SmallRun) => unknown): Corrupt => ({
  name: `the manifest ${name}`,
  spoil: (run) => run.promise(change(run)),
});
const ofSettings = (name: string, changes: object) =>
  manifest(name, ({ manifest }) => ({ ...manifest, settings: { ...manifest.settings, ...changes } }));
const ofFile = (name: string, changes: object) =>
  manifest(
    name,
    ({
      manifest: {
        files: [first, ...files],
        ...rest
      },
    }) => ({ ...rest, files: [{ ...first, ...changes }, ...files] }),
  );
const manifests: readonly Corrupt[] = [
  { name: "the manifest is missing", spoil: (run) => run.remove(run.manifestPath) },
  { name: "the manifest is a folder", spoil: (run) => run.remove(run.manifestPath, true) },
  manifest("is empty", () => ""),
  manifest("is cut off", ({ manifest }) => JSON.stringify(manifest).slice(0, 300)),
  manifest("is null", () => "null"),
  manifest("is a list", () => []),
  manifest("has no run", ({ manifest: { run, ...rest } }) => rest),
  manifest("has no settings", ({ manifest: { settings, ...rest } }) => rest),
  manifest("has no files", ({ manifest }) => ({ ...manifest, files: [] })),
  manifest("lacks a table", ({ manifest }) => ({ ...manifest, files: manifest.files.slice(1) })),
  manifest("names a file twice", ({ manifest }) => ({ ...manifest, files: [...manifest.files, manifest.files[0]] })),
  ofSettings("has a day that is none", { until: "tomorrow" }),
  ofSettings("has an end before its orders", { until: "2024-03-05" }),
  ofSettings("has a beginning after its orders", { from: "2024-03-05" }),
  ofSettings("has an end long after its orders", { until: "2024-03-31" }),
  ofSettings("has no seed", { seed: undefined }),
  ofSettings("has a scale that is not a number", { scale: "big" }),
  ofFile("names an unknown table", { table: "staff" }),
  ofFile("names a month of a table without months", { month: "2024-03" }),
  ofFile("names a path out of the bucket", { path: "../../etc/passwd" }),
  ofFile("names a file that is not there", { path: "csv_sources/none.csv" }),
  ofFile("has a number of rows below 0", { rows: -1 }),
  ofFile("has a number of rows that is a text", { rows: "10" }),
  ofFile("has another size", { bytes: 1 }),
  ofFile("has another checksum", { md5: "0".repeat(32) }),
  ofFile("has a checksum that is none", { md5: "x" }),
  ofFile("has a number of rows with a fraction", { rows: 1.5 }),
  ofFile("has more rows than a number can count", { rows: 1e20 }),
  ofFile("names a path from the root", { path: "/etc/passwd" }),
  ofFile("names a path in the way of Windows", { path: "csv_sources\\Customers.csv" }),
  ofFile("names all files of a folder", { path: "csv_sources/*/Customers.csv" }),
  ofSettings("has an end in 2999", { until: "2999-12-31" }),
  ofSettings("has a beginning a month before its orders", { from: "2024-02-20" }),
  ofSettings("has an end before its beginning", { until: "2024-01-01" }),
  ofSettings("has no shards", { shards: 0 }),
  manifest("has a run with SQL", ({ manifest }) => ({ ...manifest, run: "a'; DROP TABLE x; --" })),
  manifest("has a run of two lines", ({ manifest }) => ({ ...manifest, run: "a\nb" })),
  manifest("begins with a byte order mark", ({ manifest }) => `\ufeff${JSON.stringify(manifest)}`),
  manifest("is there twice, one after the other", ({ manifest }) => JSON.stringify(manifest).repeat(2)),
  manifest("is nested too deep", () => "[".repeat(100_000)),
  manifest("has everything in __proto__", ({ manifest }) => `{"__proto__":${JSON.stringify(manifest)}}`),
  manifest("has the months of another year", ({ manifest }) => ({
    ...manifest,
    files: manifest.files.map((file) => (file.month ? { ...file, month: "2023-03" } : file)),
  })),
  manifest("calls the orders lines and the lines orders", ({ manifest }) => ({
    ...manifest,
    files: manifest.files.map((file) => ({
      ...file,
      table: { orders: "order_details", order_details: "orders" }[file.table] ?? file.table,
    })),
  })),
];

/** Values that fit their columns, and not each other or the run. */
const contradictions: readonly Corrupt[] = (
  [
    [coffee.orders, "order_date", "2999-01-01"],
    [coffee.orders, "order_date", "2024-02-29"],
    [coffee.orders, "ordered_at", "2024-01-01 08:00:00"],
    [coffee.orders, "order_hour", "3"],
    [coffee.orders, "sub_total", "1234567"],
    [coffee.orders, "total_amount", "0.01"],
    [coffee.customers, "registration_date", "2024-03-11"],
    [coffee.products, "launched_on", "2024-03-11"],
    [coffee.stores, "opened_on", "2024-03-11"],
    [coffee.stores, "closes_at_hour", "1"],
    [coffee.stores, "store_name", "\u200b"],
    [coffee.stores, "store_name", "a\rb"],
    [coffee.stores, "store_name", "Caf\ufffd"],
    [coffee.orderDetails, "quantity", "77"],
    [coffee.orderDetails, "quantity", "4611686018427387904"],
    [coffee.orderDetails, "unit_price", "0.01"],
    [coffee.orders, "status", "Refunded"],
    [coffee.customers, "birth_year", "2050"],
    [coffee.orders, "promo_code", "\u00a0"],
    [coffee.orders, "discount_rate", "0.25"],
  ] as const
).map(([table, column, value]) => ({
  name: `${table.table}.${column} is ${value}, unlike the rest`,
  spoil: (run: SmallRun) => run.set(table, column, value),
}));
const nowhere: Corrupt = {
  name: "a store at 0 degrees north and east",
  spoil: (run) =>
    run.changeLines(coffee.stores, (header, rows) => [
      header,
      ...rows.map((row) => row.replace(/^(2,.*),5\d\.\d+,3\d\.\d+,/, "$1,0,0,")),
    ]),
};
const otherClocks: Corrupt = {
  name: "orders.ordered_at by summer time in winter",
  spoil: (run) =>
    run.changeLines(coffee.orders, (header, [first = "", ...rows]) => [
      header,
      first.replace(/T(\d\d):/, (_, hour) => `T${String(Number(hour) - 1).padStart(2, "0")}:`),
      ...rows,
    ]),
};
const lineTwice: Corrupt = {
  name: "a line twice, under two ids",
  spoil: (run) =>
    run.changeLines(coffee.orderDetails, (header, rows) => [header, ...rows, rows[0]?.replace(/^\d+/, "7") ?? ""]),
};
const gap: Corrupt = {
  name: "no orders for five days on which the stores were open",
  spoil: (run) =>
    run.change(coffee.orders, (content) => content.toString().replaceAll(/2024-03-0[34567]/g, "2024-03-02")),
};
const shrunk: readonly Corrupt[] = [coffee.customers, coffee.orders, coffee.orderDetails].map((table) => ({
  name: `${table.table} has lost most of its rows`,
  spoil: (run: SmallRun) => run.changeLines(table, (header, rows) => [header, ...rows.slice(0, rows.length / 10)]),
}));

const corrupts: readonly Corrupt[] = [
  ...manifests,
  ...files,
  ...references,
  ...contradictions,
  ...spellings,
  nowhere,
  otherClocks,
  lineTwice,
  gap,
  ...shrunk,
  ...values,
];

export const corruptInputs: Kind = {
  holds: "The load refuses each with one message that names the file, and all tables stay as they were",
  async run(sample, tell) {
    const folder = await mkdtemp(join(tmpdir(), "faults-"));
    const url = `duckdb://${join(folder, "warehouse.duckdb")}`;
    await createTables(url, coffeeDataset);
    const warehouse = await openWarehouse(url);
    const run = await Run.make(folder);
    await load(warehouse, run.lake);
    const good = (await contentsIn(warehouse)).join("\n");
    for (const { name, spoil } of corrupts.filter((_, index) => !sample || index % 25 === 0)) {
      await spoil(run);
      // A load of what changed does not read the other files at all.
      const end = await load(warehouse, run.lake, { whole: true }).then(
        () => "was loaded",
        (error) =>
          isUserError(error) && /\.csv|manifest|coffee_shop|leads out of/.test(error.message)
            ? undefined
            : String(error.stack),
      );
      const now = (await contentsIn(warehouse)).join("\n");
      tell({ name, lost: end ?? (now === good ? undefined : "the tables changed") });
      await run.restore();
      if (now !== good) await load(warehouse, run.lake, { allowShrink: true, whole: true });
    }
    await warehouse.close();
    await rm(folder, { recursive: true, force: true });
  },
};
