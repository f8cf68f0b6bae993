import { createHash } from "node:crypto";
import { createReadStream, type Dirent, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, UserError } from "../errors.ts";
import type { FileInfo, FileWriter, Lake } from "./lake.ts";

/** The name of a file while a process is writing it; `list` does not show it. */
const unfinished = /\.tmp-(\d+)$/;

/**
 * Opens a lake in a folder, the stand-in of a bucket: `file:///absolute/folder`, percent-encoded like `pathToFileURL`. The first
 * write creates the folder. Writing throws UserError if the folder is read-only, the disk is full, or a file is in the way.
 */
export function openFolder(url: string): Lake {
  const root = pathOfUrl(url);
  const at = (path: string) => {
    if (path.split("/").includes("..")) throw new UserError(`"${path}" leads out of ${root}: use a path within it`);
    return join(root, path);
  };

  // The lake's top folders in which this process has already removed files of interrupted processes.
  const swept = new Map<string, Promise<void>>();
  const sweep = (path: string) => {
    const top = at(path.includes("/") ? path.slice(0, path.indexOf("/")) : ".");
    if (!swept.has(top)) swept.set(top, removeUnfinished(top, path.includes("/")));
    return swept.get(top);
  };

  let once = 0;

  const create = async (path: string): Promise<FileWriter> => {
    await sweep(path);
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
          // Hash while the operating system writes.
          const written = writeWhole(file, chunk);
          hash.update(chunk);
          bytes += chunk.byteLength;
          await written;
        }),
      // No fsync: after a power cut, the manifest's checksums reveal a truncated file.
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
    async writeOnce(path, text) {
      await sweep(path);
      const aside = `${at(path)}.${++once}.tmp-${process.pid}`;
      return guardWrites(
        root,
        at(path),
      )(async () => {
        await makeFolder(dirname(aside));
        try {
          await writeFile(aside, text);
          // Not a rename, which would replace a file.
          await link(aside, at(path)).catch((error) => {
            if (codeOf(error) !== "EEXIST") throw error;
          });
        } finally {
          await rm(aside, { force: true });
        }
        return readFile(at(path), "utf8");
      });
    },
    readText: (path) =>
      ifThere(at(path), async () => {
        await sizeOf(at(path));
        return readFile(at(path), "utf8");
      }),
    stat: (path) => ifThere(at(path), async () => ({ bytes: await sizeOf(at(path)), md5: await md5OfFile(at(path)) })),
    async list(prefix) {
      const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
      const entries = await ifThere(at(folder), () => readdir(at(folder), { recursive: true, withFileTypes: true }));
      const areFiles = await Promise.all((entries ?? []).map(isFile));
      return (entries ?? [])
        .filter(({ name }, index) => areFiles[index] && !unfinished.test(name))
        .map((entry) => join(entry.parentPath, entry.name).slice(join(root, "/").length))
        .filter((path) => path.startsWith(prefix))
        .sort();
    },
    uri: at,
  };
}

/** Whether an entry of a folder is a file, or a link to one. */
export async function isFile(entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
  return found?.isFile() === true;
}

/** The path of a `file:` URL. Throws UserError if the URL names none. */
export function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new UserError(`"${url}" names no file or folder on this machine (${messageOf(error)})`);
  }
}

/** The size of a file or folder. Throws UserError for a pipe or a device, which a reader may wait for without end. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isFile() && !found.isDirectory())
    throw new UserError(`${path} must be a file, but is a pipe or a device: move it away`);
  return found.size;
}

let hashed: Promise<unknown> = Promise.resolve();

/**
 * The MD5 of a file's content, in hexadecimal. It reads one file at a time, however many are asked for: more at once would take no less time, but
 * 2 MB of memory and a descriptor each.
 */
function md5OfFile(path: string): Promise<FileInfo["md5"]> {
  const mine = hashed.then(async () => {
    const hash = createHash("md5");
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
    return hash.digest("hex");
  });
  hashed = mine.catch(() => {});
  return mine;
}

/**
 * Creates a folder and its missing parents. Throws UserError at a link that leads nowhere. `mkdir(…, { recursive: true })` does not work here: if the system always answers ENOENT, as
 * under /proc, Node 22 retries forever.
 */
export async function makeFolder(path: string): Promise<void> {
  const make = async () => {
    await mkdir(path).catch(async (error) => {
      if (codeOf(error) !== "EEXIST") throw error;
      const found = await stat(path).catch(() => undefined);
      if (found === undefined)
        throw new UserError(`${path} is a link to a folder that does not exist: create that folder, or choose another`);
      if (!found.isDirectory()) throw error;
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

/** Writes a file atomically, and only if its content changes: another process may be running or reading it. */
export function replaceFile(path: string, content: Uint8Array): void {
  try {
    if (readFileSync(path).equals(content)) return;
  } catch {
    mkdirSync(dirname(path), { recursive: true });
  }
  const aside = `${path}.tmp-${process.pid}`;
  writeFileSync(aside, content);
  renameSync(aside, path);
}

/** Removes files that a process left unfinished, unless it is still writing. */
async function removeUnfinished(folder: string, recursive: boolean): Promise<void> {
  const entries = await readdir(folder, { recursive, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const pid = Number(unfinished.exec(entry.name)?.[1]);
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || Number.isNaN(pid) || (isAlive(pid) && (await isFresh(path)))) continue;
    // In a read-only folder they stay, and do no harm.
    await rm(path, { force: true }).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process is running, and belongs to another user.
    return codeOf(error) === "EPERM";
  }
}

/** Whether a file was written to within the last hour: after that, its process id belongs to another program. */
async function isFresh(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs < 3_600_000;
}

async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let from = 0; from < chunk.byteLength; ) {
    from += (await file.write(chunk, from, chunk.byteLength - from, null)).bytesWritten;
  }
}

async function ifThere<T>(path: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    // ENOTDIR: one of the path's folders is a file, so there is nothing at the path.
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return undefined;
    if (codeOf(error) === "EISDIR") throw new UserError(`${path} must be a file, but is a folder: move it away`);
    if (codeOf(error) !== "") throw new UserError(`${path} cannot be read (${messageOf(error)}): allow reading it`);
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Turns the file system's errors on a write under `root` into UserErrors. */
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
        throw new UserError(`${dirname(path)} must be a folder, but is a file: choose another folder`);
      if (["EISDIR", "ENOTEMPTY"].includes(code))
        throw new UserError(`${path} must be a file, but is a folder: move it away`);
      if (code !== "") throw new UserError(`cannot write ${path}: ${messageOf(error)}; choose another folder`);
      throw error;
    }
  };
}
