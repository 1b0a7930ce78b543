/**
 * Text of unknown origin (a file's, an option's, a server's) in a message.
 *
 * Written to a terminal as it is, such text may move the cursor, erase lines, change the order of
 * letters or forge a line of its own; and a key of 6 MB hides everything else.
 */

/** Longest text that is shown whole, in UTF-16 units. */
const MOST = 80;

/** Longest message, in UTF-16 units: about ten lines of a terminal. */
const MOST_OF_A_MESSAGE = 2000;

/**
 * C0, C1, line separators, bidirectional controls and lone surrogates (Unicode 16, chapter 23):
 * what a terminal may obey.
 */
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;

/** Colours, line feeds and tabs, which are ours as group 1; else as {@link OBEYED}. */
const OURS_OR_OBEYED = new RegExp(`(\\x1b\\[[\\d;]*m|[\\n\\t])|${OBEYED.source}`, "gu");

/** {@link OBEYED}, and what shows as nothing: zero-width characters, tags (category Cf). */
const NOT_SEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** As in a JSON string: `\u001b`; above U+FFFF the two halves of the surrogate pair. */
function escaped(character: string): string {
  return SHORT[character] ??
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join("");
}

/** The first `length` UTF-16 units, or one less where that would halve a surrogate pair. */
function head(text: string, length: number): string {
  const end = /[\ud800-\udbff]/.test(text.charAt(length - 1)) ? length - 1 : length;
  return text.slice(0, end);
}

/**
 * Text in double quotes for a message: control and invisible characters, quotes and backslashes
 * are escaped as in JSON, and what is longer than `most` UTF-16 units ends in `...`.
 */
export function quoted(text: string, most: number = MOST): string {
  const short = text.length > most ? `${head(text, most - 3)}...` : text;
  return `"${short.replace(/["\\]/g, "\\$&").replace(NOT_SEEN, escaped)}"`;
}

/**
 * A name for a message: as it is where it is a plain word of letters, digits and punctuation (a
 * tensor's name, a key, a number), else {@link quoted}.
 */
export function named(text: string, most: number = MOST): string {
  return text.length <= most && /^[\p{L}\p{M}\p{N}\p{S}_.\-/+:*%#@()[\],]+$/u.test(text)
    ? text
    : quoted(text, most);
}

/** A value of a JSON file for a message: as JSON, escaped and shortened as {@link quoted} does. */
export function quotedJson(value: unknown, most: number = MOST): string {
  if (typeof value === "string") return quoted(value, most);
  const text = jsonText(value);
  const short = text.length > most ? `${head(text, most - 3)}...` : text;
  return short.replace(NOT_SEEN, escaped);
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch { // JSON.parse reads what is nested a million deep, JSON.stringify does not write it
    return "a deeply nested value";
  }
}

/**
 * Text that a terminal only shows: what it would obey is escaped. Line feeds, tabs and our own
 * colours (`ESC [ ... m`) stay.
 */
export function harmless(text: string): string {
  return text.replace(OURS_OR_OBEYED, (match, ours) => ours ?? escaped(match));
}

/**
 * A whole message as one line that a terminal only shows: what it would obey is escaped. Of a
 * longer one than 2,000 UTF-16 units the middle is left out: the beginning names the place, the
 * end the remedy.
 *
 * Idempotent; what {@link quoted} wrote stays as it is.
 */
export function oneLine(message: string): string {
  const safe = message.replace(OBEYED, escaped);
  if (safe.length <= MOST_OF_A_MESSAGE) return safe;
  const tail = MOST_OF_A_MESSAGE / 4;
  const middle = " ... ";
  const end = safe.slice(-tail).replace(/^[\udc00-\udfff]/, "");
  return `${head(safe, MOST_OF_A_MESSAGE - tail - middle.length)}${middle}${end}`;
}
