import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/*
 * Bundles the commands that ask the rehearsed clean room: Node reads one file faster than two hundred. Run by command.mjs, which also
 * decides when to run it again.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = join(root, "dist/room");

/** Installations on which a bundle depends: each file changes with the packages. */
const INSTALLED = ["package-lock.json", "node_modules/.installed", ".venv/.installed-0", ".venv/.installed-googlesql"];

/** The commands by their names, and the start of the analyser. */
const entryPoints = { query: "local/query.ts", mcp: "local/mcp.ts", analyser: "local/room/start-analyser.ts" };

// Write to another folder first, so that a command that starts meanwhile finds all files or none.
const aside = `${out}.${process.pid}`;
await mkdir(aside, { recursive: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints,
  outdir: aside,
  bundle: true,
  splitting: true,
  platform: "node",
  target: "node22",
  format: "esm",
  outExtension: { ".js": ".mjs" },
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  // DuckDB itself is a native library.
  external: ["@duckdb/node-bindings"],
  banner: { js: 'import{createRequire as r_}from"node:module";const require=r_(import.meta.url);' },
  metafile: true,
  plugins: [
    {
      name: "places",
      // Sources find files relative to themselves, and the bundle is in another folder.
      setup: ({ onLoad }) =>
        onLoad({ filter: /\.ts$/ }, async ({ path }) => {
          const text = await readFile(path, "utf8");
          if (!text.includes("import.meta.url")) return undefined;
          const there = `new URL(${JSON.stringify(relative(out, path))}, import.meta.url).href`;
          return { contents: text.replaceAll("import.meta.url", there), loader: "ts" as const };
        }),
    },
  ],
});
const sources = Object.keys(metafile.inputs).filter((file) => !file.startsWith("node_modules/"));
const files = [...INSTALLED, "local/room/bundle.ts", "local/room/command.mjs", ...sources];
const states = await Promise.all(
  files.map(async (file) => {
    const { size, mtimeMs } = await stat(join(root, file));
    return [file, size, mtimeMs] as const;
  }),
);
await writeFile(join(aside, "built.json"), JSON.stringify({ root, states }));
await rm(out, { recursive: true, force: true });
// Another process may have made it at the same moment.
await rename(aside, out).catch(() => rm(aside, { recursive: true, force: true }));
