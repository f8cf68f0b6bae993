import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Writable } from "node:stream";
import { type Bucket, type File, IdempotencyStrategy, Storage } from "@google-cloud/storage";
import { messageOf, UserError } from "../errors.ts";
import { codeOf, explainAccess } from "../google-errors.ts";
import type { FileInfo, FileWriter, Lake } from "./lake.ts";

// Google's client puts eleven listeners on a download, one more than Node takes for a leak and warns of.
EventEmitter.defaultMaxListeners = 16;

/** Bytes that one request of a resumable upload carries; a multiple of 256 KiB. What was sent is kept for a retry. */
export const CHUNK_BYTES = 8 << 20;

/** A place in Cloud Storage: `prefix` is empty or ends with a slash. */
export interface BucketPlace {
  readonly bucket: Bucket;
  readonly prefix: string;
}

/** The bucket and prefix that a URL names; nothing is asked over the network. Throws UserError for a URL that names none. */
export function openBucket(url: string): BucketPlace {
  const [, name, path = ""] = /^gs:\/\/([a-z0-9][a-z0-9._-]+)(?:\/(.*))?$/.exec(url) ?? [];
  if (name === undefined) throw new UserError(`"${url}" is not a place in Cloud Storage: use gs://BUCKET/PREFIX`);
  // Retries are safe here, and off by default: an upload writes the same content under the same name.
  const storage = new Storage({ retryOptions: { idempotencyStrategy: IdempotencyStrategy.RetryAlways } });
  const prefix = path.replace(/\/+$/, "");
  return { bucket: storage.bucket(name), prefix: prefix === "" ? "" : `${prefix}/` };
}

/**
 * A lake in Cloud Storage: `gs://bucket/prefix`. Uploads stream in chunks that are sent again after a fault; Cloud Storage
 * checks each file's CRC32C before the object appears. Throws UserError for a bucket that is missing or refuses, for missing
 * credentials and for a file that arrived damaged.
 */
export function openGcs(url: string): Lake {
  const { bucket, prefix } = openBucket(url);
  const at = (path: string) => bucket.file(`${prefix}${path}`);

  return {
    url,
    create: async (path) => writerTo(at(path)),
    async writeText(path, text) {
      const writer = writerTo(at(path));
      await writer.write(Buffer.from(text));
      return writer.close();
    },
    readText: (path) => ifThere(bucket, async () => (await at(path).download())[0].toString("utf8")),
    stat: (path) =>
      ifThere(bucket, async () => {
        const [metadata] = await at(path).getMetadata();
        return infoOf(metadata);
      }),
    list: (folder) =>
      guard(bucket, async () => {
        const [files] = await bucket.getFiles({ prefix: `${prefix}${folder}` });
        return files.map((file) => file.name.slice(prefix.length)).sort();
      }),
    uri: (path) => `gs://${bucket.name}/${prefix}${path}`,
  };
}

/** The first bytes of an object by its `gs://` URI, enough for a header. Throws UserError where there is no such object. */
export async function readHead(uri: string, bytes = 1 << 13): Promise<Buffer> {
  const { bucket, prefix } = openBucket(uri);
  const file = bucket.file(prefix.slice(0, -1));
  const head = await ifThere(bucket, async () => {
    const [{ size }] = await file.getMetadata();
    // A range of an empty object is an error.
    return Number(size) === 0 ? Buffer.alloc(0) : (await file.download({ start: 0, end: bytes - 1 }))[0];
  });
  if (head === undefined) throw new UserError(`${uri} does not exist`);
  return head;
}

/** Runs a call to Cloud Storage and turns what a person can mend into a UserError. */
export async function guard<T>(bucket: Bucket, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const where = `the bucket gs://${bucket.name}`;
    const message = messageOf(error);
    if (error instanceof UserError) throw error;
    if (codeOf(error) === 404) throw new UserError(`${where} does not exist, or not for this account: ${message}`);
    // The client has compared the CRC32C.
    if (String(codeOf(error)).startsWith("FILE_NO_UPLOAD"))
      throw new UserError(`a file arrived damaged in ${where} and was deleted: run this again (${message})`);
    const explained = explainAccess(error, where, "roles/storage.objectUser");
    if (explained !== undefined) throw explained;
    if (typeof codeOf(error) === "number")
      throw new UserError(`${where} could not be used: ${message}; try again later`);
    throw error;
  }
}

/**
 * Compares what Cloud Storage holds now with what was sent, and deletes the object if they differ.
 * Throws UserError in that case.
 */
export async function verify(file: File, sent: FileInfo): Promise<FileInfo> {
  const stored = infoOf(file.metadata);
  if (stored.bytes === sent.bytes && stored.md5 === sent.md5) return sent;
  await file.delete({ ignoreNotFound: true });
  throw new UserError(`${file.cloudStorageURI.href} arrived damaged and was deleted: run this again`);
}

/** The content type of a file by its name; Cloud Storage would guess less well for CSV on some machines. */
export function contentType(name: string): string {
  if (name.endsWith(".csv")) return "text/csv";
  if (name.endsWith(".html")) return "text/html; charset=utf-8";
  return name.endsWith(".json") ? "application/json" : "application/octet-stream";
}

function infoOf({ size, md5Hash }: File["metadata"]): FileInfo {
  return { bytes: Number(size), md5: Buffer.from(md5Hash ?? "", "base64").toString("hex") };
}

function writerTo(file: File): FileWriter {
  const hash = createHash("md5");
  let bytes = 0;
  let stream: Writable | undefined;

  const open = () => {
    const upload = file.createWriteStream({
      validation: "crc32c",
      metadata: { contentType: contentType(file.name) },
      // An empty file has no first chunk to send.
      ...(bytes === 0 ? { resumable: false } : { chunkSize: CHUNK_BYTES }),
    });
    // Failures are thrown by the write or close that meets them.
    upload.on("error", () => {});
    return upload;
  };

  return {
    write: (chunk) =>
      guard(file.bucket, async () => {
        if (chunk.byteLength === 0) return;
        // The client holds on to what it may have to send again, and the caller takes its chunk back.
        const copy = Buffer.from(chunk);
        hash.update(copy);
        bytes += copy.byteLength;
        stream ??= open();
        await settled(stream, (done) => stream?.write(copy, done));
      }),
    close: () =>
      guard(file.bucket, async () => {
        stream ??= open();
        await settled(stream, (done) => stream?.end(done));
        return verify(file, { bytes, md5: hash.digest("hex") });
      }),
    abort: async () => {
      stream?.destroy();
    },
  };
}

/** Waits for a write or an end; a stream that breaks while one is under way closes without calling it back. */
function settled(stream: Writable, start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const broken = () => reject(stream.errored ?? new Error("the upload was broken off"));
    stream.once("close", broken);
    start((error) => {
      stream.off("close", broken);
      if (error) reject(stream.errored ?? error);
      else resolve();
    });
  });
}

async function ifThere<T>(bucket: Bucket, read: () => Promise<T>): Promise<T | undefined> {
  return guard(bucket, async () => {
    try {
      return await read();
    } catch (error) {
      // Cloud Storage says 404 of a missing bucket too, and names bucket and object in either message.
      if (codeOf(error) === 404 && !/specified bucket does not exist/i.test(messageOf(error))) return undefined;
      throw error;
    }
  });
}
