// Installs what the other scripts need: the first time, and again after a lockfile or a requirements file changes.
// Plain JavaScript without dependencies, so that it runs in a fresh clone on any Node.
//   node local/install.mjs               Node packages, and dbt in .venv
//   node local/install.mjs --node-only   Node packages
//   node local/install.mjs --test        all of these, and the tests' local servers in .venv and .venv-test
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv.slice(2);
const forTests = wanted.includes("--test");

class InstallError extends Error {}

/** Runs a command, and prints its output only if it fails. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) return resolve();
      // npm prints the reason first, pip last.
      const lines = output.trim().split("\n");
      const reason = lines.length > 24 ? [...lines.slice(0, 12), "...", ...lines.slice(-12)] : lines;
      reject(new InstallError(`"${command} ${args.join(" ")}" failed:\n${reason.join("\n")}`));
    });
  });
}

/** Does `work`, unless a stamp file in `folder` says that it was done for the same `input` file, and its `result` still exists. */
async function once(folder, stampName, result, input, what, work) {
  const stamp = join(root, folder, stampName);
  const now = createHash("sha256")
    .update(readFileSync(join(root, input)))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now && existsSync(join(root, folder, result))) return;
  const started = Date.now();
  console.log(`Installing ${what} (first time only) ...`);
  await work();
  writeFileSync(stamp, now);
  console.log(`Installed ${what} in ${Math.round((Date.now() - started) / 1000)} s`);
}

/** Finds a Python from 3.`least` to 3.13. */
function findPython(least) {
  const found = [];
  for (const name of [process.env.PYTHON, "python3", "python"].filter(Boolean)) {
    const { stdout, status } = spawnSync(name, ["-c", "import sys; print(*sys.version_info[:2])"], {
      encoding: "utf8",
    });
    const [major, minor] = (stdout ?? "").trim().split(" ").map(Number);
    if (status === 0 && major === 3 && minor >= least && minor <= 13) return name;
    found.push(`${name} is ${status === 0 ? `${major}.${minor}` : "missing"}`);
  }
  throw new InstallError(
    `Python 3.${least} to 3.13 is needed, and ${found.join(", ")}. Install it (Debian and Ubuntu: apt install python3 ` +
      "python3-venv; macOS: brew install python@3.13), or name one: PYTHON=/path/to/python3 npm start",
  );
}

/** Installs the analyser of GoogleSQL into dbt's environment: unpacks two packages, without what only their Python code needs. */
async function googleSql() {
  const here = "packages/googlesql-duckdb/analyser";
  await once(".venv", ".installed-googlesql", "googlesql.json", `${here}/requirements.txt`, "GoogleSQL", async () => {
    await pipInstall(".venv", ["--no-deps", "-r", `${here}/requirements.txt`]);
    await run(python(".venv"), [`${here}/unpack.py`, ".venv"]);
  });
}

/** Installs Python packages, with uv if the environment has it: pip takes several times as long. */
async function pipInstall(folder, args) {
  const uv = join(root, folder, "bin", "uv");
  if (existsSync(uv)) {
    const settings = spawnSync(join(root, python(folder)), ["-m", "pip", "config", "list"], {
      encoding: "utf8",
    }).stdout;
    const [, index] = /^(?:global|install|:env:)\.index-url='(.+)'$/m.exec(settings) ?? [];
    const from = index === undefined ? [] : ["--index-url", index];
    const done = await run(uv, ["pip", "install", "--quiet", "--python", python(folder), ...from, ...args]).then(
      () => true,
      // pip knows more settings, such as those in pip.conf, and says what is wrong.
      () => false,
    );
    if (done) return;
  }
  await run(python(folder), [...pip, ...args]);
}

/** Creates the virtual environment `folder` with Python 3.`least` or later, and installs each requirements file in turn. */
async function venv(folder, least, program, requirements, what) {
  for (const [i, file] of requirements.entries()) {
    await once(folder, `.installed-${i}`, join("bin", program), file, what, async () => {
      if (i === 0) {
        const found = findPython(least);
        rmSync(join(root, folder), { recursive: true, force: true });
        await run(found, ["-m", "venv", folder]).catch((error) => {
          throw new InstallError(`${error.message}\nOn Debian and Ubuntu: apt install python3-venv`);
        });
        // Without it, pip does all the work.
        await run(python(folder), [...pip, "-r", "local/requirements-uv.txt"]).catch(() => {});
      }
      await pipInstall(folder, ["-r", file]);
    });
  }
}

/** Installs an emulator of BigQuery, and what stands beside it, which some machines cannot have: the tests that need it are skipped there. */
async function emulator(name, install) {
  await install().catch((error) => {
    const reason = error.message.trim().split("\n").at(-1);
    console.log(`Without ${name}, an emulator of BigQuery: its tests are skipped (${reason})`);
  });
}

const crucible = () =>
  once(".venv", ".installed-crucible", "bin/crucible", "test/support/requirements-crucible.txt", "crucible", () =>
    pipInstall(".venv", ["-r", "test/support/requirements-crucible.txt"]),
  );
const bqemulator = () =>
  venv(
    ".venv-test",
    11,
    "bqemulator",
    ["test/support/requirements-bqemulator.txt", "test/support/requirements-sdmetrics.txt"],
    "bqemulator and SDMetrics",
  );

const python = (folder) => join(folder, "bin", "python");
const pip = ["-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"];
const npmCi = () => run("npm", ["ci", "--loglevel=error"]);
const jobs = [once("node_modules", ".installed", "node", "package-lock.json", "Node packages", npmCi)];
const dbt = ["transform/requirements.txt", ...(forTests ? ["test/support/requirements.txt"] : [])];
if (!wanted.includes("--node-only")) {
  const environment = venv(".venv", 10, "dbt", dbt, "dbt").then(googleSql);
  jobs.push(forTests ? environment.then(() => emulator("crucible", crucible)) : environment);
}
if (forTests) jobs.push(emulator("bqemulator", bqemulator));

const failed = (await Promise.allSettled(jobs)).filter((job) => job.status === "rejected").map((job) => job.reason);
for (const error of failed) console.error(`\nerror: ${error instanceof InstallError ? error.message : error.stack}`);
process.exitCode = failed.length > 0 ? 1 : 0;
