import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { generateCoffee } from "../../generator/coffee/generate.ts";
import type { Lake } from "../../generator/lake/lake.ts";
import { type Manifest, type ManifestFile, manifestPath } from "../../generator/lake/manifest.ts";
import { openLake } from "../../generator/lake/open-lake.ts";
import type { Table } from "../../generator/tables/table.ts";

const PREFIX = "csv_sources";

/** A small run of the generator in a folder, whose files can be spoiled one at a time and restored. */
export class SmallRun {
  readonly lake: Lake;
  readonly manifest: Manifest;
  readonly #kept = new Map<string, Buffer>();
  readonly #spoiled = new Set<string>();

  private constructor(lake: Lake, manifest: Manifest) {
    this.lake = lake;
    this.manifest = manifest;
  }

  static async make(folder: string): Promise<SmallRun> {
    const lake = await openLake(pathToFileURL(join(folder, "bucket")).href);
    const window = { until: "2024-03-10", days: 10, scale: 0.1 };
    const manifest = await generateCoffee(lake, { ...window, seed: 7, shard: { index: 0, count: 1 } });
    const run = new SmallRun(lake, manifest);
    for (const path of [...manifest.files.map((file) => file.path), manifestPath(PREFIX)])
      run.#kept.set(path, await readFile(lake.uri(path)));
    return run;
  }

  /** The first file of a table. */
  fileOf({ table }: Table): ManifestFile {
    const file = this.manifest.files.find((each) => each.table === table);
    if (file === undefined) throw new Error(`the run has no file for ${table}`);
    return file;
  }

  /** Changes a table's file, and what the manifest promises of it: its rows too, unless another number is promised. */
  async change(table: Table, change: (content: Buffer) => Buffer | string, rows?: number): Promise<void> {
    const file = this.fileOf(table);
    const content = Buffer.from(change(this.#kept.get(file.path) ?? Buffer.alloc(0)));
    await this.write(file.path, content);
    const found = await this.lake.stat(file.path);
    const lines = content.toString("latin1").split("\n").length - 2;
    await this.promise({
      ...this.manifest,
      files: this.#withFile({ ...file, ...found, rows: rows ?? Math.max(0, lines) }),
    });
  }

  /** Changes the lines of a table's file: the header and the rows. */
  changeLines(table: Table, change: (header: string, rows: string[]) => string[]): Promise<void> {
    return this.change(table, (content) => {
      const [header = "", ...rows] = content.toString().trimEnd().split("\n");
      return `${change(header, rows).join("\n")}\n`;
    });
  }

  /** Changes one value of one row. */
  set(table: Table, column: string, value: string): Promise<void> {
    return this.changeLines(table, (header, rows) => {
      const at = rows.findIndex((row) => !row.includes('"'));
      const fields = rows[at]?.split(",") ?? [];
      fields[header.split(",").indexOf(column)] = value;
      return [header, ...rows.with(at, fields.join(","))];
    });
  }

  /** Writes another manifest. */
  promise(manifest: unknown): Promise<void> {
    return this.write(manifestPath(PREFIX), typeof manifest === "string" ? manifest : JSON.stringify(manifest));
  }

  async write(path: string, content: string | Buffer): Promise<void> {
    this.#spoiled.add(path);
    await mkdir(dirname(this.lake.uri(path)), { recursive: true });
    await writeFile(this.lake.uri(path), content);
  }

  /** Removes a file, or puts a folder in its place. */
  async remove(path: string, folder = false): Promise<void> {
    this.#spoiled.add(path);
    await rm(this.lake.uri(path));
    if (folder) await mkdir(this.lake.uri(path));
  }

  get manifestPath(): string {
    return manifestPath(PREFIX);
  }

  /** Makes all files what they were. */
  async restore(): Promise<void> {
    for (const path of this.#spoiled) {
      await rm(this.lake.uri(path), { recursive: true, force: true });
      const content = this.#kept.get(path);
      if (content !== undefined) await writeFile(this.lake.uri(path), content);
    }
    this.#spoiled.clear();
  }

  #withFile(changed: ManifestFile): ManifestFile[] {
    return this.manifest.files.map((file) => (file.path === changed.path ? changed : file));
  }
}
