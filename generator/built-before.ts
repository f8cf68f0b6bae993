import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "./lake/folder.ts";

/** A finished build. */
export interface Built<T> {
  /** Its result, in types that JSON has. */
  readonly result: T;
  /** The files that it read, as paths from the root. */
  readonly inputs: readonly string[];
  /** The files that it wrote, as paths from the root. */
  readonly outputs: readonly string[];
}

/** A record of a build: its result, and the hash of every file that it read or wrote, by path. */
interface BuildRecord<T> {
  readonly result: T;
  readonly files: Readonly<Record<string, string>>;
}

/** The installed packages: their versions decide, too, how sources are bundled. */
const ALWAYS = ["package-lock.json"];

/**
 * Returns the result of the last build if every file that it read and wrote is as it was, and builds otherwise. Bundling takes seconds, and
 * every `npm start`, preview and test process needs the same files.
 * @param root absolute path of the folder that paths count from
 * @param record path of the file that remembers the build
 * @example
 * builtBefore(root, "dist/main.json", () => ({ result: { hash }, inputs: ["src/main.ts"], outputs: ["dist/main.mjs"] }));
 */
export function builtBefore<T>(root: string, record: string, build: () => Built<T>): T {
  const last = lastBuild<T>(join(root, record));
  if (last !== undefined && Object.entries(last.files).every(([file, hash]) => hashOf(join(root, file)) === hash))
    return last.result;
  const { result, inputs, outputs } = build();
  const files = Object.fromEntries([...ALWAYS, ...inputs, ...outputs].map((file) => [file, hashOf(join(root, file))]));
  replaceFile(join(root, record), Buffer.from(JSON.stringify({ result, files } satisfies BuildRecord<T>)));
  return result;
}

function lastBuild<T>(file: string): BuildRecord<T> | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as BuildRecord<T>;
  } catch {
    return undefined;
  }
}

/** The hash of a file, or an empty text if it cannot be read. */
function hashOf(file: string): string {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("base64");
  } catch {
    return "";
  }
}
