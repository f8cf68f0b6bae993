// Installs what the other scripts need: the first time, and again after a lockfile or a requirements file changes.
// Plain JavaScript without dependencies, in the syntax of 2019, so that a fresh clone tells the user of an old Node, such as Ubuntu's 12,
// to install a newer one. The scripts call it themselves instead of npm's "pre" scripts, which npm skips if ignore-scripts is set. They then
// name node_modules/.bin/node in full, because the shell remembers the Node that it found first.
//   node local/install.mjs               Node packages, and dbt in .venv
//   node local/install.mjs --node-only   Node packages
//   node local/install.mjs --test        all of these, and a local Cloud Storage in .venv; where CI is set, also BigQuery's emulators
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
// Node 12 has no rmSync, and would refuse to import it by name.
import fs, { accessSync, constants, existsSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv.slice(2);
const forTests = wanted.includes("--test");
/** Only the slow tests use the emulators of BigQuery, which take a minute to install. */
const forSlowTests = forTests && Boolean(process.env.CI);

class InstallError extends Error {}

/** Throws InstallError if this machine cannot run the project. */
function checkMachine() {
  const [major] = process.versions.node.split(".").map(Number);
  if (major < 20)
    throw new InstallError(`Node ${process.versions.node} is too old: install Node 20 or newer (https://nodejs.org)`);
  if (process.platform === "win32")
    throw new InstallError("Windows runs this in WSL only: https://learn.microsoft.com/windows/wsl/install");
  if (
    process.platform === "linux" &&
    process.report &&
    process.report.getReport().header.glibcVersionRuntime === undefined
  )
    throw new InstallError(
      "Alpine and other systems with musl lack packages that this needs: use Debian, Ubuntu or Fedora",
    );
}

/** Settings for other projects that would put packages somewhere else, leave some out, or keep Python from starting. */
const foreign = ["TARGET", "PREFIX", "ROOT", "PYTHON", "CONSTRAINT", "NO_BINARY", "NO_DEPS", "DRY_RUN"];
Object.assign(process.env, { PIP_USER: "0", PYTHONHOME: "", PYTHONPATH: "" });
for (const name of foreign) delete process.env[`PIP_${name}`];
// Somebody who has activated .venv finds its Python first, but a new .venv needs another one.
process.env.PATH = (process.env.PATH || "")
  .split(delimiter)
  .filter((folder) => !folder.startsWith(join(root, ".venv")))
  .join(delimiter);
/** The same of npm, whose settings may also be in a file. */
const npmFlags = ["dev", "optional", "peer"].map((kind) => `--include=${kind}`);
// The packages run on the Node that is one of them, and not on the machine's.
npmFlags.push("--engine-strict=false", "--global=false", "--location=project", "--dry-run=false", "--bin-links=true");

/** The signal that told this process to stop. It ends after its commands, since a stopped npm first puts back what it has moved. */
let stopped;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.once(signal, () => {
    stopped = signal;
    for (const child of children) child.kill(signal);
  });

/** The commands that are running. */
const children = new Set();

/** Runs a command, and prints its output only if it fails. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    if (stopped) throw new InstallError(stopped);
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    children.add(child);
    nameInLock();
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", (error) => {
      children.delete(child);
      reject(error);
    });
    child.on("close", (code) => {
      children.delete(child);
      if (code === 0) return resolve();
      // npm prints the reason first, pip last.
      const lines = output.trim().split("\n");
      const reason = lines.length > 24 ? [...lines.slice(0, 12), "...", ...lines.slice(-12)] : lines;
      reject(new InstallError(`"${command} ${args.join(" ")}" failed:\n${reason.join("\n")}`));
    });
  });
}

/** The text of the stamp file that says that `input`, a file or several, is installed in `folder`. */
function stampOf(folder, input) {
  const hash = createHash("sha256");
  for (const file of [].concat(input)) hash.update(readFileSync(join(root, file)));
  // A virtual environment contains its own path, so install it again after a move.
  if (folder.startsWith(".venv")) hash.update(root);
  return hash.digest("hex");
}

/** Whether a stamp file in `folder` says that `input` is installed, and the `result` still exists. */
function isInstalled(folder, stampName, result, input) {
  const stamp = join(root, folder, stampName);
  // A virtual environment links to its Python, which an upgrade of the machine may remove.
  if (folder.startsWith(".venv") && !existsSync(join(root, python(folder)))) return false;
  return (
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === stampOf(folder, input) &&
    existsSync(join(root, folder, result))
  );
}

/** While somebody installs, a link that names the processes at work: unlike a file, it is never seen without its content. */
const LOCK = join(root, ".installing");

/** Whether this process has the lock. */
let isLocked = false;

/** Waits until no other process installs here: two would remove each other's packages. */
async function takeLock() {
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  for (let told = false; !isLocked; ) {
    if (stopped) throw new InstallError(stopped);
    try {
      fs.symlinkSync(String(process.pid), LOCK);
      // Another process may have found a dead one's lock at the same moment, and then removed this one in its place.
      await pause(100);
      isLocked = namesInLock()[0] === String(process.pid);
      continue;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = lockHolder();
    if (holder === undefined) {
      fs.rmSync(LOCK, { force: true });
      continue;
    }
    if (!told) say(`Waiting for process ${holder}, which is installing here (if it is not, remove .installing) ...`);
    told = true;
    await pause(500);
  }
}

/** A process at work that the lock names. If the installer was killed, its npm may go on. */
function lockHolder() {
  return namesInLock().find(isRunning);
}

/** The processes in the lock; none if there is no lock, or it is older than the last start of the machine, whose numbers begin again. */
function namesInLock() {
  try {
    if (fs.lstatSync(LOCK).mtimeMs < Date.now() - os.uptime() * 1000) return [];
    return fs.readlinkSync(LOCK).split(" ");
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
}

function isRunning(pid) {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    // Another user's process.
    return error.code === "EPERM";
  }
}

/** Names this process and its commands in its lock. */
function nameInLock() {
  const pids = [process.pid, ...[...children].map(({ pid }) => pid)].filter(Boolean);
  fs.rmSync(`${LOCK}.new`, { force: true });
  fs.symlinkSync(pids.join(" "), `${LOCK}.new`);
  fs.renameSync(`${LOCK}.new`, LOCK);
}

let lock;

// If a reader stops early (`npm start | head`), the installation goes on.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

/** The installations under way, and when each started. A terminal shows their seconds. */
const underWay = new Map();
const showing = process.stdout.isTTY
  ? setInterval(() => {
      if (underWay.size === 0) return;
      const each = [...underWay].map(([what, started]) => `${what} ${Math.round((Date.now() - started) / 1000)} s`);
      process.stdout.write(`\r\x1b[K  ${each.join(", ")}`.slice(0, process.stdout.columns));
    }, 1000)
  : undefined;

function say(line) {
  if (showing) process.stdout.write("\r\x1b[K");
  console.log(line);
}

/** Does `work`, unless it was done before. */
async function once(folder, stampName, result, input, what, work) {
  if (isInstalled(folder, stampName, result, input)) return;
  accessSync(root, constants.W_OK);
  lock = lock || takeLock();
  await lock;
  if (isInstalled(folder, stampName, result, input)) return;
  const started = Date.now();
  // It was installed before, for another checkout or in another folder.
  const isAgain = existsSync(join(root, folder, stampName));
  say(`Installing ${what} ${isAgain ? "again" : "(first time only)"} ...`);
  underWay.set(what, started);
  await work().finally(() => underWay.delete(what));
  writeFileSync(join(root, folder, stampName), stampOf(folder, input));
  say(`Installed ${what} in ${Math.round((Date.now() - started) / 1000)} s`);
}

/**
 * Finds a Python from 3.`least` to 3.13 that can make virtual environments, or uv, which fetches one, and returns the command for it.
 * Throws InstallError if there is neither.
 */
function findPython(least) {
  const found = [];
  let withoutVenv;
  // The newest Python of a machine may be too new, with another one beside it.
  const others = ["python3.13", "python3.12", "python3.11", "python3.10"];
  for (const name of [process.env.PYTHON, "python3", ...others, "python"].filter(Boolean)) {
    const look = "import sys, importlib.util as u; print(*sys.version_info[:2], u.find_spec('ensurepip') is not None)";
    const { stdout, status } = spawnSync(name, ["-c", look], { encoding: "utf8" });
    // A Python may greet first.
    const [major, minor, whole] = (stdout || "").trim().split("\n").pop().split(" ");
    const fits = status === 0 && Number(major) === 3 && Number(minor) >= least && Number(minor) <= 13;
    if (fits && whole === "True") return [name, "-m", "venv"];
    if (fits) withoutVenv = withoutVenv || `${major}.${minor}`;
    else if (status === 0) found.push(`${name} is ${major}.${minor}`);
    else if (!others.includes(name)) found.push(`${name} is missing`);
  }
  // The newest systems have no Python that dbt supports, not even to install.
  if (spawnSync("uv", ["--version"]).status === 0) return ["uv", "venv", "--quiet", "--seed", "--python", "3.13"];
  if (withoutVenv !== undefined)
    throw new InstallError(
      `Python ${withoutVenv} has no venv. On Debian and Ubuntu: apt install python3-venv; or name another one: PYTHON=/path/to/python3 npm start`,
    );
  throw new InstallError(
    `Python 3.${least} to 3.13 is needed, and ${found.join(", ")}. Install uv (https://docs.astral.sh/uv), which fetches a Python of its own, ` +
      "or name one: PYTHON=/path/to/python3 npm start",
  );
}

/** Installs the analyser of GoogleSQL into dbt's environment: unpacks two packages, without what only their Python code needs. */
async function googleSql() {
  const here = "packages/googlesql-duckdb/analyser";
  const input = [`${here}/requirements.txt`, `${here}/unpack.py`];
  await once(".venv", ".installed-googlesql", "googlesql.json", input, "GoogleSQL", async () => {
    await pipInstall(".venv", "--no-deps", "-r", `${here}/requirements.txt`);
    await run(python(".venv"), [`${here}/unpack.py`, ".venv"]);
  });
}

/**
 * Installs Python packages, with uv if the environment has it: pip takes several times as long. Refuses a package whose hash is not in the
 * requirements file, which local/lock-python.sh writes.
 */
async function pipInstall(folder, ...args) {
  const uv = join(root, folder, "bin", "uv");
  if (existsSync(uv)) {
    const settings = spawnSync(join(root, python(folder)), ["-m", "pip", "config", "list"], {
      encoding: "utf8",
    }).stdout;
    const [, index] = /^(?:global|install|:env:)\.index-url='(.+)'$/m.exec(settings) || [];
    const from = index === undefined ? [] : ["--index-url", index];
    const done = await run(uv, [
      "pip",
      "install",
      "--quiet",
      "--require-hashes",
      "--python",
      python(folder),
      ...from,
      ...args,
    ]).then(
      () => true,
      // pip knows more settings, such as those in pip.conf, and says what is wrong.
      () => false,
    );
    if (done) return;
  }
  // Without looking for more packages, since the files name all: Debian 12's pip would refuse those that a package asks for with an extra.
  await run(python(folder), [...pip, "--no-deps", "--require-hashes", ...args]);
}

/** Creates the virtual environment `folder` with Python 3.`least` or later, and installs each requirements file in turn, called `what`. */
async function venv(folder, least, program, requirements) {
  for (const [i, [file, what]] of requirements.entries()) {
    await once(folder, `.installed-${i}`, join("bin", program), file, what, async () => {
      if (i === 0) {
        const [command, ...args] = findPython(least);
        fs.rmSync(join(root, folder), { recursive: true, force: true });
        await run(command, [...args, folder]);
        // Without it, pip does all the work.
        await run(python(folder), [...pip, "--require-hashes", "-r", "local/requirements-uv.txt"]).catch(() => {});
      }
      await pipInstall(folder, "-r", file);
    });
  }
}

/** Installs an emulator of BigQuery and related packages. Some machines cannot install it; the tests that need it are skipped there. */
async function emulator(name, install) {
  await install().catch((error) => {
    const reason = error.message.trim().split("\n").at(-1);
    console.log(`Without ${name}, an emulator of BigQuery: its tests are skipped (${reason})`);
  });
}

const crucible = () =>
  once(".venv", ".installed-crucible", "bin/crucible", "test/support/requirements-crucible.txt", "crucible", () =>
    pipInstall(".venv", "-r", "test/support/requirements-crucible.txt"),
  );
const bqemulator = () =>
  venv(".venv-test", 11, "bqemulator", [
    ["test/support/requirements-bqemulator.txt", "bqemulator"],
    ["test/support/requirements-sdmetrics.txt", "SDMetrics"],
  ]);

const python = (folder) => join(folder, "bin", "python");
const pip = ["-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"];
/**
 * The path of npm's own program, which npm passes to its scripts: on systems where it is called npm.cmd, a process cannot be started by name.
 * pnpm and yarn pass theirs, but only npm knows the lockfile.
 */
const { npm_execpath = "" } = process.env;
const [npm, npmArgs] = /npm-cli\.c?js$/.test(npm_execpath) ? [process.execPath, [npm_execpath]] : ["npm", []];
const npmCi = async () => {
  // With development dependencies, even where NODE_ENV is production: the tests and the checks need them.
  await run(npm, [...npmArgs, "ci", ...npmFlags, "--loglevel=error"]).catch((error) => {
    if (error.code !== "ENOENT") throw error;
    throw new InstallError(
      "npm is not on the PATH: install Node with npm (https://nodejs.org), and start this with npm",
    );
  });
  // The stamp exists even if a package's install script did not run.
  if (spawnSync(join(root, "node_modules", NODE), ["--version"]).status !== 0)
    throw new InstallError(
      "the npm package node is not complete, since npm's setting ignore-scripts keeps its install script from running. Allow it once: " +
        "npm start --ignore-scripts=false",
    );
};
const NODE = "node/bin/node";
/** npm writes this record when it has installed everything: if it is missing, an `npm ci` was interrupted. */
const WRITTEN_LAST = ".package-lock.json";

/** Throws InstallError if a virtual environment is missing, and so is the Python that it needs. */
function checkPython() {
  const made = isInstalled(".venv", ".installed-0", join("bin", "dbt"), "transform/requirements.txt");
  if (!made && !wanted.includes("--node-only")) findPython(10);
}

async function install() {
  checkMachine();
  checkPython();
  const jobs = [once("node_modules", ".installed", WRITTEN_LAST, "package-lock.json", "Node packages", npmCi)];
  const dbt = [
    ["transform/requirements.txt", "dbt"],
    ...(forTests ? [["test/support/requirements.txt", "fake-gcs-server and zizmor"]] : []),
  ];
  if (!wanted.includes("--node-only")) {
    const environment = venv(".venv", 10, "dbt", dbt).then(googleSql);
    jobs.push(forSlowTests ? environment.then(() => emulator("crucible", crucible)) : environment);
  }
  if (forSlowTests) jobs.push(emulator("bqemulator", bqemulator));
  const failed = (await Promise.allSettled(jobs)).filter((job) => job.status === "rejected").map((job) => job.reason);
  if (failed.length > 0) throw failed.length === 1 ? failed[0] : new AggregateError(failed);
}

/** Explains an error to somebody who does not know this program. */
function reasonOf(error) {
  if (error instanceof InstallError) return error.message;
  if (/^(EACCES|EPERM|EROFS)$/.test(error.code))
    return `${error.message}: another user owns it, or the folder is read-only. Use a clone of your own, or take this one over: sudo chown -R "$(id -un)" "${root}"`;
  if (error.code === "ENOSPC") return `${error.message}: free some space`;
  return error.stack;
}

install()
  .catch((error) => {
    if (stopped) {
      console.error("\nStopped. The next run installs the rest.");
      process.exitCode = 128 + os.constants.signals[stopped];
      return;
    }
    for (const reason of new Set((error.errors || [error]).map(reasonOf))) console.error(`\nerror: ${reason}`);
    process.exitCode = 1;
  })
  .finally(() => {
    clearInterval(showing);
    if (isLocked) fs.rmSync(LOCK, { force: true });
  });
