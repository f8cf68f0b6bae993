import { openRunAdmin } from "bigquery-clean-room/run-admin";
import { tellTouched } from "pulumi-rehearsal/touched";
import { yesterdayInKyiv } from "../command-settings.ts";
import { isUserError, NO_ACCESS } from "../errors.ts";
import { isManifestError } from "../lake/manifest.ts";
import { openLake } from "../lake/open-lake.ts";
import { builtRun, lastLoadTime, loadedRun, madeRun, reportedRun } from "../runs.ts";
import { openWarehouse } from "../warehouse/open-warehouse.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { HttpError, type HttpFunction, jsonFunction, requireEnv } from "./http.ts";
import { runJob } from "./job-step.ts";
import { inTurn, isOf, nightOf, reach, runStep, type Standing, type Step, type StepAnswer } from "./night.ts";

/** The longest that a call waits for the end of a job. Cloud Scheduler waits 30 minutes for the answer. */
const PATIENCE_MS = 25 * 60_000;

/**
 * The function `trigger-job`: does a step of the night whose work is a Cloud Run job, and answers when the job has ended. The URL's
 * path names the step: none for the generator, `/dbt` for the marts, `/report` for the reports. It answers 200 if tonight's output is
 * there, 503 to be called again, and says the run and the last day of its data. It reads PROJECT_ID, REGION, LOCATION, JOB, DBT_JOB,
 * REPORT_JOB, DATASET, MARTS, BUCKET, GCS_PREFIX and REPORTS_BUCKET from the environment.
 */
export const triggerJob: HttpFunction = jsonFunction(({ path }) => {
  const step = Object.hasOwn(queues, path) ? queues[path as keyof typeof queues] : undefined;
  if (step === undefined)
    throw new HttpError(404, `"${path}" is not a step of the night: use ${Object.keys(queues).join(", ")}`);
  return step(Date.now() + PATIENCE_MS);
});

/** The steps by path. Calls of one step run in turn: the later one finds the work done. */
const queues = {
  "/": inTurn((deadline: number) => runStep(jobStep("JOB", deadline, generateStanding), nightOf())),
  "/dbt": inTurn((deadline: number) => runStep(jobStep("DBT_JOB", deadline, dbtStanding), nightOf())),
  "/report": inTurn((deadline: number) => runStep(jobStep("REPORT_JOB", deadline, reportStanding), nightOf())),
} satisfies Record<string, (deadline: number) => Promise<StepAnswer>>;

function environment() {
  const names = ["PROJECT_ID", "REGION", "LOCATION", "JOB", "DBT_JOB", "REPORT_JOB"] as const;
  const places = ["DATASET", "MARTS", "BUCKET", "GCS_PREFIX", "REPORTS_BUCKET"] as const;
  return requireEnv(...names, ...places);
}
type Env = ReturnType<typeof environment>;

function jobStep(
  name: "JOB" | "DBT_JOB" | "REPORT_JOB",
  deadline: number,
  standing: (env: Env, night: string, worked: boolean) => Promise<Standing>,
): Step {
  const env = environment();
  const job = `projects/${env.PROJECT_ID}/locations/${env.REGION}/jobs/${env[name]}`;
  // Tonight began at the last midnight in Kyiv, when yesterday's data became complete.
  const lastDay = yesterdayInKyiv();
  return {
    standing: (night, worked) => standing(env, night, worked),
    work({ since }) {
      tellTouched(`job/${env[name]}`, "write");
      return runJob(openRunAdmin(), {
        job,
        deadline,
        isTonight: (createTime) => yesterdayInKyiv(Date.parse(createTime)) >= lastDay,
        ...(since !== undefined && { since }),
      });
    },
  };
}

async function generateStanding({ BUCKET, GCS_PREFIX }: Env, night: string, worked: boolean): Promise<Standing> {
  const made = await madeRun(await openLake(`gs://${BUCKET}`), GCS_PREFIX).catch((error: unknown) => {
    if (worked || !isMendable(error)) throw error;
    return undefined;
  });
  return { has: made, due: !isOf(made, night), waitsFor: undefined };
}

/**
 * Whether the generator mends an error, because it writes the manifest again: it is broken or was deleted. Google answers that a missing file is
 * refused to an account that may not list the bucket.
 */
function isMendable(error: unknown): boolean {
  return isManifestError(error) || (isUserError(error) && error.exitCode === NO_ACCESS);
}

async function dbtStanding(env: Env, night: string): Promise<Standing> {
  const [loaded, built, since] = await asking(env, (warehouse) =>
    Promise.all([
      loadedRun(warehouse, env.DATASET),
      builtRun(warehouse, env.MARTS),
      lastLoadTime(warehouse, env.DATASET),
    ]),
  );
  return {
    // Builds from last night's load, which may have failed as it did then, say nothing about tonight's.
    ...(since !== undefined && { since }),
    has: built,
    due: loaded !== undefined && built?.run !== loaded.run,
    waitsFor: isOf(loaded, night) ? undefined : `the load: the tables hold ${reach(loaded)}`,
  };
}

async function reportStanding(env: Env, night: string): Promise<Standing> {
  const built = await asking(env, (warehouse) => builtRun(warehouse, env.MARTS));
  const reported = await reportedRun(await openLake(`gs://${env.REPORTS_BUCKET}`));
  return {
    has: reported,
    // Once a night, write pages even from old marts, so that they say that tonight's data is missing.
    due: built !== undefined && (reported?.run !== built.run || reported.night < night),
    waitsFor: isOf(built, night) ? undefined : `the marts: they hold ${reach(built)}`,
  };
}

/** Queries the warehouse, and closes it before a job that writes to it starts. In a rehearsal, others may read it meanwhile. */
async function asking<T>({ PROJECT_ID, LOCATION }: Env, ask: (warehouse: Warehouse) => Promise<T>): Promise<T> {
  const warehouse = await openWarehouse(`bigquery://${PROJECT_ID}?location=${LOCATION}`, { readOnly: true });
  try {
    return await ask(warehouse);
  } finally {
    await warehouse.close();
  }
}
