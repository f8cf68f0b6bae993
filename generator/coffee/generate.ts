import { CsvFile } from "../csv/csv-file.ts";
import { UserError } from "../errors.ts";
import type { Lake } from "../lake/lake.ts";
import {
  isManifestError,
  type Manifest,
  type ManifestFile,
  manifestPath,
  readManifest,
  readManifestAt,
  writeManifestAt,
} from "../lake/manifest.ts";
import * as tables from "../tables/coffee.ts";
import { isoDay } from "./calendar.ts";
import { type Customer, customerRows, guestColumns, registeredUntil, truthRows } from "./customers.ts";
import { eventRows, productRows, storeRows } from "./masters.ts";
import { storeDayWriter } from "./orders.ts";
import { type CoffeeOptions, type CoffeeSettings, checkSettings, shardMark, shardMonths } from "./shop-settings.ts";
import { registeredVisits, tradingDays } from "./trade.ts";

export interface GenerateOptions extends CoffeeOptions {
  /**
   * The folder in the lake.
   * @default csv_sources
   */
  readonly prefix?: string;
  /** Called after each day. */
  readonly progress?: (doneDays: number, totalDays: number) => void;
}

/** The order in which the manifest names the tables' files. */
const tableOrder = [
  tables.customers,
  tables.products,
  tables.stores,
  tables.events,
  tables.orders,
  tables.orderDetails,
];

/**
 * Writes the coffee shop's CSV files, or one shard of them, into the run's own folder under the prefix. Orders and lines have a file for
 * each month. Files of whole months are in a folder that runs share, and are written once: a later run names them again. The same options
 * give the same bytes. The shard that completes the run writes the ground truth and publishes the manifest; until then, readers find the run
 * before. Returns the manifest of the files that this call wrote.
 * Throws UserError for wrong options, for errors of the lake, and for a run without orders.
 */
export async function generateCoffee(lake: Lake, options: GenerateOptions): Promise<Manifest> {
  const settings = checkSettings(options);
  const { shard, run, seed } = settings;
  const prefix = options.prefix ?? "csv_sources";
  const folder = `${prefix}/${run}`;
  const customers = registeredUntil(settings.untilDay, settings);

  const files: ManifestFile[] = [];
  if (shard.index === 0) {
    files.push(
      await CsvFile.write(
        lake,
        `${folder}/Customers.csv`,
        tables.customers,
        customerRows(customers, settings.untilDay),
      ),
      await CsvFile.write(lake, `${folder}/Products.csv`, tables.products, productRows(settings.untilDay)),
      await CsvFile.write(lake, `${folder}/Stores.csv`, tables.stores, storeRows(settings.untilDay)),
      await CsvFile.write(lake, `${folder}/Events.csv`, tables.events, eventRows(settings.untilDay)),
    );
  }
  files.push(...(await writeOrders(lake, prefix, settings, customers, options.progress)));

  const manifest: Manifest = {
    run,
    settings: {
      seed,
      scale: settings.scale,
      from: isoDay(settings.firstDay),
      until: isoDay(settings.untilDay),
      shards: shard.count,
    },
    files,
  };
  await writeManifestAt(lake, `${folder}/shard${shardMark(shard.index, shard.count)}.json`, manifest);
  await publishWhenComplete(lake, prefix, manifest, () =>
    CsvFile.write(
      lake,
      `${tables.customerTruth.dataset}/Customers.csv`,
      tables.customerTruth,
      truthRows(customers, settings.untilDay),
    ),
  );
  return manifest;
}

/**
 * Writes the orders and lines of the shard's months, and keeps the files of whole months that the last run left. Streams: only one store's
 * day is in memory at a time.
 */
async function writeOrders(
  lake: Lake,
  prefix: string,
  settings: CoffeeSettings,
  customers: readonly Customer[],
  progress: GenerateOptions["progress"],
): Promise<ManifestFile[]> {
  const { seed, scale, run, monthsFolder } = settings;
  const last = await lastFiles(lake, prefix);
  const months = await Promise.all(
    shardMonths(settings).map(async (month) => {
      const folder = `${prefix}/${month.isWhole ? monthsFolder : run}`;
      const paths = [`${folder}/Orders-${month.name}.csv`, `${folder}/OrderDetails-${month.name}.csv`] as const;
      return { ...month, paths, kept: month.isWhole ? await keptFiles(lake, last, paths) : undefined };
    }),
  );
  const written = months.filter(({ kept }) => kept === undefined);
  const days = written.reduce((sum, { from, to }) => sum + to - from, 0);
  const tradingDay = tradingDays(seed);
  const visitsOn = registeredVisits(customers, seed, written[0]?.from ?? settings.untilDay);
  const writeStoreDay = storeDayWriter(seed, scale, guestColumns(customers));
  const files: ManifestFile[] = [];
  let done = 0;
  for (const { name, from, to, paths, kept } of months) {
    if (kept !== undefined) {
      files.push(...kept);
      continue;
    }
    const orders = await CsvFile.create(lake, paths[0], tables.orders);
    let lines: CsvFile | undefined;
    try {
      lines = await CsvFile.create(lake, paths[1], tables.orderDetails);
      for (let day = from; day < to; day++) {
        const on = tradingDay(day);
        const visits = visitsOn(on);
        for (const [store, visitors] of visits.entries()) {
          const written = writeStoreDay(on, store, visitors, { orders: orders.bytes, lines: lines.bytes });
          orders.rows += written.orders;
          lines.rows += written.lines;
          if (orders.isFull) await orders.flush();
          if (lines.isFull) await lines.flush();
        }
        progress?.(++done, days);
      }
      files.push({ ...(await orders.close()), month: name }, { ...(await lines.close()), month: name });
    } catch (error) {
      await Promise.allSettled([orders.abort(), lines?.abort()]);
      throw error;
    }
  }
  return files;
}

/** The files of the last run, by path; none if there is no manifest, or a broken one: then every month is written. */
async function lastFiles(lake: Lake, prefix: string): Promise<ReadonlyMap<string, ManifestFile>> {
  try {
    const { files } = await readManifest(lake, prefix);
    return new Map(files.map((file) => [file.path, file]));
  } catch (error) {
    if (isManifestError(error)) return new Map();
    throw error;
  }
}

/** The files at these paths, if the last run had them and they are still as it left them. */
async function keptFiles(lake: Lake, last: ReadonlyMap<string, ManifestFile>, paths: readonly string[]) {
  const files = paths.flatMap((path) => last.get(path) ?? []);
  if (files.length < paths.length) return undefined;
  const found = await Promise.all(files.map(({ path }) => lake.stat(path)));
  return files.every(({ bytes, md5 }, i) => found[i]?.bytes === bytes && found[i]?.md5 === md5) ? files : undefined;
}

/**
 * Publishes the run once all its shards have left a record. Shards do not know of each other: the last one finds all records, and
 * two that finish at the same time write the same bytes.
 */
async function publishWhenComplete(
  lake: Lake,
  prefix: string,
  { run, settings }: Manifest,
  writeTruth: () => Promise<unknown>,
): Promise<void> {
  const records = await lake.list(`${prefix}/${run}/shard-`);
  if (records.length < settings.shards) return;
  const parts = await Promise.all(records.map((path) => readManifestAt(lake, path)));
  const files = tableOrder.flatMap(({ table }) =>
    parts.flatMap((part) => part.files.filter((file) => file.table === table)),
  );
  if (!files.some(({ table, rows }) => table === tables.orders.table && rows > 0))
    throw new UserError(
      `no shop has an order from ${settings.from} to ${settings.until}, so the last run stays: use more days or a larger scale`,
    );
  await writeTruth();
  await writeManifestAt(lake, manifestPath(prefix), { run, settings, files });
}
