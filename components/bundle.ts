import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { type Built, builtBefore } from "../generator/built-before.ts";
import { replaceFile } from "../generator/lake/folder.ts";
import { fingerprintPrograms, type ProgramName } from "./programs.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const FILE = "dist/main.mjs";

/** All of our code that Node runs in the cloud, as one file. */
export interface Bundle {
  /** Absolute path of the file, `dist/main.mjs`. */
  readonly path: string;
  /** Its SHA-256. */
  readonly sha256: string;
  /** The first eight digits of it. They are part of the uploaded object's name. */
  readonly hash: string;
  /** A fingerprint of the sources that each command of the bundle runs. */
  readonly programs: Readonly<Record<ProgramName, string>>;
}

/**
 * Bundles `report/bundle-entry.ts` and everything it imports into `dist/main.mjs`, which plain Node 22 runs from any folder. Equal sources give
 * equal bytes. DuckDB stays outside: only the rehearsal needs it.
 */
export function buildBundle(): Bundle {
  return { path: join(root, FILE), ...bundleCode().result };
}

let built: Bundle | undefined;

/** Returns the bundle. Builds it only if a source has changed since the last time. */
export function bundleOnce(): Bundle {
  built ??= { path: join(root, FILE), ...builtBefore(root, "dist/main.json", bundleCode) };
  return built;
}

/** Builds the bundle. */
function bundleCode(): Built<Omit<Bundle, "path">> {
  const { outputFiles, metafile } = buildSync({
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
    metafile: true,
    write: false,
  });
  const content = outputFiles[0]?.contents ?? new Uint8Array();
  const sha256 = createHash("sha256").update(content).digest("hex");
  replaceFile(join(root, FILE), content);
  return {
    result: {
      sha256,
      hash: sha256.slice(0, 8),
      programs: fingerprintPrograms(metafile.inputs, (file) => readFileSync(join(root, file))),
    },
    inputs: [...Object.keys(metafile.inputs), "components/bundle.ts", "components/programs.ts", "tsconfig.json"],
    outputs: [FILE],
  };
}
