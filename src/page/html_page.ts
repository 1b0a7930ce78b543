import mathFont from "./_noto_sans_math.woff2.b64" with { type: "text" };
import mathCss from "temml/local.css" with { type: "text" };
import { escapeHtml } from "./escape_html.ts";
import pageCss from "./page.css" with { type: "text" };

/** What a page says. */
export interface PageOptions {
  /** Its heading and its name in the browser; a text. */
  readonly title: string;
  /** A sentence under the title, and what search engines show; a text. */
  readonly description: string;
  /** Whether a list of the body's `h2` and `h3` that have an id comes first; default no. */
  readonly contents?: boolean;
  /** HTML, without the title. User-given strings in it are escaped already. */
  readonly body: string;
  /** HTML of the last lines, such as what made the page. */
  readonly footer?: string;
}

/** Temml's rules without its own font, which a page would have to load. */
const formulaCss = mathCss.replace(/@font-face\s*\{[^}]*\}/g, "");

/** For machines without a maths font: brackets, roots and integrals grow only with one. */
function fontFace(): string {
  return `@font-face{font-family:"Fluxion Math";font-display:block;` +
    `src:url(data:font/woff2;base64,${mathFont}) format("woff2")}`;
}

/** A list of the headings h2 and, under them, h3. */
function contentsOf(body: string): string {
  let list = "", open: 0 | 2 | 3 = 0;
  for (
    const [, digit, id, words] of body.matchAll(/<h([23])[^>]* id="([^"]+)"[^>]*>([^]*?)<\/h\1>/g)
  ) {
    const level: 2 | 3 = open === 0 || digit === "2" ? 2 : 3;
    if (level === 2) {
      list += open === 0 ? "<li>" : open === 2 ? "</li>\n<li>" : "</li></ol></li>\n<li>";
    } else list += open === 2 ? "\n<ol><li>" : "</li>\n<li>";
    list += `<a href="#${id}">${words!.replace(/<\/?a\b[^>]*>/g, "")}</a>`;
    open = level;
  }
  if (open === 0) return "";
  const close = open === 3 ? "</li></ol></li>" : "</li>";
  return `<nav aria-labelledby="contents"><h2 id="contents">Contents</h2>\n<ol>${list}${close}</ol></nav>\n`;
}

/**
 * A whole page that opens anywhere, offline: styles and fonts inside, no script,
 * nothing to load. Light or dark as the reader's system is, fit for a phone 360
 * pixels wide and for print.
 *
 * Classes for the body: `wide` around a table (scrolls by itself), `row` around
 * small figures side by side, `note`, `lead`; in tables `words`, `number`, `pass`, `fail`.
 */
export function htmlPage(page: PageOptions): string {
  const { title, description, contents = false, body, footer } = page;
  const hasFormulas = /<math\b/.test(body);
  const styles = [hasFormulas ? `${fontFace()}\n${formulaCss}` : "", pageCss].join("\n");
  // A browser that heeds this loads and runs nothing, whatever the body holds.
  const policy = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'";
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${escapeHtml(description)}">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>
${styles}
</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(description)}</p>
</header>
<main>
${contents ? contentsOf(body) : ""}${body}
</main>
${footer === undefined ? "" : `<footer class="note">${footer}</footer>\n`}</body>
</html>
`;
}
