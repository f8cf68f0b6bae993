import { DATA_MARK } from "./mark.ts";

export interface Template {
  /** Whose report it is. */
  readonly brand: string;
  readonly heading: string;
  readonly lead: string;
  /** CSS and JavaScript, whole, and neither with its own closing tag within. */
  readonly style: string;
  readonly script: string;
  /** Of the packages within the script. */
  readonly licences: string;
}

/** A cup. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%23b06a34' " +
  "d='M2 5h9v1h1a2.500 2.500 0 0 1 0 5h-1a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3zm9 2.500v2h1a1 1 0 0 0 0-2zM4 1h1v3H4zm4 0h1v3H8z'/%3E%3C/svg%3E";

/** A page but for its data. The policy forbids what the page never does: fetch, send, load. */
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
<main id="main" tabindex="-1"><p class="note">Reading the figures …</p></main>
<footer id="foot"></footer>
<noscript><p class="note">The figures of this report are drawn by JavaScript, which is switched off here. Nothing is fetched or sent: it is safe to allow it.</p></noscript>
<script type="text/plain" id="data">${DATA_MARK}</script>
<script>${script}</script>
<script type="text/plain" id="licences">
${licences}</script>
</body>
</html>
`;
}
