// Loaded into each Node process of the rehearsal, before the bundle: `node --import hook.mjs bundle.mjs`.
import { registerHooks } from "node:module";

// In the cloud DuckDB is neither there nor asked for; here it stands for BigQuery, and the bundle lies where Node finds no packages.
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier, specifier.startsWith("@duckdb/") ? { ...context, parentURL: import.meta.url } : context),
});

// A declared variable that is never read is most likely misspelt: reports the first read of each.
const watched = new Set((process.env.REHEARSAL_ENV ?? "").split(","));
process.env = new Proxy(process.env, {
  get(env, name) {
    if (watched.delete(name)) process.stderr.write(`${JSON.stringify({ read: name })}\n`);
    return env[name];
  },
});

// Whoever started this process holds its input open: when that ends, nobody waits for what it does.
process.stdin.on("end", () => process.exit(1));
process.stdin.resume();
process.stdin.unref?.();
