import mathFont from "./_noto_sans_math.woff2.b64" with { type: "text" };
import mathCss from "temml/local.css" with { type: "text" };
import { escapeHtml } from "./escape_html.ts";
import pageCss from "./page.css" with { type: "text" };

/** Content of a page. */
export interface PageOptions {
  /** Heading and browser title (plain text). */
  readonly title: string;
  /** A sentence below the title, also for search engines (plain text). */
  readonly description: string;
  /**
   * Table of contents, which stays in view: of the `h2` and `h3` with ids, or as HTML list items;
   * default none.
   */
  readonly contents?: "headings" | { readonly items: string };
  /** HTML without the title. The caller must have escaped untrusted text. */
  readonly body: string;
  /** HTML of the footer, such as what generated the page. */
  readonly footer?: string;
}

/** Temml's styles without its font, which a page would have to load. */
const formulaCss = mathCss.replace(/@font-face\s*\{[^}]*\}/g, "");

/** Fallback maths font: without one, brackets, roots and integrals do not stretch. */
function fontFace(): string {
  return `@font-face{font-family:"Fluxion Math";font-display:block;` +
    `src:url(data:font/woff2;base64,${mathFont}) format("woff2")}`;
}

/** The list items of the h2 and h3 headings, nested. */
function itemsOf(body: string): string {
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
  return list + (open === 3 ? "</li></ol></li>" : "</li>");
}

/** The table of contents, and on a phone a link that leads back to it. */
function navigation(items: string): string {
  return `<nav aria-labelledby="contents"><h2 id="contents">Contents</h2>\n<ol>${items}</ol></nav>
<a class="to-contents" href="#contents">Contents</a>
`;
}

/**
 * Builds a self-contained page that works offline: styles and fonts embedded, no scripts, nothing
 * to load. Follows the system's light or dark mode; suits phones from 360 pixels and print.
 *
 * Classes for the body: `wide` around a table (scrolls separately), `row` around small figures side
 * by side, `notice`, `note`, `lead`; in tables `records`, `words`, `number`, `pass`, `fail`.
 */
export function htmlPage(page: PageOptions): string {
  const { title, description, contents, body, footer } = page;
  const items = contents === "headings" ? itemsOf(body) : contents?.items ?? "";
  const hasFormulas = /<math\b/.test(body);
  const styles = [hasFormulas ? `${fontFace()}\n${formulaCss}` : "", pageCss].join("\n");
  // With this policy a browser loads and runs nothing, whatever the body contains.
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
<a class="skip" href="#content">Skip to the content</a>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(description)}</p>
</header>
${items === "" ? "" : navigation(items)}<main id="content" tabindex="-1">
${body}
</main>
${footer === undefined ? "" : `<footer class="note">${footer}</footer>\n`}</body>
</html>
`;
}
