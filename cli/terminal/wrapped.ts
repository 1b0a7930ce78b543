import { width } from "./text_width.ts";

/** Minimum text width next to a hanging indent. */
const LEAST_ROOM = 24;

/**
 * Wraps text for a terminal: long lines are broken between words. Text after a gap of two spaces
 * (the meaning of an option, the last cell of a table) gets a hanging indent; paragraphs, whose
 * lines begin without a space, are refilled.
 *
 * @param columns Width of the terminal.
 */
export function wrapped(text: string, columns: number): string {
  const lines = text.split("\n");
  if (lines.every((line) => width(line) <= columns)) return text;
  const whole: string[] = [];
  lines.forEach((line, i) => {
    const continues = /^\S/.test(line) && /^\S/.test(lines[i - 1] ?? "");
    if (continues) whole.push(`${whole.pop()} ${line}`);
    else whole.push(line);
  });
  return whole.flatMap((line) => wrapLine(line, columns)).join("\n");
}

function wrapLine(line: string, columns: number): string[] {
  if (width(line) <= columns) return [line];
  const lead = " ".repeat(line.length - line.trimStart().length);
  const gap = /^ *\S.*? {2,}(?=\S)/.exec(line)?.[0];
  const words = line.slice(gap?.length ?? 0).trim().split(/ +/);
  if (gap === undefined) {
    const indent = columns - lead.length >= LEAST_ROOM ? lead : "      ";
    return fill(words, { first: indent, indent, columns });
  }
  const indent = " ".repeat(width(gap));
  if (columns - width(gap) >= LEAST_ROOM) return fill(words, { first: gap, indent, columns });
  const below = `${lead}    `;
  return [
    ...wrapLine(gap.trimEnd(), columns),
    ...fill(words, { first: below, indent: below, columns }),
  ];
}

/** Fills words into lines: the first begins with `first`, the others with `indent`. */
function fill(
  words: readonly string[],
  { first, indent, columns }: {
    readonly first: string;
    readonly indent: string;
    readonly columns: number;
  },
): string[] {
  const lines = [`${first}${words[0]}`];
  for (const word of words.slice(1)) {
    const longer = `${lines.at(-1)} ${word}`;
    if (width(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(`${indent}${word}`);
  }
  return lines;
}

/**
 * Quoted text and commands in a message, up to the end of the clause: a line break inside would
 * spoil them for pasting.
 */
const UNBROKEN =
  /(?<=^|[\s(])(?:"[^"]*"|(?:[A-Z][A-Z_]*=\S+ )?(?:fluxion|deno (?:task|run)) .+?(?=[;,)](?:\s|$)| (?:to|makes|is|for|prints) |$))/g;

/** The space between a figure and its unit. */
const BEFORE_UNIT = /(?<=\d) (?=(?:m?s|min|h|[kMG]B|nats)\b)/g;

/**
 * Breaks a message of one line between words; later lines are indented. Figures stay with their
 * units, and commands on one line, which the terminal wraps if they are longer than it is wide.
 *
 * @param columns Width of the terminal.
 */
export function wrappedMessage(line: string, columns: number): string {
  if (width(line) <= columns) return line;
  const whole = line.replace(UNBROKEN, (unit) => unit.replaceAll(" ", "\0"));
  const words = whole.replace(BEFORE_UNIT, "\0").split(/ +/);
  const indent = columns >= LEAST_ROOM ? "  " : "";
  return fill(words, { first: "", indent, columns }).join("\n").replaceAll("\0", " ");
}
