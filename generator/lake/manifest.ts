import { parseDay } from "../coffee/calendar.ts";
import { isUserError, UserError } from "../errors.ts";
import type { FileInfo, Lake } from "./lake.ts";

/** A file of a run. */
export interface ManifestFile extends FileInfo {
  /** The table it belongs to, without its dataset. */
  readonly table: string;
  /** Path in the lake. */
  readonly path: string;
  /** Rows, without the header. */
  readonly rows: number;
  /** The month whose rows it has, `YYYY-MM`. Absent if it has all rows of its table. */
  readonly month?: string;
}

/** The files of one run of the generator. It is written last: a file that it does not name is not part of the data. */
export interface Manifest {
  readonly run: string;
  readonly settings: {
    readonly seed: number;
    readonly scale: number;
    /** First and last day of the data, `YYYY-MM-DD`. */
    readonly from: string;
    readonly until: string;
    readonly shards: number;
  };
  readonly files: readonly ManifestFile[];
}

/** A manifest is missing or broken. The next run of the generator writes it again. */
export class ManifestError extends UserError {
  readonly about = "manifest";
}

/** Whether an error is a ManifestError. Compares a field, because a module may exist twice, each with a class of its own. */
export function isManifestError(error: unknown): error is ManifestError {
  return isUserError(error) && (error as Partial<ManifestError>).about === "manifest";
}

/** The path of the manifest under a prefix. */
export function manifestPath(prefix: string): string {
  return `${prefix}/manifest.json`;
}

/** Reads the manifest under a prefix. Throws ManifestError if it is missing or broken. */
export async function readManifest(lake: Lake, prefix: string): Promise<Manifest> {
  const path = manifestPath(prefix);
  const manifest = await readManifestAt(lake, path);
  const wrong = manifest.files.length === 0 ? "it names no files" : wrongMonths(manifest);
  if (wrong !== undefined) throw notManifest(lake, path, wrong);
  return manifest;
}

/** Like `readManifest`, for a manifest at any path, such as the record that a shard leaves of its files, which may be none. */
export async function readManifestAt(lake: Lake, path: string): Promise<Manifest> {
  const text = await lake.readText(path);
  if (text === undefined) throw new ManifestError(`there is no ${path} in ${lake.url}: run generate first`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ManifestError(`${path} in ${lake.url} is not JSON, so it was cut short or edited: run generate again`);
  }
  const wrong = firstMistake(value);
  if (wrong !== undefined) throw notManifest(lake, path, wrong);
  return value as Manifest;
}

function notManifest(lake: Lake, path: string, wrong: string): ManifestError {
  return new ManifestError(`${path} in ${lake.url} is not a manifest (${wrong}): run generate again`);
}

/** Writes a manifest atomically. */
export async function writeManifestAt(lake: Lake, path: string, manifest: Manifest): Promise<void> {
  await lake.writeText(path, `${JSON.stringify(manifest, null, 2)}\n`);
}

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
/** Folders and SQL statements contain the run's name. */
const isName = (value: unknown): boolean => typeof value === "string" && /^[\w.-]*\w[\w.-]*$/.test(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isShards = (value: unknown): boolean => isCount(value) && (value as number) > 0;
const isScale = (value: unknown): boolean => typeof value === "number" && value > 0 && Number.isFinite(value);
/** A path within the lake. */
const isPath = (value: unknown): boolean =>
  typeof value === "string" && value.split("/").every((part) => !/^\.{0,2}$|\p{Cc}/u.test(part));
const isDay = (value: unknown): boolean => typeof value === "string" && parseDay(value) !== undefined;
const isMonth = (value: unknown): boolean =>
  value === undefined || (typeof value === "string" && /^\d{4}-(0[1-9]|1[0-2])$/.test(value));
const isMd5 = (value: unknown): boolean => typeof value === "string" && /^[0-9a-f]{32}$/.test(value);

const settingsShape = { seed: isCount, scale: isScale, from: isDay, until: isDay, shards: isShards };
const fileShape = { table: isText, path: isPath, rows: isCount, bytes: isCount, md5: isMd5, month: isMonth };

/** The first reason why a value is not a manifest; undefined if it is one. */
function firstMistake(value: unknown): string | undefined {
  const manifest = fieldsOf(value);
  const settings = fieldsOf(manifest.settings);
  if (!isName(manifest.run)) return "run is missing or wrong";
  const setting = Object.entries(settingsShape).find(([name, fits]) => !fits(settings[name]));
  if (setting !== undefined) return `the setting ${setting[0]} is missing or wrong`;
  if (String(settings.from) > String(settings.until)) return "its first day is after its last day";
  const files = manifest.files;
  if (!Array.isArray(files)) return "it names no files";
  const paths = new Set<unknown>();
  for (const [i, file] of files.entries()) {
    const fields = fieldsOf(file);
    const field = Object.entries(fileShape).find(([name, fits]) => !fits(fields[name]));
    if (field !== undefined) return `${field[0]} of file ${i + 1} is missing or wrong`;
    if (paths.has(fields.path)) return `it names ${fields.path} twice`;
    paths.add(fields.path);
  }
  return undefined;
}

/** How the months of a manifest's files contradict its first and last day; undefined if they do not. */
function wrongMonths({ settings: { from, until }, files }: Manifest): string | undefined {
  const months = new Set(files.flatMap(({ month }) => month ?? []));
  if (months.size === 0) return undefined;
  const other = [...months].find((month) => month < from.slice(0, 7) || month > until.slice(0, 7));
  if (other !== undefined) return `it names a file of ${other}, and its days are ${from} to ${until}`;
  const lacking = monthsBetween(from, until).find((month) => !months.has(month));
  return lacking && `it names no file of ${lacking}, and its days are ${from} to ${until}`;
}

/** The months from one day to another, as `YYYY-MM`. */
function monthsBetween(from: string, until: string): string[] {
  const [first, last] = [from, until].map((day) => 12 * Number(day.slice(0, 4)) + Number(day.slice(5, 7)) - 1);
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => {
    const number = Number(first) + index;
    return `${String(Math.floor(number / 12)).padStart(4, "0")}-${String((number % 12) + 1).padStart(2, "0")}`;
  });
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
