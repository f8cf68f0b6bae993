import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { RunError, SqlError } from "../errors.ts";

/*
 * Runs Google's library on a thread of its own. The caller waits for each answer, but not longer than a query may take: WebAssembly cannot be
 * interrupted, and a thread can be stopped.
 */

/** Google's library, compiled, and what it reads. */
export interface Library {
  /** A WebAssembly.Module. */
  readonly module: object;
  /** The folder of time zones. */
  readonly zoneinfo: string;
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
}

/** The time and the memory that one call may take: those of a query. */
const SECONDS = 30;
const BYTES = 1_000_000_000;
/** How often the memory is checked. */
const MILLISECONDS = 100;

/** Starts the library. It ends with the process. */
export function running(library: Library, errorOf: (said: string) => SqlError): Running {
  let thread = start(library);
  let restarts = 0;
  const anew = (error: Error): never => {
    void thread.worker.terminate();
    thread = start(library);
    restarts += 1;
    throw error;
  };
  return {
    get restarts() {
      return restarts;
    },
    invoke(method, request) {
      const { state, port } = thread;
      Atomics.store(state, 0, 0);
      port.postMessage({ method, request });
      const [began, before] = [performance.now(), process.memoryUsage.rss()];
      while (Atomics.wait(state, 0, 0, MILLISECONDS) === "timed-out") {
        if (performance.now() - began > SECONDS * 1000)
          anew(limit(`The query takes longer than ${SECONDS} seconds to analyse: write it in fewer parts`));
        if (process.memoryUsage.rss() - before > BYTES)
          anew(limit("The query needs more than 1 GB of memory to be analysed: write it in fewer parts"));
      }
      const { answer, refused } = (receiveMessageOnPort(port)?.message ?? {}) as {
        answer?: Uint8Array;
        refused?: string;
      };
      if (answer !== undefined) return answer;
      if (refused !== undefined) throw errorOf(refused);
      // The stack overflowed in the middle of the library's work, so its memory may be inconsistent.
      return anew(new SqlError(tooDeep));
    },
  };
}

export const tooDeep = "The query is nested too deeply.";

function limit(message: string): RunError {
  return new RunError("limit", message);
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
  const { workerData } = process.getBuiltinModule("node:worker_threads");
  const { WASI } = process.getBuiltinModule("node:wasi");
  const { module, zoneinfo, state, port } = workerData as Library & { state: Int32Array; port: MessagePort };
  const wasi = new WASI({ version: "preview1", preopens: { "/usr/share/zoneinfo": zoneinfo } });
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport });
  wasi.initialize(instance);
  const wasm = instance.exports as unknown as Exports;
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
  port.on("message", ({ method, request }: { method: string; request: Uint8Array }) => {
    let result = {};
    try {
      result = invoke(method, request);
    } catch {
      // The other side starts a new thread.
    }
    port.postMessage(result);
    Atomics.store(state, 0, 1);
    Atomics.notify(state, 0);
  });
}

// TypeScript declares WebAssembly only among the browser's types.
declare namespace WebAssembly {
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
