import { escapeHtml } from "../../page/escape_html.ts";
import { figure as figureHtml } from "../../page/figure.ts";
import { htmlPage } from "../../page/html_page.ts";
import { inlineMarkdownToHtml, markdownToHtml } from "../../page/markdown_to_html.ts";
import type { Block, Figure, Gallery, ReportDocument, Section, Table } from "./document.ts";

/** Renders a report as one self-contained HTML file: embedded pictures, fonts and styles, no script. */
export function reportHtml({ title, subtitle, blocks, sections }: ReportDocument): string {
  const body = [
    contents(sections),
    ...blocks.map((block) => blockHtml(block, { level: 1, id: "introduction" })),
    ...sections.map((section) => sectionHtml(section, 2)),
  ];
  return htmlPage({ title, description: subtitle, body: body.join("") });
}

/** Table of contents: two levels of headings as links, with outcomes. */
function contents(sections: readonly Section[]): string {
  const line = ({ id, title, outcome, sections: inner }: Section, depth: number): string => {
    const found = outcome === null ? "" : ` <span class="note">${escapeHtml(outcome)}</span>`;
    const own = inner.filter((section) => depth < 1 && section.outcome !== null);
    const list = own.length === 0
      ? ""
      : `\n<ol>${own.map((section) => line(section, depth + 1)).join("\n")}</ol>`;
    return `<li><a href="#${id}">${escapeHtml(title)}</a>${found}${list}</li>`;
  };
  return `<nav aria-labelledby="contents"><h2 id="contents">Contents</h2>\n<ol>${
    sections.map((section) => line(section, 0)).join("\n")
  }</ol></nav>\n`;
}

function sectionHtml(section: Section, level: number): string {
  const place = { level, id: section.id };
  return `<section aria-labelledby="${section.id}">
<h${level} id="${section.id}">${escapeHtml(section.title)}</h${level}>
${section.blocks.map((block) => blockHtml(block, place)).join("")}${
    section.sections.map((inner) => sectionHtml(inner, Math.min(6, level + 1))).join("")
  }</section>
`;
}

/** Heading of the section that contains a block. */
interface Place {
  readonly level: number;
  readonly id: string;
}

function blockHtml(block: Block, place: Place): string {
  switch (block.kind) {
    case "prose":
      // Second-level headings of the text go one level below the section's own.
      return markdownToHtml(block.markdown, {
        topLevel: place.level,
        idPrefix: `${place.id}-`,
      });
    case "figure":
      return pictureHtml(block);
    case "gallery":
      return galleryHtml(block);
    case "table":
      return tableHtml(block);
    case "details":
      return `<details><summary>${escapeHtml(block.summary)}</summary>\n${
        block.blocks.map((inner) => blockHtml(inner, place)).join("")
      }</details>\n`;
    default:
      return block satisfies never;
  }
}

function pictureHtml({ picture, caption, command }: Figure): string {
  return figureHtml({
    image: picture.bytes,
    kind: picture.look,
    alt: picture.alt,
    caption: inlineMarkdownToHtml(caption),
    command,
    density: picture.density,
  });
}

function galleryHtml({ pictures, caption, command }: Gallery): string {
  const inside = pictures.map(({ picture, label }) =>
    figureHtml({
      image: picture.bytes,
      kind: picture.look,
      alt: picture.alt,
      caption: escapeHtml(label),
      density: picture.density,
    })
  );
  return `<div class="row">\n${inside.join("")}</div>\n<p class="note">${
    inlineMarkdownToHtml(caption)
  } <code class="command">${escapeHtml(command)}</code></p>\n`;
}

function tableHtml({ columns, rows }: Table): string {
  const align = (column: number) => columns[column]!.align === "right" ? ` class="number"` : "";
  const head = columns.every(({ name }) => name === "")
    ? ""
    : `<thead><tr>${
      columns.map(({ name }, i) => `<th${align(i)}>${inlineMarkdownToHtml(name)}</th>`).join("")
    }</tr></thead>\n`;
  const body = rows.map((row) =>
    `<tr>${row.map((cell, i) => `<td${align(i)}>${inlineMarkdownToHtml(cell)}</td>`).join("")}</tr>`
  ).join("\n");
  return `<div class="wide"><table>${head}<tbody>${body}</tbody></table></div>\n`;
}
