import { UserError } from "../errors.ts";
import { openLake } from "../lake/lake.ts";
import { type LoadReport, load } from "../load.ts";
import { openWarehouse } from "../warehouse/warehouse.ts";
import { HttpError, type HttpFunction, jsonFunction, requireEnv } from "./http.ts";

/**
 * The function `load-bq-from-csv`: loads the coffee shop's last whole run from the bucket into BigQuery, and answers with the rows of
 * each table. By environment: PROJECT_ID, DATASET, BUCKET, GCS_PREFIX and LOCATION.
 */
export const loadBqFromCsv: HttpFunction = jsonFunction(async () => ({
  status: 200,
  body: { loaded: await loadInTurn() },
}));

let running: Promise<LoadReport> | undefined;
let next: Promise<LoadReport> | undefined;

/**
 * Loads one after another: calls that arrive during a load share the next one, since the files may have changed after the running
 * one had read them.
 */
function loadInTurn(): Promise<LoadReport> {
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

async function loadOnce(): Promise<LoadReport> {
  const env = requireEnv("PROJECT_ID", "DATASET", "BUCKET", "GCS_PREFIX", "LOCATION");
  const lake = await openLake(`gs://${env.BUCKET}`);
  const warehouse = await openWarehouse(`bigquery://${env.PROJECT_ID}?location=${env.LOCATION}`);
  try {
    return await load(warehouse, lake, env.GCS_PREFIX, env.DATASET);
  } catch (error) {
    throw answerTo(error);
  } finally {
    await warehouse.close();
  }
}

/** 409 where BigQuery let the transaction of another load through instead, by another instance or by hand. */
export function answerTo(error: unknown): unknown {
  if (!(error instanceof UserError && /due to concurrent update/i.test(error.message))) return error;
  return new HttpError(409, `another load is under way, this one changed nothing: ${error.message}`);
}
