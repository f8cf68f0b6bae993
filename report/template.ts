import { gzipSync } from "node:zlib";
import { UserError } from "../generator/errors.ts";
import type { Report } from "./report.ts";

/** Stands once in a built page, in `<script type="text/plain" id="data">`, where `fillPage` puts the data. */
export const DATA_MARK = "__REPORT_DATA__";

export interface Template {
  /** The small line above the heading, which names the business. */
  readonly brand: string;
  readonly heading: string;
  readonly lead: string;
  /** All CSS, without `</style>`. */
  readonly style: string;
  /** All JavaScript, without `</script>`. */
  readonly script: string;
  /** Licences of the packages that the script contains. */
  readonly licences: string;
}

/** The page's icon: a cup. */
export const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%23b06a34' " +
  "d='M2 5h9v1h1a2.500 2.500 0 0 1 0 5h-1a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3zm9 2.500v2h1a1 1 0 0 0 0-2zM4 1h1v3H4zm4 0h1v3H8z'/%3E%3C/svg%3E";

/** A page without its data. Its content security policy forbids what a report never does: fetch, send and load. */
export function pageHtml({ brand, heading, lead, style, script, licences }: Template): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<title>${heading} · ${brand}</title>
<link rel="icon" href="${icon}">
<style>${style}</style>
</head>
<body>
<header class="masthead">
<p class="brand">${brand}</p>
<h1>${heading}</h1>
<p class="lead" id="made">${lead}</p>
<nav id="pages" aria-label="Reports"></nav>
</header>
<div id="bar"></div>
<main id="main" tabindex="-1"><p class="note">Loading the figures …</p></main>
<footer id="foot"></footer>
<noscript><p class="note">This report draws its charts with JavaScript, which is switched off here. It is safe to allow: the page fetches and sends nothing.</p></noscript>
<script type="text/plain" id="data">${DATA_MARK}</script>
<script>${script}</script>
<script type="text/plain" id="licences">
${licences}</script>
</body>
</html>
`;
}

/** Encodes a report for a page: gzipped JSON in base 64, less than half of the JSON's size, which needs no escaping in HTML. */
export function encodeReport(report: Report<unknown>): string {
  // The default level takes four times as long, for 5 % fewer bytes.
  return gzipSync(JSON.stringify(report), { level: 4 }).toString("base64");
}

/** Puts a report into a built page. Throws UserError unless the page has exactly one `DATA_MARK`. @param name of the file, for the message */
export function fillPage(name: string, template: string, report: Report<unknown>): string {
  const [before, after, ...more] = template.split(DATA_MARK);
  if (before === undefined || after === undefined || more.length > 0)
    throw new UserError(
      `${name} must contain ${DATA_MARK} exactly once, where its data goes: build the pages again (npm run build)`,
    );
  return `${before}${encodeReport(report)}${after}`;
}
