import { UserError } from "../errors.ts";
import { openLake } from "../lake/open-lake.ts";
import { type LoadSummary, load } from "../load.ts";
import { openWarehouse } from "../warehouse/open-warehouse.ts";
import { HttpError, type HttpFunction, jsonFunction, requireEnv } from "./http.ts";

/**
 * The function `load-bq-from-csv`: loads the coffee shop's last complete run from the bucket into BigQuery, and answers with the
 * rows of each table. It reads PROJECT_ID, DATASET, BUCKET, GCS_PREFIX and LOCATION from the environment.
 */
export const loadBqFromCsv: HttpFunction = jsonFunction(async () => ({
  status: 200,
  body: { loaded: await loadInTurn() },
}));

let running: Promise<LoadSummary> | undefined;
let next: Promise<LoadSummary> | undefined;

/**
 * Runs one load at a time. Calls that arrive during a load share the next one, because the files may have changed since the running
 * one read them.
 */
function loadInTurn(): Promise<LoadSummary> {
  if (running === undefined) {
    running = loadOnce().finally(() => {
      running = undefined;
    });
    return running;
  }
  next ??= running
    .catch(() => {})
    .then(() => {
      next = undefined;
      return loadInTurn();
    });
  return next;
}

async function loadOnce(): Promise<LoadSummary> {
  const env = requireEnv("PROJECT_ID", "DATASET", "BUCKET", "GCS_PREFIX", "LOCATION");
  const lake = await openLake(`gs://${env.BUCKET}`);
  const warehouse = await openWarehouse(`bigquery://${env.PROJECT_ID}?location=${env.LOCATION}`);
  try {
    return await load(warehouse, lake, { prefix: env.GCS_PREFIX, dataset: env.DATASET });
  } catch (error) {
    throw answerTo(error);
  } finally {
    await warehouse.close();
  }
}

/** 409 if BigQuery rolled this load back in favour of another one, by another instance or started by hand. */
export function answerTo(error: unknown): unknown {
  if (!(error instanceof UserError && /due to concurrent update/i.test(error.message))) return error;
  return new HttpError(409, `another load is under way, this one changed nothing: ${error.message}`);
}
