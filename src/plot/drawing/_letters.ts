import { gunzipSync } from "node:zlib";
import { fromBase64 } from "../../core/base64.ts";
import { textLines } from "./_svg.ts";
import embedded from "./_letters.json.gz.b64" with { type: "text" };

/** Outlines of letters in font units, written by `tools/letters.ts`. */
export interface Letters {
  readonly unitsPerEm: number;
  /** The characters that there are; form i is that of character i. */
  readonly characters: string;
  /** Signs with a second form that stands higher, beside capitals and digits: the forms that follow. */
  readonly raised: string;
  /** Characters that raise a sign, and those that keep it from being raised. */
  readonly capitals: string;
  readonly small: string;
  readonly 400: LettersOfWeight;
  readonly 600: LettersOfWeight;
}

/** The letters of a font. */
export interface LettersOfWeight {
  /** Advance of each form. */
  readonly advances: readonly number[];
  /** Path data of each form, in relative commands from the pen's place. */
  readonly outlines: readonly string[];
  /** What is added to the advance between two forms: `bySecond[second[j]][first[i]]`. */
  readonly kerning: {
    readonly first: readonly number[];
    readonly second: readonly number[];
    readonly bySecond: readonly (readonly number[])[];
  };
}

let read: ReturnType<typeof readLetters> | undefined;

function readLetters() {
  const letters = JSON.parse(gunzipSync(fromBase64(embedded)).toString()) as Letters;
  const { characters, raised, capitals, small } = letters;
  const places = (text: string, start: number) =>
    new Map(Array.from(text, (one, i) => [one, start + i]));
  const kinds = new Map<string, string>([
    ...Array.from(capitals, (one) => [one, CAPITAL] as const),
    ...Array.from(small, (one) => [one, SMALL] as const),
    ...Array.from(raised, (one) => [one, SIGN] as const),
    [" ", SPACE] as const,
  ]);
  return {
    letters,
    ordinary: places(characters, 0),
    raised: places(raised, characters.length),
    kinds,
  };
}

/** What a character is to the rules of signs. */
const CAPITAL = "C", SMALL = "s", SIGN = "-", RAISED = "^", SPACE = " ", OTHER = ".";

/** Pairs of brackets: one that closes has the form of the one that opens. */
const opening: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** What the font replaces: arrows of signs, smileys, an x between numbers. */
const replaced = /[-<=>–—]{2}|:.?[()]|\d ?x ?\d/u;

/** Distances between brackets at which one that closes has the form of one that opens. */
const NEAR = [2, 3, 4, 5, 6] as const;

/**
 * Whether a sign is raised, by the font's rules for contextual forms (`calt`).
 *
 * @param words The text up to the sign.
 * @param before The kinds of the characters before it.
 * @param after The kinds of those after it.
 */
function isRaised(words: string, before: string, after: string): boolean {
  const sign = words.at(-1)!, open = opening[sign];
  const isOpen = (kind: string) =>
    open !== undefined && NEAR.some((between) => {
      const place = before.length - 1 - between;
      return words[place] === open && before[place] === kind;
    });
  if (isOpen(SIGN)) return false;
  if (/C$/.test(before)) return !/^ {0,2}s/.test(after);
  if (/s-{0,4}$/.test(before) && /^C/.test(after)) return false;
  if (/s$/.test(before) && /^-C/.test(after)) return false;
  if (/^-{0,4}C/.test(after)) return true;
  if (/C {0,2}$/.test(before) && /^ {0,2}C/.test(after)) return true;
  return /\^$/.test(before) || isOpen(RAISED);
}

/** The forms of a text's letters; null if it has others or what the font replaces. */
function formsOf(words: string): number[] | null {
  const { ordinary, raised, kinds } = read ??= readLetters();
  if (replaced.test(words)) return null;
  let all = "";
  for (const one of words) {
    if (!ordinary.has(one)) return null;
    all += kinds.get(one) ?? OTHER;
  }
  const forms: number[] = [];
  let before = "";
  for (let i = 0; i < words.length; i++) {
    const one = words[i]!;
    const isHigh = all[i] === SIGN && isRaised(words.slice(0, i + 1), before, all.slice(i + 1));
    before += isHigh ? RAISED : all[i];
    forms.push((isHigh ? raised : ordinary).get(one)!);
  }
  return forms;
}

/** A text as path data, and its width, both in ems of `unitsPerEm`; null if the letters lack some of it. */
export function textPath(
  words: string,
  weight: 400 | 600,
): { readonly d: string; readonly width: number; readonly unitsPerEm: number } | null {
  const forms = formsOf(words);
  if (forms === null) return null;
  const { letters } = read!;
  const { advances, outlines, kerning: { first, second, bySecond } } = letters[weight];
  let d = "", pen = 0;
  forms.forEach((form, i) => {
    if (i > 0) pen += bySecond[second[form]!]![first[forms[i - 1]!]!]!;
    if (outlines[form] !== "") d += `M${pen} 0${outlines[form]}`;
    pen += advances[form]!;
  });
  return { d, width: pen, unitsPerEm: letters.unitsPerEm };
}

/**
 * A drawing whose lines of text are paths, as far as there are letters: the rasteriser draws the same, but its
 * shaping of text takes V8 0.4 s of a core and 50 MB to optimise.
 */
export function withTextAsPaths(svg: string): string {
  return svg.replace(textLines, (line, x, y, size, weight, fill, anchor, transform, words) => {
    // A line of SVG has no spaces at its ends, and one where there are several.
    const shown = words.replace(/ +/g, " ").trim();
    const text = textPath(shown, Number(weight) as 400 | 600);
    if (text === null) return line;
    const scale = Number(size) / text.unitsPerEm;
    const share = anchor === "end" ? 1 : anchor === "middle" ? 0.5 : 0;
    const start = Number(x) - share * scale * text.width;
    const rotated = transform === undefined ? "" : `${transform} `;
    return `<path d="${text.d}" fill="${fill}" ` +
      `transform="${rotated}translate(${start} ${y}) scale(${scale})"/>`;
  });
}
