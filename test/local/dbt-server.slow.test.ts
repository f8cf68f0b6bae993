import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = fileURLToPath(new URL("../..", import.meta.url));
// Without the flag, dbt writes a file with a user's id into the project.
const settings = `name: shop
profile: shop
flags: { send_anonymous_usage_stats: false }
`;
const profile = `shop:
  target: duckdb
  outputs: { duckdb: { type: duckdb, path: ":memory:" } }
`;

describe("local/dbt_server.py", () => {
  let folder: string;
  let project: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "dbt-"));
    project = join(folder, "project");
    mkdirSync(project);
    writeFileSync(join(project, "profiles.yml"), profile);
    writeFileSync(join(project, "dbt_project.yml"), settings);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("keeps the project that it has read, whatever the arguments of the build and dbt's output in the project", () => {
    const at = ["--target", "duckdb", "--project-dir", project, "--profiles-dir", project];
    const to = ["--target-path", join(folder, "out"), "--log-path", join(folder, "out")];
    const args = ["build", "--exclude-resource-type", "unit_test", "--full-refresh", ...at, ...to];
    // In a folder of its own, and not in .venv, where an earlier run may have kept it.
    const script = `
import json, os, sys
sys.prefix = ${JSON.stringify(folder)}
sys.path.insert(0, "local")
import dbt_server
args, project = json.loads(sys.argv[1]), sys.argv[2]
env = dict(os.environ)
read = dbt_server.read_project(args, env)
files = os.listdir(project)
for name in ("target", "logs"):
    os.mkdir(os.path.join(project, name))
    open(os.path.join(project, name, "output"), "w").close()
dbt_server.invoke = None
kept = dbt_server.read_project(args, env)
print(json.dumps([type(read).__name__, type(kept).__name__, sorted(files)]))`;
    const python = join(root, ".venv", "bin", "python");
    const before = readdirSync(project).sort();
    const output = execFileSync(python, ["-c", script, JSON.stringify(args), project], { cwd: root, encoding: "utf8" });
    expect(JSON.parse(output.trim().split("\n").at(-1) ?? "")).to.deep.equal(["Manifest", "Manifest", before]);
  });

  it("keeps the compiled macros for the next process, and ignores a damaged file", () => {
    const script = `
import json, sys
sys.path.insert(0, "local")
import dbt_server, dbt_shortcuts, jinja2
file = sys.argv[1]
dbt_shortcuts.take()
def rendered():
    return jinja2.Environment().from_string("{{ 1 + 1 }}").render()
first = rendered()
dbt_server.keep_templates(file)
kept = dict(dbt_shortcuts.compiled)
def read():
    dbt_shortcuts.compiled.clear()
    dbt_server.read_templates(file)
    return dbt_shortcuts.compiled == kept and rendered()
again = read()
with open(file, "r+b") as damaged:
    damaged.seek(40)
    damaged.write(b"x")
print(json.dumps([first, again, read()]))`;
    const python = join(root, ".venv", "bin", "python");
    const output = execFileSync(python, ["-c", script, join(folder, "macros.templates")], {
      cwd: root,
      encoding: "utf8",
    });
    expect(JSON.parse(output.trim().split("\n").at(-1) ?? "")).to.deep.equal(["2", "2", false]);
  });
});
