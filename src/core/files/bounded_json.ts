/** Maximum nesting depth; Fluxion's own files nest four deep. */
const MAX_DEPTH = 32;

/**
 * Maximum number of arrays, objects and strings: enough for the widest table with every column
 * dropped by name (1,048,576 objects of three strings). Numbers are not counted: each takes about
 * as much memory as in the file.
 */
const MAX_PARTS = 2 ** 22;

const QUOTE = 0x22, BACKSLASH = 0x5c;
const BRACKET = 0x5b, BRACE = 0x7b, BRACKET_END = 0x5d, BRACE_END = 0x7d;

/**
 * Parses untrusted JSON, with a byte order mark or without. `JSON.parse` takes 60 bytes for each opening bracket and 100 for each
 * empty object, so 90 MB of them would take 5 GB; hence they are counted first.
 *
 * @throws {SyntaxError} If it is not JSON, is nested more than 32 deep, or holds more than
 *   4,194,304 arrays, objects and strings.
 */
export function parseJson(text: string): unknown {
  let depth = 0, parts = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      parts++;
      i = textEnd(text, i);
    } else if (code === BRACKET || code === BRACE) {
      parts++;
      if (++depth > MAX_DEPTH) throw new SyntaxError(`nested more than ${MAX_DEPTH} deep`);
    } else if (code === BRACKET_END || code === BRACE_END) {
      depth--;
    }
    if (parts > MAX_PARTS) {
      throw new SyntaxError(`more than ${MAX_PARTS} arrays, objects and strings`);
    }
  }
  return JSON.parse(text.replace(/^\ufeff/, ""));
}

/** Index of the quote that closes the string opened at `start`. */
function textEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i;
    if (code === BACKSLASH) i++;
  }
  return text.length;
}
