import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The licences of the packages that files come from, as text. The licences ask to be kept with every copy, and a page contains copies.
 * @param files paths from `root`, such as `node_modules/d3-array/src/ticks.js`
 */
export function licencesOf(root: string, files: readonly string[]): string {
  const packages = new Set(files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  const byText = new Map<string, string[]>();
  for (const folder of [...packages].sort()) {
    const file = readdirSync(join(root, folder)).find((name) => /^(licen[cs]e|unlicense|copying)/i.test(name));
    const text =
      file === undefined ? declared(join(root, folder)) : readFileSync(join(root, folder, file), "utf8").trim();
    byText.set(text, [...(byText.get(text) ?? []), folder.replace(/^.*node_modules\//, "")]);
  }
  return [...byText].map(([text, names]) => `${names.join(", ")}\n\n${text}\n`).join("\n");
}

/** The licence that package.json names, for a package without a licence file. */
function declared(folder: string): string {
  const file = join(folder, "package.json");
  return existsSync(file) ? `Licence: ${JSON.parse(readFileSync(file, "utf8")).license}` : "";
}
