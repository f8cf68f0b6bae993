import { type Execution, type Listen, Stopped } from "pulumi-rehearsal";
import { count, formatTable, step } from "./terminal.ts";

/** Prints the line of a job's execution: the job's name, its progress, and its result. */
export function printExecution(execution: Execution, listen: Listen): void {
  step(String(execution.job.inputs.name), async (show) => {
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
      for (const { filled } of said) if (filled !== undefined) console.log(countsOf(filled));
    },
    // The rehearsal throws the same error, and prints it.
    () => {},
  );
}

/** Fires a schedule, and prints its line: the schedule's name and what it started. */
export async function printSchedule(name: string, fire: () => Promise<unknown>): Promise<void> {
  await step(name, async () => [undefined, summary((await fire()) as Said)]);
}

/** A line of JSON in a job's output, or the answer of a function: what it did. */
interface Said {
  readonly filled?: Filled;
  readonly files?: readonly { readonly rows: number }[];
  readonly loaded?: Readonly<Record<string, number>>;
  readonly reported?: { readonly pages: Readonly<Record<string, number>>; readonly missing: readonly string[] };
  readonly built?: { readonly models: number; readonly tests: number };
  /** The dbt command, if it is another one than build. */
  readonly ran?: string;
  readonly execution?: string;
  readonly metadata?: { readonly name: string };
}
interface Filled {
  readonly tables: Readonly<Record<string, number>>;
  readonly counts: readonly { readonly of: string; readonly what: string; readonly rows: number }[];
}

function summary({ filled, files, loaded, reported, built, ran, execution, metadata }: Said): string {
  if (built !== undefined) return `${built.models} models, ${built.tests} tests passed`;
  if (reported !== undefined) return pagesIn(reported);
  if (ran !== undefined) return ran;
  if (files !== undefined) return `${rowsIn(files.map(({ rows }) => rows))} in ${files.length} files`;
  const tables = filled?.tables ?? loaded;
  if (tables !== undefined) return `${rowsIn(Object.values(tables))} in ${Object.keys(tables).length} tables`;
  const started = execution ?? metadata?.name;
  return started === undefined ? "" : `started ${started.split("/jobs/")[1]?.split("/")[0]}`;
}

function pagesIn({ pages, missing }: NonNullable<Said["reported"]>): string {
  const bytes = Object.values(pages).reduce((sum, each) => sum + each, 0);
  const made = `${Object.keys(pages).length} pages, ${(bytes / 1e6).toFixed(1)} MB`;
  return [made, ...new Set(missing)].join("; ");
}

function rowsIn(rows: readonly number[]): string {
  return `${count(rows.reduce((sum, each) => sum + each, 0))} rows`;
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
