import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, UserError } from "../errors.ts";
import type { FileInfo, FileWriter, Lake } from "./lake.ts";

/** What a file is called while it is written; `list` does not show it. */
const unfinished = /\.tmp-\d+$/;

/**
 * A lake in a folder, the stand-in of a bucket: `file:///absolute/folder`, percent-encoded as by `pathToFileURL`.
 * The folder is made when the first file is written. Writing throws UserError where the folder is read-only, full or not a folder.
 */
export function openFolder(url: string): Lake {
  const root = pathOfUrl(url);
  const at = (path: string) => {
    if (path.split("/").includes("..")) throw new UserError(`"${path}" leads out of ${root}: use a path within it`);
    return join(root, path);
  };

  const create = async (path: string): Promise<FileWriter> => {
    const aside = `${at(path)}.tmp-${process.pid}`;
    const guard = guardWrites(root, at(path));
    const file = await guard(async () => {
      await makeFolder(dirname(aside));
      return open(aside, "w");
    });
    const hash = createHash("md5");
    let bytes = 0;

    const discard = async () => {
      await file.close().catch(() => {});
      await rm(aside, { force: true });
    };

    return {
      write: (chunk) =>
        guard(async () => {
          // The hash is computed while the operating system writes.
          const written = writeWhole(file, chunk);
          hash.update(chunk);
          bytes += chunk.byteLength;
          await written;
        }),
      // No fsync: after a power cut, the checksums in the manifest tell a torn file from a whole one.
      close: () =>
        guard(async () => {
          try {
            await file.close();
            await rename(aside, at(path));
          } catch (error) {
            await discard();
            throw error;
          }
          return { bytes, md5: hash.digest("hex") };
        }),
      abort: discard,
    };
  };

  return {
    url,
    create,
    async writeText(path, text) {
      const writer = await create(path);
      try {
        await writer.write(Buffer.from(text));
      } catch (error) {
        await writer.abort();
        throw error;
      }
      return writer.close();
    },
    readText: (path) => ifThere(() => readFile(at(path), "utf8")),
    stat: (path) =>
      ifThere(async () => {
        const { size } = await stat(at(path));
        return { bytes: size, md5: await md5OfFile(at(path)) };
      }),
    async list(prefix) {
      const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
      const entries = await ifThere(() => readdir(at(folder), { recursive: true, withFileTypes: true }));
      return (entries ?? [])
        .filter((entry) => entry.isFile() && !unfinished.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name).slice(join(root, "/").length))
        .filter((path) => path.startsWith(prefix))
        .sort();
    },
    uri: at,
  };
}

/** The path that a `file:` URL names. Throws UserError for one that names none. */
export function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new UserError(`"${url}" names no file or folder of this machine (${messageOf(error)})`);
  }
}

/** The MD5 of a file's content, in hexadecimal; the file is streamed. */
export async function md5OfFile(path: string): Promise<FileInfo["md5"]> {
  const hash = createHash("md5");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

/**
 * Makes a folder and those above it that are missing.
 * Not by `mkdir(…, { recursive: true })`: where the system answers ENOENT for good, as under /proc, Node 22 tries for ever.
 */
export async function makeFolder(path: string): Promise<void> {
  const make = async () => {
    await mkdir(path).catch(async (error) => {
      if (codeOf(error) !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
    });
  };
  try {
    await make();
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    await makeFolder(dirname(path));
    await make();
  }
}

async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let from = 0; from < chunk.byteLength; ) {
    from += (await file.write(chunk, from, chunk.byteLength - from, null)).bytesWritten;
  }
}

async function ifThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    // ENOTDIR: a file stands where the path has a folder, so there is nothing at the path either.
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return undefined;
    if (codeOf(error) !== "") throw new UserError(`cannot read it: ${messageOf(error)}`);
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Turns what the file system answers to a write under `root` into a UserError. */
function guardWrites(root: string, path: string) {
  return async <T>(write: () => Promise<T>): Promise<T> => {
    try {
      return await write();
    } catch (error) {
      const code = codeOf(error);
      if (["EACCES", "EPERM", "EROFS"].includes(code))
        throw new UserError(`${root} is read-only here (${code}): choose another folder, or allow writing to it`);
      if (["ENOSPC", "EDQUOT"].includes(code))
        throw new UserError(`no space left to write ${path} (${code}): free some, or choose another folder`);
      if (["ENOTDIR", "EEXIST"].includes(code))
        throw new UserError(`${dirname(path)} cannot be a folder, a file is in its way: choose another folder`);
      if (["EISDIR", "ENOTEMPTY"].includes(code))
        throw new UserError(`a folder stands where the file ${path} is to be written: move it away`);
      if (code !== "") throw new UserError(`cannot write ${path}: ${messageOf(error)}; choose another folder`);
      throw error;
    }
  };
}
