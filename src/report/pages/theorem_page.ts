import { escapeHtml } from "../../page/escape_html.ts";
import { figure } from "../../page/figure.ts";
import { htmlPage } from "../../page/html_page.ts";
import { inlineMarkdownToHtml, markdownToHtml } from "../../page/markdown_to_html.ts";
import type { Claim, Theorem, TheoremCheck } from "../../theory/theorem.ts";
import { number, plain, withError } from "./format.ts";

/** Content of a theorem's page besides its derivation. */
export interface TheoremPageOptions {
  /** Result of the theorem's check. */
  readonly check: TheoremCheck;
  /** The theorem's picture of that check, a PNG file. */
  readonly picture: Uint8Array;
  /** Command line that makes the page. */
  readonly command: string;
  /** Provenance such as "Fluxion 0.1.0, cpu, seed 0"; plain text. */
  readonly colophon: string;
}

/** Renders a theorem as an HTML page: picture, derivation, claims and measurements. */
export function theoremPage(theorem: Theorem, options: TheoremPageOptions): string {
  const { check, picture, command, colophon } = options;
  const { claims, rows } = check;
  const passed = claims.filter(({ pass }) => pass).length;
  const verdict = `${passed} of ${claims.length} claims hold`;
  const body = `${
    figure({
      image: picture,
      kind: "chart",
      alt: theorem.alt,
      caption: `The check in pictures: ${escapeHtml(verdict)}.`,
      command,
    })
  }${markdownToHtml(withoutTitle(theorem.derivation))}
<h2 id="the-check">The check</h2>
<p>A program put the theorem to the test: ${verdict}. <code>${escapeHtml(command)}</code></p>
${claimsTable(claims)}
<details>
<summary>All ${rows.length} measurements</summary>
${rowsTable(rows)}
</details>`;
  return htmlPage({
    title: theorem.title,
    description: `A derivation, and a program that checks it: ${verdict}.`,
    contents: "headings",
    body,
    footer: escapeHtml(colophon),
  });
}

/** The derivation without its first heading, which becomes the page's or the section's. */
export function withoutTitle(markdown: string): string {
  return markdown.replace(/^\s*# [^\n]*\n/, "");
}

/** A claim's measured value as text: `1.051 ± 0.024`. */
export function observedText({ observed, stdErr }: Claim): string {
  return stdErr === null ? number(observed) : withError(observed, stdErr);
}

/** A chosen or derived (not measured) number as text, without trailing zeros. */
export function givenNumber(value: number): string {
  return number(value).replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");
}

/** A claim's statement as Markdown, with its formulas as LaTeX. */
export function claimMarkdown({ statement, markdown }: Claim): string {
  return markdown ?? plain(statement);
}

function claimsTable(claims: readonly Claim[]): string {
  const lines = claims.map((claim) => {
    const outcome = claim.pass ? '<td class="pass">holds</td>' : '<td class="fail">fails</td>';
    const numbers = [
      observedText(claim),
      givenNumber(claim.expected),
      givenNumber(claim.tolerance),
    ];
    return `<tr><td class="words">${inlineMarkdownToHtml(claimMarkdown(claim))}</td>${
      numbers.map((text) => `<td class="number">${text}</td>`).join("")
    }${outcome}</tr>`;
  });
  return `<div class="wide"><table>
<thead><tr><th>claim</th><th class="number">observed</th><th class="number">expected</th><th class="number">tolerance</th><th></th></tr></thead>
<tbody>
${lines.join("\n")}
</tbody></table></div>`;
}

function rowsTable(rows: TheoremCheck["rows"]): string {
  const names = [...new Set(rows.flatMap(Object.keys))];
  const cell = (value: string | number | undefined) =>
    typeof value === "number"
      ? `<td class="number">${number(value)}</td>`
      : `<td>${escapeHtml(value ?? "")}</td>`;
  const lines = rows.map((row) => `<tr>${names.map((name) => cell(row[name])).join("")}</tr>`);
  const isNumber = (name: string) => rows.every((row) => typeof row[name] !== "string");
  const heads = names.map((name) =>
    `<th${isNumber(name) ? ' class="number"' : ""}>${escapeHtml(name)}</th>`
  );
  return `<div class="wide"><table>
<thead><tr>${heads.join("")}</tr></thead>
<tbody>
${lines.join("\n")}
</tbody></table></div>`;
}
