/**
 * Escaping of untrusted text (from files, options, servers) in messages.
 *
 * Written to a terminal unescaped, such text can move the cursor, erase lines, reorder letters or
 * forge a line of its own; and a 6 MB key hides everything else.
 */

/** Longest text that is shown in full, in UTF-16 units. */
const MAX_LENGTH = 80;

/** Longest message, in UTF-16 units: about ten lines of a terminal. */
const MAX_MESSAGE_LENGTH = 2000;

/**
 * Characters that a terminal may act on: C0, C1, line separators, bidirectional controls and lone
 * surrogates (Unicode 16, chapter 23).
 */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;

/** Group 1: colours, line feeds and tabs, which Fluxion itself prints; otherwise {@link CONTROLS}. */
const COLOURS_OR_CONTROLS = new RegExp(`(\\x1b\\[[\\d;]*m|[\\n\\t])|${CONTROLS.source}`, "gu");

/** {@link CONTROLS} plus invisible characters: zero-width characters and tags (category Cf). */
const CONTROLS_OR_INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** JSON string escape, such as `\u001b`; both halves of the surrogate pair above U+FFFF. */
function escaped(character: string): string {
  return SHORT[character] ??
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join("");
}

/** The first `length` UTF-16 units, or one fewer if that would split a surrogate pair. */
function head(text: string, length: number): string {
  const end = /[\ud800-\udbff]/.test(text.charAt(length - 1)) ? length - 1 : length;
  return text.slice(0, end);
}

/**
 * Text in double quotes for a message: control and invisible characters, quotes and backslashes
 * are escaped as in JSON, and text longer than `most` UTF-16 units is truncated with `...`.
 */
export function quoted(text: string, most: number = MAX_LENGTH): string {
  const short = text.length > most ? `${head(text, most - 3)}...` : text;
  return `"${short.replace(/["\\]/g, "\\$&").replace(CONTROLS_OR_INVISIBLE, escaped)}"`;
}

/**
 * A name for a message: unquoted if it is a plain word of letters, digits and punctuation (a
 * tensor name, a key, a number), else {@link quoted}.
 */
export function named(text: string, most: number = MAX_LENGTH): string {
  return text.length <= most && /^[\p{L}\p{M}\p{N}\p{S}_.\-/+:*%#@()[\],]+$/u.test(text)
    ? text
    : quoted(text, most);
}

/** A JSON value for a message: serialised, then escaped and truncated as by {@link quoted}. */
export function quotedJson(value: unknown, most: number = MAX_LENGTH): string {
  if (typeof value === "string") return quoted(value, most);
  const text = jsonText(value);
  const short = text.length > most ? `${head(text, most - 3)}...` : text;
  return short.replace(CONTROLS_OR_INVISIBLE, escaped);
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch { // JSON.parse accepts a million levels of nesting, JSON.stringify overflows the stack
    return "a deeply nested value";
  }
}

/**
 * Text that is safe to print to a terminal: characters that it would act on are escaped. Line
 * feeds, tabs and colour codes (`ESC [ ... m`) are kept.
 */
export function terminalSafe(text: string): string {
  return text.replace(COLOURS_OR_CONTROLS, (match, ours) => ours ?? escaped(match));
}

/**
 * A whole message as one terminal-safe line. A message of more than 2,000 UTF-16 units loses its
 * middle: the beginning names the place, the end the remedy.
 *
 * Idempotent; leaves the output of {@link quoted} unchanged.
 */
export function oneLine(message: string): string {
  const safe = message.replace(CONTROLS, escaped);
  if (safe.length <= MAX_MESSAGE_LENGTH) return safe;
  const tail = MAX_MESSAGE_LENGTH / 4;
  const middle = " ... ";
  const end = safe.slice(-tail).replace(/^[\udc00-\udfff]/, "");
  return `${head(safe, MAX_MESSAGE_LENGTH - tail - middle.length)}${middle}${end}`;
}

/**
 * Text for a file in a markup language: control characters, which XML and HTML do not allow, become
 * U+FFFD. Line feeds, carriage returns and tabs are kept.
 */
export function withoutControls(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are intended
  return text.replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, "\ufffd");
}
