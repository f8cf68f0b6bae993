import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bothParties } from "../cleanroom/party.ts";
import { type Built, builtBefore } from "../generator/built-before.ts";
import { replaceFile } from "../generator/lake/folder.ts";
import { bundleScript, bundleStyle } from "./bundle.ts";
import { licencesOf } from "./licences.ts";
import type { Report } from "./report.ts";
import { pageHtml, type Template } from "./template.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const SHOP = "Coffee shop, Kyiv";

/** The words at the top of each page. */
const mastheads: Readonly<Record<Report<unknown>["page"], Pick<Template, "brand" | "heading" | "lead">>> = {
  sales: { brand: SHOP, heading: "Sales", lead: "What sells, where and when." },
  customers: { brand: SHOP, heading: "Customers", lead: "Who comes, what they are worth, and who is leaving." },
  "clean-room": {
    brand: bothParties,
    heading: "Clean room",
    lead: "What two companies learn from each other's data, and what stays hidden.",
  },
  index: {
    brand: "Google Cloud data demos",
    heading: "Reports",
    lead: "The first findings of each report.",
  },
};

/** The built pages, without data: `fillPage` replaces `DATA_MARK` by a report. */
export interface Pages {
  /** Absolute path on this machine, by file name, such as `sales.html`. */
  readonly files: Readonly<Record<string, string>>;
  /** First eight digits of the SHA-256 of all names and contents. */
  readonly hash: string;
}

/**
 * Builds the pages into `dist/report/`. Each is one file with its style, its code and the charting library, and without its
 * data. The same sources give the same bytes. Throws if the sources cannot be bundled.
 */
export function buildPages(): Pages {
  const { names, hash } = bundlePages().result;
  return { files: filesOf(names), hash };
}

let built: Pages | undefined;

/** Returns the pages. Builds them only if a source has changed since the last time. Throws as `buildPages` does. */
export function pagesOnce(): Pages {
  if (built === undefined) {
    const { names, hash } = builtBefore(root, "dist/report.json", bundlePages);
    built = { files: filesOf(names), hash };
  }
  return built;
}

function filesOf(names: readonly string[]): Pages["files"] {
  return Object.fromEntries(names.map((name) => [name, join(root, "dist", "report", name)]));
}

function bundlePages(): Built<{ readonly names: string[]; readonly hash: string }> {
  const style = bundleStyle("report/page/style/all.css");
  const code = bundleScript("report/page/main.ts", { DEFINITIONS: JSON.stringify(readDefinitions()) });
  const licences = licencesOf(root, code.inputs);
  const hash = createHash("sha256");
  const names = Object.keys(mastheads).map((page) => `${page}.html`);
  for (const [page, masthead] of Object.entries(mastheads)) {
    const html = pageHtml({ ...masthead, style: style.text, script: code.text, licences });
    const name = `${page}.html`;
    replaceFile(join(root, "dist", "report", name), Buffer.from(html));
    hash.update(`${name}\n${html}\n`);
  }
  // The files beside this one build the pages, so they count as sources.
  const beside = readdirSync(join(root, "report")).filter((name) => name.endsWith(".ts"));
  return {
    result: { names, hash: hash.digest("hex").slice(0, 8) },
    inputs: [
      ...style.inputs,
      ...code.inputs,
      ...beside.map((name) => `report/${name}`),
      "report/page/tsconfig.json",
      "transform/models/definitions.md",
    ],
    outputs: names.map((name) => `dist/report/${name}`),
  };
}

/**
 * Reads the definitions of the figures from dbt's docs blocks, so that the pages and the models' descriptions say the same.
 * Returns them by block name: `ltv` for `{% docs ltv %}`.
 */
export function readDefinitions(): Readonly<Record<string, string>> {
  const file = join(root, "transform/models/definitions.md");
  const blocks = readFileSync(file, "utf8").matchAll(/\{% docs (\w+) %\}([\s\S]*?)\{% enddocs %\}/g);
  return Object.fromEntries([...blocks].map(([, name = "", text = ""]) => [name, text.trim().replace(/\s+/g, " ")]));
}
