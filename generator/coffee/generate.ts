import { CsvFile } from "../csv/csv-file.ts";
import type { Lake } from "../lake/lake.ts";
import { type Manifest, type ManifestFile, manifestPath, readManifestAt, writeManifestAt } from "../lake/manifest.ts";
import * as tables from "../tables/coffee.ts";
import { isoDay } from "./calendar.ts";
import { type Customer, customerRows, guestColumns, registeredUntil, truthRows } from "./customers.ts";
import { eventRows, productRows, storeRows } from "./masters.ts";
import { storeDayWriter } from "./orders.ts";
import {
  type CoffeeOptions,
  type CoffeeSettings,
  checkSettings,
  shardDays,
  shardFile,
  shardMark,
} from "./shop-settings.ts";
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
 * Writes the coffee shop's CSV files, or one shard of them, into the run's own folder under the prefix. The same options give the
 * same bytes. The shard that completes the run writes the ground truth and publishes the manifest; until then, readers find the run
 * before. Returns the manifest of the files that this call wrote.
 * Throws UserError for wrong options and for errors of the lake.
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
      await CsvFile.write(lake, `${folder}/Customers.csv`, tables.customers, customerRows(customers, seed)),
      await CsvFile.write(lake, `${folder}/Products.csv`, tables.products, productRows(settings.untilDay)),
      await CsvFile.write(lake, `${folder}/Stores.csv`, tables.stores, storeRows(settings.untilDay)),
      await CsvFile.write(lake, `${folder}/Events.csv`, tables.events, eventRows(settings.untilDay)),
    );
  }
  files.push(...(await writeOrders(lake, folder, settings, customers, options.progress)));

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
    CsvFile.write(lake, "ground_truth/Customers.csv", tables.customerTruth, truthRows(customers, settings.untilDay)),
  );
  return manifest;
}

/** Streams the orders and lines of the shard's days. Only one store's day is in memory at a time. */
async function writeOrders(
  lake: Lake,
  folder: string,
  settings: CoffeeSettings,
  customers: readonly Customer[],
  progress: GenerateOptions["progress"],
): Promise<ManifestFile[]> {
  const { seed, scale, shard } = settings;
  const { from, to } = shardDays(settings);
  const tradingDay = tradingDays(seed);
  const visitsOn = registeredVisits(customers, seed, from);
  const writeStoreDay = storeDayWriter(seed, scale, guestColumns(customers));
  const orders = await CsvFile.create(lake, `${folder}/${shardFile("Orders", "csv", shard)}`, tables.orders);
  let lines: CsvFile | undefined;
  try {
    lines = await CsvFile.create(lake, `${folder}/${shardFile("OrderDetails", "csv", shard)}`, tables.orderDetails);
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
      progress?.(day - from + 1, to - from);
    }
    return [await orders.close(), await lines.close()];
  } catch (error) {
    await Promise.allSettled([orders.abort(), lines?.abort()]);
    throw error;
  }
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
  await writeTruth();
  await writeManifestAt(lake, manifestPath(prefix), { run, settings, files });
}
