import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { expect } from "chai";
import { transform } from "esbuild";

const root = new URL("../../", import.meta.url).pathname;

/** A machine: a fresh clone, and the programs on its PATH. */
interface Machine {
  readonly folder: string;
  readonly clone: string;
  /** Puts a program on the PATH: a shell script. */
  program(name: string, script: string): void;
}

/** Another user, and a Node that this user may run. */
interface Stranger {
  readonly uid?: number;
  readonly node?: string;
}

/** The checkout may be in a folder that others cannot enter, and its Node with it. */
function stranger({ folder }: Machine): Stranger {
  const node = join(folder, "bin", "node");
  copyFileSync(process.execPath, node);
  return { uid: 65_534, node };
}

const NPM = `mkdir -p node_modules/node/bin && echo "npm $*" >> ../said && echo {} > node_modules/.package-lock.json
[ "$npm_config_ignore_scripts" = true ] || { ln -sf ${process.execPath} node_modules/node/bin/node; }`;
/** A Python that can make virtual environments, in which pip installs what is asked for. */
const python = (version: string, venv = "True") => `case "$2" in
  *ensurepip*) echo ${version.replace(".", " ")} ${venv};;
  venv) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && touch "$3/bin/dbt" "$3/googlesql.json" && echo "venv by $(basename "$0")" >> ../said;;
  pip) echo "pip PIP_USER=$PIP_USER $*" >> ../said;;
esac`;

describe("The installer", () => {
  const machines: string[] = [];
  after(() => {
    for (const folder of machines) rmSync(folder, { recursive: true, force: true });
  });

  const machine = (): Machine => {
    const folder = mkdtempSync(join(tmpdir(), "machine-"));
    machines.push(folder);
    const clone = join(folder, "clone");
    for (const path of [
      "local/install.mjs",
      "local/requirements-uv.txt",
      "package-lock.json",
      "transform/requirements.txt",
      "packages/googlesql-duckdb/analyser/requirements.txt",
      "packages/googlesql-duckdb/analyser/unpack.py",
    ])
      cpSync(join(root, path), join(clone, path));
    mkdirSync(join(folder, "bin"));
    for (const name of ["sh", "mkdir", "ln", "cp", "touch", "basename", "env", "sleep"])
      symlinkSync(`/usr/bin/${name}`, join(folder, "bin", name));
    const program = (name: string, script: string) =>
      writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { folder, clone, program };
  };
  const usual = (): Machine => {
    const made = machine();
    made.program("npm", NPM);
    made.program("python3", python("3.11"));
    return made;
  };
  const install = async ({ folder, clone }: Machine, env: Record<string, string> = {}, as: Stranger = {}) => {
    const { node = process.execPath, ...user } = as;
    const run = promisify(execFile)(node, ["local/install.mjs"], {
      cwd: clone,
      env: { PATH: join(folder, "bin"), ...env },
      ...user,
    });
    const done = await run.catch((error: { code: number; stdout: string; stderr: string }) => error);
    return { code: "code" in done ? done.code : 0, output: done.stdout + done.stderr };
  };
  const said = ({ folder }: Machine) => readFileSync(join(folder, "said"), "utf8");

  it("installs once", async () => {
    const here = usual();
    expect(await install(here)).to.deep.include({ code: 0 });
    expect(said(here)).to.include("npm ci --include=dev").and.include("venv by python3");
    expect(said(here)).to.match(/pip .*--no-deps --require-hashes -r transform\/requirements\.txt/);
    expect(await install(here)).to.deep.equal({ code: 0, output: "" });
  });

  it("installs the Node packages again after an npm ci that was stopped half way", async () => {
    const here = usual();
    await install(here);
    // npm removes all packages first, and writes this file last.
    rmSync(join(here.clone, "node_modules/.package-lock.json"));
    const { code, output } = await install(here);
    expect([code, output]).to.deep.equal([0, output]);
    expect(output).to.include("Node packages").and.not.include("dbt");
  });

  describe("beside another one", () => {
    /** An npm that goes on for some seconds when it is told to stop, as the real one does to put back what it has moved. */
    const slow = (seconds = 1): Machine => {
      const made = usual();
      made.program("npm", `${NPM.replace("&&", "&& trap '' INT &&")}; sleep ${seconds}; echo "npm done" >> ../said`);
      return made;
    };
    const namesNpm = (clone: string) => readlinkSync(join(clone, ".installing")).includes(" ");
    /** Starts the installer, and stops it by a signal when npm is at work. Returns its exit code. */
    const stop = async ({ folder, clone }: Machine, signal: "SIGINT" | "SIGKILL") => {
      const env = { PATH: join(folder, "bin") };
      const started = spawn(process.execPath, ["local/install.mjs"], { cwd: clone, env, stdio: "ignore" });
      const ended = once(started, "exit");
      // The lock names npm as well only a moment after npm has started.
      while (!existsSync(join(clone, "node_modules/.package-lock.json")) || !namesNpm(clone)) await sleep(10);
      started.kill(signal);
      const [code] = await ended;
      return code;
    };
    const npms = (here: Machine) =>
      said(here)
        .split("\n")
        .flatMap((line) => /^npm \w+/.exec(line) ?? []);

    it("waits for the other, says so, and installs nothing twice", async () => {
      const here = slow();
      const both = await Promise.all([install(here), install(here)]);
      expect(both.map(({ code }) => code)).to.deep.equal([0, 0]);
      expect(npms(here)).to.deep.equal(["npm ci", "npm done"]);
      expect(said(here).match(/venv by/g)).to.have.length(1);
      const outputs = both.map(({ output }) => output).join("");
      expect(outputs.match(/^Waiting for process \d+, which is installing here .*$/gm)).to.have.length(1);
      expect(existsSync(join(here.clone, ".installing"))).to.equal(false);
    });

    it("installs nothing twice where the lock of a dead process is left", async function () {
      this.timeout(120_000);
      for (let time = 0; time < 4; time++) {
        const here = slow();
        symlinkSync("999999999", join(here.clone, ".installing"));
        const all = await Promise.all(Array.from({ length: 4 }, () => install(here)));
        expect(all.map(({ code }) => code)).to.deep.equal([0, 0, 0, 0]);
        expect(npms(here)).to.deep.equal(["npm ci", "npm done"]);
        expect(existsSync(join(here.clone, ".installing"))).to.equal(false);
      }
    });

    it("ends after its npm when it is stopped, and the next one installs the rest", async () => {
      const here = slow();
      expect(await stop(here, "SIGINT")).to.equal(130);
      expect(npms(here)).to.deep.equal(["npm ci", "npm done"]);
      const { code, output } = await install(here);
      expect([code, output]).to.deep.equal([0, output]);
      expect(output).not.to.include("Waiting");
    });

    it("waits for the npm of one that was killed", async () => {
      // Long enough for the next installer to start on a busy machine.
      const here = slow(5);
      await stop(here, "SIGKILL");
      expect(npms(here)).to.deep.equal(["npm ci"]);
      const { code, output } = await install(here);
      expect([code, output]).to.deep.equal([0, output]);
      expect(output).to.match(/^Waiting for process \d+/m);
      expect(npms(here)).to.deep.equal(["npm ci", "npm done", "npm ci", "npm done"]);
    });
  });

  it("makes the virtual environment again in a clone that was moved, and keeps the Node packages", async () => {
    const here = usual();
    await install(here);
    const moved = { ...here, clone: join(here.folder, "renamed") };
    renameSync(here.clone, moved.clone);
    const { code, output } = await install(moved);
    expect([code, output]).to.deep.equal([0, output]);
    expect(output)
      .to.match(/^Installing dbt.* again \.\.\.$/m)
      .and.not.include("Node packages");
  });

  it("makes the virtual environment again if its Python is gone, as after an upgrade", async () => {
    const here = usual();
    await install(here);
    const link = join(here.clone, ".venv/bin/python");
    rmSync(link);
    symlinkSync(join(here.folder, "python3.11"), link);
    const { code, output } = await install(here);
    expect([code, output]).to.deep.equal([0, output]);
    expect(output).to.include("Installing dbt").and.not.include("Node packages");
  });

  it("says whose the files are if another user has installed them", async () => {
    const here = usual();
    await install(here);
    rmSync(join(here.clone, ".venv/bin/python"));
    for (const folder of [here.folder, join(here.folder, "bin")]) chmodSync(folder, 0o755);
    chmodSync(here.clone, 0o777);
    chmodSync(join(here.clone, ".venv/bin"), 0o555);
    const { code, output } = await install(here, {}, process.getuid?.() === 0 ? stranger(here) : {});
    chmodSync(join(here.clone, ".venv/bin"), 0o755);
    expect([code, output]).to.deep.equal([1, output]);
    expect(output).to.match(/^error: EACCES.*\.venv.*: another user owns it.* sudo chown -R .*$/m);
    expect(output).not.to.match(/^\s+at /m);
  });

  it("says which packages need their install scripts, and continues once these may run", async () => {
    const here = usual();
    const { code, output } = await install(here, { npm_config_ignore_scripts: "true" });
    expect(code).to.equal(1);
    expect(output).to.match(
      /^error: the npm package node is not complete.*ignore-scripts.*npm start --ignore-scripts=false$/m,
    );
    expect(output).not.to.match(/^\s+at /m);
    expect((await install(here)).code).to.equal(0);
  });

  it("takes another Python if python3 is too new, and names what is wrong if there is none", async () => {
    const here = usual();
    here.program("python3", python("3.14"));
    expect((await install(here)).output).to.match(
      /error: Python 3\.10 to 3\.13 is needed, and python3 is 3\.14, python is missing\. Install uv \(/,
    );
    expect(existsSync(join(here.folder, "said")), "anything was installed").to.equal(false);
    here.program("python3.13", python("3.13"));
    expect((await install(here)).code).to.equal(0);
    expect(said(here)).to.include("venv by python3.13");
  });

  for (const [machine, version, venv] of [
    ["Python is too new", "3.14", "True"],
    ["Python has no venv", "3.11", "False"],
  ] as const)
    it(`lets uv fetch a Python where ${machine}`, async () => {
      const here = usual();
      here.program("python3", python(version, venv));
      // uv's first argument is "venv", and its last one the folder.
      here.program(
        "uv",
        `[ "$1" = venv ] || exit 0\n${"shift\n".repeat(4)}echo "uv $*" >> ../said; exec fetched -m venv "$2"`,
      );
      here.program("fetched", python("3.13"));
      expect((await install(here)).code).to.equal(0);
      expect(said(here)).to.include("uv 3.13 .venv").and.include("venv by fetched");
    });

  it("says how to add venv to a Python that lacks it, before it installs anything", async () => {
    const here = usual();
    here.program("python3", python("3.11", "False"));
    const { code, output } = await install(here);
    expect([code, output]).to.deep.equal([1, output]);
    expect(output).to.match(/error: Python 3\.11 has no venv\. On Debian and Ubuntu: apt install python3-venv/);
    expect(output).not.to.include("Installing");
  });

  it("goes on if a reader of its output stops early", async () => {
    const here = usual();
    const installer = spawn(process.execPath, ["local/install.mjs"], {
      cwd: here.clone,
      env: { PATH: join(here.folder, "bin") },
      stdio: ["ignore", "pipe", "pipe"],
    });
    installer.stdout.destroy();
    installer.stderr.destroy();
    const [code] = await once(installer, "close");
    expect(code).to.equal(0);
    expect(said(here)).to.include("pip ");
  });

  it("has no syntax that Node 12, the one of Ubuntu 22.04, cannot read, so that an old Node says what is missing", async () => {
    const text = readFileSync(join(root, "local/install.mjs"), "utf8");
    const inForm = async (target: string) =>
      (await transform(text, { target, supported: { "import-meta": true, "node-colon-prefix-import": true } })).code;
    expect(await inForm("node12")).to.equal(await inForm("esnext"));
    expect(text).not.to.match(/^import .*\{.*\brmSync\b/m);
  });

  it("makes a new virtual environment with the machine's Python, even if the old one is activated", async () => {
    const here = usual();
    here.program("python3", python("3.14"));
    here.program("python3.13", python("3.13"));
    await install(here);
    const bin = join(here.clone, ".venv/bin");
    writeFileSync(join(bin, "python3"), `#!/bin/sh\n${python("3.13")}\n`, { mode: 0o755 });
    writeFileSync(join(here.clone, "transform/requirements.txt"), "changed==1\n");
    rmSync(join(here.folder, "said"));
    const { code, output } = await install(here, { PATH: `${bin}:${join(here.folder, "bin")}` });
    expect([code, output]).to.deep.equal([0, output]);
    expect(said(here)).to.include("venv by python3.13");
  });

  it("takes a Python that prints something as it starts", async () => {
    const here = usual();
    here.program("python3", `echo "Hello from sitecustomize"; ${python("3.11")}`);
    const { code, output } = await install(here);
    expect([code, output]).to.deep.equal([0, output]);
  });

  it("says once that nobody may write to the clone", async () => {
    const here = usual();
    for (const folder of [here.folder, join(here.folder, "bin")]) chmodSync(folder, 0o755);
    chmodSync(here.clone, 0o555);
    const { code, output } = await install(here, {}, process.getuid?.() === 0 ? stranger(here) : {});
    chmodSync(here.clone, 0o755);
    expect(code).to.equal(1);
    expect(output.trim()).to.match(
      /^error: EACCES: .*: another user owns it, or the folder is read-only\. Use a clone of your own, or take this one over: sudo chown.*$/,
    );
  });

  it("installs with npm if another package manager has started it", async () => {
    for (const name of ["pnpm.cjs", "yarn.js"]) {
      const here = usual();
      writeFileSync(join(here.folder, name), `console.error("unknown command"); process.exit(1)`);
      const { code, output } = await install(here, { npm_execpath: join(here.folder, name) });
      expect([code, output]).to.deep.equal([0, output]);
      expect(said(here)).to.include("npm ci ");
    }
  });

  it("keeps pip from installing for the user", async () => {
    const here = usual();
    await install(here, { PIP_USER: "1" });
    expect(said(here)).to.include("pip PIP_USER=0").and.not.include("PIP_USER=1");
  });

  it("keeps settings for other projects from leaving packages out, or Python from starting", async () => {
    const here = usual();
    const settings = 'env | grep -E "^(PIP|PYTHON)" >> ../said; ';
    here.program("python3", settings + python("3.11"));
    symlinkSync("/usr/bin/grep", join(here.folder, "bin", "grep"));
    const { code, output } = await install(here, {
      ...{ PIP_DRY_RUN: "1", PIP_NO_BINARY: ":all:", PIP_CONSTRAINT: "/none", PIP_INDEX_URL: "https://index.test" },
      ...{ PYTHONHOME: "/none", PYTHONPATH: "/none" },
    });
    expect([code, output]).to.deep.equal([0, output]);
    const heard = said(here);
    expect(heard).to.match(
      /npm ci .*--include=optional .*--engine-strict=false --global=false .*--dry-run=false --bin-links=true/,
    );
    expect(heard).to.include("PIP_INDEX_URL=https://index.test");
    expect(heard).not.to.match(/PIP_(DRY_RUN|NO_BINARY|CONSTRAINT)=|PYTHON\w+=./);
  });

  it("runs npm by its path, and says so if there is none", async () => {
    const here = machine();
    here.program("python3", python("3.11"));
    expect((await install(here)).output).to.include("error: npm is not on the PATH");
    writeFileSync(
      join(here.folder, "npm-cli.js"),
      `require("fs").mkdirSync("node_modules/node/bin", { recursive: true }); require("fs").symlinkSync(process.execPath, "node_modules/node/bin/node");`,
    );
    expect((await install(here, { npm_execpath: join(here.folder, "npm-cli.js") })).code).to.equal(0);
  });
});
