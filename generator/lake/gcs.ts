import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Writable } from "node:stream";
import { type Bucket, type File, IdempotencyStrategy, Storage } from "@google-cloud/storage";
import { messageOf, UserError } from "../errors.ts";
import { codeOf, explainAccess, reasonOf, withRetries } from "../google-errors.ts";
import { limitSilence } from "../google-silence.ts";
import type { FileInfo, FileWriter, Lake } from "./lake.ts";

// Google's client adds eleven listeners to a download, and Node warns of a leak above ten.
EventEmitter.defaultMaxListeners = 16;

/** Bytes per request of a resumable upload, a multiple of 256 KiB. The client keeps them for a retry. */
export const CHUNK_BYTES = 8 << 20;

/** A place in Cloud Storage: `prefix` is empty or ends with a slash. */
export interface BucketPlace {
  readonly bucket: Bucket;
  readonly prefix: string;
}

/**
 * The bucket and prefix of a URL. Sends no request. Throws UserError if the URL names no bucket.
 * @param autoRetry whether the client retries requests after a temporary failure. A caller that retries its own work sets it to false
 */
export function openBucket(url: string, autoRetry = true): BucketPlace {
  const [, name, path = ""] = /^gs:\/\/([a-z0-9][a-z0-9._-]+)(?:\/(.*))?$/.exec(url) ?? [];
  if (name === undefined) throw new UserError(`"${url}" is not a place in Cloud Storage: use gs://BUCKET/PREFIX`);
  // Retry uploads too, which the client does not by default: a retry writes the same content under the same name.
  const storage = new Storage({
    retryOptions: { autoRetry, idempotencyStrategy: IdempotencyStrategy.RetryAlways },
  });
  limitSilence();
  const prefix = path.replace(/\/+$/, "");
  return { bucket: storage.bucket(name), prefix: prefix === "" ? "" : `${prefix}/` };
}

/**
 * Opens a lake in Cloud Storage: `gs://bucket/prefix`. Uploads stream in chunks, and a failed chunk is retried. Cloud Storage
 * checks each file's CRC32C before the object appears.
 * The lake throws UserError if the bucket is missing or refuses access, credentials are missing, or a file arrives damaged.
 */
export function openGcs(url: string): Lake {
  const { bucket, prefix } = openBucket(url);
  const at = (path: string) => bucket.file(`${prefix}${path}`);
  // The client does not retry a download that breaks off, so retry every read here.
  const reader = openBucket(url, false).bucket;
  const objectAt = (path: string) => reader.file(`${prefix}${path}`);
  const read = <T>(work: () => Promise<T>) => guard(bucket, () => withRetries(work));

  return {
    url,
    create: async (path) => writerTo(at(path)),
    async writeText(path, text) {
      const writer = writerTo(at(path));
      await writer.write(Buffer.from(text));
      return writer.close();
    },
    async writeOnce(path, text) {
      const file = at(path);
      const options = {
        resumable: false,
        contentType: contentType(file.name),
        preconditionOpts: { ifGenerationMatch: 0 },
      };
      return guard(bucket, async () => {
        try {
          await file.save(text, options);
          return text;
        } catch (error) {
          // There is an object, perhaps of this very call, whose first request took effect and failed all the same.
          if (codeOf(error) !== 412) throw error;
          return (await withRetries(() => objectAt(path).download()))[0].toString("utf8");
        }
      });
    },
    readText: (path) => read(() => unlessMissing(async () => (await objectAt(path).download())[0].toString("utf8"))),
    stat: (path) => read(() => infoIfThere(objectAt(path))),
    list: (folder) =>
      read(async () => {
        const [files] = await reader.getFiles({ prefix: `${prefix}${folder}` });
        return files.map((file) => file.name.slice(prefix.length)).sort();
      }),
    uri: (path) => `gs://${bucket.name}/${prefix}${path}`,
  };
}

/** The first bytes of an object by its `gs://` URI, enough for a header. Throws UserError if there is no such object. */
export async function readHead(uri: string, bytes = 1 << 13): Promise<Buffer> {
  const { bucket, prefix } = openBucket(uri);
  const file = bucket.file(prefix.slice(0, -1));
  const read = async () => {
    const [{ size }] = await file.getMetadata();
    // Reading a range of an empty object is an error.
    return Number(size) === 0 ? Buffer.alloc(0) : (await file.download({ start: 0, end: bytes - 1 }))[0];
  };
  const head = await guard(bucket, () => unlessMissing(read));
  if (head === undefined) throw new UserError(`${uri} does not exist`);
  return head;
}

/** Runs a call to Cloud Storage, and turns errors that a person can fix into a UserError. */
export async function guard<T>(bucket: Bucket, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const where = `the bucket gs://${bucket.name}`;
    const message = messageOf(error);
    if (error instanceof UserError) throw error;
    if (codeOf(error) === 404)
      throw new UserError(
        `${where} does not exist, or this account cannot see it (${message}): check its name, or make it with gcloud storage buckets create gs://${bucket.name}`,
      );
    // The client found another CRC32C than it sent.
    if (String(codeOf(error)).startsWith("FILE_NO_UPLOAD"))
      throw new UserError(`a file arrived damaged in ${where} and was deleted: run this again (${message})`);
    const explained = explainAccess(error, where, "roles/storage.objectUser");
    if (explained !== undefined) throw explained;
    if (typeof codeOf(error) === "number")
      throw new UserError(`${where} could not be used (${reasonOf(error)}): try again later`);
    throw error;
  }
}

/** Compares the stored object with what was sent. If they differ, deletes the object and throws UserError. */
export async function verify(file: File, sent: FileInfo): Promise<FileInfo> {
  const stored = infoOf(file.metadata);
  if (stored.bytes === sent.bytes && stored.md5 === sent.md5) return sent;
  await file.delete({ ignoreNotFound: true });
  throw new UserError(`${file.cloudStorageURI.href} arrived damaged and was deleted: run this again`);
}

/** The content type of a file, from its name: on some machines the client does not know CSV's. */
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
    // The next write or close throws a failure; without a listener it would end the process.
    upload.on("error", () => {});
    return upload;
  };

  return {
    write: (chunk) =>
      guard(file.bucket, async () => {
        if (chunk.byteLength === 0) return;
        // The client keeps chunks for a retry, and the caller reuses its buffer.
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

/** Waits for a write or an end. A stream that breaks meanwhile closes without a callback, so listen for the close, too. */
function settled(stream: Writable, start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const broken = () => reject(stream.errored ?? new Error("the upload broke off"));
    stream.once("close", broken);
    start((error) => {
      stream.off("close", broken);
      if (error) reject(stream.errored ?? error);
      else resolve();
    });
  });
}

/** Size and checksum of an object, or undefined if there is none. Throws the client's own errors. */
export function infoIfThere(file: File): Promise<FileInfo | undefined> {
  return unlessMissing(async () => {
    const [metadata] = await file.getMetadata();
    return infoOf(metadata);
  });
}

async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    // A missing bucket is also a 404, and differs from a missing object only in the message.
    if (codeOf(error) === 404 && !/specified bucket does not exist/i.test(messageOf(error))) return undefined;
    throw error;
  }
}
