import type { Lake } from "./lake/lake.ts";
import { type Manifest, manifestPath, readManifest } from "./lake/manifest.ts";
import { coffee } from "./tables/index.ts";
import { rowIfThere, type Warehouse } from "./warehouse/warehouse.ts";

/*
 * How far the night has come. The generator, the load and dbt each leave a record of the run and of its last day, so that each step
 * can tell whether the step before it is done, instead of trusting the clock.
 */

/** A run of the generator, as a step of the night left it. */
export interface Run {
  /** The run's name, as in its manifest. */
  readonly run: string;
  /** The last day of its data, `YYYY-MM-DD`. */
  readonly until: string;
}

/**
 * The newest complete run in the bucket; undefined if there is none.
 * @param prefix the folder of the CSV files within the lake
 * @throws ManifestError if the manifest is broken
 */
export async function madeRun(lake: Lake, prefix = "csv_sources"): Promise<Run | undefined> {
  // readManifest treats a missing manifest as a mistake, but here it is an answer.
  if ((await lake.readText(manifestPath(prefix))) === undefined) return undefined;
  const { run, settings } = await readManifest(lake, prefix);
  return { run, until: settings.until };
}

/**
 * The run whose rows the coffee shop's tables hold; undefined before the first load.
 * @param dataset the dataset in which the tables are declared
 */
export async function loadedRun(
  warehouse: Warehouse,
  dataset: string = coffee.loads.dataset,
): Promise<Run | undefined> {
  const loads = warehouse.nameOf({ ...coffee.loads, dataset });
  return readRun(warehouse, `SELECT run, data_until FROM ${loads} ORDER BY load_id DESC LIMIT 1`);
}

/**
 * When the coffee shop's tables were last loaded, in milliseconds since 1970; undefined before the first load.
 * @param dataset the dataset in which the tables are declared
 */
export async function lastLoadTime(
  warehouse: Warehouse,
  dataset: string = coffee.loads.dataset,
): Promise<number | undefined> {
  const loads = warehouse.nameOf({ ...coffee.loads, dataset });
  const row = await rowIfThere(warehouse, `SELECT loaded_at FROM ${loads} ORDER BY load_id DESC LIMIT 1`);
  return row && Date.parse(String(row.loaded_at));
}

/**
 * The run that the published marts were built from; undefined before the first build.
 * @param dataset the dataset in which dbt publishes them
 */
export async function builtRun(warehouse: Warehouse, dataset = "coffee_marts"): Promise<Run | undefined> {
  return readRun(warehouse, `SELECT run, data_until FROM ${dataset}.built_from`);
}

/** The run that the reports show. */
export interface ReportedRun extends Run {
  /** The last day that the data should have had when the reports were written. */
  readonly night: string;
}

/** The reports' own record, beside the pages. */
const REPORT_RECORD = "run.json";

/** The run that the reports in a bucket show; undefined before the first reports, or if the record is not one. */
export async function reportedRun(lake: Lake): Promise<ReportedRun | undefined> {
  const text = await lake.readText(REPORT_RECORD);
  try {
    const { run, until, night } = JSON.parse(text ?? "{}") as Partial<ReportedRun>;
    return run && until && night ? { run, until, night } : undefined;
  } catch {
    return undefined;
  }
}

/** Records the run that the reports show. Write it after the pages. */
export async function recordReport(lake: Lake, { run, until, night }: ReportedRun): Promise<void> {
  await lake.writeText(REPORT_RECORD, `${JSON.stringify({ run, until, night })}\n`);
}

async function readRun(warehouse: Warehouse, query: string): Promise<Run | undefined> {
  const row = await rowIfThere(warehouse, query);
  return row && { run: String(row.run), until: String(row.data_until) };
}

/** The statement that records a load, for the transaction that replaces the rows. */
export function recordLoad({ run, settings }: Manifest, dataset: string): string {
  const name = `${dataset}.${coffee.loads.table}`;
  const now = new Date().toISOString().replace("T", " ").replace("Z", "");
  return `INSERT INTO ${name} (load_id, run, data_from, data_until, loaded_at)
SELECT COALESCE(MAX(load_id), 0) + 1, '${run}', DATE '${settings.from}', DATE '${settings.until}', TIMESTAMP '${now}' FROM ${name}`;
}
