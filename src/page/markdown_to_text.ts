import type { Token, Tokens } from "marked";
import { latexToText, textCells } from "./latex_to_text.ts";
import { isFormula, tokensOf } from "./_markdown.ts";

/** Options of {@link markdownToText}. */
export interface TextOptions {
  /** Cells per line, at least 20. Code and long words may exceed it. */
  readonly width: number;
  /** Whether to use terminal colours and bold text. */
  readonly color: boolean;
}

type Style = "bold" | "italic" | "dim" | "code" | "link" | "heading";

/** A run of text with uniform style. */
interface Run {
  readonly text: string;
  readonly styles: readonly Style[];
}

/** ECMA-48 codes that start and end a style. */
const codes: Readonly<Record<Style, readonly [on: string, off: string]>> = {
  bold: ["1", "22"],
  italic: ["3", "23"],
  dim: ["2", "22"],
  code: ["36", "39"],
  link: ["4", "24"],
  heading: ["1;34", "22;39"],
};

/** Placeholder for a non-breaking space. */
const FIXED_SPACE = "\u00a0";

function painted({ text, styles }: Run, color: boolean): string {
  if (!color || text === "") return text;
  const on = styles.map((style) => codes[style][0]).join(";");
  const off = styles.map((style) => codes[style][1]).reverse().join(";");
  return styles.length === 0 ? text : `\x1b[${on}m${text}\x1b[${off}m`;
}

/** Adjacent runs of the same style share their codes. */
function paintedLine(runs: readonly Run[], color: boolean): string {
  const merged: Run[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    if (last !== undefined && last.styles.join() === run.styles.join()) {
      merged[merged.length - 1] = { ...last, text: last.text + run.text };
    } else merged.push(run);
  }
  return merged.map((run) => painted(run, color)).join("").replaceAll(FIXED_SPACE, " ");
}

const entities: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&nbsp;": FIXED_SPACE,
};

/** Decodes HTML entities and replaces characters that a terminal would act on. */
function escaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (entity) => entities[entity]!)
    // deno-lint-ignore no-control-regex -- control characters are intended
    .replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** Styled runs of inline tokens. */
function runsOf(tokens: readonly Token[] | undefined, styles: readonly Style[]): Run[] {
  return (tokens ?? []).flatMap((token): Run[] => {
    if (isFormula(token)) {
      const text = latexToText(token.latex).replaceAll(/\n\s*/g, "; ");
      // A short formula is not broken across lines.
      const fixed = textCells(text) <= 20 ? text.replaceAll(" ", FIXED_SPACE) : text;
      return [{ text: escaped(fixed), styles }];
    }
    switch (token.type) {
      case "strong":
        return runsOf(token.tokens, [...styles, "bold"]);
      case "em":
        return runsOf(token.tokens, [...styles, "italic"]);
      case "del":
        return runsOf(token.tokens, [...styles, "dim"]);
      case "codespan":
        return [{ text: escaped((token as Tokens.Codespan).text), styles: [...styles, "code"] }];
      case "br":
        return [{ text: "\n", styles }];
      case "image":
        return [{ text: escaped((token as Tokens.Image).text), styles }];
      case "checkbox":
        return [{ text: token.checked ? "[x] " : "[ ] ", styles }];
      case "link": {
        const { href, tokens: inside, text } = token as Tokens.Link;
        const shown = runsOf(inside, [...styles, "link"]);
        const said = href.replace(/^mailto:/, "");
        if (said === text || href.startsWith("#")) return shown;
        return [...shown, { text: escaped(` (${said})`), styles: [...styles, "dim"] }];
      }
      default: {
        const { tokens: inside, text, raw } = token as Tokens.Generic;
        return inside ? runsOf(inside, styles) : [{ text: escaped(text ?? raw), styles }];
      }
    }
  });
}

/** Wraps runs at spaces to at most `width` cells. */
function wrap(runs: readonly Run[], width: number, color: boolean): string[] {
  const lines: string[] = [];
  let line: Run[] = [], cells = 0, word: Run[] = [], wordCells = 0, space: Run | null = null;
  const endWord = () => {
    if (word.length === 0) return;
    if (cells > 0 && cells + (space ? 1 : 0) + wordCells > width) endLine();
    else if (space && cells > 0) {
      line.push(space);
      cells++;
    }
    line.push(...word);
    cells += wordCells;
    word = [];
    wordCells = 0;
    space = null;
  };
  const endLine = () => {
    lines.push(paintedLine(line, color));
    line = [];
    cells = 0;
    space = null;
  };
  for (const { text, styles } of runs) {
    for (const part of text.split(/(\n|[^\S\u00a0]+)/)) {
      if (part === "") continue;
      if (/^[^\S\u00a0]+$/.test(part)) {
        endWord();
        // An explicit line break is a separate run.
        if (part === "\n" && text === "\n") endLine();
        else space ??= { text: " ", styles };
        continue;
      }
      word.push({ text: part, styles });
      wordCells += textCells(part);
    }
  }
  endWord();
  if (cells > 0) endLine();
  return lines;
}

/** A displayed formula; if too wide, it is broken before a sign. */
function displayed(latex: string, { width }: TextOptions): string[] {
  const indent = width >= 60 ? 4 : 2;
  return escaped(latexToText(latex)).split("\n").flatMap((line) => {
    const start = " ".repeat(indent);
    const lines: string[] = [];
    let rest = line;
    for (let first = true; rest !== ""; first = false) {
      const before = first ? start : `${start}    `;
      const room = width - before.length;
      if (textCells(rest) <= room) {
        lines.push(before + rest);
        break;
      }
      // The last position at which a relation, a sign or any other word starts.
      const at = breakPlace(rest, room);
      lines.push((before + rest.slice(0, at)).trimEnd());
      rest = rest.slice(at).trimStart();
    }
    return lines;
  });
}

function breakPlace(text: string, room: number): number {
  let best = -1, bestWeight = 0, depth = 0, cells = 0, inside = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (cells > room && best > 0) break;
    if (letter !== " ") inside = true;
    if ("([{".includes(letter)) depth++;
    if (")]}".includes(letter)) depth--;
    if (letter === " " && inside) {
      const next = text.slice(i + 1, i + 3);
      // A wide space separates two formulas.
      const sign = text[i - 1] === " " || next[0] === " "
        ? 4
        : /^[=≤≥≈≠→⇒∼∝≡<>] /.test(next)
        ? 3
        : /^[+−±] /.test(next)
        ? 2
        : 1;
      // Prefer breaks near the end of the line, and outside brackets.
      const weight = sign / (1 + depth) + 1.5 * cells / room;
      if (weight >= bestWeight) [best, bestWeight] = [i, weight];
    }
    cells += textCells(letter);
  }
  return best > 0 ? best : text.length;
}

function table(token: Tokens.Table, options: TextOptions): string[] {
  const { width, color } = options;
  const rows = [token.header, ...token.rows].map((row, i) =>
    row.map((cell) => runsOf(cell.tokens, i === 0 ? ["bold"] : []))
  );
  const columns = token.header.length, gap = 2;
  const cellsOf = (runs: readonly Run[]) => runs.reduce((sum, run) => sum + textCells(run.text), 0);
  const widths = Array.from(
    { length: columns },
    (_, k) => Math.max(3, ...rows.map((row) => cellsOf(row[k] ?? []))),
  );
  // If too wide, the widest columns shrink and wrap, down to their longest words.
  const least = widths.map((_, k) =>
    Math.max(3, ...rows.flatMap((row) => wrap(row[k] ?? [], 1, false).map(textCells)))
  );
  const room = width - gap * (columns - 1);
  while (widths.reduce((a, b) => a + b, 0) > room) {
    const spare = widths.map((own, k) => own > least[k]! ? own : 0);
    const widest = spare.indexOf(Math.max(...spare));
    if (spare[widest] === 0) return stacked(rows, options);
    widths[widest]!--;
  }
  const aligned = (text: string, k: number) => {
    // deno-lint-ignore no-control-regex -- colour codes
    const free = Math.max(0, widths[k]! - textCells(text.replace(/\x1b\[[\d;]*m/g, "")));
    const left = token.align[k] === "right" ? free : token.align[k] === "center" ? free >> 1 : 0;
    return " ".repeat(left) + text + " ".repeat(free - left);
  };
  const lines = rows.map((row) => {
    const cells = Array.from({ length: columns }, (_, k) => wrap(row[k] ?? [], widths[k]!, color));
    const height = Math.max(1, ...cells.map((cell) => cell.length));
    return Array.from(
      { length: height },
      (_, i) => cells.map((cell, k) => aligned(cell[i] ?? "", k)).join(" ".repeat(gap)).trimEnd(),
    );
  });
  const rule = widths.map((count) => "─".repeat(count)).join(" ".repeat(gap));
  // Multi-line rows need an empty line between them to be distinguishable.
  const apart = lines.slice(1).some((row) => row.length > 1);
  const body = lines.slice(1).flatMap((row, i) => apart && i > 0 ? ["", ...row] : row);
  return [...lines[0]!, rule, ...body];
}

/** A table without room for its columns: a line for each cell, with its column's name. */
function stacked(
  [header, ...rows]: readonly (readonly (readonly Run[])[])[],
  { width, color }: TextOptions,
): string[] {
  return rows.flatMap((row, i) => {
    const lines = row.flatMap((cell, k) => {
      const name = header?.[k] ?? [];
      const mark: readonly Run[] = name.length > 0 ? [{ text: ": ", styles: [] }] : [];
      const before = k === 0 ? "" : "  ";
      return wrap([...name, ...mark, ...cell], width - before.length, color)
        .map((line) => before + line);
    });
    return i > 0 ? ["", ...lines] : lines;
  });
}

function list(token: Tokens.List, options: TextOptions): string[] {
  const start = token.start === "" ? 1 : token.start;
  const last = `${start + token.items.length - 1}.`;
  return token.items.flatMap((item, i) => {
    const mark = token.ordered ? `${start + i}.`.padStart(last.length) : "•";
    const before = " ".repeat(mark.length + 1);
    const box = item.task ? (item.checked ? "[x] " : "[ ] ") : "";
    const tokens = item.tokens.filter(({ type }) => type !== "checkbox");
    const inside = blocks(tokens, {
      ...options,
      width: Math.max(10, options.width - before.length),
    });
    const lines = inside.length === 0 ? [""] : inside;
    const shown = lines.map((line, k) =>
      (k === 0 ? `${mark} ${box}${line}` : before + line).trimEnd()
    );
    return token.loose && i > 0 ? ["", ...shown] : shown;
  });
}

function heading(token: Tokens.Heading, { width, color }: TextOptions): string[] {
  const lines = wrap(runsOf(token.tokens, ["heading"]), width, color);
  const mark = token.depth === 1 ? "═" : token.depth === 2 ? "─" : "";
  if (mark === "") return lines;
  const plain = wrap(runsOf(token.tokens, []), width, false);
  return [...lines, mark.repeat(Math.max(0, ...plain.map(textCells)))];
}

/** The lines of one block; empty if it has no content. */
function block(token: Token, options: TextOptions): string[] {
  const { width, color } = options;
  if (isFormula(token)) return displayed(token.latex, options);
  switch (token.type) {
    case "space":
    case "def":
      return [];
    case "heading":
      return heading(token as Tokens.Heading, options);
    case "paragraph":
    case "text": {
      const inside = (token as Tokens.Paragraph).tokens ?? [token];
      // A displayed formula inside a paragraph still gets its own lines.
      const at = inside.findIndex((one) => isFormula(one) && one.display);
      if (at < 0) {
        const own = token.type === "text" && !(token as Tokens.Text).tokens;
        const runs = own ? [{ text: escaped((token as Tokens.Text).text), styles: [] }] : null;
        return wrap(runs ?? runsOf(inside, []), width, color);
      }
      const part = (tokens: Token[]) => wrap(runsOf(tokens, []), width, color);
      const shown = inside[at]!;
      return [
        ...part(inside.slice(0, at)),
        ...(isFormula(shown) ? displayed(shown.latex, options) : []),
        ...block({ ...token, type: "paragraph", tokens: inside.slice(at + 1) } as Token, options),
      ];
    }
    case "code": {
      const lines = (token as Tokens.Code).text.split("\n").map(escaped);
      return lines.map((line) =>
        `    ${painted({ text: line, styles: ["code"] }, color)}`.trimEnd()
      );
    }
    case "blockquote":
      return blocks((token as Tokens.Blockquote).tokens, { ...options, width: width - 2 })
        .map((line) => `│ ${line}`.trimEnd());
    case "list":
      return list(token as Tokens.List, options);
    case "table":
      return table(token as Tokens.Table, options);
    case "hr":
      return [painted({ text: "─".repeat(width), styles: ["dim"] }, color)];
    default:
      return wrap(runsOf([token], []), width, color);
  }
}

/** Joins blocks with empty lines in between. */
function blocks(tokens: readonly Token[], options: TextOptions): string[] {
  const lines: string[] = [];
  let before: string | null = null;
  for (const token of tokens) {
    const own = block(token, options);
    if (own.length === 0) continue;
    // The items of a tight list follow their text directly.
    const tight = before === "text" && token.type === "list";
    if (lines.length > 0 && !tight) lines.push("");
    lines.push(...own);
    before = token.type;
  }
  return lines;
}

/**
 * Renders Markdown for a terminal: paragraphs and lists wrapped at `width`, headings underlined,
 * tables in columns, LaTeX as Unicode (see `latexToText`).
 *
 * Control characters are replaced, so the text cannot manipulate the terminal. Raw HTML is shown
 * verbatim.
 *
 * @throws {RangeError} If the width is less than 20.
 */
export function markdownToText(markdown: string, options: TextOptions): string {
  if (!(options.width >= 20)) {
    throw new RangeError(`markdownToText: expected a width of 20 or more, got ${options.width}`);
  }
  return blocks(tokensOf(markdown), options).map((line) => `${line}\n`).join("");
}

/** Wraps plain text between words to at most `width` cells. */
export function wrapText(text: string, width: number): string[] {
  return wrap([{ text: escaped(text), styles: [] }], width, false);
}
