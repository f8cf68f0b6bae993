import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Adapter,
  type Alert,
  bucketFolder,
  type Declaration,
  type RehearseOptions,
  rehearse,
  wrong,
} from "pulumi-rehearsal";
import type { Manifest } from "../../generator/lake/manifest.ts";
import type { ReportedRun, Run } from "../../generator/runs.ts";
import { builtRun, loadedRun } from "../../generator/runs.ts";
import { openWarehouse } from "../../generator/warehouse/open-warehouse.ts";
import { adapters } from "../../local/adapters.ts";
import { databases, databaseUrl } from "../../local/output-folder.ts";
import { type Draft, partOf } from "../../packages/pulumi-rehearsal/test/draft.ts";

/*
 * Nights of the coffee shops on the real functions, the generator, the load and the reports. dbt takes seconds and is not the subject: a
 * stand-in records the run that it would have built.
 */

/** The last day of data that the night should bring. */
export const NIGHT = "2026-06-30";
/** The last day of the data that was there before. */
export const EARLIER = "2026-06-29";
const BUCKET = "demo-project-coffee-demo";
const roots = ["marts-documented", "reports-written"];
const schedules = ["daily-generate-schedule", "daily-load-schedule", "daily-dbt-schedule", "daily-report-schedule"];

/** Builds the record of the marts, as dbt would. */
const dbt: Adapter = {
  types: {},
  runners: [
    {
      matches: ({ image }) => /dbt/.test(image),
      async run(rehearsal, { job, args }) {
        const warehouse = await openWarehouse(databaseUrl(rehearsal, databases.warehouse));
        try {
          if (args.includes("build"))
            await warehouse.run(
              "CREATE OR REPLACE TABLE coffee_marts.built_from AS SELECT run, data_until FROM coffee_shop.loads ORDER BY load_id DESC LIMIT 1",
            );
        } catch (error) {
          throw wrong(job, String(error));
        } finally {
          await warehouse.close();
        }
        return { lines: [], touched: [] };
      },
    },
  ],
  lock: (_, { image }) => (/dbt/.test(image) ? { name: databases.warehouse } : undefined),
};

/** The end of a night. */
export interface End {
  /** The error that the rehearsal ended with; empty if it passed. */
  readonly error: string;
  /** The answers of the schedules, in the order in which they came. */
  readonly answers: readonly (readonly [schedule: string, answer: Record<string, unknown>])[];
  readonly alerts: readonly Alert[];
  /** How often each job was started after the deployment. */
  readonly started: Readonly<Record<string, number>>;
  readonly loaded: Run | undefined;
  readonly built: Run | undefined;
  readonly reported: ReportedRun;
}

export interface NightOptions extends Pick<Partial<RehearseOptions>, "faults"> {
  /** Whether each schedule calls a second time. */
  readonly twice?: boolean;
  /** Changes the declaration first. */
  readonly change?: (draft: Draft) => void;
  /** Receives the folder of the night. */
  readonly onFolder?: (out: string) => void;
}

/** Deploys the coffee shops the day before, and runs one night. */
export async function night(declaration: Declaration, { faults, ...options }: NightOptions): Promise<End> {
  const out = await mkdtemp(join(tmpdir(), "night-"));
  options.onFolder?.(out);
  const alerts: Alert[] = [];
  const answers: [string, Record<string, unknown>][] = [];
  const started: Record<string, number> = {};
  const draft = partOf(declaration, ...roots, ...schedules, ...alertResources(declaration));
  options.change?.(draft);
  let deployed = false;
  try {
    const error = await rehearse(draft, {
      out,
      adapters: [...adapters, dbt],
      env: { UNTIL: NIGHT },
      deployEnv: { UNTIL: EARLIER },
      onAlert: (alert) => alerts.push(alert),
      onExecution({ job }) {
        const name = String(job.inputs.name);
        if (deployed) started[name] = (started[name] ?? 0) + 1;
      },
      async onSchedule(name, fire) {
        deployed = true;
        for (let time = 1; time <= (options.twice ? 2 : 1); time++)
          answers.push([name, (await fire()) as Record<string, unknown>]);
      },
      ...(faults && { faults }),
    }).then(
      () => "",
      ({ message }: Error) => message,
    );
    if (!deployed) throw new Error(`the deployment failed: ${error}`);
    const warehouse = await openWarehouse(databaseUrl({ out }, databases.warehouse));
    try {
      const file = join(bucketFolder({ out }, `${BUCKET}-reports`), "run.json");
      const record = await readFile(file, "utf8").catch(() => {
        throw new Error(`the reports left no record: ${error}`);
      });
      const [loaded, built] = [await loadedRun(warehouse), await builtRun(warehouse)];
      return { error, answers, alerts, started, loaded, built, reported: JSON.parse(record) };
    } finally {
      await warehouse.close();
    }
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** Fails the first executions of a job in the night; the deployment is the first start of each, and dbt's second writes its documentation. */
export const failing = (job: string, times: number) => {
  const from = job === "coffee-dbt-job" ? 3 : 2;
  return (name: string, attempt: number) => {
    if (name === job && attempt >= from && attempt < from + times) throw new Error("injected");
  };
};

/** Makes the load of tonight's run fail as long as `failing` says so, by a file that is cut short. */
export function failingLoads(folder: () => string, failing: (attempt: number) => boolean) {
  let whole: { file: string; bytes: Buffer } | undefined;
  return async (schedule: string, attempt: number): Promise<void> => {
    if (schedule !== "load-bq-daily") return;
    const lake = bucketFolder({ out: folder() }, BUCKET);
    const { settings, files } = JSON.parse(await readFile(join(lake, "csv_sources/manifest.json"), "utf8")) as Manifest;
    if (settings.until !== NIGHT) return;
    // The newest month's: the load does not read files that have not changed.
    const file = join(lake, files.findLast(({ table }) => table === "orders")?.path ?? "");
    whole ??= { file, bytes: await readFile(file) };
    await writeFile(file, failing(attempt) ? "cut short" : whole.bytes);
  };
}

function alertResources({ resources }: Declaration): string[] {
  const types = ["gcp:monitoring/alertPolicy:AlertPolicy", "gcp:logging/metric:Metric"];
  return resources.filter(({ type }) => types.includes(type)).map(({ name }) => name);
}
