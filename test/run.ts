import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/*
 * Runs every test of the repository, several files at a time; `npm test` calls it. Arguments go to mocha, and test files among them are
 * the only ones that run: npm test -- --grep clean
 */

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Continuous integration runs the tests in files of this name, and so does `CI=true npm test`. They run Pulumi's engine or BigQuery's emulator,
 * install the packed packages, measure noise, or fail each step of a night: together they take longer than all the others.
 */
const SLOW = ".slow.test.ts";
/**
 * The files that take longest start first, so that none of them is left over when the others are done. The pages' files come after those that
 * need no marts: the first of them all builds the marts, and the others would wait for it.
 */
const longest = [
  "test/transform/build.test.ts",
  "test/local/start.test.ts",
  "test/engine/life-of-a-stack.slow.test.ts",
  "test/transform/on-bigquery.slow.test.ts",
  "test/packages.slow.test.ts",
  "test/engine/first-up.slow.test.ts",
  "test/transform/segments.slow.test.ts",
  "test/local/attack.slow.test.ts",
  "test/local/night.slow.test.ts",
  "packages/googlesql-duckdb/test/translate/answers.slow.test.ts",
  "test/local/clean-room.test.ts",
  "test/local/mistakes.slow.test.ts",
  "test/local/room/page.test.ts",
  "test/report/sales-page.test.ts",
  "test/report/every-page.slow.test.ts",
  "test/cleanroom/use-cases.test.ts",
  "test/local/query.test.ts",
  "packages/googlesql-duckdb/test/open.test.ts",
  "packages/analysis-rules/test/queries.test.ts",
  "test/generator/thelook/snapshot.test.ts",
];

const files = ["test", ...readdirSync(join(root, "packages")).map((name) => `packages/${name}/test`)].flatMap(
  (folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
          .filter((name) => name.endsWith(".test.ts"))
          .map((name) => join(folder, name))
          .sort()
      : [],
);
for (const file of longest) if (!files.includes(file)) throw new Error(`test/run.ts names ${file}, which is not there`);

const asked = process.argv.slice(2);
const named = asked.some((each) => each.endsWith(".test.ts"));
const everything = Boolean(process.env.CI);
const inOrder = named ? [] : [...new Set([...longest, ...files])].filter((file) => everything || !file.endsWith(SLOW));
// One more than there are cores, up to five: tests also wait, for browsers, servers and processes that they start. Each further one loads
// the same modules again: on two cores, five take a sixth more processor time than three, and longer.
const jobs = Math.min(5, availableParallelism() + 1);

const madeOnce = mkdtempSync(join(tmpdir(), "made-once-"));
const mocha = createRequire(import.meta.url).resolve("mocha/bin/mocha.js");
const child = spawn(process.execPath, [mocha, "--parallel", "--jobs", String(jobs), ...asked, ...inOrder], {
  cwd: root,
  stdio: "inherit",
  // Dozens of Node processes load the same modules: with a cache, each compiles them only once.
  env: { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "node"), ...process.env, MADE_ONCE: madeOnce },
});
// Ctrl+C reaches mocha too, which ends its processes; this one waits until they have ended.
process.on("SIGINT", () => {});
child.on("close", (code) => {
  if (!everything && !named)
    console.log(`Left to continuous integration, or to CI=true npm test: the pending tests, and the files *${SLOW}`);
  rmSync(madeOnce, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});
