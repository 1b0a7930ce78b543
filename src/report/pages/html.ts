import { escapeHtml } from "../../page/escape_html.ts";
import { figure as figureHtml } from "../../page/figure.ts";
import { htmlPage } from "../../page/html_page.ts";
import { inlineMarkdownToHtml, markdownToHtml } from "../../page/markdown_to_html.ts";
import type {
  Block,
  Commands,
  Figure,
  Gallery,
  Picture,
  ReportDocument,
  Section,
  Table,
} from "./document.ts";

/** Renders a report as one self-contained HTML file: embedded pictures, fonts and styles, no script. */
export function reportHtml({ title, subtitle, blocks, sections }: ReportDocument): string {
  const body = [
    ...blocks.map((block) => blockHtml(block, { level: 1, id: "introduction" })),
    ...sections.map((section) => sectionHtml(section, 2)),
  ];
  // All subsections of a short report; of a long one those with an outcome, a chapter's parts.
  const isLong = sections.length > MOST_IN_FULL;
  const items = sections.map((section) =>
    contentsItem({
      ...section,
      sections: section.sections.filter(({ outcome }) => !isLong || outcome !== null),
    }, "outer")
  ).join("\n");
  return htmlPage({ title, description: subtitle, contents: { items }, body: body.join("") });
}

/** Most sections whose subsections the contents list in full: a run, or a theorem, and its making. */
const MOST_IN_FULL = 2;

/** An item of the contents: two levels of headings as links, with outcomes. */
function contentsItem(section: Section, depth: "outer" | "inner"): string {
  const { id, title, outcome, sections } = section;
  const found = outcome === null ? "" : ` <span class="note">${escapeHtml(outcome)}</span>`;
  const list = depth === "inner" || sections.length === 0
    ? ""
    : `\n<ol>${sections.map((inner) => contentsItem(inner, "inner")).join("\n")}</ol>`;
  return `<li><a href="#${id}">${escapeHtml(title)}</a>${found}${list}</li>`;
}

function sectionHtml(section: Section, level: number): string {
  const { id, title, outcome, blocks, sections, folded = false } = section;
  const place = { level, id };
  const heading = `<h${level} id="${id}">${escapeHtml(title)}</h${level}>`;
  const found = outcome === null ? "" : ` <span class="note">${escapeHtml(outcome)}</span>`;
  const content = blocks.map((block) => blockHtml(block, place)).join("") +
    sections.map((inner) => sectionHtml(inner, Math.min(6, level + 1))).join("");
  return `<section aria-labelledby="${id}">
${
    folded
      ? `<details class="section"><summary>${heading}${found}</summary>\n${content}</details>`
      : `${heading}\n${content}`
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
    case "notice":
      return `<p class="notice" role="note">${inlineMarkdownToHtml(block.markdown)}</p>\n`;
    case "figure":
      return pictureHtml(block);
    case "gallery":
      return galleryHtml(block);
    case "table":
      return tableHtml(block);
    case "commands":
      return commandsHtml(block);
    case "details":
      return `<details><summary>${escapeHtml(block.summary)}</summary>\n${
        block.blocks.map((inner) => blockHtml(inner, place)).join("")
      }</details>\n`;
    default:
      return block satisfies never;
  }
}

/** The picture itself, as the page's figures take it. */
function imageOf(picture: Picture) {
  const { alt } = picture;
  return picture.format === "svg"
    ? { kind: "drawing", wide: picture.bytes, narrow: picture.narrow, alt } as const
    : { kind: picture.look, image: picture.bytes, density: picture.density, alt } as const;
}

function pictureHtml({ picture, caption, command }: Figure): string {
  return figureHtml({
    ...imageOf(picture),
    caption: inlineMarkdownToHtml(caption),
    command: command ?? undefined,
  });
}

function galleryHtml({ pictures, caption, command, large = false }: Gallery): string {
  const inside = pictures.map(({ picture, label }) =>
    figureHtml({ ...imageOf(picture), caption: escapeHtml(label) })
  );
  const again = command === null ? "" : ` <code class="command">${escapeHtml(command)}</code>`;
  return `<div class="row${large ? " large" : ""}">\n${inside.join("")}</div>\n<p class="note">${
    inlineMarkdownToHtml(caption)
  }${again}</p>\n`;
}

function commandsHtml({ items }: Commands): string {
  const lines = items.map(({ words, command }) =>
    `<dt>${inlineMarkdownToHtml(words)}</dt><dd><code class="command">${
      escapeHtml(command)
    }</code></dd>`
  );
  return `<dl class="commands">${lines.join("\n")}</dl>\n`;
}

/** A value and its error alone, which may stand below each other in a narrow column. */
const measured = /^(\*\*)?[^ ]+ ± [^ ]+$/;

function tableHtml({ columns, rows, label, look }: Table): string {
  const isRecords = look === "records";
  const align = (column: number) => columns[column]!.align === "right" ? ` class="number"` : "";
  const names = columns.map(({ name }) => inlineMarkdownToHtml(name));
  // On a phone the rows of records are laid out as lists, after which browsers no longer see a
  // table: the roles say that it still is one.
  const role = (name: string) => isRecords ? ` role="${name}"` : "";
  const head = columns.every(({ name }) => name === "")
    ? ""
    : `<thead${role("rowgroup")}><tr${role("row")}>${
      names.map((name, i) =>
        `<th scope="col"${role("columnheader")}${align(i)}>${
          name === "" ? '<span class="unseen">name</span>' : name
        }</th>`
      ).join("")
    }</tr></thead>\n`;
  const cell = (text: string, column: number) => {
    const inside = inlineMarkdownToHtml(text);
    if (column === 0 && (isRecords || head === "")) {
      return `<th scope="row"${role("rowheader")}${align(column)}>${inside}</th>`;
    }
    const named = isRecords ? ` data-name="${escapeHtml(plainText(columns[column]!.name))}"` : "";
    if (isRecords && measured.test(text)) {
      const value = inside.replace("± ", "±\u00a0");
      return `<td${role("cell")} class="number measured"${named}>${value}</td>`;
    }
    return `<td${role("cell")}${align(column)}${named}>${inside}</td>`;
  };
  const body = rows.map((row) => `<tr${role("row")}>${row.map(cell).join("")}</tr>`).join("\n");
  const said = label === undefined ? "" : ` aria-label="${escapeHtml(label)}"`;
  // A box that scrolls must be within reach of the keyboard.
  const box = label === undefined ? "" : ` role="group" tabindex="0"${said}`;
  const caption = isRecords && label !== undefined ? `<caption>${escapeHtml(label)}</caption>` : "";
  return `<div class="wide"${box}><table${role("table")}${said}${
    isRecords ? ` class="records"` : ""
  }>${caption}${head}<tbody${role("rowgroup")}>${body}</tbody></table></div>\n`;
}

/** A column's name without Markdown. */
function plainText(markdown: string): string {
  return markdown.replace(/[$`*\\]/g, "");
}
