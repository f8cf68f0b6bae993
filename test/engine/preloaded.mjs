// Preloaded into every Node process that the engine starts: the program, and the providers of dynamic resources.

// The pauses of components/google/retry.ts, and no other timers, are shortened.
const PAUSE_MS = 20_000;
const { setTimeout } = globalThis;
globalThis.setTimeout = Object.assign(
  (callback, ms, ...args) => setTimeout(callback, ms === PAUSE_MS ? 400 : ms, ...args),
  setTimeout,
);
