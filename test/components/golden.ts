import { readFileSync, writeFileSync } from "node:fs";
import { RUN_IF_FOLDER_UNCHANGED, RUN_IF_UNCHANGED } from "../../components/checked-start.ts";
import type { Declared } from "./stack.ts";

const folder = new URL("golden/", import.meta.url);

/** Reads the golden file of a name, after writing `text` to it if UPDATE_GOLDEN is set. */
export function golden(name: string, text: string): string {
  const file = new URL(name, folder);
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text);
  return readFileSync(file, "utf8");
}

/**
 * Lists resources for people, by type and name, with one input a line, and then one option of Pulumi's. Leaves out hashes of content, so that
 * only declarations show.
 */
export function inventory(resources: readonly Declared[]): string {
  const entries = resources.filter(({ custom }) => custom).map((each) => [`${each.type} ${each.name}`, each] as const);
  const sorted = entries.sort(([one], [other]) => (one < other ? -1 : 1));
  const text = sorted
    .map(
      ([title, { inputs, options }]) =>
        `${[title, ...lines(withoutTexts(title, inputs)), ...lines(options, "options")].join("\n")}\n`,
    )
    .join("\n");
  return text
    .replaceAll(RUN_IF_UNCHANGED, "<checks the file's hash>")
    .replaceAll(RUN_IF_FOLDER_UNCHANGED, "<checks the folder's hash>")
    .replace(/\b[0-9a-f]{64}\b/g, "<hash>")
    .replace(/^(.+(?:queryTemplateId: |\/queryTemplates\/)\w+_)[0-9a-f]{8}$/gm, "$1<hash>")
    .replace(/\b(main-|functions-|bundle-|pages-|dbt-|dbt\/)[0-9a-f]{8}\b/g, "$1<hash>");
}

/** Leaves out the texts of query templates, which have files of their own in `cleanroom/templates`. */
function withoutTexts(title: string, inputs: Declared["inputs"]): Declared["inputs"] {
  if (/:QueryTemplateApproval /.test(title)) return { ...inputs, query: "…" };
  if (/:QueryTemplate /.test(title))
    return { ...inputs, documentation: "…", routine: { ...inputs.routine, definitionBody: "…" } };
  return inputs;
}

/** A line `path: value` for every input that has a value. */
function lines(value: unknown, path = ""): string[] {
  if (path.endsWith("schema")) return columns(String(value));
  if (/(^|\.)(__provider|source|fingerprint)$/.test(path) && !path.includes("buildConfig")) return [];
  if (value === null || value === undefined) return [];
  if (Array.isArray(value) && value.some((each) => typeof each === "object"))
    return value.flatMap((each, i) => lines(each, `${path}[${i}]`));
  if (isVariable(value)) return [`  ${path}: ${value.name}=${value.value}`];
  if (typeof value === "object" && !Array.isArray(value)) {
    if (Object.keys(value).length === 0) return path === "options" ? [] : [`  ${path}: {}`];
    return Object.entries(value).flatMap(([key, each]) => lines(each, path === "" ? key : `${path}.${key}`));
  }
  return [`  ${path}: ${Array.isArray(value) ? value.join(" ") : value}`];
}

function isVariable(value: unknown): value is { name: string; value: string } {
  return typeof value === "object" && value !== null && Object.keys(value).sort().join() === "name,value";
}

function columns(schema: string): string[] {
  const fields = JSON.parse(schema) as { name: string; type: string; mode: string }[];
  return fields.map(({ name, type, mode }) => `  column ${name}: ${type}${mode === "REQUIRED" ? " required" : ""}`);
}
