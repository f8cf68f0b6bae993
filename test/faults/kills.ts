import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { openGcs } from "../../generator/lake/gcs.ts";
import { readManifest } from "../../generator/lake/manifest.ts";
import { openLake } from "../../generator/lake/open-lake.ts";
import { coffeeDataset, coffeeTables } from "../../generator/tables/index.ts";
import { createTables } from "../../generator/warehouse/duckdb.ts";
import { startGoogle } from "../support/google.ts";
import { contentsOf } from "./contents.ts";
import type { Kind } from "./fault.ts";
import { leftOf, runFile, startFile, until } from "./processes.ts";

/** A command that is killed at many points of its way. */
interface Victim {
  readonly name: string;
  readonly file: string;
  /** The arguments of a run that differs from the last one. */
  args(run: number): readonly string[];
  /** A text that differs where what readers find differs. Throws if it is not whole. */
  shown(): Promise<string>;
  /** Tells whether a changed text is that of the given run. */
  isOf(shown: string, run: number): boolean;
  /** Prepares what a run needs. */
  before?(run: number): Promise<void>;
  /** Files that an interrupted run may leave, and the next whole run must remove. */
  leftovers?(): Promise<string[]>;
}

const GENERATOR = "generator/main.ts";

/**
 * Kills a command at `points` points that are spread over the time of a whole run. After each, readers must find the last good data, or
 * the new data, and all of it; and none of its processes may be left. Every third is asked to end, by SIGTERM.
 */
async function kill(victim: Victim, points: number, tell: (name: string, lost?: string) => void): Promise<void> {
  const { name, file } = victim;
  let run = 0;
  const whole = async () => {
    run++;
    await victim.before?.(run);
    return runFile(file, victim.args(run), { within: 300_000 });
  };
  const first = await whole();
  if (first.code !== 0) return tell(`${name}, the first run`, first.output);
  // The first run also fills caches, so the second tells how long a run takes.
  const { seconds } = await whole();
  let good = await victim.shown();
  for (let point = 0; point < points; point++) {
    run++;
    await victim.before?.(run);
    const signal = point % 3 === 2 ? "SIGTERM" : "SIGKILL";
    const part = (point + 0.5) / points;
    const command = startFile(file, victim.args(run));
    await Promise.race([sleep(seconds * 1000 * part), command.ended]);
    command.child.kill(signal);
    const code = await command.ended;
    const gone = await until(() => leftOf(command).length === 0, 5000);
    const shown = await victim.shown().catch((error) => `broken: ${error.message}`);
    const title = `${name}, ${signal} at ${Math.round(part * 100)} %`;
    // A run may be complete when the signal comes, and then its own data are shown.
    if (!gone) tell(title, `leaves ${leftOf(command).join("; ")}`);
    else if (shown.startsWith("broken")) tell(title, shown);
    else if (shown !== good && !victim.isOf(shown, run))
      tell(title, "the data are of neither the last run nor this one");
    else if (signal === "SIGKILL" && code !== signal && code !== 0)
      tell(title, `ended with ${code}: ${command.output()}`);
    else tell(title);
    good = shown;
  }
  const last = await whole();
  const rest = (await victim.leftovers?.()) ?? [];
  const shown = await victim.shown().catch((error) => `broken: ${error.message}`);
  const lost =
    last.code !== 0
      ? last.output
      : shown.startsWith("broken")
        ? shown
        : rest.length > 0
          ? `leaves ${rest.join(", ")}`
          : undefined;
  tell(`${name}, a whole run after the killed ones`, lost);
}

const day = ["--until", "2024-03-20", "--scale", "0.5"];

function generate(folder: string): Victim {
  const out = join(folder, "generated");
  const lake = openLake(pathToFileURL(out).href);
  return {
    name: "generate",
    file: GENERATOR,
    args: (run) => ["generate", "--out", out, ...day, "--days", "200", "--seed", String(run)],
    shown: async () => checkedRun(await lake),
    isOf: (shown, run) => JSON.parse(shown).settings.seed === run,
    leftovers: async () => (await readdir(out, { recursive: true })).filter((name) => name.includes(".tmp-")),
  };
}

/** The manifest that readers of a lake find. Throws if one of its files is not as the manifest says. */
async function checkedRun(lake: Awaited<ReturnType<typeof openLake>>): Promise<string> {
  const manifest = await readManifest(lake, "csv_sources");
  for (const { path, bytes, md5 } of manifest.files) {
    const found = await lake.stat(path);
    if (found?.bytes !== bytes || found.md5 !== md5) throw new Error(`${path} is not as the manifest says`);
  }
  return JSON.stringify(manifest);
}

function load(folder: string): Victim {
  const out = join(folder, "to-load");
  const database = `duckdb://${join(folder, "loaded.duckdb")}`;
  let last = "";
  return {
    name: "load",
    file: GENERATOR,
    async before(run) {
      if (run === 1) await createTables(database, coffeeDataset);
      const seed = ["--seed", String(run)];
      const made = await runFile(GENERATOR, ["generate", "--out", out, ...day, "--days", "100", ...seed]);
      if (made.code !== 0) throw new Error(made.output);
    },
    args: () => ["load", "--lake", pathToFileURL(out).href, "--warehouse", database, "--allow-shrink"],
    async shown() {
      const tables = (await contentsOf(database)).join("\n");
      if (tables !== last) {
        // The run's own numbers of rows: a mixture of two runs would have others in some table.
        const { files } = await readManifest(await openLake(pathToFileURL(out).href), "csv_sources");
        for (const { table } of coffeeTables) {
          const rows = files.filter((file) => file.table === table).reduce((sum, file) => sum + file.rows, 0);
          if (!tables.includes(`${table} ${rows} `))
            throw new Error(`${table} has not the ${rows} rows of the new run`);
        }
      }
      last = tables;
      return tables;
    },
    // `shown` has compared the numbers of rows.
    isOf: () => true,
  };
}

async function upload(folder: string): Promise<Victim & { stop(): Promise<void> }> {
  const google = await startGoogle({ bigquery: false });
  const bucket = await google.makeBucket("killed");
  const to = `gs://${bucket}/some/prefix`;
  const lake = openGcs(to);
  const from = join(folder, "to-upload");
  return {
    name: "upload",
    file: GENERATOR,
    async before(run) {
      const small = Array.from(
        { length: 40 },
        (_, index) => [`run-${run}/small-${index}.csv`, `id\n${run}\n`] as const,
      );
      const large = [`run-${run}/large.csv`, Buffer.alloc(20 << 20, run)] as const;
      const sums: Record<string, string> = {};
      await rm(from, { recursive: true, force: true });
      const out = await openLake(pathToFileURL(from).href);
      for (const [path, content] of [large, ...small]) sums[path] = (await out.writeText(path, content.toString())).md5;
      await out.writeText("manifest.json", JSON.stringify(sums));
    },
    args: () => ["upload", "--from", from, "--to", to],
    async shown() {
      const manifest = (await lake.readText("manifest.json")) ?? "{}";
      for (const [path, md5] of Object.entries(JSON.parse(manifest) as Record<string, string>))
        if ((await lake.stat(path))?.md5 !== md5) throw new Error(`${path} is not as the manifest says`);
      return manifest;
    },
    isOf: (shown, run) => shown.includes(`"run-${run}/`),
    stop: () => google.stop(),
  };
}

function start(folder: string): Victim {
  const out = join(folder, "started");
  return {
    name: "npm start",
    file: "local/start.ts",
    args: (run) => ["--out", out, "--until", "2024-03-10", "--days", "10", "--scale", "0.1", "--seed", String(run)],
    shown: () => filesOf(out),
    // `shown` throws if a result is not of the current run, which is whole.
    isOf: (shown) => shown.includes("warehouse.duckdb"),
    leftovers: async () => (await readdir(join(out, ".runs"))).slice(1),
  };
}

/** The checksums of all results in a folder. Throws if one is missing, or is not of the current run. */
async function filesOf(out: string): Promise<string> {
  const sums: string[] = [];
  const current = await realpath(join(out, ".current"));
  for (const name of (await readdir(out)).filter((each) => !each.startsWith("."))) {
    const path = join(out, name);
    if ((await realpath(path)) !== join(current, name)) throw new Error(`${name} is of another run`);
    const inside = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
    const files = inside?.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name)) ?? [path];
    for (const file of files.sort())
      sums.push(
        `${file} ${createHash("md5")
          .update(await readFile(file))
          .digest("hex")}`,
      );
  }
  return sums.join("\n");
}

export const kills: Kind = {
  holds: "Readers find the last whole run, the next run succeeds, and no process is left",
  async run(sample, tell) {
    const folder = await mkdtemp(join(tmpdir(), "faults-"));
    const report = (name: string, lost?: string) => tell({ name, lost });
    await writeFile(join(folder, "note"), "npm run faults made this folder");
    const points = sample ? 3 : 10;
    await kill(generate(folder), points, report);
    if (!sample) {
      await kill(load(folder), points, report);
      const uploading = await upload(folder);
      await kill(uploading, points, report).finally(() => uploading.stop());
      await kill(start(folder), points, report);
    }
    await rm(folder, { recursive: true, force: true });
  },
};
