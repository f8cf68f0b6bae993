import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { replaceFile } from "../generator/lake/folder.ts";
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
    brand: "Merchant and e-wallet",
    heading: "Clean room",
    lead: "What a merchant and an e-wallet learn from each other's data, and what stays hidden.",
  },
  index: {
    brand: "Two demos",
    heading: "Reports",
    lead: "A coffee-shop chain in Kyiv, and a clean room between a merchant and an e-wallet.",
  },
};

/** The built pages, without data: `fillPage` puts a report in the place of `DATA_MARK`. */
export interface Pages {
  /** Absolute path on this machine, by file name, such as `sales.html`. */
  readonly files: Readonly<Record<string, string>>;
  /** First eight digits of the SHA-256 of all names and contents. */
  readonly hash: string;
}

/**
 * Builds the pages into `dist/report/`. Each is one file that contains its style, its code and the charting library, and lacks only its
 * data. The same sources give the same bytes. Throws if the sources cannot be bundled.
 */
export function buildPages(): Pages {
  const style = bundleStyle();
  const { script, licences } = bundleScript();
  const hash = createHash("sha256");
  const files: Record<string, string> = {};
  for (const [page, masthead] of Object.entries(mastheads)) {
    const html = pageHtml({ ...masthead, style, script, licences });
    const name = `${page}.html`;
    files[name] = join(root, "dist", "report", name);
    replaceFile(files[name], Buffer.from(html));
    hash.update(`${name}\n${html}\n`);
  }
  return { files, hash: hash.digest("hex").slice(0, 8) };
}

let built: Pages | undefined;

/** Returns the pages, which are built once in a process, like the bundle. */
export function pagesOnce(): Pages {
  built ??= buildPages();
  return built;
}

function bundleStyle(): string {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: ["report/page/style/all.css"],
    bundle: true,
    minify: true,
    write: false,
  });
  return outputFiles[0]?.text.trim() ?? "";
}

function bundleScript(): { script: string; licences: string } {
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: ["report/page/main.ts"],
    bundle: true,
    platform: "browser",
    target: "es2022",
    format: "iife",
    minify: true,
    legalComments: "none",
    charset: "utf8",
    define: { DEFINITIONS: JSON.stringify(readDefinitions()) },
    tsconfig: "report/page/tsconfig.json",
    metafile: true,
    write: false,
  });
  const [output] = Object.values(metafile.outputs);
  return { script: outputFiles[0]?.text.trim() ?? "", licences: licencesOf(root, Object.keys(output?.inputs ?? {})) };
}

/**
 * Reads the definitions of the figures from dbt's docs blocks, so that the pages and the models' descriptions say the same.
 * Returns them by block name: `ltv` for `{% docs ltv %}`.
 */
export function readDefinitions(file = new URL("../transform/models/definitions.md", import.meta.url)) {
  const blocks = readFileSync(file, "utf8").matchAll(/\{% docs (\w+) %\}([\s\S]*?)\{% enddocs %\}/g);
  return Object.fromEntries([...blocks].map(([, name = "", text = ""]) => [name, text.trim().replace(/\s+/g, " ")]));
}
