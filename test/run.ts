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
 * Continuous integration runs these, and so does `CI=true npm test`. They run Pulumi's engine, install the packed packages, score the synthetic
 * thelook, fill the clean room at its full size, or repeat on BigQuery's emulator and with several seeds what other tests do.
 */
const slow = [
  "test/engine/life-of-a-stack.test.ts",
  "test/transform/on-bigquery.test.ts",
  "test/packages.test.ts",
  "test/engine/first-up.test.ts",
  "test/transform/segments.test.ts",
  "test/generator/wallet/wallet-on-bigquery.test.ts",
  "test/generator/thelook/sdmetrics.test.ts",
  "test/cleanroom/documented-answers.test.ts",
  "test/generator/functions/load-bq-from-csv.test.ts",
  // Compiles the whole analyser.
  "packages/googlesql-duckdb/test/analyser/kept.test.ts",
];
/**
 * The files that take longest start first, so that none of them is left over when the others are done. The pages' files come after those that
 * need no marts: the first of them all builds the marts, and the others would wait for it.
 */
const longest = [
  "test/transform/build.test.ts",
  "test/local/start.test.ts",
  ...slow,
  "test/local/attack.test.ts",
  "test/local/night.test.ts",
  "packages/googlesql-duckdb/test/translate/answers.test.ts",
  "test/local/mistakes.test.ts",
  "test/local/clean-room.test.ts",
  "test/report/every-page.test.ts",
  "test/local/room/page.test.ts",
  "test/report/sales-page.test.ts",
  "test/cleanroom/use-cases.test.ts",
  "test/local/query.test.ts",
  "packages/analysis-rules/test/differential/epsilon-audit.test.ts",
  "test/generator/wallet/wallet.test.ts",
  "test/generator/coffee/integrity.test.ts",
  "test/report/hard-cases.test.ts",
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
const inOrder = named ? [] : [...new Set([...longest, ...files])].filter((file) => everything || !slow.includes(file));
// Two more than there are cores, up to four: tests also wait, for browsers, servers and processes that they start.
const jobs = Math.max(2, Math.min(4, availableParallelism() + 2));

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
  if (!everything && !named) console.log(`Left to continuous integration, or to CI=true npm test: ${slow.join(", ")}`);
  rmSync(madeOnce, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});
