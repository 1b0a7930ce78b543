import type { Block, Picture, ReportDocument, Section, Table } from "./document.ts";
import { code, plain } from "./format.ts";

/** A picture file that belongs to a Markdown report. */
export interface ReportPicture {
  /** File name in the report's picture folder. */
  readonly name: string;
  /** Content of the file. */
  readonly bytes: Uint8Array;
}

/** A report as Markdown with its picture files. */
export interface MarkdownReport {
  /** GitHub-flavored Markdown with LaTeX between $ and $. */
  readonly markdown: string;
  /** The pictures that `markdown` refers to, each once. */
  readonly pictures: readonly ReportPicture[];
}

/**
 * Renders a report as Markdown, for example for a repository page.
 *
 * @param folder Folder of the pictures, relative to the Markdown file.
 */
export function reportMarkdown(document: ReportDocument, folder: string): MarkdownReport {
  const writer = new Writer(folder, linkedIds(document));
  const lines = [
    `# ${plain(document.title)}`,
    plain(document.subtitle),
    ...document.blocks.map((block) => writer.block(block, { level: 1, id: "report" })),
    ...document.sections.map((section) => writer.section(section, 2)),
  ];
  return { markdown: `${lines.join("\n\n")}\n`, pictures: writer.pictures };
}

/** Heading of the section that contains a block. */
interface Place {
  readonly level: number;
  readonly id: string;
}

class Writer {
  readonly pictures: ReportPicture[] = [];
  readonly #folder: string;
  readonly #linked: ReadonlySet<string>;

  constructor(folder: string, linked: ReadonlySet<string>) {
    this.#folder = folder;
    this.#linked = linked;
  }

  section({ id, title, outcome, blocks, sections }: Section, level: number): string {
    const place = { level, id };
    return [
      // Every renderer makes ids of its own from headings.
      ...(this.#linked.has(id) ? [`<a id="${id}"></a>`] : []),
      `${"#".repeat(level)} ${plain(title)}`,
      ...(outcome === null ? [] : [`_${plain(outcome)}_`]),
      ...blocks.map((block) => this.block(block, place)),
      ...sections.map((section) => this.section(section, Math.min(6, level + 1))),
    ].join("\n\n");
  }

  block(block: Block, place: Place): string {
    switch (block.kind) {
      case "prose":
        return deepened(block.markdown, place.level - 1).trim();
      case "figure":
        return `${this.#image(block.picture, place)}\n\n${block.caption}${again(block.command)}`;
      case "gallery": {
        const cells = block.pictures.map(({ picture }) => this.#image(picture, place));
        const labels = block.pictures.map(({ label }) => plain(label));
        return `${rows([labels, cells], labels.map(() => "left"))}\n\n${block.caption}` +
          again(block.command);
      }
      case "notice":
        return `> ${block.markdown}`;
      case "table":
        return tableMarkdown(block);
      case "commands":
        return block.items.map(({ words, command }) => `${words}:\n\n\`\`\`sh\n${command}\n\`\`\``)
          .join("\n\n");
      case "details":
        return `<details>\n<summary>${htmlText(block.summary)}</summary>\n\n${
          block.blocks.map((inner) => this.block(inner, place)).join("\n\n")
        }\n\n</details>`;
      default:
        return block satisfies never;
    }
  }

  #image({ bytes, format, alt }: Picture, { id }: Place): string {
    const number = this.pictures.filter(({ name }) => name.startsWith(`${id}-`)).length + 1;
    const name = `${id}-${number}.${format}`;
    this.pictures.push({ name, bytes });
    return `![${plain(alt)}](${encodeURI(this.#folder)}/${name})`;
  }
}

/** Ids of the sections that the report's tables link to. */
function linkedIds({ sections }: ReportDocument): ReadonlySet<string> {
  const linksOf = (section: Section): string[] => [
    ...section.blocks.flatMap((block) =>
      block.kind === "table"
        ? Array.from(block.rows.flat().join(" ").matchAll(/\]\(#([^)]*)\)/g), ([, id]) => id!)
        : []
    ),
    ...section.sections.flatMap(linksOf),
  ];
  return new Set(sections.flatMap(linksOf));
}

/** The command that draws a picture again, after its caption. */
function again(command: string | null): string {
  return command === null ? "" : ` ${code(command)}`;
}

function htmlText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** Markdown with its headings `by` levels deeper, at most level 6; code blocks are unchanged. */
function deepened(markdown: string, by: number): string {
  let inCode = false;
  return markdown.split("\n").map((line) => {
    if (/^ {0,3}(```|~~~)/.test(line)) inCode = !inCode;
    const marks = /^#{1,6}(?= )/.exec(line)?.[0];
    if (inCode || marks === undefined) return line;
    return "#".repeat(Math.min(6, marks.length + by)) + line.slice(marks.length);
  }).join("\n");
}

function tableMarkdown({ columns, rows: cells, label, look }: Table): string {
  const caption = look === "records" && label !== undefined ? `**${plain(label)}**\n\n` : "";
  return caption +
    rows([columns.map(({ name }) => name), ...cells], columns.map(({ align }) => align));
}

/** Table rows; the first is the header. */
function rows(
  [head, ...body]: readonly (readonly string[])[],
  align: readonly ("left" | "right")[],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replace(/(?<!\\)\|/g, "\\|")).join(" | ")} |`;
  const rule = align.map((side) => side === "right" ? "---:" : "---");
  return [line(head!), line(rule), ...body.map(line)].join("\n");
}
