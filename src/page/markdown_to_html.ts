import { Lexer, type Marked, Parser, Renderer, type Token, type Tokens } from "marked";
import temml from "temml";
import { escapeHtml } from "./escape_html.ts";
import { isFormula, markdownParser } from "./_markdown.ts";

/** Options of {@link markdownToHtml}. */
export interface HtmlOptions {
  /** Level of `#` headings, 1 to 6; default 1. */
  readonly topLevel?: number;
  /** Prefix of heading ids, to combine several texts on one page; default "". */
  readonly idPrefix?: string;
}

/** Converts a formula to MathML. */
function mathMl(latex: string, display: boolean, markdown: string): string {
  try {
    return temml.renderToString(latex, {
      displayMode: display,
      throwOnError: true,
      // On a phone an inline formula may be wider than the page.
      wrap: display ? "none" : "tex",
    });
  } catch (error) {
    const line = markdown.slice(0, markdown.indexOf(latex)).split("\n").length;
    const words = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(
      `Markdown, line ${line}: formula ${latex}: ${
        words.replace(/\u0332/g, "").replace(/\s+/g, " ").trim()
      }`,
    );
  }
}

/** Anchor id of a heading: "The step, again" becomes `the-step-again`. */
function slug(words: string): string {
  const plain = words.replace(/<[^>]*>/g, "").replace(/&\w+;|&#\d+;/g, " ");
  return plain.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "part";
}

/** Whether a link is http(s), mailto, relative or an anchor, rather than a script. */
function isSafe(address: string): boolean {
  return /^(https?:|mailto:|#|\.{0,2}\/)/i.test(address) || /^[\w./-]+$/.test(address);
}

/** A parser configured for {@link markdownToHtml}. */
function htmlParser(markdown: string, options: HtmlOptions): Marked {
  const { topLevel = 1, idPrefix = "" } = options;
  const parser = markdownParser();
  const ids = new Map<string, number>();
  parser.use({
    extensions: ["displayFormula", "formula"].map((name) => ({
      name,
      renderer: (token: Tokens.Generic) => formulaHtml(token as Token),
    })),
    renderer: {
      html: ({ text }) => escapeHtml(text),
      heading({ tokens, depth }) {
        const inside = this.parser.parseInline(tokens);
        const words = slug(this.parser.parseInline(tokens, this.parser.textRenderer));
        const before = ids.get(words) ?? 0;
        ids.set(words, before + 1);
        const id = `${idPrefix}${words}${before === 0 ? "" : `-${before + 1}`}`;
        const level = Math.min(6, depth + topLevel - 1);
        return `<h${level} id="${escapeHtml(id)}">${inside}</h${level}>\n`;
      },
      table(token) {
        return `<div class="wide">${Renderer.prototype.table.call(this, token)}</div>\n`;
      },
      link({ href, title, tokens }) {
        const inside = this.parser.parseInline(tokens);
        if (!isSafe(href)) return inside;
        const tip = title ? ` title="${escapeHtml(title)}"` : "";
        return `<a href="${escapeHtml(href)}"${tip}>${inside}</a>`;
      },
      image({ href, text }) {
        if (!/^data:image\/(png|gif|jpeg|webp);base64,[\w+/=]*$/.test(href)) {
          return escapeHtml(text);
        }
        return `<img src="${href}" alt="${escapeHtml(text)}">`;
      },
    },
  });
  function formulaHtml(token: Token): string {
    if (!isFormula(token)) return "";
    const math = mathMl(token.latex, token.display, markdown);
    return token.display ? `<span class="formula">${math}</span>\n` : math;
  }
  return parser;
}

/**
 * Renders GitHub-flavoured Markdown with LaTeX in `$..$` or `$$..$$` as HTML for the body of a
 * page: formulas as MathML, headings with ids, tables and wide formulas in scrollable boxes.
 *
 * Raw HTML is shown as text. Pictures must be data URIs, since a page must not load anything;
 * others are replaced by their alt text.
 *
 * @throws {SyntaxError} If Temml cannot parse a formula; names the formula and its line.
 */
export function markdownToHtml(markdown: string, options: HtmlOptions = {}): string {
  const parser = htmlParser(markdown, options);
  // Not parse(): it appends a request to report the bug to every error message.
  return withoutLooseEnds(parser.parser(parser.lexer(markdown)));
}

/** Keeps punctuation next to a formula on the formula's line. */
function withoutLooseEnds(html: string): string {
  return html.replace(
    /[(\[“‘]?<math>[^]*?<\/math>[.,;:!?)\]”’–-]*/g,
    (all) =>
      all.startsWith("<math>") && all.endsWith("</math>")
        ? all
        : `<span class="nobreak">${all}</span>`,
  );
}

/**
 * Like {@link markdownToHtml} for inline text such as a caption: emphasis, code, links and formulas
 * without a paragraph.
 *
 * @throws {SyntaxError} If Temml cannot parse a formula.
 */
export function inlineMarkdownToHtml(markdown: string): string {
  const { defaults } = htmlParser(markdown, {});
  return withoutLooseEnds(Parser.parseInline(Lexer.lexInline(markdown, defaults), defaults));
}
