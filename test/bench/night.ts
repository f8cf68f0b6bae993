import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** One night: files, load and marts. */
export interface NightFigures {
  /** Rows in the tables, and those that the load read. */
  readonly rows: number;
  readonly read: number;
  /** By the clock, for each step. */
  readonly seconds: Readonly<Record<string, number>>;
  /** The processor's time of the night, dbt's included, which other work on the machine does not lengthen. */
  readonly cpuSeconds: number;
}

/** Measures the first night of a chain of 4.5 million rows, and the night after it, which brings one day. */
export async function benchNight(scale = 10) {
  const folder = await mkdtemp(join(tmpdir(), "bench-night-"));
  try {
    const first = await night(folder, "2026-11-22", scale);
    const next = await night(folder, "2026-11-23", scale);
    return { scale, first, next, nextByFirst: Math.round((100 * next.cpuSeconds) / first.cpuSeconds) / 100 };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function night(folder: string, until: string, scale: number): Promise<NightFigures> {
  // `times` prints the time of the shell and, in its second line, of its children and theirs.
  const script = '"$0" --disable-warning=ExperimentalWarning "$@" && times';
  const step = join(import.meta.dirname, "night-step.ts");
  const { stdout } = await promisify(execFile)("bash", [
    "-c",
    script,
    process.execPath,
    step,
    folder,
    until,
    `${scale}`,
  ]);
  const [figures = "{}", , children = ""] = stdout.trim().split("\n").slice(-3);
  const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + 60 * Number(m) + Number(s), 0);
  return { ...JSON.parse(figures), cpuSeconds: Math.round(cpu * 10) / 10 };
}
