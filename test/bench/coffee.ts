import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

export interface CoffeeFigures {
  /** CSV rows of all six files a second, checksums and disk included. */
  readonly rowsPerSecond: number;
  /** The same by the processor's time, which other work on the machine does not lengthen. */
  readonly rowsPerCpuSecond: number;
  readonly megabytesPerSecond: number;
  /** Of the whole process. */
  readonly peakRssMegabytes: number;
  readonly rows: number;
  readonly scale: number;
}

/** Rows a second that others reach on a machine like ours, to stand beside the figures. */
export const coffeeReference = { "tpchgen-cli, one thread": 1_000_000, "the original": 4_700 };

/** A hundred times the default; half a year of it is about 8 million rows, and a day is no larger in a longer run. */
const options = { seed: 42, until: "2026-11-22", days: 180, scale: 100, shard: { index: 0, count: 1 } };

/** Measures the coffee generator on one core, as it is deployed: bundled, on plain node, writing files. */
export async function benchCoffee(): Promise<CoffeeFigures> {
  const folder = await mkdtemp(join(tmpdir(), "bench-coffee-"));
  try {
    const bundle = join(folder, "run.mjs");
    await build({
      entryPoints: [join(import.meta.dirname, "coffee-run.ts")],
      outfile: bundle,
      bundle: true,
      platform: "node",
      format: "esm",
    });
    const url = pathToFileURL(join(folder, "lake")).href;
    const { stdout } = await promisify(execFile)(process.execPath, [bundle, url, JSON.stringify(options)]);
    const { seconds, cpuSeconds, rows, bytes, peakRssKilobytes } = JSON.parse(stdout);
    return {
      rowsPerSecond: Math.round(rows / seconds),
      rowsPerCpuSecond: Math.round(rows / cpuSeconds),
      megabytesPerSecond: Math.round(bytes / seconds / 1e6),
      peakRssMegabytes: Math.round(peakRssKilobytes / 1024),
      rows,
      scale: options.scale,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
