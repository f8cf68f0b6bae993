// Copies the analyser from the repository's .venv into dist/analyser, for `npm pack`: the WebAssembly, compressed; the descriptors of
// its messages; the time zones; and their licences. It runs after `node ../pack.mjs prepack`, which builds dist again.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const here = fileURLToPath(new URL(".", import.meta.url));
const to = join(here, "../dist/analyser");
const unpacked = join(here, "../../../.venv/googlesql.json");

/** The WebAssembly, a fifth of its size. Kept for the next pack, as it takes some seconds. */
function compressed(wasm) {
  const { size, mtimeMs } = statSync(wasm);
  const cache = join(here, "../.local/analyser");
  const kept = join(cache, `${size}-${Math.round(mtimeMs)}.br`);
  if (existsSync(kept)) return readFileSync(kept);
  const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_LGWIN: window, BROTLI_PARAM_SIZE_HINT: hint } = constants;
  // A higher quality saves another 7 % in ten times the time.
  const bytes = brotliCompressSync(readFileSync(wasm), { params: { [quality]: 5, [window]: 24, [hint]: size } });
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  writeFileSync(kept, bytes);
  return bytes;
}

/** The folder of a Python package's licence files. */
function licencesOf(site, name) {
  const info = readdirSync(site).find((each) => each.startsWith(`${name}-`) && each.endsWith(".dist-info"));
  return join(site, info, "licenses");
}

if (!existsSync(unpacked)) {
  console.error(
    "error: the GoogleSQL analyser is not installed, so it cannot be packed. Run in the repository: node local/install.mjs",
  );
  process.exit(1);
}
const { wasm, zoneinfo, descriptors } = JSON.parse(readFileSync(unpacked, "utf8"));
const site = dirname(dirname(zoneinfo));
mkdirSync(to, { recursive: true });
writeFileSync(join(to, "zetasql.wasm.br"), compressed(wasm));
cpSync(zoneinfo, join(to, "zoneinfo"), {
  recursive: true,
  // The folder is a Python package too, and has lists of zones that the analyser does not read.
  filter: (path) => !/^(__pycache__|leapseconds|.*\.(py|tab|zi))$/.test(basename(path)),
});
cpSync(licencesOf(site, "zetasql"), join(to, "licences/zetasql"), { recursive: true });
cpSync(licencesOf(site, "tzdata"), join(to, "licences/tzdata"), { recursive: true });
cpSync(join(here, "NOTICE"), join(to, "NOTICE"));
// The form of .venv/googlesql.json; paths in it count from its own folder.
writeFileSync(
  join(to, "googlesql.json"),
  JSON.stringify({ wasm: "zetasql.wasm.br", zoneinfo: "zoneinfo", descriptors }),
);
