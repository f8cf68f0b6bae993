import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bothParties } from "../../cleanroom/party.ts";
import { type Built, builtBefore } from "../../generator/built-before.ts";
import { replaceFile } from "../../generator/lake/folder.ts";
import { bundleScript, bundleStyle } from "../../report/bundle.ts";
import { licencesOf } from "../../report/licences.ts";
import { icon } from "../../report/template.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A file of the page. */
export interface PageFile {
  readonly text: string;
  /** Its Content-Type. */
  readonly type: string;
}

const names = {
  script: "dist/room-page/room.js",
  style: "dist/room-page/room.css",
  licences: "dist/room-page/licences.txt",
};

/**
 * The page's files by the path at which the server offers them: its HTML, one script and one style. Bundles the script and the style into
 * `dist/room-page/` if a source has changed since the last time. Throws if the sources cannot be bundled.
 */
export function pageFiles(): Readonly<Record<string, PageFile>> {
  builtBefore(root, "dist/room-page.json", bundlePage);
  const read = (name: string) => readFileSync(join(root, name), "utf8");
  return {
    "/": { text: html, type: "text/html; charset=utf-8" },
    "/room.js": { text: read(names.script), type: "text/javascript; charset=utf-8" },
    "/room.css": { text: read(names.style), type: "text/css; charset=utf-8" },
    "/licences.txt": { text: read(names.licences), type: "text/plain; charset=utf-8" },
  };
}

function bundlePage(): Built<undefined> {
  const style = bundleStyle("local/room/page/style.css");
  const script = bundleScript("local/room/page/main.ts");
  replaceFile(join(root, names.script), Buffer.from(script.text));
  replaceFile(join(root, names.style), Buffer.from(style.text));
  replaceFile(join(root, names.licences), Buffer.from(licencesOf(root, script.inputs)));
  return {
    result: undefined,
    inputs: [
      ...style.inputs,
      ...script.inputs,
      "local/room/page-files.ts",
      "report/bundle.ts",
      "report/licences.ts",
      "report/page/tsconfig.json",
    ],
    outputs: Object.values(names),
  };
}

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ask the clean room</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="/room.css">
<script defer src="/room.js"></script>
</head>
<body>
<header class="masthead">
<p class="brand">${bothParties}</p>
<h1>Ask the clean room</h1>
<p class="lead">Two companies learn about the customers they share, and neither hands its tables to the other. Ask as either of them, in SQL, and try to break the rules.</p>
<nav id="pages" aria-label="Sections"><a href="#tour">Tour</a><a href="#ask">Ask</a><a href="#parties">Who has what</a></nav>
</header>
<main id="main" tabindex="-1"><p class="note">Opening the clean room …</p></main>
<footer>
<p>Everything on this page runs on this machine: Google’s own analyser reads the query, the rules decide, and DuckDB answers. No request leaves it.</p>
<p><a href="/licences.txt">Licences</a> of the packages in this page.</p>
</footer>
<noscript><p class="note">This page works with JavaScript, which is switched off here. It is safe to allow: the page talks to this machine only.</p></noscript>
</body>
</html>
`;
