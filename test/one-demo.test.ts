import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { roomFile } from "../local/rehearsed-room.ts";
import { readPulumiYaml } from "../pulumi-yaml.ts";
import { type Declared, declare } from "./components/stack.ts";

const itInCI = process.env.CI ? it : it.skip;
const root = join(import.meta.dirname, "..");

/** The deletions of the recipe "One demo alone" in docs/change-it.md, and what is left. */
const recipes = [
  {
    keep: "the clean room",
    part: "// The coffee shop:",
    words: [', "coffee"', ", nights: reports.nights"],
    alerts: ["alerts-job"],
    results: ["answers", "clean-room.duckdb"],
    pages: ["clean-room.html", "index.html"],
  },
  {
    keep: "the coffee shops",
    part: "// The merchant and the e-wallet,",
    words: ['"clean-room", '],
    alerts: ["alerts-function", "alerts-job", "alerts-night", "alerts-schedule"],
    results: ["warehouse.duckdb"],
    pages: ["customers.html", "index.html", "sales.html"],
  },
];

/** Makes the deletions of a recipe in the text of index.ts, and removes unused imports as `npm run fix` does. */
function deleted({ keep, part, words }: (typeof recipes)[number]): string {
  const documented = readFileSync(join(root, "docs/change-it.md"), "utf8").split("\n");
  const row = documented.find((line) => line.trim().startsWith(`| ${keep} | `)) ?? "";
  for (const text of [part, ...words]) expect(row).to.contain(`\`${text.trim()}\``);
  let text = readFileSync(join(root, "index.ts"), "utf8");
  const once = (each: string) => expect(text.split(each), each).to.have.length(2);
  once(`\n${part}`);
  const from = text.indexOf(`\n${part}`);
  text = text.slice(0, from) + text.slice(text.indexOf("\n// ", from + 1));
  for (const word of words) {
    once(word);
    text = text.replace(word, "");
  }
  const biome = join(root, "node_modules/.bin/biome");
  return execFileSync(biome, ["check", "--write", "--stdin-file-path=index.ts"], { cwd: root, input: text }).toString();
}

/** The declared names of a type, given by its last part. */
function names(resources: readonly Declared[], type: string, field: string): string[] {
  return resources.filter((each) => each.type.endsWith(type)).map(({ inputs }) => String(inputs[field]));
}

for (const recipe of recipes) {
  describe(`A program with ${recipe.keep} alone`, () => {
    const file = join(root, "dist", `alone-${process.pid}-${recipes.indexOf(recipe)}.ts`);
    before(() => {
      mkdirSync(join(root, "dist"), { recursive: true });
      writeFileSync(file, deleted(recipe).replaceAll(' from "./', ' from "../'));
    });
    after(() => rmSync(file, { force: true }));

    it("imports nothing of the other demo", () => {
      const other = recipe.part.includes("coffee") ? "coffee" : "cleanroom";
      expect(readFileSync(file, "utf8")).not.to.match(new RegExp(`from "../(components/)?${other}/`));
    });

    it("links what it declares and nothing else, and has alerts about that", async () => {
      const { resources, outputs } = await declare(() => import(pathToFileURL(file).href), {
        config: { "gcp-data-demos:alertEmails": "ann@example.com" },
      });
      const { links, nextSteps } = outputs as { links: Record<string, object>; nextSteps: string[] };
      const jobs = names(resources, "cloudrunv2/job:Job", "name");
      const functions = names(resources, "function:Function", "name");
      const schedules = names(resources, "cloudscheduler/job:Job", "name");
      const datasets = names(resources, "bigquery/dataset:Dataset", "datasetId");
      const buckets = names(resources, "storage/bucket:Bucket", "name");
      expect(Object.keys(links.jobs ?? {})).to.have.members(jobs);
      expect(Object.keys(links.functions ?? {})).to.have.members(functions);
      expect(Object.keys(links.schedules ?? {})).to.have.members(schedules);
      expect(Object.keys(links.buckets ?? {})).to.have.members(buckets);
      expect(Object.keys(links.datasets ?? {}).filter((name) => !name.startsWith("linked_"))).to.have.members(
        datasets.filter((name) => name !== "coffee_marts_build"),
      );
      for (const [, job] of nextSteps.join("\n").matchAll(/gcloud run jobs execute (\S+)/g))
        expect(jobs).to.include(job);
      const policies = resources.filter(({ type }) => type.endsWith("alertPolicy:AlertPolicy"));
      expect(policies.map(({ name }) => name)).to.have.members(recipe.alerts);
      const [condition] = policies.find(({ name }) => name === "alerts-job")?.inputs.conditions ?? [];
      const [, watched] = /job_name=~"([^"]*)"/.exec(condition.conditionPrometheusQueryLanguage.query) ?? [];
      expect(watched?.split("|")).to.have.members(jobs);
    });

    itInCI("is filled, answered and reported by npm start", async () => {
      const out = mkdtempSync(join(tmpdir(), "alone-"));
      try {
        const { program, defaults } = readPulumiYaml();
        const config = { ...defaults, [`${program}:scale`]: "0.05", [`${program}:days`]: "20" };
        const options = {
          out,
          program,
          config,
          env: { REHEARSAL_THELOOK: "synthetic:", UNTIL: "2026-06-30" },
          verbose: false,
        };
        const [rehearse, load] = [join(root, "local/rehearse-program.ts"), file].map(
          (each) => pathToFileURL(each).href,
        );
        const script = `const { rehearseProgram } = await import("${rehearse}");
          await rehearseProgram({ ...${JSON.stringify(options)}, load: () => import("${load}") });`;
        const run = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
          cwd: root,
        });
        expect(readdirSync(out)).to.include.members(recipe.results);
        expect(readdirSync(out).filter((name) => name.endsWith(".duckdb"))).to.have.length(1);
        expect(existsSync(join(out, "answers"))).to.equal(recipe.results.includes("answers"));
        expect(run.stdout.includes("Answers of the clean room")).to.equal(recipe.results.includes("answers"));
        expect(readdirSync(join(out, "report"))).to.have.members(recipe.pages);
      } finally {
        rmSync(out, { recursive: true, force: true });
      }
    });
  });
}

it("The commands that ask the clean room say that the program declares none, or that its tables are missing", () => {
  const out = mkdtempSync(join(tmpdir(), "alone-"));
  writeFileSync(join(out, "warehouse.duckdb"), "");
  expect(() => roomFile(out)).to.throw(
    `the last npm start made no clean room in ${out}, because index.ts declared none`,
  );
  // An earlier version kept the tables of both demos in one file.
  writeFileSync(join(out, "clean-room.json"), "{}");
  expect(() => roomFile(out)).to.throw(
    `the clean room's tables, ${join(out, "clean-room.duckdb")}, are missing: run npm start again`,
  );
  rmSync(out, { recursive: true });
});
