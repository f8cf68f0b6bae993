import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, ".github", "workflows");
const workflows = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));

/** Runs actionlint, compiled to WebAssembly. It checks syntax, names and types in expressions, and the inputs of well-known actions. */
function actionlint(cwd: string) {
  const program = join(root, "node_modules", "@tktco", "node-actionlint", "bin", "node-actionlint.js");
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [program, ".github/workflows/*.yml"], {
    cwd,
    // Leave out NODE_OPTIONS: its loaders resolve only from the folder of the test.
    env: { PATH: process.env.PATH },
    encoding: "utf8",
  });
  return { status, output: `${error ?? ""}${stdout}${stderr}` };
}

/** Runs zizmor offline. It looks for openings for attackers. */
function zizmor(cwd: string) {
  const program = join(root, ".venv", "bin", "zizmor");
  const options = ["--offline", "--no-progress", "--color=never", "--strict-collection", ".github/workflows"];
  const { status, stdout, stderr, error } = spawnSync(program, options, { cwd, encoding: "utf8" });
  return { status, output: `${error ?? ""}${stdout}${stderr}` };
}

/** The jobs of a workflow by name, as text. */
function jobsOf(text: string): Map<string, string> {
  const [, ...parts] = (text.split(/^jobs:$/m)[1] ?? "").split(/^ {2}([\w-]+):$/m);
  return new Map(parts.flatMap((part, i) => (i % 2 === 0 ? [[part, parts[i + 1] ?? ""]] : [])));
}

describe("the workflows", () => {
  it("pass zizmor", () => {
    const { status, output } = zizmor(root);
    expect(status, output).to.equal(0);
  });

  it("pass actionlint; both find an unknown job and a pull request's text in a script", () => {
    const scratch = mkdtempSync(join(tmpdir(), "workflows-"));
    try {
      // actionlint takes seconds to start, so it reads the workflows and a bad one at once.
      cpSync(folder, join(scratch, ".github", "workflows"), { recursive: true });
      const title = "$" + "{{ github.event.pull_request.title }}";
      const bad = `on: pull_request\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    needs: b\n    steps:\n      - run: echo ${title}\n`;
      writeFileSync(join(scratch, ".github", "workflows", "bad.yml"), bad);
      const { status, output } = actionlint(scratch);
      expect(status).to.not.equal(0);
      expect(output).to.include(`Checking ${workflows.length + 1} workflow`);
      expect(output).to.include('needs job "b" which does not exist');
      expect(output).to.include("bad.yml:");
      for (const { name } of workflows) expect(output).not.to.include(`${name}:`);
      const attacked = zizmor(scratch);
      expect(attacked.status).to.not.equal(0);
      expect(attacked.output).to.include("template-injection");
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });

  it("audit every file of locked Python packages, and fail if one fails", () => {
    const [, script = ""] = workflows.find(({ name }) => name === "audit.yml")?.text.split("run: |\n") ?? [];
    const audit = (pipx: string) => {
      const { status, stdout } = spawnSync("bash", ["-eo", "pipefail", "-c", `pipx() { ${pipx}; }\n${script}`], {
        cwd: root,
        encoding: "utf8",
      });
      return { status, asked: stdout.match(/(?<=^asked )\S+/gm) };
    };
    const asks = 'shift $(($# - 1)); echo "asked $1"';
    const locked = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
      (path) => /(^|\/)requirements[\w-]*\.txt$/.test(path) && !/(^|\/)(node_modules|\.\w[^/]*)\//.test(path),
    );
    expect(audit(asks)).to.deep.equal({ status: 0, asked: locked.sort() });
    expect(audit(`${asks}; [[ $1 != transform/* ]]`).status).to.equal(1);
    expect(audit(`${asks}; [[ $1 != local/* ]]`).status).to.equal(1);
  });

  it("pin every action to one full commit everywhere, with its version in a comment", () => {
    const pins = new Map<string, string>();
    for (const { name, text } of workflows) {
      for (const [, used = ""] of text.matchAll(/^\s*-?\s*uses:\s*(.+)$/gm)) {
        if (used.startsWith("./")) continue;
        expect(used, name).to.match(/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
        const [action = ""] = used.split("@");
        expect(used, `${action} in ${name}`).to.equal(pins.get(action) ?? used);
        pins.set(action, used);
      }
    }
    expect(pins.size).to.be.greaterThan(0);
  });

  it("grant a workflow nothing, and a job at most an identity and a comment", () => {
    for (const { name, text } of workflows) {
      expect(text, name).to.match(/^permissions: \{\}$/m);
      for (const [job, body] of jobsOf(text)) {
        const [, granted = ""] = /^ {4}permissions:\n((?: {6}.*\n)+)/m.exec(body) ?? [];
        expect(granted, `permissions of ${job} in ${name}`).to.not.equal("");
        for (const line of granted.trim().split("\n"))
          expect(line.trim(), `${job} in ${name}`).to.match(/^(contents: read|(id-token|pull-requests): write # .+)$/);
      }
    }
  });

  it("use no trigger that gives a fork's code the repository's secrets", () => {
    for (const { name, text } of workflows)
      expect(text, name).to.not.match(/pull_request_target|workflow_run|issue_comment/);
  });

  it("give a fork's preview neither identity nor secret, and preview against the stack only for branches of the repository", () => {
    const jobs = jobsOf(workflows.find(({ name }) => name === "preview.yml")?.text ?? "");
    expect([...jobs.keys()]).to.deep.equal(["against-the-stack", "without-credentials"]);
    expect(jobs.get("without-credentials")).to.not.match(/secrets\.|id-token|google-github-actions|vars\.PULUMI/);
    expect(jobs.get("against-the-stack")).to.match(/^ {4}if: .*head\.repo\.full_name == github\.repository &&/m);
  });

  it("change the stack only through the protected environment, one run at a time", () => {
    for (const { name, text } of workflows) {
      for (const [job, body] of jobsOf(text)) {
        if (!/command: (up|destroy)/.test(body)) continue;
        expect(body, `${job} in ${name}`).to.match(/^ {4}environment: google-cloud$/m);
        expect(text, name).to.match(/^concurrency:\n {2}group: stack-dev\n {2}cancel-in-progress: false$/m);
      }
    }
  });

  it("use no variable, secret or account that docs/cloud.md does not set up", () => {
    const guide = readFileSync(join(root, "docs", "cloud.md"), "utf8");
    const all = workflows.map(({ text }) => text).join("\n");
    const wanted = new Set(
      [
        ...all.matchAll(
          /(?:vars|secrets)\.(\w+)|workloadIdentityPools\/([\w-]+)|service_account: ([\w-]+)@|environment: (\S+)/g,
        ),
      ]
        .flatMap(([, ...names]) => names)
        .filter((name) => name !== undefined),
    );
    expect(wanted.size).to.be.greaterThan(6);
    for (const name of wanted) expect(guide, `${name} in docs/cloud.md`).to.include(name);
  });
});
