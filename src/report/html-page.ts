/** @file The shell of a page: one HTML file that fetches nothing. Knows nothing of what it says. */
import { createHash } from "node:crypto";
import { type Html, html, trusted } from "./html.js";
import { pageStyle } from "./page-style.js";

export interface PageContent {
  readonly title: string;
  readonly header: Html;
  readonly main: Html;
  readonly footer: Html;
  /** Elements that hold data. */
  readonly data: Html;
  /** The only script that may run. */
  readonly script?: string;
}

/** What a record holds can neither run nor reach out: nothing is fetched, and a script runs only if it is the page's own, by its hash. */
function policy(script: string | undefined): string {
  const allowed =
    script === undefined ? "" : ` script-src 'sha256-${createHash("sha256").update(script).digest("base64")}';`;
  return `default-src 'none'; style-src 'unsafe-inline';${allowed} base-uri 'none'; form-action 'none'`;
}

/** @returns a whole HTML document. */
export function htmlPage({ title, header, main, footer, data, script }: PageContent): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy(script))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${trusted(pageStyle)}</style>
</head>
<body>
<header>
${header}
</header>
<main>
${main}
</main>
<footer>${footer}</footer>
${data}
${script === undefined ? "" : html`<script>${trusted(script)}</script>\n`}</body>
</html>
`;
  return page.html;
}

/** A link that saves what it holds. */
export function downloadLink(name: string, type: string, content: string, label = name): Html {
  const data = Buffer.from(content, "utf8").toString("base64");
  return html`<a class="download" download="${name}" href="data:${type};base64,${data}">${label}</a>`;
}
