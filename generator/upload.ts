import { createReadStream } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import type { File } from "@google-cloud/storage";
import { UserError } from "./errors.ts";
import { ATTEMPTS, codeOf, isPassing, reasonOf, withRetries } from "./google-errors.ts";
import { limitSilence } from "./google-silence.ts";
import { isFile, openFolder } from "./lake/folder.ts";
import { CHUNK_BYTES, contentType, guard, infoIfThere, openBucket, verify } from "./lake/gcs.ts";
import type { FileInfo } from "./lake/lake.ts";

export interface UploadOptions {
  /** The folder to upload, with its subfolders. */
  readonly from: string;
  /** `gs://BUCKET/PREFIX`. */
  readonly to: string;
  /** Called with the bytes uploaded so far and the total. */
  readonly progress?: (done: number, total: number) => void;
  /** Milliseconds without an answer after which a request has failed. @default a minute */
  readonly silence?: number;
  /** Milliseconds before a file is tried again. Each further wait is twice as long. @default 1000 */
  readonly pause?: number;
}

/** The files and bytes that are in the bucket now, and how many of the files were there before. */
export interface UploadSummary {
  readonly files: number;
  readonly bytes: number;
  readonly skipped: number;
}

interface Upload {
  readonly path: string;
  readonly file: File;
  readonly info: FileInfo;
}

const AT_ONCE = 4;
/** The longest name of an object, in bytes: https://cloud.google.com/storage/docs/objects#naming */
const LONGEST_NAME = 1024;
/** Lists unfinished uploads, in the folder itself. A session's URI is enough to write its object: keep this file private. */
const SESSIONS = ".upload-sessions.json";

/**
 * Uploads a folder to Cloud Storage. It skips files that are there already, by size and MD5, and for a week resumes
 * large files where an interrupted upload stopped. It uploads `manifest.json` last, so that no reader finds a manifest
 * before its files, and checks the CRC32C and MD5 of each file on arrival. It retries a file after a temporary failure.
 * Throws UserError if the folder is missing or empty, the target cannot be used or reached, or a file arrives damaged.
 */
export async function upload(options: UploadOptions): Promise<UploadSummary> {
  const { from, to, progress, silence, pause } = options;
  // Every file, small or large, is retried as a whole, so the client need not retry single requests.
  const { bucket, prefix } = openBucket(to, false);
  limitSilence(silence);
  const folder = openFolder(pathToFileURL(from).href);
  const found = await stat(from).catch(() => undefined);
  if (found === undefined)
    throw new UserError(`the folder ${from} does not exist: name the folder to upload with --from`);
  if (!found.isDirectory()) throw new UserError(`${from} is a file: name the folder that it is in with --from`);
  await refuseNames(from, prefix);
  const paths = (await folder.list("")).filter((path) => basename(path) !== SESSIONS);
  if (paths.length === 0) throw new UserError(`${from} has no files to upload: run generate first`);

  const sizes = new Map<string, number>();
  for (const path of paths) sizes.set(path, (await stat(join(from, path))).size);
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const arrived = new Map<string, number>();
  const advance = (path: string, bytes: number) => {
    arrived.set(path, Math.max(bytes, arrived.get(path) ?? 0));
    progress?.(
      [...arrived.values()].reduce((sum, size) => sum + size, 0),
      total,
    );
  };

  const sessions = await openSessions(join(from, SESSIONS));
  let skipped = 0;
  /** Does the work, with retries, and explains a failure. */
  const patiently = (path: string, work: () => Promise<void>) =>
    withRetries(work, pause).catch((error) => {
      if (!isPassing(error)) return guard(bucket, () => Promise.reject(error));
      throw new UserError(
        `the upload to ${to} stopped at ${path}, which failed ${ATTEMPTS} times (${reasonOf(error)}): check the network, then run the same command again, which resumes where it stopped`,
      );
    });
  const put = async (path: string) => {
    const info = await folder.stat(path);
    if (info === undefined) throw new UserError(`${join(from, path)} disappeared during the upload: run this again`);
    const file = bucket.file(`${prefix}${path}`);
    await patiently(path, async () => {
      const there = await infoIfThere(file);
      if (there?.bytes === info.bytes && there.md5 === info.md5) skipped++;
      else await send({ path: join(from, path), file, info }, sessions, (bytes) => advance(path, bytes));
    });
    advance(path, info.bytes);
  };

  const isManifest = (path: string) => basename(path) === "manifest.json";
  await inParallel(
    paths.filter((path) => !isManifest(path)),
    put,
  );
  await inParallel(paths.filter(isManifest), put);
  return { files: paths.length, bytes: total, skipped };
}

/** Throws UserError for links that lead to no file, and for names that Cloud Storage refuses. */
async function refuseNames(from: string, prefix: string): Promise<void> {
  const wrong: string[] = [];
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const object = `${prefix}${relative(from, path)}`;
    if (entry.name.includes("\ufffd")) wrong.push(`${path} has a name that is not UTF-8: rename it`);
    else if (entry.isSymbolicLink() && !(await isFile(entry)))
      wrong.push(`${path} is a link to a folder or to nothing: replace it by what it should lead to`);
    else if (/[\r\n]/.test(entry.name)) wrong.push(`${JSON.stringify(path)} has a line break in its name: rename it`);
    else if (Buffer.byteLength(object) > LONGEST_NAME)
      wrong.push(`${path}: gs:// names have at most ${LONGEST_NAME} bytes: rename it, or use a shorter prefix`);
  }
  if (wrong.length > 0) throw new UserError(wrong.slice(0, 10).join("\n       "));
}

async function send(upload: Upload, sessions: Sessions, progress: (bytes: number) => void): Promise<void> {
  const { file, info } = upload;
  const metadata = { contentType: contentType(file.name) };
  if (info.bytes <= CHUNK_BYTES) {
    await stream(upload, { resumable: false, metadata }, progress);
    return;
  }
  const key = `${file.cloudStorageURI.href} ${info.md5}`;
  const begin = { chunkSize: CHUNK_BYTES, metadata };
  const note = (uri: string) => void sessions.set(key, uri);
  const uri = sessions.get(key);
  try {
    await stream(upload, uri === undefined ? begin : { ...begin, uri }, progress, note);
  } catch (error) {
    // Cloud Storage drops a session after a week, and once it is complete: start a new one.
    if (uri === undefined || ![400, 404, 410].includes(codeOf(error) as number)) throw error;
    await stream(upload, begin, progress, note);
  }
  await sessions.set(key, undefined);
}

/** Streams the whole file. The client skips the bytes that the session has, but includes them in the CRC32C that it compares. */
async function stream(
  { path, file, info }: Upload,
  options: NonNullable<Parameters<File["createWriteStream"]>[0]>,
  progress: (bytes: number) => void,
  onSession?: (uri: string) => void,
): Promise<void> {
  const target = file.createWriteStream({ ...options, validation: "crc32c" });
  target.on("progress", ({ bytesWritten }) => progress(Number(bytesWritten)));
  if (onSession) target.on("uri", onSession);
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), target);
  await verify(file, info);
}

interface Sessions {
  get(key: string): string | undefined;
  set(key: string, uri: string | undefined): Promise<void>;
}

/** The session URIs of unfinished uploads. In a read-only folder they are not kept, and an interrupted upload starts over. */
async function openSessions(path: string): Promise<Sessions> {
  const text = await readFile(path, "utf8").catch(() => "{}");
  let uris: Record<string, string> = {};
  try {
    const entries = Object.entries(JSON.parse(text) as object).filter(([, uri]) => URL.canParse(uri));
    uris = Object.fromEntries(entries);
  } catch {
    // The interruption cut this file short: start over.
  }
  let written: Promise<void> = Promise.resolve();
  return {
    get: (key) => uris[key],
    set(key, uri) {
      if (uri === undefined) delete uris[key];
      else uris[key] = uri;
      written = written.then(() => writeFile(path, JSON.stringify(uris), { mode: 0o600 })).catch(() => {});
      return written;
    },
  };
}

/**
 * Runs `work` on all paths, a few at once. After a failure it starts nothing new, waits for the rest and throws the first failure.
 */
async function inParallel(paths: readonly string[], work: (path: string) => Promise<void>): Promise<void> {
  const queue = [...paths];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      await work(path).catch((error) => {
        failures.push(error);
        queue.length = 0;
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failures.length > 0) throw failures[0];
}
