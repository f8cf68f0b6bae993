import type { Declaration } from "pulumi-rehearsal";
import { declareStack } from "../local/support.ts";
import { EARLIER, type End, failing, failingLoads, NIGHT, type NightOptions, night } from "../support/night.ts";
import type { Kind } from "./fault.ts";

/** The steps of a night: the schedule, and the job that it starts; the load is a function. */
const steps = {
  generator: { schedule: "coffee-job-schedule", job: "coffee-data-job" },
  load: { schedule: "load-bq-daily", job: undefined },
  dbt: { schedule: "dbt-daily", job: "coffee-dbt-job" },
  reports: { schedule: "report-daily", job: "coffee-report-job" },
} as const;
type Step = keyof typeof steps;
const order = Object.keys(steps) as Step[];

/** The ways in which a step fails. */
const ways = ["fails once", "fails for ever", "comes last", "is called twice"] as const;

function optionsOf(step: Step, way: (typeof ways)[number]): NightOptions {
  const { schedule, job } = steps[step];
  if (way === "is called twice") return { twice: true };
  if (way === "comes last")
    return {
      change(draft) {
        for (const { type, inputs } of draft.resources)
          if (type === "gcp:cloudscheduler/job:Job" && inputs.name === schedule) inputs.schedule = "55 23 * * *";
      },
    };
  const times = way === "fails once" ? 1 : 99;
  if (job !== undefined) return { faults: { execution: failing(job, times) } };
  let out = "";
  return {
    onFolder: (folder) => {
      out = folder;
    },
    faults: {
      call: failingLoads(
        () => out,
        (attempt) => attempt <= times,
      ),
    },
  };
}

/** The reason why the end of a night is not what it should be. */
function wrongIn(end: End, step: Step, way: (typeof ways)[number]): string | undefined {
  const { error, alerts, loaded, built, reported } = end;
  const days = [loaded?.until, built?.until, reported.until];
  const told = alerts.map(({ policy }) => policy);
  if (way !== "fails for ever") {
    if (error !== "") return `failed: ${error}`;
    if (days.some((day) => day !== NIGHT)) return `ends with data until ${days.join(", ")}`;
    if (way === "fails once" && told.length === 0) return "nobody was told";
    const again = Object.entries(end.started).filter(([, times]) => times > 1 && way === "is called twice");
    return again.length > 0 ? `${again.join()} was started more than once` : undefined;
  }
  if (error === "") return "nobody learned of it";
  if (!told.includes("No new reports for 26 hours") || told.length < 2) return `told only: ${told.join(", ")}`;
  // Steps before the failing one have tonight's data, all others still have the last good data.
  const wanted = order.slice(1).map((each) => (order.indexOf(each) < order.indexOf(step) ? NIGHT : EARLIER));
  return days.join() === wanted.join() ? undefined : `ends with data until ${days.join(", ")}`;
}

export const nights: Kind = {
  holds:
    "A step that fails once, comes late or is called twice ends with tonight's data; one that fails for ever leaves the last good data, and somebody is told",
  isSlow: true,
  async run(_, tell) {
    const declaration: Declaration = await declareStack({ alertEmails: "ann@example.com" });
    for (const step of order)
      for (const way of ways) {
        const lost = await night(declaration, optionsOf(step, way)).then(
          (end) => wrongIn(end, step, way),
          (error: Error) => error.message,
        );
        tell({ name: `the ${step} step ${way}`, lost });
      }
  },
};
