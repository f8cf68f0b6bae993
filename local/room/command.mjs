// Runs a command that asks the rehearsed clean room, such as `npm run query`, as fast as possible: from one bundled file whose machine code is
// kept. Plain JavaScript, because reading TypeScript takes longer than a query.
//   node local/room/command.mjs NAME ARGUMENTS...
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(root, "dist/room");

/** True if the packages and all sources of the bundle are as they were when it was made. */
function isBuilt(name) {
  if (!existsSync(join(dist, `${name}.mjs`))) return false;
  try {
    const built = JSON.parse(readFileSync(join(dist, "built.json"), "utf8"));
    // A virtual environment has its own path in it, so in a moved folder the installer makes another one.
    if (built.root !== root) return false;
    return built.states.every(([file, size, mtimeMs]) => {
      const found = statSync(join(root, file), { throwIfNoEntry: false });
      return found?.size === size && found.mtimeMs === mtimeMs;
    });
  } catch {
    return false;
  }
}

/** Runs a script, and ends this process if it fails. */
function run(script) {
  const { status } = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", join(root, script)], {
    // Keep standard output for answers.
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) process.exit(status ?? 1);
}

const [, , name = "query", ...args] = process.argv;
if (!isBuilt(name)) {
  run("local/install.mjs");
  run("local/room/bundle.ts");
}
process.env.ROOM_COMMAND = name;
enableCompileCache(join(dist, "code"));
process.argv = [process.argv[0], join(dist, `${name}.mjs`), ...args];
const load = (module) => import(pathToFileURL(join(dist, `${module}.mjs`)).href);
await load("analyser");
await load(name);
