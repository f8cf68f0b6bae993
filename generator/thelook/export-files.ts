import { UserError } from "../errors.ts";
import type { Table } from "../tables/table.ts";

/** The parts of an export: the paths of each table's files, within the export. */
export type ExportFiles = ReadonlyMap<Table, readonly string[]>;

const formats = /\.(csv|tsv|txt|json|jsonl|ndjson|parquet|parq|pq)$/;
/** Files that cannot be read as they are, and what to do about them. */
const unreadable: readonly (readonly [RegExp, string])[] = [
  [
    /\.(crdownload|part|partial|download|opdownload|aria2|gstmp|tmp)(\/|$)/i,
    "its download is unfinished, so wait for it or repeat it",
  ],
  [/\.(zip|7z|rar|tar|tgz|tar\.gz|bz2|xz|lzma|z|deflate|br|zst|snappy|lz4)$/i, "unpack it first"],
  [/\.(xlsx?|ods|numbers)$/i, "save it as CSV (UTF-8)"],
  [/\.(avro|orc|feather|arrow|pkl|h5|sqlite3?|db|duckdb|sql|gsheet)$/i, "export CSV, JSON or Parquet"],
];

/**
 * Finds the files of each table among the paths of an export, by the names that people's tools give: `users.csv`, `Users.CSV`,
 * `users-000000000000.csv.gz` and its further shards with or without a format, `users_0_0_0.csv` as Snowflake numbers them, `users-1.csv`,
 * `thelook_users.parquet`, `users.csv/part-00000.csv`, `users (1).csv`, `users_202503010805.csv` as DBeaver dates it, all of them in the
 * folder or one folder down. Names without a prefix or date come before names with one, and a folder before its subfolders.
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
    // Some tools drop the underscore: OrderItems.csv.
    const spellings = [name, name.replaceAll("_", "")];
    const candidates = files.filter(({ stem }) => spellings.some((each) => `_${stem}`.endsWith(`_${each}`)));
    const rankOf = ({ stem, isDated, depth }: Candidate) => depth * 2 + (spellings.includes(stem) && !isDated ? 0 : 1);
    const closest = Math.min(...candidates.map(rankOf));
    const chosen = candidates.filter((file) => rankOf(file) === closest);
    const sets = [...new Set(chosen.map(({ set }) => set))];
    const shards = chosen.map(({ path }) => path);
    const twins = twinsAmong(chosen);
    const gap = missingShard(chosen.map(({ mark }) => mark));
    const partial = paths.find((path) => /\.(aria2|crdownload|part)$/i.test(path) && shards.includes(bareOf(path)));
    if (sets.length > 1) problems.push(`${sets.join(" and ")} could each be ${name}: keep one of them`);
    else if (twins !== undefined) problems.push(`${twins.join(" and ")} could each be ${name}: keep one of them`);
    else if (gap !== undefined) problems.push(`lacks the shard ${gap} of ${name}: copy all of them`);
    else if (partial !== undefined)
      problems.push(`has ${partial}, so the download of ${bareOf(partial)} is unfinished: wait for it, or repeat it`);
    else if (sets.length === 1) found.set(table, shards);
    else if (needed.includes(table)) lacking.push(`${name}.csv`);
  }
  if (lacking.length > 0) problems.unshift(`has no ${lacking.join(" and no ")}`);
  if (problems.length === 0) return found;
  throw new UserError(`${place} ${problems.join("; ")}${whatIsThere(paths, lacking.length > 0)}`);
}

/** A file, judged by its path: files of one set are the shards of one table. */
interface Candidate {
  readonly path: string;
  /** The name without formats, marks and dates. */
  readonly stem: string;
  readonly isDated: boolean;
  readonly set: string;
  /** The part of the name that tells a shard from the others; empty if there is none. */
  readonly mark: string;
  readonly depth: number;
}

function describe(path: string): Candidate | undefined {
  const parts = path.split("/");
  // Safari downloads a file into a folder such as users.csv.download.
  const hidden = parts.some(
    (part, index) => /^[._]/.test(part) || (index < parts.length - 1 && /\.download$/i.test(part)),
  );
  // BigQuery puts a shard's number where the asterisk was, which may be at the end: users.csv000000000000.
  const file = (parts.at(-1) ?? "")
    .toLowerCase()
    .replace(/\.gz$/, "")
    .replace(/(\.[a-z]+)[-_.]?(\d{12})$/, "-$2$1");
  // A name without any ending is judged by the file's first bytes.
  if (hidden || (!formats.test(file) && file.includes("."))) return undefined;
  const format = formats.exec(file)?.[0] ?? "";
  const bare = withoutFormat(file);
  const original = bare.replace(copied, "");
  const [, shard = original, mark = ""] = (dated.test(original) ? undefined : marked.exec(original)) ?? [];
  // Spark and Snowflake write a folder for each table, and number the files in it.
  const numbered = shard === "" && parts.length > 1;
  const folders = parts.slice(0, numbered ? -2 : -1);
  const named = numbered ? withoutFormat((parts.at(-2) as string).toLowerCase().replace(/\.gz$/, "")) : shard;
  const depth = folders.length;
  if (depth > 1) return undefined;
  const undated = named.replace(dated, "");
  const stem = undated.replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "");
  return { path, stem, isDated: undated !== named, set: [...folders, `${named}${format}`].join("/"), mark, depth };
}

/** A table's name and the numbers that BigQuery, Beam, Spark, Glue, Athena, Redshift, Snowflake or a person give to a shard of it. */
const marked = new RegExp(
  `^(.*?)[-_.]?(${[
    "\\d{12}",
    "\\d{5}-of-\\d{5}",
    "(run-\\d+-)?part[-_.]?(r-)?\\d+.*",
    "\\d{8}_\\d{6}_\\d{5}_.*",
    "\\d{4}_part_\\d{2}",
    "\\d{1,3}_\\d{1,3}_\\d{1,3}",
    "data_\\d.*",
    "[0-9a-f]{32}-\\d+",
    "(?<!\\d)\\d{1,3}",
  ].join("|")})?$`,
);
/** The day, and perhaps the time, of an export: `users_202503010805`, `users-2025-03-01`. BigQuery's numbers of shards begin with zeros. */
const dated = /[-_. ](19|20)\d\d-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])([-_t ]?\d\d[-_.]?\d\d([-_.]?\d\d)?)?z?$/;
/** The ending that browsers and file managers give to a further copy of a file: `users (1)`, `users - Copy`, `users copy 2`. */
const copied = /( ?\(\d+\)| - copy( \(\d+\))?| copy( \d+)?)$/;

/** A file's name without its formats and the compression within a Parquet file: Windows hides the first of `users.csv.txt`. */
function withoutFormat(file: string): string {
  const bare = file.replace(formats, "");
  if (bare === file) return file;
  return withoutFormat(file.endsWith(".parquet") ? bare.replace(/\.(snappy|gz|zstd|lz4)$/, "") : bare);
}

/** Two files that cannot both be shards of one table: with the same mark, or a shard beside a file of the whole table. */
function twinsAmong(files: readonly Candidate[]): string[] | undefined {
  const seen = new Map<string, string>();
  // The file without a mark comes first.
  for (const { path, mark } of files.toSorted((a, b) => a.mark.length - b.mark.length)) {
    const other = seen.get(mark) ?? seen.get("");
    if (other !== undefined) return [other, path];
    seen.set(mark, path);
  }
  return undefined;
}

/**
 * The first number that is missing among shards that count from 0, as BigQuery's do ("000000000001"), that have short numbers from 0 or 1
 * ("1"), or that say how many there are ("00001-of-00003"); undefined for other files.
 */
function missingShard(marks: readonly string[]): string | undefined {
  if (marks.every((mark) => /^\d{1,3}$/.test(mark))) {
    const numbers = marks.map(Number).sort((a, b) => a - b);
    const first = numbers[0] === 0 ? 0 : 1;
    const gap = numbers.findIndex((number, index) => number !== first + index);
    return gap < 0 ? undefined : String(first + gap);
  }
  const [, ending = "", count] = /^\d{5}(-of-(\d{5}))$/.exec(marks[0] ?? "") ?? [];
  const width = count === undefined ? 12 : 5;
  const isNumbered = (mark: string) =>
    mark.endsWith(ending) && mark.length === width + ending.length && /^\d+$/.test(mark.slice(0, width));
  if (!marks.every(isNumbered)) return undefined;
  const total = count === undefined ? marks.length : Number(count);
  const expected = Array.from({ length: total }, (_, index) => `${String(index).padStart(width, "0")}${ending}`);
  const present = new Set(marks);
  return expected.find((mark) => !present.has(mark));
}

/** A path without its last ending. */
function bareOf(path: string): string {
  return path.replace(/\.[^.]*$/, "");
}

function whatIsThere(paths: readonly string[], isLacking: boolean): string {
  for (const path of paths) {
    const cure = unreadable.find(([name]) => name.test(path))?.[1];
    if (cure !== undefined) return `. It has ${path}: ${cure}`;
  }
  if (paths.length === 0) return ". It is empty";
  const shown = paths.slice(0, 8).join(", ");
  const rest = paths.length > 8 ? ` and ${paths.length - 8} more files` : "";
  const cure = isLacking
    ? ": name each file after its table, such as users.csv, or users-part-1.csv if a table has several, and the folder that has them"
    : "";
  return `. It has ${shown}${rest}${cure}`;
}
