// Installs what the other scripts need, once, and again when a lockfile or a requirements file changes.
// Plain JavaScript without dependencies: it runs in a fresh clone, on whatever Node the machine has.
//   node local/install.mjs               Node packages, and dbt in .venv
//   node local/install.mjs --node-only   Node packages
//   node local/install.mjs --test        all of that, and the local servers the tests talk to in .venv-test
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv.slice(2);

class InstallError extends Error {}

/** Runs a command quietly; its output is shown only when it fails. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) return resolve();
      // npm tells the reason first, pip last.
      const lines = output.trim().split("\n");
      const reason = lines.length > 24 ? [...lines.slice(0, 12), "...", ...lines.slice(-12)] : lines;
      reject(new InstallError(`"${command} ${args.join(" ")}" failed:\n${reason.join("\n")}`));
    });
  });
}

/** Does `work` unless the same `input` file went through it before; `stamp`, inside `folder`, remembers that. */
async function once(folder, stampName, input, what, work) {
  const stamp = join(root, folder, stampName);
  const now = createHash("sha256")
    .update(readFileSync(join(root, input)))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  const started = Date.now();
  console.log(`Installing ${what} (first time only) ...`);
  await work();
  writeFileSync(stamp, now);
  console.log(`Installed ${what} in ${Math.round((Date.now() - started) / 1000)} s`);
}

function findPython() {
  for (const name of [process.env.PYTHON, "python3", "python"].filter(Boolean)) {
    const { stdout, status } = spawnSync(name, ["-c", "import sys; print(*sys.version_info[:2])"], {
      encoding: "utf8",
    });
    const [major, minor] = (stdout ?? "").trim().split(" ").map(Number);
    if (status === 0 && major === 3 && minor >= 10 && minor <= 13) return name;
  }
  throw new InstallError(
    "dbt needs Python 3.10 to 3.13, and none was found. Install it (Debian and Ubuntu: apt install python3 python3-venv; " +
      "macOS: brew install python@3.13), or name one: PYTHON=/path/to/python3 npm start",
  );
}

/** Makes the virtual environment `folder`, and installs what each of the requirements files names, in turn. */
async function venv(folder, requirements, what) {
  const python = join(folder, "bin", "python");
  for (const [i, file] of requirements.entries()) {
    await once(folder, `.installed-${i}`, file, what, async () => {
      if (i === 0) {
        rmSync(join(root, folder), { recursive: true, force: true });
        await run(findPython(), ["-m", "venv", folder]).catch((error) => {
          throw new InstallError(`${error.message}\nOn Debian and Ubuntu: apt install python3-venv`);
        });
      }
      await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", file]);
    });
  }
}

const forTests = wanted.includes("--test");
const jobs = [
  once("node_modules", ".installed", "package-lock.json", "Node packages", () =>
    run("npm", ["ci", "--loglevel=error"]),
  ),
];
if (!wanted.includes("--node-only")) {
  jobs.push(
    venv(".venv", ["transform/requirements.txt", ...(forTests ? ["test/support/requirements.txt"] : [])], "dbt"),
  );
}
if (forTests)
  jobs.push(venv(".venv-test", ["test/support/requirements-bqemulator.txt"], "a local BigQuery for the tests"));

const failed = (await Promise.allSettled(jobs)).filter((job) => job.status === "rejected").map((job) => job.reason);
for (const error of failed) console.error(`\nerror: ${error instanceof InstallError ? error.message : error.stack}`);
process.exitCode = failed.length > 0 ? 1 : 0;
