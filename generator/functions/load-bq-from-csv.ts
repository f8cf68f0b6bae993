import { UserError } from "../errors.ts";
import { openLake } from "../lake/open-lake.ts";
import { load } from "../load.ts";
import { loadedRun, madeRun, type Run } from "../runs.ts";
import { openWarehouse } from "../warehouse/open-warehouse.ts";
import { HttpError, type HttpFunction, jsonFunction, requireEnv } from "./http.ts";
import { inTurn, isOf, nightOf, reach, runStep, type StepAnswer } from "./night.ts";

/**
 * The function `load-bq-from-csv`: loads the coffee shop's newest complete run from the bucket into BigQuery, unless the tables hold
 * it already. It answers 200 if they hold tonight's run, 503 to be called again while that run is not in the bucket, and says the run,
 * the last day of its data and the rows of each table that it loaded. It reads PROJECT_ID, DATASET, BUCKET, GCS_PREFIX and LOCATION
 * from the environment.
 */
export const loadBqFromCsv: HttpFunction = jsonFunction(() => loadInTurn());

/** One load at a time. A call that arrives during a load looks again after it, because the files may have changed. */
const loadInTurn = inTurn(async (): Promise<StepAnswer> => {
  const env = requireEnv("PROJECT_ID", "DATASET", "BUCKET", "GCS_PREFIX", "LOCATION");
  const where = { prefix: env.GCS_PREFIX, dataset: env.DATASET };
  const lake = await openLake(`gs://${env.BUCKET}`);
  const warehouse = await openWarehouse(`bigquery://${env.PROJECT_ID}?location=${env.LOCATION}`);
  try {
    const step = {
      async standing(night: string) {
        const [made, loaded] = await Promise.all([madeRun(lake, where.prefix), loadedRun(warehouse, where.dataset)]);
        return {
          has: loaded,
          due: made !== undefined && made.run !== loaded?.run && made.until <= night && !isOlder(made, loaded, night),
          waitsFor: isOf(made, night) ? undefined : `the generator: the bucket holds ${reach(made)}`,
        };
      },
      work: async () => ({ loaded: (await load(warehouse, lake, where)).rows }),
    };
    return await runStep(step, nightOf());
  } catch (error) {
    throw answerTo(error);
  } finally {
    await warehouse.close();
  }
});

/** Whether a run ends before the loaded one, as after somebody ran the generator with an older UNTIL: the tables would lose days. */
function isOlder(made: Run, loaded: Run | undefined, night: string): boolean {
  return loaded !== undefined && loaded.until <= night && made.until < loaded.until;
}

/** 409 if BigQuery rolled this load back in favour of another one, by another instance or started by hand. */
export function answerTo(error: unknown): unknown {
  if (!(error instanceof UserError && /due to concurrent update/i.test(error.message))) return error;
  return new HttpError(409, `another load is under way, this one changed nothing: ${error.message}`);
}
