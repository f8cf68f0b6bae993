import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "chai";
import { openLake } from "../../../generator/lake/open-lake.ts";
import { writeSynthetic } from "../../../generator/thelook/synthetic.ts";
import { temporaryFolder } from "./merchant.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const real = join(root, "../shared/data/thelook-export");
const python = join(root, ".venv-test", process.platform === "win32" ? "Scripts" : "bin", "python");
const there = existsSync(real) && existsSync(python);

interface Score {
  readonly quality: number;
  readonly diagnostic: number;
  readonly properties: Readonly<Record<string, number>>;
}

interface Scores {
  /** The users of the synthetic extract, as many of each state as in the real one. */
  readonly users: number;
  readonly synthetic: Score;
  readonly halves: Score;
  readonly synthetic_half: Score;
}

(there ? describe : describe.skip)(
  `SDMetrics, given a real extract and the synthetic thelook${there ? "" : `: NOT TESTED, there is no ${existsSync(real) ? python : real}`}`,
  () => {
    const folder = temporaryFolder();
    let scores: Scores;
    before(async function () {
      const lake = await openLake(pathToFileURL(folder).href);
      // The real extract ends on this day.
      await writeSynthetic(lake, "thelook", { seed: 42, scale: 1, until: "2025-11-22", dirtShare: 0 });
      const script = join(root, "test", "support", "sdmetrics_score.py");
      const { stdout, stderr } = spawnSync(python, [script, real, join(folder, "thelook")], { encoding: "utf8" });
      if (/No module named '(sdmetrics|pandas)'/.test(stderr)) {
        console.error(
          "      sdmetrics is not installed, so these tests are skipped: CI=true node local/install.mjs --test",
        );
        return this.skip();
      }
      if (!stdout) throw new Error(stderr);
      scores = JSON.parse(stdout);
    });

    it("scores it nearly as high as another real extract of this size", () => {
      expect(scores.users).to.be.above(600);
      // With 640 users in 290 cities, two halves of the real extract score 86 themselves: see docs/data.md.
      expect(scores.halves.quality).to.be.within(84, 88);
      expect(scores.synthetic.quality, JSON.stringify(scores)).to.be.above(83);
      expect(scores.synthetic_half.quality, JSON.stringify(scores)).to.be.above(scores.halves.quality - 7);
    });

    it("finds its keys, references and columns valid, and its values among the real ones except for more cities", () => {
      expect(scores.synthetic.properties).to.include({ "Data Structure": 100, "Relationship Validity": 100 });
      expect(scores.synthetic.diagnostic, JSON.stringify(scores)).to.be.above(97.5);
    });
  },
);
