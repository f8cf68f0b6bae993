import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { expect } from "chai";

describe("npm run adopt", () => {
  const program = join(import.meta.dirname, "../../local/adopt.ts");
  const adopt = (args: readonly string[], path = process.env.PATH) =>
    spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", program, ...args], {
      encoding: "utf8",
      env: { ...process.env, PATH: path },
    });

  it("tells how to use it, and that Pulumi's command line is missing, without a stack trace", () => {
    for (const [args, code, said] of [
      [["--help"], 0, /^npm run adopt -- NAME\.\.\.: adds .+ gcp\.storage\.Bucket\n.+ gcp\.cloudscheduler\.Job\n$/s],
      [["--stack", "dev"], 1, /^\nerror: --stack is not a setting: name the resources/],
      [[], 1, /^\nerror: name the resources to adopt/],
      [["files-bucket"], 1, /^\nerror: Pulumi's command line is missing: `npx pulumi version` installs it\n$/],
    ] as const) {
      const { status, stdout, stderr } = adopt(args, dirname(process.execPath).concat("-nowhere"));
      expect(status, stderr).to.equal(code);
      expect(stdout + stderr).to.match(said);
    }
  });
});
