// Loaded into each Node process of a rehearsal before its program: `node --import hook.mjs program.mjs`.
import { registerHooks } from "node:module";

// Adapters name packages that only a rehearsal needs. The program's bundle leaves them out, so load them from where the adapter is.
const packages = JSON.parse(process.env.REHEARSAL_PACKAGES ?? "{}");
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier, specifier in packages ? { ...context, parentURL: packages[specifier] } : context),
});

// Report the first read of each declared variable, because one that is never read is probably misspelt.
const watched = new Set((process.env.REHEARSAL_ENV ?? "").split(","));
process.env = new Proxy(process.env, {
  get(env, name) {
    if (watched.delete(name)) process.stderr.write(`${JSON.stringify({ read: name })}\n`);
    return env[name];
  },
});

// The rehearsal holds this process's standard input open. When that closes, the rehearsal has ended: end this process too.
process.stdin.on("end", () => process.exit(1));
process.stdin.resume();
process.stdin.unref?.();
