import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { replaceFile } from "../generator/replace-file.ts";
import { readDefinitions } from "./definitions.ts";
import { licencesOf } from "./licences.ts";
import type { Report } from "./report.ts";
import { pageHtml, type Template } from "./template.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const SHOP = "Coffee shop, Kyiv";

/** What a page says before it has read its data. */
const words: Readonly<Record<Report<unknown>["page"], Pick<Template, "brand" | "heading" | "lead">>> = {
  sales: { brand: SHOP, heading: "Sales", lead: "What is sold, where and when." },
  customers: { brand: SHOP, heading: "Customers", lead: "Who comes, what they are worth and who is leaving." },
  "clean-room": {
    brand: "Merchant and e-wallet",
    heading: "Clean room",
    lead: "What the two learn from each other's customers, and what stays hidden.",
  },
  index: { brand: "Two demos", heading: "Reports", lead: "A coffee shop chain in Kyiv, and a clean room." },
};

/** The pages without their data, which takes the place of `DATA_MARK`. */
export interface Pages {
  /** By file name, such as `sales.html`: absolute path on this machine. */
  readonly files: Readonly<Record<string, string>>;
  /** First eight digits of the SHA-256 over names and contents. */
  readonly hash: string;
}

/**
 * Builds the pages into `dist/report/`: each one file with its style, its code and the charting library within, that wants nothing but
 * its data. The same sources give the same bytes. Throws where the sources cannot be bundled.
 */
export function buildPages(): Pages {
  const style = bundleStyle();
  const { script, licences } = bundleScript();
  const hash = createHash("sha256");
  const files: Record<string, string> = {};
  for (const [page, said] of Object.entries(words)) {
    const html = pageHtml({ ...said, style, script, licences });
    const name = `${page}.html`;
    files[name] = join(root, "dist", "report", name);
    replaceFile(files[name], Buffer.from(html));
    hash.update(`${name}\n${html}\n`);
  }
  return { files, hash: hash.digest("hex").slice(0, 8) };
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
