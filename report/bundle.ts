import { fileURLToPath } from "node:url";
import { type BuildOptions, buildSync } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A style or script of a page, bundled and made small. */
export interface Bundled {
  readonly text: string;
  /** The files that it is made of, as paths from the root. */
  readonly inputs: readonly string[];
}

/** Bundles a style sheet with those that it imports. @param entry its path from the root. Throws if one cannot be bundled. */
export function bundleStyle(entry: string): Bundled {
  return bundle({ entryPoints: [entry] });
}

/**
 * Bundles a script for browsers with the modules that it imports. Throws if one cannot be bundled.
 * @param entry its path from the root
 * @param define expressions that replace names in it, by name
 */
export function bundleScript(entry: string, define: Readonly<Record<string, string>> = {}): Bundled {
  return bundle({
    entryPoints: [entry],
    platform: "browser",
    target: "es2022",
    format: "iife",
    legalComments: "none",
    charset: "utf8",
    define: { ...define },
    tsconfig: "report/page/tsconfig.json",
  });
}

function bundle(options: BuildOptions): Bundled {
  const { outputFiles, metafile } = buildSync({
    ...options,
    absWorkingDir: root,
    bundle: true,
    minify: true,
    metafile: true,
    write: false,
  });
  return { text: outputFiles[0]?.text.trim() ?? "", inputs: Object.keys(metafile.inputs) };
}
