import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { brotliDecompressSync } from "node:zlib";
import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonObject,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { SqlError, UserError } from "../errors.ts";
import { type Library, running, tooDeep } from "./thread.ts";

/* Calls Google's GoogleSQL library, compiled to WebAssembly, on a thread of this process. */

/** The library's methods. They take and return protobuf messages as JSON. */
export interface Service {
  /**
   * Calls a method, such as "Analyze".
   * @param ready fields of the request that `message` made
   * @throws SqlError, and RunError if it takes too long or too much memory
   */
  call(method: string, fields: JsonObject, ready?: Readonly<Record<string, Message>>): JsonObject;
  /** Makes a message, to send it many times. */
  message(type: string, fields: JsonObject): Message;
  /** How many times the library was restarted. A restart loses everything registered with it. */
  readonly restarts: number;
  /** Starts a further instance of the library, with memory of its own. */
  another(): Service;
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
export async function startService(description = places.find(existsSync)): Promise<Service> {
  if (description === undefined || !existsSync(description))
    throw new UserError(notInstalled(description), "ANALYSER_MISSING");
  const library = libraries.get(description) ?? load(description);
  libraries.set(description, library);
  return serviceOf(await library);
}

/** Compiling takes half a second, so every service of this process shares the compiled module. */
const libraries = new Map<string, Promise<Described>>();

/** The library, and the types of its messages. */
interface Described extends Library {
  readonly types: FileRegistry;
}

async function load(description: string): Promise<Described> {
  const { descriptors, ...files } = JSON.parse(readFileSync(description, "utf8"));
  const path = (name: string) => resolve(dirname(description), name);
  const types = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(descriptors, "base64")));
  // V8's optimising compiler would be busy for seconds, and saves time only after dozens of queries.
  setFlagsFromString("--liftoff-only");
  const bytes = readFileSync(path(files.wasm));
  const module = await WebAssembly.compile(files.wasm.endsWith(".br") ? brotliDecompressSync(bytes) : bytes);
  return { module, types, zoneinfo: path(files.zoneinfo) };
}

function notInstalled(description = places.join(" nor ")): string {
  return (
    `The GoogleSQL analyser is not at ${description}. From npm: install googlesql-duckdb again, its dist/analyser is incomplete. ` +
    "In the repository: run node local/install.mjs, which needs Python."
  );
}

// TypeScript declares WebAssembly only among the browser's types.
declare namespace WebAssembly {
  function compile(wasm: Uint8Array): Promise<object>;
}

/** Calls the library's methods, which read and write messages as bytes. */
function serviceOf(library: Described): Service {
  const { types } = library;
  const thread = running({ module: library.module, zoneinfo: library.zoneinfo }, errorOf);
  const messageType = (name: string): DescMessage => {
    const found = types.getMessage(name);
    if (found === undefined) throw new Error(`the GoogleSQL analyser has no message ${name}`);
    return found;
  };
  const message = (type: string, fields: JsonObject) => fromJson(messageType(type), fields, { registry: types });
  return {
    message,
    get restarts() {
      return thread.restarts;
    },
    another: () => serviceOf(library),
    call(method, fields, ready = {}) {
      const [request = `${method}Request`, response = `${method}Response`] = otherNames[method] ?? [];
      const sent = Object.assign(message(`${local}${request}`, fields), ready);
      const type = messageType(response.includes(".") ? response : `${local}${response}`);
      return toJson(type, decode(type, thread.invoke(method, toBinary(messageType(sent.$typeName), sent))), {
        registry: types,
      }) as JsonObject;
    },
  };
}

/** Decodes a response. It nests as deeply as the query does, with about three messages for each operator. */
function decode(type: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(type, bytes, { recursionLimit: 600 });
  } catch (error) {
    throw error instanceof Error && /recursion depth/.test(error.message) ? new SqlError(tooDeep) : error;
  }
}

const local = "zetasql.local_service.";

/** The messages of methods whose names do not follow the pattern. */
const otherNames: Readonly<Record<string, readonly [string, string]>> = {
  GetLanguageOptions: ["LanguageOptionsRequest", "zetasql.LanguageOptionsProto"],
  RegisterCatalog: ["RegisterCatalogRequest", "RegisterResponse"],
};

/** Reads "Code: 3, Message: Syntax error: … [at 1:8]". */
function errorOf(text: string): SqlError {
  const [, said = text] = /^Code: \d+, Message: ([\s\S]*)$/.exec(text) ?? [];
  const [, message = said, line, column] = /^([\s\S]*?) \[at (\d+):(\d+)\]/.exec(said) ?? [];
  return new SqlError(message, line === undefined ? undefined : Number(line), column ? Number(column) : undefined);
}
