import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { crc32 } from "node:zlib";

/*
 * Google's library is 28 MB of WebAssembly. Compiling it, starting it and registering a catalog takes a second, and the result is the same each
 * time. So a separate process keeps the machine code, and the library's memory after a catalog was registered. Without
 * these files everything works, but starts later.
 */

/** The files that were kept. */
export interface Kept {
  readonly folder: string;
  /** The path of the machine code; undefined if there is none for this version of Node. */
  readonly code: string | undefined;
  /** The path to keep the machine code at. */
  readonly codeFile: string;
  /** The library's language options, as JSON; undefined if they were not kept, or are damaged. */
  language(): object | undefined;
  readonly languageFile: string;
  /** The memory after a catalog was registered, by that request. */
  imageFile(registration: string): string;
  /** That memory; undefined if it was not kept, or is damaged. */
  image(registration: string): Uint8Array | undefined;
}

/** The catalog's number in an image. The library numbers them from 0, and registered an empty one before. */
export const FIRST_CATALOG = "1";

/** @param folder the folder of the library's description @param wasm the library */
export function keptFor(folder: string, wasm: string): Kept {
  const { size, mtimeMs } = statSync(wasm);
  const version = createHash("sha256")
    .update([process.version, process.arch, size, mtimeMs, FIRST_CATALOG].join(" "))
    .digest("hex")
    .slice(0, 16);
  const at = (name: string) => join(folder, "googlesql-kept", `${version}-${name}`);
  const existing = (file: string) => (existsSync(file) ? file : undefined);
  const codeFile = at("code");
  const languageFile = at("language");
  const imageFile = (registration: string) =>
    at(`image-${createHash("sha256").update(registration).digest("hex").slice(0, 16)}`);
  return {
    folder: join(folder, "googlesql-kept"),
    code: existing(codeFile),
    codeFile,
    language: () => {
      const json = whole(languageFile);
      return json && JSON.parse(json.toString());
    },
    languageFile,
    imageFile,
    // Without the code, an image saves little.
    image: (registration) => (existsSync(codeFile) ? whole(imageFile(registration)) : undefined),
  };
}

/** The bytes of a file without its last four, which are their checksum; undefined if the file is missing or damaged. */
function whole(file: string): Buffer | undefined {
  try {
    const bytes = readFileSync(file);
    const size = bytes.length - 4;
    return crc32(bytes.subarray(0, size)) === bytes.readUInt32LE(size) ? bytes.subarray(0, size) : undefined;
  } catch {
    return undefined;
  }
}

function withChecksum(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.from(Uint32Array.of(crc32(bytes)).buffer)]);
}

let optimises = false;

/**
 * From now on, V8 compiles with its optimising compiler, the only one whose code it can keep. That takes ten seconds, so a process that answers
 * queries does not do it. Call it before anything else of this package.
 */
export function compileToKeep(): void {
  optimises = true;
}

/** The seconds that a call may take; undefined for the usual limit. Compiling everything takes longer on a busy machine. */
export function secondsToKeep(): number | undefined {
  return optimises ? 600 : undefined;
}

/** The flags of V8 with which code is kept and used: V8 refuses code that was made with others. */
const USING = ["--liftoff", "--liftoff-only", "--wasm-lazy-validation", "--allow-natives-syntax"];

/** The flags of V8 for the library. The baseline compiler alone: the optimising one would be busy for seconds, and saves time only after dozens of queries. */
export function flagsOfV8(): readonly string[] {
  return optimises ? ["--no-liftoff", "--wasm-lazy-validation"] : USING;
}

/** Images that are kept: each room has one for a party, and the tests have rooms of their own. */
const MOST_IMAGES = 12;

/** Removes what other versions of Node or of the library kept, and the oldest images. */
function removeOld({ folder, codeFile }: Kept): void {
  const version = basename(codeFile).replace(/code$/, "");
  const files = readdirSync(folder);
  const images = files.filter((file) => file.startsWith(`${version}image-`));
  const age = (file: string) => statSync(join(folder, file)).mtimeMs;
  const oldest = images.sort((one, other) => age(other) - age(one)).slice(MOST_IMAGES);
  for (const file of files)
    if (!file.startsWith(version) || oldest.includes(file)) rmSync(join(folder, file), { force: true });
}

/** A library that runs, and can write itself to a file. */
interface Keepable {
  readonly kept: Kept;
  language(): object;
  keep(what: "code" | "image", file: string): void;
}

/** Writes what `Kept` describes: aside first, so that no process reads half a file. */
export function keep(what: "code" | "image", library: Keepable, registration: string, catalog: string): void {
  const { kept } = library;
  mkdirSync(kept.folder, { recursive: true });
  const replace = (file: string, write: (aside: string) => void) => {
    const aside = `${file}.${process.pid}`;
    try {
      write(aside);
      renameSync(aside, file);
    } finally {
      rmSync(aside, { force: true });
    }
  };
  if (what === "image") {
    if (catalog !== FIRST_CATALOG)
      throw new Error(`the catalog has the number ${catalog}, and images have ${FIRST_CATALOG}`);
    replace(kept.imageFile(registration), (aside) => library.keep("image", aside));
    removeOld(kept);
    return;
  }
  const language = library.language();
  replace(kept.languageFile, (aside) => writeFileSync(aside, withChecksum(Buffer.from(JSON.stringify(language)))));
  for (const flag of USING) setFlagsFromString(flag);
  replace(kept.codeFile, (aside) => library.keep("code", aside));
}
