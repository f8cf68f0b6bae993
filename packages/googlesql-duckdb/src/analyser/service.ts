import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { SqlError, UserError } from "../errors.ts";
import { flagsOfV8, type Kept, keptFor, secondsToKeep } from "./kept.ts";
import { type JsonObject, type Messages, messagesOf, TooDeep } from "./protobuf.ts";
import { type Library, prepare, type Running, running, type Snapshot, tooDeep } from "./thread.ts";

/* Calls Google's GoogleSQL library, compiled to WebAssembly, on a thread of this process. */

/** A message of the library, written once to be sent many times. */
export interface Ready {
  readonly bytes: Uint8Array;
}

/** The library's methods. They take and return protobuf messages as JSON. */
export interface Service {
  /**
   * Calls a method, such as "Analyze".
   * @param ready fields of the request that `message` made
   * @throws SqlError, and RunError if it takes too long or too much memory
   */
  call(method: string, fields: JsonObject, ready?: Readonly<Record<string, Ready>>): JsonObject;
  /** Calls a method as `call` does, without blocking this thread. @param signal cancels the call */
  callSoon(
    method: string,
    fields: JsonObject,
    ready?: Readonly<Record<string, Ready>>,
    signal?: AbortSignal,
  ): Promise<JsonObject>;
  /** Makes a message, to send it many times. */
  message(type: string, fields: JsonObject): Ready;
  /** How many times the library was restarted. A restart loses everything registered with it. */
  readonly restarts: number;
  /** Starts a further instance of the library, with memory of its own. */
  another(): Service;
  /** The library's language, with all features. */
  language(): JsonObject;
  /** The machine code and memory that earlier processes kept of the library, to start sooner. */
  readonly kept: Kept;
  /** True if further instances in this process start as copies of one. */
  readonly isShared: boolean;
  /** Lets further instances start as copies of this one as it is now. */
  share(): void;
  /** Starts the library with a memory that was kept, unless it was started before. It does not block this thread. */
  start(image: Uint8Array): void;
  readonly keep: Running["keep"];
  /** Ends its thread, if it was started. */
  stop(): void;
}

/** The published package has the analyser beside this file; the repository has it in its Python environment. */
const places = ["./googlesql.json", "../../../../.venv/googlesql.json"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/**
 * Starts the library.
 * @param description `googlesql.json`: names the analyser's files, and holds the descriptors of its messages
 * @throws UserError if the analyser is not there
 */
export function startService(description = places.find(existsSync)): Service {
  if (description === undefined || !existsSync(description))
    throw new UserError(notInstalled(description), "ANALYSER_MISSING");
  const library = libraries.get(description) ?? described(description);
  libraries.set(description, library);
  return serviceOf(library);
}

/**
 * Starts to load the library, for the first service of this process: it takes as long as the modules of a program. Without the library it
 * does nothing.
 */
export function startSoon(): void {
  const description = places.find(existsSync);
  if (description !== undefined) prepare(filesOf(description).library);
}

/** True if an earlier process kept the library's machine code, see kept.ts. */
export function isCodeKept(): boolean {
  const description = places.find(existsSync);
  if (description === undefined) return false;
  const { wasm } = JSON.parse(readFileSync(description, "utf8"));
  return keptFor(dirname(description), resolve(dirname(description), wasm)).code !== undefined;
}

/** Every service of this process shares the descriptors. V8 shares the compiled code by itself. */
const libraries = new Map<string, Described>();

/** The library, and the types of its messages. */
interface Described extends Library {
  readonly messages: Messages;
  readonly kept: Kept;
  first?: Snapshot | undefined;
  language?: JsonObject;
}

function described(description: string): Described {
  const { library, kept, descriptors } = filesOf(description);
  return { ...library, kept, messages: messagesOf(Buffer.from(descriptors, "base64")) };
}

/** Reads `googlesql.json`. */
function filesOf(description: string): { library: Library; kept: Kept; descriptors: string } {
  const { descriptors, ...files } = JSON.parse(readFileSync(description, "utf8"));
  const path = (name: string) => resolve(dirname(description), name);
  const wasm = path(files.wasm);
  const kept = keptFor(dirname(description), wasm);
  const code = kept.code === undefined ? {} : { code: kept.code };
  return { library: { wasm, zoneinfo: path(files.zoneinfo), flags: flagsOfV8(), ...code }, kept, descriptors };
}

function notInstalled(description = places.join(" nor ")): string {
  return (
    `The GoogleSQL analyser is not at ${description}. From npm: install googlesql-duckdb again, its dist/analyser is incomplete. ` +
    "In the repository: run node local/install.mjs, which needs Python."
  );
}

/** Calls the library's methods, which read and write messages as bytes. */
function serviceOf(library: Described): Service {
  const { messages, kept } = library;
  // It starts with the first call, which may come with a memory that was kept.
  let started: Running | undefined;
  const thread = (image?: Uint8Array) => {
    started ??= running(library, errorOf, { image, seconds: secondsToKeep() });
    return started;
  };
  const sent = (method: string, fields: JsonObject, ready: Readonly<Record<string, Ready>>) => {
    const { request } = namesOf(method);
    const parts = Object.entries(ready).map(([name, { bytes }]) => messages.field(request, name, bytes));
    return Buffer.concat([messages.encode(request, fields), ...parts]);
  };
  return {
    kept,
    message: (type, fields) => ({ bytes: messages.encode(type, fields) }),
    get restarts() {
      return started?.restarts ?? 0;
    },
    language() {
      library.language ??=
        (kept.language() as JsonObject) ?? this.call("GetLanguageOptions", { maximumFeatures: true });
      return library.language;
    },
    another: () => serviceOf(library),
    get isShared() {
      return library.first !== undefined;
    },
    share() {
      library.first = thread().snapshot();
    },
    start: (image) => void thread(image),
    keep: (what, file) => thread().keep(what, file),
    stop: () => started?.stop(),
    call: (method, fields, ready = {}) =>
      decode(messages, namesOf(method).response, thread().invoke(method, sent(method, fields, ready))),
    async callSoon(method, fields, ready = {}, signal) {
      const bytes = await thread().invokeSoon(method, sent(method, fields, ready), signal);
      return decode(messages, namesOf(method).response, bytes);
    },
  };
}

/** Decodes a response. It nests as deeply as the query does. */
function decode(messages: Messages, type: string, bytes: Uint8Array): JsonObject {
  try {
    return messages.decode(type, bytes);
  } catch (error) {
    throw error instanceof TooDeep ? new SqlError(tooDeep) : error;
  }
}

/** The request that registers a catalog, with the functions of the language. @param catalog the tables and functions; none by default */
export function catalogRequest(languageOptions: JsonObject, catalog: JsonObject = { name: "" }): JsonObject {
  return {
    simpleCatalog: { ...catalog, builtinFunctionOptions: { languageOptions } },
    descriptorPoolList: { definitions: [{ builtin: {} }] },
  };
}

/** The messages that a method takes and returns. */
export function namesOf(method: string): { readonly request: string; readonly response: string } {
  const [request = `${method}Request`, response = `${method}Response`] = otherNames[method] ?? [];
  return { request: `${local}${request}`, response: response.includes(".") ? response : `${local}${response}` };
}

const local = "zetasql.local_service.";

/** The messages of methods whose names do not follow the pattern. */
const otherNames: Readonly<Record<string, readonly [string, string]>> = {
  GetLanguageOptions: ["LanguageOptionsRequest", "zetasql.LanguageOptionsProto"],
  RegisterCatalog: ["RegisterCatalogRequest", "RegisterResponse"],
  UnregisterCatalog: ["UnregisterRequest", "google.protobuf.Empty"],
};

/** Reads "Code: 3, Message: Syntax error: … [at 1:8]". */
function errorOf(text: string): SqlError {
  const [, said = text] = /^Code: \d+, Message: ([\s\S]*)$/.exec(text) ?? [];
  const [, message = said, line, column] = /^([\s\S]*?) \[at (\d+):(\d+)\]/.exec(said) ?? [];
  return new SqlError(message, line === undefined ? undefined : Number(line), column ? Number(column) : undefined);
}
