import { Stopped } from "./processes.ts";
import type { Execution, Listen } from "./run-admin.ts";
import { count, formatTable, step } from "./terminal.ts";

/** Shows an execution of a job: its name, how far it is, and what came of it. */
export function watch(execution: Execution, listen: Listen): void {
  step(String(execution.job.inputs.name), async (show) => {
    listen((line) => {
      if (/^\d+ %$/.test(line)) show(line);
    });
    await execution.over;
    // It is not what failed: its line stays unwritten.
    if (execution.failed instanceof Stopped) await new Promise(() => {});
    if (execution.report === undefined) throw execution.failed;
    const said = execution.report.lines.flatMap(jsonIn);
    return [said, summary(Object.assign({}, ...said))];
  }).then(
    (said) => {
      for (const { filled } of said) if (filled !== undefined) console.log(countsOf(filled));
    },
    // Whoever started it hears of it too.
    () => {},
  );
}

/** Shows the firing of a schedule. */
export async function show(title: string, work: () => Promise<unknown>): Promise<void> {
  await step(title, async () => [undefined, summary((await work()) as Said)]);
}

/** What the runtime's entry points say in their last line, and functions in their answer. */
interface Said {
  readonly filled?: Filled;
  readonly files?: readonly { readonly rows: number }[];
  readonly loaded?: Readonly<Record<string, number>>;
  readonly reported?: { readonly pages: Readonly<Record<string, number>>; readonly missing: readonly string[] };
  readonly built?: { readonly models: number; readonly tests: number };
  /** dbt's command, where it is another than build. */
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
