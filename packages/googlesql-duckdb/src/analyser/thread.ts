import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { RunError, SqlError } from "../errors.ts";

/*
 * Runs Google's library on a thread of its own. The caller waits for each answer, but not longer than a query may take: WebAssembly cannot be
 * interrupted, and a thread can be stopped.
 */

/** The files of Google's library. */
export interface Library {
  /** The WebAssembly; compressed if its name ends in .br. */
  readonly wasm: string;
  /** The folder of time zones. */
  readonly zoneinfo: string;
  /** Machine code of the WebAssembly that an earlier process compiled, see kept.ts. @default it is compiled anew */
  readonly code?: string;
  /** The memory of a library that an earlier process started, see kept.ts. @default it starts anew */
  readonly image?: string;
}

/** A running library. */
export interface Running {
  /**
   * Calls a method on a message's bytes, and returns the answer's.
   * @throws SqlError if the library refuses; RunError if it takes too long or too much memory
   */
  invoke(method: string, request: Uint8Array): Uint8Array;
  /** How many times it was started anew, after a crash or a limit. Each time it forgets everything registered with it. */
  readonly restarts: number;
  /** Writes the machine code of all functions that ran, or the memory as it is now, to a file. */
  keep(what: "code" | "image", file: string): void;
}

/** The time and the memory that one call may take: those of a query. */
const SECONDS = 30;
const BYTES = 1_000_000_000;
/** How often the memory is checked. */
const MILLISECONDS = 100;

/**
 * Starts the library. It ends with the process.
 * @param seconds the time that one call may take
 */
export function running(library: Library, errorOf: (said: string) => SqlError, seconds = SECONDS): Running {
  let thread = start(library);
  let restarts = 0;
  const anew = (error: Error): never => {
    void thread.worker.terminate();
    // The kept memory may be the reason.
    thread = start({ wasm: library.wasm, zoneinfo: library.zoneinfo });
    restarts += 1;
    throw error;
  };
  const said = (asked: Asked): Said => {
    const { state, port } = thread;
    Atomics.store(state, 0, 0);
    port.postMessage(asked);
    const [began, before] = [performance.now(), process.memoryUsage.rss()];
    while (Atomics.wait(state, 0, 0, MILLISECONDS) === "timed-out") {
      if (performance.now() - began > seconds * 1000)
        anew(limit(`The query takes longer than ${seconds} seconds to analyse: write it in fewer parts`));
      if (process.memoryUsage.rss() - before > BYTES)
        anew(limit("The query needs more than 1 GB of memory to be analysed: write it in fewer parts"));
    }
    return (receiveMessageOnPort(port)?.message ?? {}) as Said;
  };
  return {
    get restarts() {
      return restarts;
    },
    invoke(method, request) {
      const { answer, refused, broken } = said({ method, request });
      if (answer !== undefined) return answer;
      if (refused !== undefined) throw errorOf(refused);
      if (broken !== undefined) throw new Error(`the GoogleSQL analyser cannot start: ${broken}`);
      // The stack overflowed in the middle of the library's work, so its memory may be inconsistent.
      return anew(new SqlError(tooDeep));
    },
    keep(what, file) {
      const { broken } = said({ what, file });
      if (broken !== undefined) throw new Error(`the GoogleSQL analyser cannot be kept: ${broken}`);
    },
  };
}

export const tooDeep = "The query is nested too deeply.";

function limit(message: string): RunError {
  return new RunError("limit", message);
}

/** A method to call, or something to write to a file. */
interface Asked {
  readonly method?: string;
  readonly request?: Uint8Array;
  readonly what?: "code" | "image";
  readonly file?: string;
}

/** An answer; the library's refusal; the reason why it cannot work; or nothing, if it crashed. */
interface Said {
  readonly answer?: Uint8Array;
  readonly refused?: string;
  readonly broken?: string;
}

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** 0 while the library works. */
  readonly state: Int32Array;
}

function start(library: Library): Thread {
  const { port1, port2 } = new MessageChannel();
  const state = new Int32Array(new SharedArrayBuffer(4));
  // As a text, it needs no file of its own beside this one, wherever a bundler puts this one.
  const worker = new Worker(`(${work})()`, {
    eval: true,
    workerData: { ...library, state, port: port2 },
    transferList: [port2],
  });
  worker.unref();
  port1.unref();
  return { worker, port: port1, state };
}

/** The thread's program. It is turned into text, so it can use nothing from outside of it. */
function work(): void {
  const fs = process.getBuiltinModule("node:fs");
  const { workerData } = process.getBuiltinModule("node:worker_threads");
  const { WASI } = process.getBuiltinModule("node:wasi");
  const { brotliDecompressSync } = process.getBuiltinModule("node:zlib");
  const { state, port, ...library } = workerData as Library & { state: Int32Array; port: MessagePort };
  const PAGE = 4096;

  /** V8 offers its code cache of WebAssembly to JavaScript only as functions for its own tests. */
  const native = (call: string) => new Function("a", "b", `return %${call}`);
  const compiled = () => {
    const read = fs.readFileSync(library.wasm);
    const bytes = library.wasm.endsWith(".br") ? brotliDecompressSync(read) : read;
    if (library.code !== undefined) {
      const { buffer } = new Uint8Array(fs.readFileSync(library.code));
      // Undefined if another V8, or the same one with other settings, made the code.
      const module = native("DeserializeWasmModule(a, b)")(buffer, bytes);
      if (module !== undefined) return module;
    }
    return new WebAssembly.Module(bytes);
  };
  /** Header, then numbers of pages, then their contents: all pages that differ from those of a new instance. */
  const readImage = (memory: Memory, file: string) => {
    const bytes = fs.readFileSync(file);
    const [size = 0, count = 0] = new Uint32Array(bytes.buffer, bytes.byteOffset, 2);
    memory.grow((size - memory.buffer.byteLength) / 65_536);
    const numbers = new Uint32Array(bytes.buffer, bytes.byteOffset + 8, count);
    const into = new Uint8Array(memory.buffer);
    let from = 8 + count * 4;
    for (const number of numbers) {
      into.set(bytes.subarray(from, from + PAGE), number * PAGE);
      from += PAGE;
    }
  };
  const writeImage = (module: object, imports: object, file: string) => {
    const fresh = Buffer.from((new WebAssembly.Instance(module, imports).exports as Exports).memory.buffer);
    const now = Buffer.from(wasm.memory.buffer);
    const numbers: number[] = [];
    for (let at = 0; at < now.length; at += PAGE)
      if (!now.subarray(at, at + PAGE).equals(at < fresh.length ? fresh.subarray(at, at + PAGE) : Buffer.alloc(PAGE)))
        numbers.push(at / PAGE);
    const pages = numbers.map((number) => now.subarray(number * PAGE, (number + 1) * PAGE));
    fs.writeFileSync(
      file,
      Buffer.concat([Buffer.from(Uint32Array.of(now.length, numbers.length, ...numbers).buffer), ...pages]),
    );
  };

  let wasm: Exports;
  let module: object;
  let imports: object;
  const start = () => {
    const wasi = new WASI({ version: "preview1", preopens: { "/usr/share/zoneinfo": library.zoneinfo } });
    module = compiled();
    imports = { wasi_snapshot_preview1: wasi.wasiImport };
    const instance = new WebAssembly.Instance(module, imports);
    wasm = instance.exports as Exports;
    if (library.image === undefined) return wasi.initialize(instance);
    readImage(wasm.memory, library.image);
    // The image was made after initialisation.
    wasi.initialize({ exports: { memory: wasm.memory } });
  };
  const bytes = (address: number, size: number) => new Uint8Array(wasm.memory.buffer, address, size).slice();
  const invoke = (method: string, request: Uint8Array) => {
    const address = wasm.wasm_malloc(request.length + 4);
    const sizeAddress = wasm.wasm_malloc(4);
    new Uint8Array(wasm.memory.buffer).set(request, address);
    const answer = wasm[`ZetaSqlLocalService_${method}`]?.(address, request.length, sizeAddress) ?? 0;
    const failed = answer === 0;
    const said = failed
      ? bytes(wasm.wasm_get_last_error(), wasm.wasm_get_last_error_size())
      : bytes(answer, new DataView(wasm.memory.buffer).getUint32(sizeAddress, true));
    for (const used of [address, sizeAddress, ...(failed ? [] : [answer])]) wasm.wasm_free(used);
    return failed ? { refused: new TextDecoder().decode(said) } : { answer: said };
  };
  let broken: string | undefined;
  try {
    start();
  } catch (error) {
    broken = String(error);
  }
  port.on("message", ({ method, request, what, file = "" }: Asked) => {
    let result: Said = broken === undefined ? {} : { broken };
    try {
      if (broken === undefined && method !== undefined && request !== undefined) result = invoke(method, request);
      if (what === "image") writeImage(module, imports, file);
      if (what === "code") fs.writeFileSync(file, new Uint8Array(native("SerializeWasmModule(a)")(module)));
    } catch (error) {
      // After a crash the other side starts a new thread.
      if (what !== undefined) result = { broken: String(error) };
    }
    port.postMessage(result);
    Atomics.store(state, 0, 1);
    Atomics.notify(state, 0);
  });
}

// TypeScript declares WebAssembly only among the browser's types.
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: object, imports: object);
    readonly exports: object;
  }
}

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): void;
}

interface Exports {
  readonly memory: Memory;
  wasm_malloc(size: number): number;
  wasm_free(address: number): void;
  wasm_get_last_error(): number;
  wasm_get_last_error_size(): number;
  readonly [method: `ZetaSqlLocalService_${string}`]: (address: number, size: number, sizeAddress: number) => number;
}
