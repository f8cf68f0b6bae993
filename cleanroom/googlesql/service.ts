import { existsSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { WASI } from "node:wasi";
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
import { UserError } from "../../generator/errors.ts";

/* Calls of Google's GoogleSQL library, which runs inside this process, compiled to WebAssembly. */

/** What is wrong with a query's text: a syntax error, an unknown name, a wrong type. */
export class SqlError extends Error {
  /** From 1; undefined where the error is about the whole query. */
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(message: string, line?: number, column?: number) {
    super(message);
    this.name = "SqlError";
    this.line = line;
    this.column = column;
  }
}

/** The library's methods. Their messages are given and returned as protobuf's JSON. */
export interface Service {
  /** Calls a method, such as "Analyze". `ready` are fields of the request that were made by `message`. Throws SqlError. */
  call(method: string, fields: JsonObject, ready?: Readonly<Record<string, Message>>): JsonObject;
  /** A message made once, to be sent many times. */
  message(type: string, fields: JsonObject): Message;
  /** How many times the library had to be started anew; what was registered with it before is gone. */
  readonly restarts: number;
}

/** Starts the library, from what unpack.py wrote. Throws UserError where it was not installed. */
export async function startService(unpacked: string): Promise<Service> {
  if (!existsSync(unpacked))
    throw new UserError("the GoogleSQL analyser is not installed: node local/install.mjs installs it");
  const { wasm, zoneinfo, descriptors } = JSON.parse(readFileSync(unpacked, "utf8"));
  const types = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(descriptors, "base64")));
  // V8 would be busy optimising it for seconds, and only after dozens of queries would one take less: three quarters of the time.
  setFlagsFromString("--liftoff-only");
  const module = await WebAssembly.compile(readFileSync(wasm));
  return serviceOf(() => {
    const wasi = new WASI({ version: "preview1", preopens: { "/usr/share/zoneinfo": zoneinfo } });
    const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport });
    wasi.initialize(instance);
    return instance.exports as unknown as Exports;
  }, types);
}

// Node has it, TypeScript's library has it among the browser's only.
declare namespace WebAssembly {
  function compile(wasm: Uint8Array): Promise<object>;
  class Instance {
    constructor(module: object, imports: object);
    readonly exports: object;
  }
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  wasm_malloc(size: number): number;
  wasm_free(address: number): void;
  wasm_get_last_error(): number;
  wasm_get_last_error_size(): number;
  readonly [method: `ZetaSqlLocalService_${string}`]: (address: number, size: number, sizeAddress: number) => number;
}

/** Calls of the analyser's methods, which take and give messages as bytes in its memory. */
function serviceOf(start: () => Exports, types: FileRegistry): Service {
  let wasm = start();
  let restarts = 0;
  const messageType = (name: string): DescMessage => {
    const found = types.getMessage(name);
    if (found === undefined) throw new Error(`the GoogleSQL analyser has no message ${name}`);
    return found;
  };
  const message = (type: string, fields: JsonObject) => fromJson(messageType(type), fields, { registry: types });
  const bytes = (address: number, size: number) => new Uint8Array(wasm.memory.buffer, address, size).slice();

  function invoke(method: string, request: Uint8Array): Uint8Array {
    const address = wasm.wasm_malloc(request.length + 4);
    const sizeAddress = wasm.wasm_malloc(4);
    new Uint8Array(wasm.memory.buffer).set(request, address);
    const answer = run(method, address, request.length, sizeAddress);
    const failed = answer === 0;
    const said = failed
      ? bytes(wasm.wasm_get_last_error(), wasm.wasm_get_last_error_size())
      : bytes(answer, new DataView(wasm.memory.buffer).getUint32(sizeAddress, true));
    for (const used of [address, sizeAddress, ...(failed ? [] : [answer])]) wasm.wasm_free(used);
    if (failed) throw errorOf(new TextDecoder().decode(said));
    return said;
  }

  function run(method: string, address: number, size: number, sizeAddress: number): number {
    try {
      return wasm[`ZetaSqlLocalService_${method}`]?.(address, size, sizeAddress) ?? 0;
    } catch {
      // The stack is at its end, wherever the library was just then: it cannot be trusted any more.
      wasm = start();
      restarts += 1;
      throw new SqlError(tooDeep);
    }
  }

  return {
    message,
    get restarts() {
      return restarts;
    },
    call(method, fields, ready = {}) {
      const [request = `${method}Request`, response = `${method}Response`] = otherNames[method] ?? [];
      const sent = Object.assign(message(`${local}${request}`, fields), ready);
      const type = messageType(response.includes(".") ? response : `${local}${response}`);
      return toJson(type, decode(type, invoke(method, toBinary(messageType(sent.$typeName), sent))), {
        registry: types,
      }) as JsonObject;
    },
  };
}

const tooDeep = "The query is nested too deeply.";

/** An answer, whose nesting is that of the query: three messages or so for an operator. */
function decode(type: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(type, bytes, { recursionLimit: 600 });
  } catch (error) {
    throw error instanceof Error && /recursion depth/.test(error.message) ? new SqlError(tooDeep) : error;
  }
}

const local = "zetasql.local_service.";

/** The messages of methods that are not called after them. */
const otherNames: Readonly<Record<string, readonly [string, string]>> = {
  GetLanguageOptions: ["LanguageOptionsRequest", "zetasql.LanguageOptionsProto"],
  RegisterCatalog: ["RegisterCatalogRequest", "RegisterResponse"],
};

/** "Code: 3, Message: Syntax error: … [at 1:8]" as an error with its place. */
function errorOf(text: string): SqlError {
  const [, said = text] = /^Code: \d+, Message: ([\s\S]*)$/.exec(text) ?? [];
  const [, message = said, line, column] = /^([\s\S]*?) \[at (\d+):(\d+)\]/.exec(said) ?? [];
  return new SqlError(message, line === undefined ? undefined : Number(line), column ? Number(column) : undefined);
}
