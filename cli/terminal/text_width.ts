/** Escape sequences from `paint`, which take no columns. */
// deno-lint-ignore no-control-regex
const STYLE = /\x1b\[\d+m/g;

/** Characters that take two columns of a terminal (Unicode's East Asian Width W, roughly), or none. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;
const NO_WIDTH = /[\p{M}\p{Cf}]/u;

/** Number of columns of a text on a terminal. */
export function width(text: string): number {
  let sum = 0;
  for (const character of text.replaceAll(STYLE, "")) {
    sum += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  }
  return sum;
}
