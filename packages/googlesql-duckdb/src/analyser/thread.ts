import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { RunError, SqlError } from "../errors.ts";

/*
 * Runs Google's library on a thread of its own. A call takes no longer than a query may take, and can be cancelled: WebAssembly cannot be
 * interrupted, and a thread can be stopped.
 */

/** The files of Google's library. */
export interface Library {
  /** The WebAssembly; compressed if its name ends in .br. */
  readonly wasm: string;
  /** The folder of time zones. */
  readonly zoneinfo: string;
  /** The flags of V8 to compile it with. They apply to the whole process. */
  readonly flags: readonly string[];
  /** Machine code of the WebAssembly that an earlier process compiled, see kept.ts. @default it is compiled again */
  readonly code?: string | undefined;
  /** The first instance of this process. @default it is loaded and started again */
  readonly first?: Snapshot | undefined;
}

/** A running instance, from which further ones in this process start in a fifth of the time. */
export interface Snapshot {
  /** The compiled WebAssembly. Threads share it, with all machine code. */
  readonly module: object;
  /** All pages of memory that differ from those of a new instance, see `readImage`. */
  readonly memory: Uint8Array;
}

/** How a library starts, and how long it may work. */
export interface StartOptions {
  /** The memory of a library that an earlier process started, see kept.ts. @default it starts from the beginning */
  readonly image?: Uint8Array | undefined;
  /** The time that one call may take. @default 30 */
  readonly seconds?: number | undefined;
}

/** A running library. */
export interface Running {
  /**
   * Calls a method on a message's bytes, waits, and returns the answer's.
   * @throws SqlError if the library refuses; RunError if it takes too long or too much memory
   */
  invoke(method: string, request: Uint8Array): Uint8Array;
  /**
   * Calls a method without blocking this thread. It throws what `invoke` throws.
   * @param signal stops the library and starts it again; the call then throws RunError
   */
  invokeSoon(method: string, request: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  /** How many times it was restarted, after a crash, a limit or a cancelled call. Each time it forgets everything registered with it. */
  readonly restarts: number;
  /** Writes the machine code of all functions that ran, or the memory as it is now, to a file. */
  keep(what: "code" | "image", file: string): void;
  /** The instance as it is now. */
  snapshot(): Snapshot;
  /** Ends the thread, and frees its memory. A call that is not answered yet throws RunError, and so does each later one. */
  stop(): void;
}

/** The time and the memory that one call may take: those of a query. */
const SECONDS = 30;
const BYTES = 1_000_000_000;
/** How often they are checked. */
const MILLISECONDS = 100;

/** Starts the library, or takes the one that `startSoon` started. It ends with `stop`, or with the process. */
export function running(
  library: Library,
  errorOf: (said: string) => SqlError,
  { image, seconds = SECONDS }: StartOptions = {},
): Running {
  let thread = begun(library, image);
  let restarts = 0;
  let stopped = false;
  /** A call whose answer this thread does not wait for. */
  let open: { number: number; check(): void; end(said: Said): void; fail(error: unknown): void } | undefined;
  const anew = (error: Error, next = library): Error => {
    void thread.worker.terminate();
    thread = begun(next);
    restarts += 1;
    return error;
  };
  // The kept code or memory may be the reason of a crash.
  const plain = { wasm: library.wasm, zoneinfo: library.zoneinfo, flags: library.flags };
  /** Throws, and restarts the library, once a call that begins now has passed a limit. */
  const limits = () => {
    const [began, before] = [performance.now(), process.memoryUsage.rss()];
    return () => {
      if (performance.now() - began > seconds * 1000)
        throw anew(
          limit(
            `The query takes longer than ${seconds} seconds to analyse: write it in fewer parts, and a long list as IN UNNEST([…])`,
          ),
          plain,
        );
      if (process.memoryUsage.rss() - before > BYTES)
        throw anew(limit("The query needs more than 1 GB of memory to be analysed: write it in fewer parts"), plain);
    };
  };
  const wait = (number: number, check: () => void): Said => {
    const answered = () => Atomics.load(thread.state, 0);
    for (let last = answered(); last !== number; last = answered())
      if (Atomics.wait(thread.state, 0, last, MILLISECONDS) === "timed-out") check();
    return (receiveMessageOnPort(thread.port)?.message ?? {}) as Said;
  };
  /** Sends a call, and returns its number. */
  const send = (asked: Omit<Asked, "number">): number => {
    if (stopped) throw closed();
    // The library answers one call after the other. An open one would wait for its event, which cannot come while this thread waits.
    const waiting = open;
    try {
      if (waiting) waiting.end(wait(waiting.number, waiting.check));
    } catch (error) {
      waiting?.fail(error);
    }
    thread.calls += 1;
    thread.port.postMessage({ ...asked, number: thread.calls } satisfies Asked);
    return thread.calls;
  };
  const answerIn = ({ answer, refused, broken }: Said): Uint8Array => {
    if (answer !== undefined) return answer;
    if (refused !== undefined) throw errorOf(refused);
    if (broken !== undefined) throw new Error(`the GoogleSQL analyser cannot start: ${broken}`);
    // The stack overflowed in the middle of the library's work, or the library ended itself, as it does for a name such as `$a` in FROM. Its
    // memory may be inconsistent.
    throw anew(new SqlError("The query is nested too deeply, or has a name that begins with $."), plain);
  };
  return {
    get restarts() {
      return restarts;
    },
    invoke(method, request) {
      return answerIn(wait(send({ method, request }), limits()));
    },
    invokeSoon: (method, request, signal) =>
      new Promise((resolve, reject) => {
        const cancelled = () => new RunError("cancelled", "The query was cancelled");
        if (signal?.aborted) return reject(cancelled());
        const number = send({ method, request });
        const { port } = thread;
        const check = limits();
        const settle = (work: () => void) => {
          open = undefined;
          clearInterval(alarm);
          port.off("message", end);
          signal?.removeEventListener("abort", cancel);
          try {
            work();
          } catch (error) {
            reject(error);
          }
        };
        const end = (said: Said) => settle(() => resolve(answerIn(said)));
        const fail = (error: unknown) => settle(() => reject(error));
        const cancel = () => fail(anew(cancelled()));
        const guarded = () => {
          try {
            check();
          } catch (error) {
            fail(error);
          }
        };
        const alarm = setInterval(guarded, MILLISECONDS);
        port.on("message", end);
        signal?.addEventListener("abort", cancel);
        open = { number, check, end, fail };
      }),
    keep(what, file) {
      const { broken } = wait(send({ what, file }), limits());
      if (broken !== undefined) throw new Error(`the GoogleSQL analyser cannot be kept: ${broken}`);
    },
    snapshot() {
      const { snapshot, broken } = wait(send({ what: "snapshot" }), limits());
      if (snapshot === undefined) throw new Error(`the GoogleSQL analyser cannot be copied: ${broken}`);
      return snapshot;
    },
    stop() {
      stopped = true;
      void thread.worker.terminate();
      open?.fail(closed());
    },
  };
}

export const tooDeep = "The query is nested too deeply.";

function closed(): RunError {
  return new RunError("cancelled", "The analyser was closed");
}

function limit(message: string): RunError {
  return new RunError("limit", message);
}

/** The first message, which starts the library; later a method to call, or something to keep. */
interface Asked {
  /** Counts the calls from 1. */
  readonly number?: number;
  readonly image?: Uint8Array | undefined;
  readonly method?: string;
  readonly request?: Uint8Array;
  readonly what?: "code" | "image" | "snapshot";
  /** The file to keep it in. */
  readonly file?: string;
}

/** An answer; the library's refusal; the reason why it cannot work; or nothing, if it crashed. */
interface Said {
  readonly answer?: Uint8Array;
  readonly refused?: string;
  readonly broken?: string;
  readonly snapshot?: Snapshot;
}

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** The number of the last call that was answered. */
  readonly state: Int32Array;
  /** The number of calls that were sent. */
  calls: number;
}

/** Threads that compile their library, and have not started it. */
const spare = new Map<string, Thread>();

/** Starts a thread that loads the library, for the next `running`. A program calls it first, and loads its own modules meanwhile. */
export function prepare(library: Library): void {
  if (!spare.has(library.wasm)) spare.set(library.wasm, loading(library));
}

/** A thread on which the library starts. */
function begun(library: Library, image?: Uint8Array): Thread {
  const thread = spare.get(library.wasm) ?? loading(library);
  spare.delete(library.wasm);
  thread.port.postMessage({ image: image ?? library.first?.memory } satisfies Asked);
  return thread;
}

function loading(library: Library): Thread {
  const { port1, port2 } = new MessageChannel();
  const state = new Int32Array(new SharedArrayBuffer(4));
  // As a text, it needs no file of its own beside this one, wherever a bundler puts this one.
  const { wasm, zoneinfo, flags, code, first } = library;
  const worker = new Worker(`(${work})()`, {
    eval: true,
    workerData: { wasm, zoneinfo, flags, code, module: first?.module, state, port: port2 } satisfies WorkerData,
    transferList: [port2],
  });
  worker.unref();
  port1.unref();
  return { worker, port: port1, state, calls: 0 };
}

interface WorkerData extends Omit<Library, "first"> {
  readonly module: object | undefined;
  readonly state: Int32Array;
  readonly port: MessagePort;
}

/** The thread's program. It is turned into text, so it can use nothing from outside of it. */
function work(): void {
  const fs = process.getBuiltinModule("node:fs");
  const { workerData } = process.getBuiltinModule("node:worker_threads");
  const { WASI } = process.getBuiltinModule("node:wasi");
  const { brotliDecompressSync, crc32 } = process.getBuiltinModule("node:zlib");
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  const { state, port, ...library } = workerData as WorkerData;
  const PAGE = 4096;

  /** V8 offers its code cache of WebAssembly to JavaScript only as functions for its own tests. */
  const native = (call: string) => new Function("a", "b", `return %${call}`);
  /** The bytes of a kept file; undefined if it is damaged: V8 would run whatever code is in it. The last four bytes are its checksum. */
  const whole = (file: string) => {
    try {
      const bytes = new Uint8Array(fs.statSync(file).size - 4);
      const checksum = new Uint32Array(1);
      const descriptor = fs.openSync(file, "r");
      fs.readvSync(descriptor, [bytes, checksum]);
      fs.closeSync(descriptor);
      return crc32(bytes) === checksum[0] ? bytes.buffer : undefined;
    } catch {
      return undefined;
    }
  };
  const write = (file: string, contents: Uint8Array) =>
    fs.writeFileSync(file, Buffer.concat([contents, Buffer.from(Uint32Array.of(crc32(contents)).buffer)]));
  const compiled = () => {
    if (library.module !== undefined) return library.module;
    const read = fs.readFileSync(library.wasm);
    const bytes = library.wasm.endsWith(".br") ? brotliDecompressSync(read) : read;
    const code = library.code === undefined ? undefined : whole(library.code);
    // As late as possible: with other flags than its usual ones, V8 refuses the code that Node keeps of its own modules, and a thread starts in twice the time.
    for (const flag of library.flags) setFlagsFromString(flag);
    // Undefined if another V8, or the same one with other settings, made the code.
    const module = code && native("DeserializeWasmModule(a, b)")(code, bytes);
    if (module !== undefined) return module;
    return new WebAssembly.Module(bytes);
  };
  /** Header, then numbers of pages, then their contents: all pages that differ from those of a new instance. */
  const readImage = (memory: Memory, bytes: Uint8Array) => {
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
  const imageNow = (): Uint8Array => {
    const fresh = Buffer.from((new WebAssembly.Instance(module, imports).exports as Exports).memory.buffer);
    const now = Buffer.from(wasm.memory.buffer);
    const numbers: number[] = [];
    for (let at = 0; at < now.length; at += PAGE)
      if (!now.subarray(at, at + PAGE).equals(at < fresh.length ? fresh.subarray(at, at + PAGE) : Buffer.alloc(PAGE)))
        numbers.push(at / PAGE);
    const pages = numbers.map((number) => now.subarray(number * PAGE, (number + 1) * PAGE));
    return Buffer.concat([Buffer.from(Uint32Array.of(now.length, numbers.length, ...numbers).buffer), ...pages]);
  };

  let wasm: Exports;
  let module: object;
  let imports: object;
  const wasi = new WASI({ version: "preview1", preopens: { "/usr/share/zoneinfo": library.zoneinfo } });
  let instance: WebAssembly.Instance;
  const load = () => {
    module = compiled();
    imports = { wasi_snapshot_preview1: wasi.wasiImport };
    instance = new WebAssembly.Instance(module, imports);
    wasm = instance.exports as Exports;
  };
  const start = (image: Uint8Array | undefined) => {
    if (image === undefined) return wasi.initialize(instance);
    readImage(wasm.memory, image);
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
  const attempt = (work: () => void) => {
    try {
      if (broken === undefined) work();
    } catch (error) {
      broken = String(error);
    }
  };
  attempt(load);
  port.once("message", ({ image }: Asked) => {
    attempt(() => start(image));
    port.on("message", answer);
  });
  const answer = ({ number = 0, method, request, what, file = "" }: Asked) => {
    let result: Said = broken === undefined ? {} : { broken };
    try {
      if (broken === undefined && method !== undefined && request !== undefined) result = invoke(method, request);
      if (what === "image") write(file, imageNow());
      if (what === "snapshot") result = { snapshot: { module, memory: imageNow() } };
      if (what === "code") write(file, new Uint8Array(native("SerializeWasmModule(a)")(module)));
    } catch (error) {
      // After a crash the other side starts a new thread.
      if (what !== undefined) result = { broken: String(error) };
    }
    port.postMessage(result);
    Atomics.store(state, 0, number);
    Atomics.notify(state, 0);
  };
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
