import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const block = (kind: string) => new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1] ?? "";

describe("README.md of bigquery-clean-room", () => {
  it("has an example that runs as it is and prints the text below it", () => {
    const folder = mkdtempSync(join(tmpdir(), "readme-"));
    try {
      const installed = fileURLToPath(
        new URL("../..", `file://${createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json")}`),
      );
      symlinkSync(installed, join(folder, "node_modules"));
      writeFileSync(join(folder, "example.mjs"), block("js"));
      const { stdout, stderr } = spawnSync(process.execPath, ["example.mjs"], {
        cwd: folder,
        env: { ...process.env, NODE_OPTIONS: "" },
        encoding: "utf8",
      });
      expect(stderr).to.equal("");
      expect(stdout).to.equal(block("text"));
      expect(block("js").trim().split("\n").length).to.be.at.most(25);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
