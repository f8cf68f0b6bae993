import { type Alert, type Execution, type Listen, Stopped } from "pulumi-rehearsal";
import { count, formatTable, heading, step, wrap } from "./terminal.ts";

/** The callbacks of a rehearsal that runs jobs and fires schedules. */
export interface Progress {
  /** Prints the line of a job's execution: the job's name, its progress, and its result. */
  readonly printExecution: (execution: Execution, listen: Listen) => void;
  /** Fires a schedule, and prints its line: the schedule's name and what it did. A job that it starts has a line of its own. */
  readonly printSchedule: (name: string, fire: () => Promise<unknown>) => Promise<void>;
  /** Prints an alert that the cloud would send. */
  readonly printAlert: (alert: Alert) => void;
}

/** @param verbose whether to print all that a step counted, and the schedules that only started a job */
export function openProgress(verbose: boolean): Progress {
  let firing: string | undefined;
  let night = false;
  return {
    printExecution(execution, listen) {
      const job = String(execution.job.inputs.name);
      step(firing === undefined ? job : `${firing}: ${job}`, async (show) => {
        listen((line) => {
          if (/^\d+ %$/.test(line)) show(line);
        });
        await execution.over;
        // Another job's failure stopped this one, so print nothing for it.
        if (execution.failed instanceof Stopped) await new Promise(() => {});
        if (execution.report === undefined) throw execution.failed;
        const said = execution.report.lines.flatMap(jsonIn);
        return [said, summary(Object.assign({}, ...said))];
      }).then(
        (said) => {
          for (const { filled } of said)
            if (filled !== undefined)
              console.log(
                verbose ? countsOf(filled) : wrap(`${leftOut(filled)}; logs/${job}.log counts the reasons`, "    "),
              );
        },
        // The rehearsal throws the same error, and prints it.
        () => {},
      );
    },

    async printSchedule(name, fire) {
      if (!night) heading("Night: the schedules, in the order of their times");
      night = true;
      firing = name;
      try {
        await step(name, async () => {
          const said = (await fire()) as Said;
          return [undefined, startedBy(said) === undefined || verbose ? summary(said) : undefined];
        });
      } finally {
        firing = undefined;
      }
    },

    printAlert({ policy, to, because }) {
      const whom = to.length > 0 ? `have gone to ${to.join(", ")}` : "be shown in the console";
      console.log(`! The alert "${policy}" would ${whom}: ${because}`);
    },
  };
}

/** A line of JSON in a job's output, or the answer of a function: what it did. */
interface Said {
  readonly filled?: Filled;
  readonly files?: readonly { readonly rows: number }[];
  readonly loaded?: Readonly<Record<string, number>>;
  readonly reported?: { readonly pages: Readonly<Record<string, number>>; readonly missing: readonly string[] };
  readonly built?: { readonly models: number; readonly tests: number };
  /** The state of a step of the night, and the last day of its data. */
  readonly state?: string;
  readonly until?: string;
  /** The dbt command, if it is not build. */
  readonly ran?: string;
  readonly execution?: string | undefined;
  readonly metadata?: { readonly name: string } | undefined;
}
interface Filled {
  readonly tables: Readonly<Record<string, number>>;
  readonly counts: readonly { readonly of: string; readonly what: string; readonly rows: number }[];
}

function summary(said: Said): string {
  const { state, until } = said;
  const work = workOf(said);
  // The answer of a step of the night.
  if (state !== undefined) return `${(work || state).replace(/ in \d+ tables$/, "")} until ${until}`;
  return work;
}

function workOf({ filled, files, loaded, reported, built, ran, execution, metadata }: Said): string {
  if (built !== undefined) return `${built.models} models, ${built.tests} tests passed`;
  if (reported !== undefined) return pagesIn(reported);
  if (ran !== undefined) return ran;
  if (files !== undefined) return `${rowsIn(files.map(({ rows }) => rows))} in ${files.length} files`;
  const tables = filled?.tables ?? loaded;
  if (tables !== undefined) return `${rowsIn(Object.values(tables))} in ${Object.keys(tables).length} tables`;
  const started = startedBy({ execution, metadata });
  return started === undefined ? "" : `started ${started}`;
}

/** The job that an answer says was started. */
function startedBy({ execution, metadata }: Pick<Said, "execution" | "metadata">): string | undefined {
  return (execution ?? metadata?.name)?.split("/jobs/")[1]?.split("/")[0];
}

function pagesIn({ pages, missing }: NonNullable<Said["reported"]>): string {
  const bytes = Object.values(pages).reduce((sum, each) => sum + each, 0);
  const made = `${Object.keys(pages).length} pages, ${(bytes / 1e6).toFixed(1)} MB`;
  return [made, ...new Set(missing)].join("; ");
}

function rowsIn(rows: readonly number[]): string {
  return `${count(rows.reduce((sum, each) => sum + each, 0))} rows`;
}

/** How many of the source's rows were left out, and for which reason most of them. The job's log and --verbose count them by reason. */
function leftOut({ counts }: Filled): string {
  const sum = (some: Filled["counts"]) => some.reduce((all, { rows }) => all + rows, 0);
  const source = counts.filter(({ of }) => of !== "customers");
  const out = source.filter(({ what }) => what.startsWith("left out: "));
  const [most] = [...out].sort((a, b) => b.rows - a.rows);
  const mainly = most === undefined || most.rows === 0 ? "" : `, mainly ${most.what.replace("left out: ", "")}`;
  return `${count(sum(out))} of ${count(sum(source.filter(({ what }) => what === "read")))} rows left out${mainly}`;
}

function countsOf({ counts }: Filled): string {
  return formatTable(
    counts.filter(({ rows }) => rows > 0).map(({ of, what, rows }) => ({ of, what, rows })),
    "      ",
  );
}

function jsonIn(line: string): Said[] {
  if (!line.startsWith("{")) return [];
  try {
    return [JSON.parse(line) as Said];
  } catch {
    return [];
  }
}
