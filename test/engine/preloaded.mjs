// Preloaded into every Node process that the engine starts: the program, and the providers of dynamic resources.
import { createRequire, Module } from "node:module";

// Pulumi loads npm's library at every start, and uses it only for functions that a program uploads with their packages: ours has none.
const require = createRequire(import.meta.url);
const npm = require.resolve("@npmcli/arborist", { paths: [require.resolve("@pulumi/pulumi")] });
require.cache[npm] = Object.assign(new Module(npm), { loaded: true });

// The pauses of components/google/retry.ts, and no other timers, are shortened.
const PAUSE_MS = 20_000;
const { setTimeout } = globalThis;
globalThis.setTimeout = Object.assign(
  (callback, ms, ...args) => setTimeout(callback, ms === PAUSE_MS ? 400 : ms, ...args),
  setTimeout,
);
