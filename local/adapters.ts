import { type Adapter, byItsProvider, checkOrder, googleAdapters, need, wrong } from "pulumi-rehearsal";
import { bigQuery } from "./bigquery.ts";
import { cleanRoom } from "./clean-room.ts";

/** The type token of the dynamic resource `JobRun`. */
export const JOB_RUN = "pulumi-nodejs:dynamic/bigquery-clean-room:JobRun";

/** JobRun: its own provider starts the job and waits until it ends. */
const jobRuns: Adapter = {
  types: {
    [JOB_RUN]: byItsProvider({
      before({ jobs }, run) {
        const job = need<string>(run, "job");
        if (!jobs.has(job)) throw wrong(run, `runs ${job}, which is not declared`);
      },
      after(rehearsal, run, { execution }) {
        const report = rehearsal.executions.get(String(execution))?.report;
        if (report === undefined) throw wrong(run, "was created, but its output `execution` names none that succeeded");
        checkOrder(rehearsal, run, report);
      },
    }),
  },
};

/** The adapters for everything that `index.ts` declares, except dbt's container: `dbtJobs` makes that one. */
export const adapters: readonly Adapter[] = [...googleAdapters, bigQuery, cleanRoom, jobRuns];
