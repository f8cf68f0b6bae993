import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { replaceFile } from "../generator/replace-file.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The runtime as one file. */
export interface Bundle {
  /** Absolute path of the file, `dist/main.mjs`. */
  readonly path: string;
  /** First eight digits of its SHA-256: names what is deployed, so that changed code is another object. */
  readonly hash: string;
}

/**
 * Bundles `generator/main.ts` with all it needs into `dist/main.mjs`, which plain Node 22 runs from any folder. The same sources give
 * the same bytes. DuckDB, which only a rehearsal asks for, is left out.
 */
export function buildBundle(): Bundle {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: ["generator/main.ts"],
    bundle: true,
    platform: "node",
    target: "node22",
    format: "esm",
    // Names are kept: a class's name decides how a value of BigQuery's is read, and stack traces in the log stay readable.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    external: ["@duckdb/node-api"],
    // Google's clients are CommonJS and ask for Node's own modules by require, which ES modules do not have.
    banner: { js: 'import{createRequire as r_}from"node:module";const require=r_(import.meta.url);' },
    write: false,
  });
  const content = outputFiles[0]?.contents ?? new Uint8Array();
  const path = join(root, "dist", "main.mjs");
  replaceFile(path, content);
  return { path, hash: createHash("sha256").update(content).digest("hex").slice(0, 8) };
}
