import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect } from "chai";
import { reasonOf } from "../../generator/google-errors.ts";

const errors = new URL("../../generator/errors.ts", import.meta.url).href;

describe("The reason of a failed request", () => {
  const failed = (message: string, code: unknown) => reasonOf(Object.assign(new Error(message), { code }));

  it("is the status if the service failed, without its page", () => {
    expect(failed("<html>\n<title>502</title>", 502)).to.equal("HTTP 502");
  });

  it("is the message's first line if the network failed or the service refused", () => {
    expect(failed("request to https://storage/ failed, reason: socket hang up", "ECONNRESET")).to.equal(
      "socket hang up",
    );
    expect(failed("no permission\nDetails: …", 403)).to.equal("no permission");
  });
});

describe("A command that fails", () => {
  /** Runs the body of a command's `main`. */
  const run = (body: string) => {
    const program = `import { runMain, UserError } from "${errors}"; await runMain(async () => { ${body} });`;
    const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    return { status, stderr };
  };
  const system = (code: string) =>
    run(`throw Object.assign(new Error("${code}: open"), { code: "${code}", path: "/data/x", syscall: "open" });`);

  it("prints the message of a person's mistake, and the stack trace of a bug", () => {
    expect(run('throw new UserError("wrong", 77);')).to.deep.equal({ status: 77, stderr: "\nerror: wrong\n" });
    const bug = run('throw new Error("bug");');
    expect(bug.status).to.equal(70);
    expect(bug.stderr).to.match(/^Error: bug\n +at /);
  });

  it("says that its output is lost, unless the reader has stopped", function () {
    // A device of Linux that is always full.
    if (!existsSync("/dev/full")) this.skip();
    const program = `import { runMain } from "${errors}"; await runMain(async () => console.log("x".repeat(1e5)));`;
    const command = `"$0" --disable-warning=ExperimentalWarning --input-type=module --eval "$1"`;
    const ended = (where: string) =>
      spawnSync("bash", ["-c", `set -o pipefail; ${command} ${where}`, process.execPath, program], {
        encoding: "utf8",
      });
    const full = ended("> /dev/full");
    expect(full.status).to.equal(1);
    expect(full.stderr).to.match(/^\nerror: the output cannot be written \(ENOSPC.*\): free some space/);
    expect(ended("| true")).to.deep.include({ status: 0, stderr: "" });
  });

  it("names a file that it must not use, or has no space for, without a stack trace", () => {
    expect(system("EROFS")).to.deep.equal({
      status: 1,
      stderr: "\nerror: /data/x cannot be used (EROFS: open): allow reading and writing it, or choose another folder\n",
    });
    expect(system("ENOSPC").stderr).to.equal("\nerror: no space left to write /data/x (ENOSPC): free some\n");
    const copy = `throw Object.assign(new Error("full"), { code: "ENOSPC", path: "/from", dest: "/to", syscall: "copyfile" });`;
    expect(run(copy).stderr).to.equal("\nerror: no space left to write /to (ENOSPC): free some\n");
    const temporary = `const { mkdtemp } = await import("node:fs/promises"); await mkdtemp("/nowhere/export-");`;
    expect(run(temporary)).to.deep.include({ status: 1 });
    expect(run(temporary).stderr).to.match(
      /^\nerror: the folder for temporary files does not exist \(.*\/nowhere.*\): set TMPDIR to/,
    );
    expect(system("EBADF").stderr).to.match(/^Error: EBADF: open\n +at /);
  });
});
