import { UserError } from "../errors.ts";
import type { Table } from "../tables/table.ts";

/** The parts of an export: the paths of each table's files, within the export. */
export type ExportFiles = ReadonlyMap<Table, readonly string[]>;

const formats = /\.(csv|tsv|txt|json|jsonl|ndjson|parquet)$/;
const archives = /\.(zip|7z|rar|tar|tgz|tar\.gz|xlsx?)$/i;

/**
 * Finds the files of each table among the paths of an export, by the names that people's tools give: `users.csv`, `Users.CSV`,
 * `users-000000000000.csv.gz` and its further shards, `thelook_users.parquet`, `users.csv/part-00000.csv`, all of them in the
 * folder or one folder down. Names without a prefix come before names with one, and a folder before its subfolders.
 * @param place the folder or bucket, for messages
 * @param needed tables that an export must have
 * @param optional tables that it may lack
 * @throws UserError if a needed table has no files, or several sets of files could be a table's
 */
export function findExportFiles(
  place: string,
  paths: readonly string[],
  needed: readonly Table[],
  optional: readonly Table[],
): ExportFiles {
  const files = paths.map(describe).filter((file) => file !== undefined);
  const found = new Map<Table, readonly string[]>();
  const problems: string[] = [];
  const lacking: string[] = [];
  for (const table of [...needed, ...optional]) {
    const name = String(table.file);
    const candidates = files.filter(({ stem }) => stem === name || stem.endsWith(`_${name}`));
    const closest = Math.min(...candidates.map(({ stem, depth }) => rank(stem === name, depth)));
    const chosen = candidates.filter(({ stem, depth }) => rank(stem === name, depth) === closest);
    const sets = [...new Set(chosen.map(({ set }) => set))];
    const shards = chosen.map(({ path }) => path);
    const twins = shards.filter((path) => /\.gz$/i.test(path) && shards.includes(path.slice(0, -3)));
    const gap = missingShard(shards);
    if (twins[0] !== undefined)
      problems.push(`${twins[0].slice(0, -3)} and ${twins[0]} have the same rows: keep one of them`);
    else if (gap !== undefined) problems.push(`lacks the shard ${gap} of ${name}: copy all of them`);
    else if (sets.length > 1) problems.push(`${sets.join(" and ")} could each be ${name}: keep one of them`);
    else if (sets.length === 1) found.set(table, shards);
    else if (needed.includes(table)) lacking.push(`${name}.csv`);
  }
  if (lacking.length > 0) problems.unshift(`has no ${lacking.join(" and no ")}`);
  if (problems.length === 0) return found;
  throw new UserError(`${place} ${problems.join("; ")}${whatIsThere(paths)}`);
}

/** A file, judged by its path: files of one set are the shards of one table. */
function describe(path: string): { path: string; stem: string; set: string; depth: number } | undefined {
  const parts = path.split("/");
  const hidden = parts.some((part) => /^[._]/.test(part));
  const file = (parts.at(-1) ?? "").toLowerCase().replace(/\.gz$/, "");
  if (hidden || !formats.test(file)) return undefined;
  const format = formats.exec(file)?.[1] as string;
  const bare = file.replace(formats, "");
  const shard = /^(.*?)[-_.]?(\d{12}|\d{5}-of-\d{5}|part-\d+.*|data_\d.*)?$/.exec(bare)?.[1] ?? bare;
  // Spark and Snowflake write a folder for each table, and number the files in it.
  const numbered = shard === "" && parts.length > 1;
  const folders = parts.slice(0, numbered ? -2 : -1);
  const named = numbered ? (parts.at(-2) as string).toLowerCase().replace(/\.gz$/, "").replace(formats, "") : shard;
  const depth = folders.length;
  if (depth > 1) return undefined;
  const stem = named.replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "");
  return { path, stem, set: [...folders, `${named}.${format}`].join("/"), depth };
}

/** The first number that is missing among shards that BigQuery numbers from 0, such as "000000000001"; undefined for other files. */
function missingShard(paths: readonly string[]): string | undefined {
  const numbers = paths.map((path) => /(?<!\d)\d{12}(?=\.)/.exec(path)?.[0]);
  const expected = paths.map((_, index) => String(index).padStart(12, "0"));
  return numbers.includes(undefined) ? undefined : expected.find((number) => !numbers.includes(number));
}

function rank(exact: boolean, depth: number): number {
  return depth * 2 + (exact ? 0 : 1);
}

function whatIsThere(paths: readonly string[]): string {
  const archive = paths.find((path) => archives.test(path));
  if (archive !== undefined) return `. It has ${archive}: unpack it first`;
  if (paths.length === 0) return ". It is empty";
  const shown = paths.slice(0, 8).join(", ");
  return `. It has ${shown}${paths.length > 8 ? ` and ${paths.length - 8} more files` : ""}`;
}
