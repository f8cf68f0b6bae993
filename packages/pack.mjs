// Packs a package of this workspace. Each package calls it from its scripts:
//   "prepack": "node ../pack.mjs prepack", "postpack": "node ../pack.mjs postpack"
//
// In the workspace a package's `exports` name its TypeScript sources, which Node runs as they are. Node refuses to do so below
// node_modules, so a tarball needs JavaScript:
//   prepack    compiles src to dist, and points the package.json that npm is about to pack at dist
//   postpack   puts the workspace's package.json back
// npm always packs the file package.json and has no setting for another one, so the file itself has to change for that moment.
//
// Two packs of one package wait for each other. A guard process puts package.json back when npm ends without postpack (Ctrl-C, a failed
// script, a kill), and the next pack does so after a crash of the machine.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const packages = dirname(fileURLToPath(import.meta.url));
const here = process.cwd();
// Git ignores .local/, and npm packs only what `files` lists.
const aside = join(here, ".local", "pack");
const file = (name) => join(here, name);
const original = join(aside, "package.json");
const packed = join(aside, "package.packed.json");
const licence = join(aside, "licence-is-a-copy");
const lock = join(aside, "lock");

class PackError extends Error {}

/** Writes a file so that a reader sees either the old or the new one. */
function replaceFile(path, content) {
  const next = `${path}.${process.pid}.tmp`;
  writeFileSync(next, content);
  renameSync(next, path);
}

const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);

/** Puts the workspace's package.json back, if a pack changed it. */
function restore() {
  const before = read(original);
  if (before !== undefined && read(file("package.json")) !== before) {
    if (read(file("package.json")) !== read(packed))
      throw new PackError(
        `${file("package.json")} was edited while it was packed. Merge it with the version before, ${original}, and delete that file.`,
      );
    replaceFile(file("package.json"), before);
  }
  if (existsSync(licence)) rmSync(file("LICENSE"), { force: true });
  for (const each of [licence, packed, original]) rmSync(each, { force: true });
}

/** The process of npm, which runs this script in a shell. */
function npmProcess() {
  let pid = process.ppid;
  for (let i = 0; i < 3; i++) {
    const { parent, command } = processOf(pid);
    if (!/^-?(.*\/)?(ba|da|z|k)?sh$/.test(command)) break;
    pid = parent;
  }
  return pid;
}

/** A process's parent and command: from /proc on Linux, where a slim image has no ps. */
function processOf(pid) {
  const status = read(`/proc/${pid}/status`);
  if (status !== undefined)
    return { parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]), command: /^Name:\s*(.*)$/m.exec(status)?.[1] ?? "" };
  const told = execFileSync("ps", ["-o", "ppid=,comm=", "-p", String(pid)], { encoding: "utf8" });
  const [, parent, command = ""] = /^\s*(\d+)\s+(.*?)\s*$/.exec(told) ?? [];
  return { parent: Number(parent), command };
}

function runs(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Waits for other packs of this package, and takes over from those that ended without postpack. */
async function takeLock(pid) {
  mkdirSync(aside, { recursive: true });
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, String(pid));
  for (;;) {
    try {
      linkSync(mine, lock);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = read(lock);
    if (holder === String(pid)) break;
    if (holder !== undefined && !runs(Number(holder))) {
      // Only one of those who wait moves the stale lock away.
      const stale = `${mine}.stale`;
      try {
        renameSync(lock, stale);
        if (read(stale) !== holder) linkSync(stale, lock);
      } catch {}
      rmSync(stale, { force: true });
    } else await sleep(100);
  }
  rmSync(mine, { force: true });
}

/** Starts the process that restores package.json when npm ends without postpack. */
function startGuard(pid) {
  const script = [fileURLToPath(import.meta.url), "guard", String(pid)];
  spawn(process.execPath, script, { cwd: here, detached: true, stdio: "ignore" }).unref();
}

async function guard(pid) {
  while (read(lock) === String(pid)) {
    if (!runs(pid)) {
      restore();
      rmSync(lock, { force: true });
    } else await sleep(200);
  }
}

/** All files below a folder. */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Compiles src into a folder: JavaScript, declarations, and copies of files of other types. */
async function compile(into) {
  const src = file("src");
  const sources = filesIn(src);
  const emitted = join(aside, "emitted");
  const settings = join(aside, "tsconfig.json");
  rmSync(emitted, { recursive: true, force: true });
  writeFileSync(
    settings,
    JSON.stringify({
      extends: join(packages, "..", "tsconfig.json"),
      compilerOptions: {
        types: ["node"],
        noEmit: false,
        noEmitOnError: true,
        declaration: true,
        allowImportingTsExtensions: false,
        rewriteRelativeImportExtensions: true,
        // The compiler follows imports of other packages to their sources, so it counts from the folder that holds them all.
        rootDir: packages,
        outDir: emitted,
      },
      files: sources.filter((path) => path.endsWith(".ts")),
      include: [],
    }),
  );
  const compiler = join(packages, "..", "node_modules", "typescript-7", "bin", "tsc");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [compiler, "--project", settings, "--pretty", "false"],
    {
      cwd: here,
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new PackError(`${stdout}${stderr}`);
  // Other packages' compiled files lie beside: their own tarballs bring them.
  renameSync(join(emitted, relative(packages, src)), into);
  rmSync(emitted, { recursive: true });
  rmSync(settings);
  for (const path of filesIn(into).filter((path) => path.endsWith(".d.ts"))) {
    // The compiler rewrites the ending of an import in JavaScript, and not in declarations.
    const importOfTs = /\b(from |import ?\(?)(["'])(\.{1,2}\/[^"'\n]*)\.ts\2/g;
    writeFileSync(path, readFileSync(path, "utf8").replace(importOfTs, "$1$2$3.js$2"));
  }
  for (const path of sources.filter((path) => !path.endsWith(".ts"))) {
    mkdirSync(dirname(join(into, relative(src, path))), { recursive: true });
    copyFileSync(path, join(into, relative(src, path)));
  }
  await checkImports(into);
}

/** Checks that each import of the compiled files finds a file in there, or a package that package.json names. */
async function checkImports(folder) {
  const { default: ts } = await import("typescript");
  const { name, dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(original, "utf8"));
  const known = [name, ...Object.keys(dependencies), ...Object.keys(peerDependencies), ...builtinModules];
  const unresolved = filesIn(folder)
    .filter((path) => /\.(js|d\.ts)$/.test(path))
    .flatMap((path) =>
      ts
        .preProcessFile(readFileSync(path, "utf8"))
        .importedFiles.map(({ fileName }) => fileName)
        .filter((target) => {
          if (target.startsWith("node:")) return false;
          if (!target.startsWith(".")) return !known.some((each) => target === each || target.startsWith(`${each}/`));
          const found = resolve(dirname(path), target);
          return !existsSync(path.endsWith(".d.ts") ? found.replace(/\.js$/, ".d.ts") : found);
        })
        .map((target) => `${relative(folder, path)} imports ${target}`),
    );
  if (unresolved.length > 0)
    throw new PackError(`Imports that would fail in the tarball:\n${unresolved.map((each) => `  ${each}`).join("\n")}`);
}

/** The package.json of the tarball: `exports` name the compiled files and their declarations. */
function packedJson(text) {
  const { scripts: _, devDependencies: __, exports, ...rest } = JSON.parse(text);
  const compiled = (target) => {
    if (typeof target === "object" && target !== null)
      return Object.fromEntries(Object.entries(target).map(([condition, each]) => [condition, compiled(each)]));
    if (!/^\.\/src\/.*\.ts$/.test(target)) return target;
    const at = target.replace("./src/", "./dist/").replace(/\.ts$/, "");
    return { types: `${at}.d.ts`, default: `${at}.js` };
  };
  const entries = Object.fromEntries(Object.entries(exports).map(([entry, target]) => [entry, compiled(target)]));
  const types = entries["."]?.types;
  return `${JSON.stringify({ ...rest, ...(types && { types }), exports: entries }, null, 2)}\n`;
}

/** Checks that the ranges of other packages of this workspace are those of their versions. */
function checkRanges(text) {
  const { dependencies, peerDependencies } = JSON.parse(text);
  for (const [name, range] of Object.entries({ ...dependencies, ...peerDependencies })) {
    const theirs = join(packages, name, "package.json");
    if (!existsSync(theirs)) continue;
    const { version } = JSON.parse(readFileSync(theirs, "utf8"));
    if (range !== `^${version}`)
      throw new PackError(
        `${file("package.json")} asks for ${name} ${range}, and that is at ${version}: write ^${version}`,
      );
  }
}

async function prepack() {
  const npm = npmProcess();
  await takeLock(npm);
  startGuard(npm);
  restore();
  const text = readFileSync(file("package.json"), "utf8");
  checkRanges(text);
  writeFileSync(original, text);
  const next = join(aside, "dist");
  rmSync(next, { recursive: true, force: true });
  await compile(next);
  rmSync(file("dist"), { recursive: true, force: true });
  renameSync(next, file("dist"));
  if (!existsSync(file("LICENSE"))) {
    writeFileSync(licence, "");
    copyFileSync(join(packages, "..", "LICENSE"), file("LICENSE"));
  }
  writeFileSync(packed, packedJson(text));
  replaceFile(file("package.json"), readFileSync(packed));
}

function postpack() {
  restore();
  rmSync(lock, { force: true });
}

const commands = { prepack, postpack, guard: () => guard(Number(process.argv[3])) };
const command = commands[process.argv[2]];
try {
  if (command === undefined || !existsSync(file("package.json")) || !statSync(file("src")).isDirectory())
    throw new PackError(`Usage, in the folder of a package: node ../${basename(import.meta.url)} prepack | postpack`);
  await command();
} catch (error) {
  console.error(error instanceof PackError ? `error: ${error.message}` : error);
  process.exitCode = 1;
}
