import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { replaceFile } from "../generator/lake/folder.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** All of our code that Node runs in the cloud, as one file. */
export interface Bundle {
  /** Absolute path of the file, `dist/main.mjs`. */
  readonly path: string;
  /** The first eight digits of its SHA-256. They are part of the uploaded object's name. */
  readonly hash: string;
}

/**
 * Bundles `report/bundle-entry.ts` and everything it imports into `dist/main.mjs`, which plain Node 22 runs from any folder. Equal sources give
 * equal bytes. DuckDB stays outside: only the rehearsal needs it.
 */
export function buildBundle(): Bundle {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: ["report/bundle-entry.ts"],
    bundle: true,
    platform: "node",
    target: "node22",
    format: "esm",
    // Keep names: BigQuery's client tells values apart by their class's name, and stack traces in the log stay readable.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    external: ["@duckdb/node-api"],
    // Google's clients are CommonJS and load Node's own modules by `require`, which an ES module does not have.
    banner: { js: 'import{createRequire as r_}from"node:module";const require=r_(import.meta.url);' },
    write: false,
  });
  const content = outputFiles[0]?.contents ?? new Uint8Array();
  const path = join(root, "dist", "main.mjs");
  replaceFile(path, content);
  return { path, hash: createHash("sha256").update(content).digest("hex").slice(0, 8) };
}

let built: Bundle | undefined;

/** Returns the bundle, which is built once in a process: a rehearsal, and each test, evaluates the program again from the same sources. */
export function bundleOnce(): Bundle {
  built ??= buildBundle();
  return built;
}
