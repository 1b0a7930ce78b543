/**
 * The letters of pictures as paths, from the fonts that draw them: `embed.ts` embeds the result, and
 * `src/plot/drawing/_letters.ts` reads it. HarfBuzz gives the glyphs and their distances.
 */
import { Blob, Buffer, Face, Feature, Font, shape } from "harfbuzzjs";
import type { Letters, LettersOfWeight } from "../src/plot/drawing/_letters.ts";

/** ASCII, Latin-1 and what labels of axes take besides; others are left to the rasteriser. */
const wanted = [
  ...Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i)),
  ...Array.from({ length: 0x100 - 0xa1 }, (_, i) => String.fromCharCode(0xa1 + i)),
  ..."₀₁₂₃₄₅₆₇₈₉⁰⁴⁵⁶⁷⁸⁹⁻–—−…≤≥≈",
];

/** Contextual forms are chosen by `_letters.ts`, whose rules are those of the font. */
const withoutContext = new Feature("calt", 0);

/** A glyph of a text after shaping. */
interface Shaped {
  readonly glyph: number;
  readonly advance: number;
}

/** A text's glyphs, with the font's usual features and those given. */
export function shaped(
  font: Font,
  text: string,
  features: Feature[] = [],
): Shaped[] {
  const buffer = new Buffer();
  buffer.addText(text);
  buffer.guessSegmentProperties();
  shape(font, buffer, features);
  return buffer.getGlyphInfosAndPositions().map(({ codepoint, xAdvance = 0 }) => ({
    glyph: codepoint,
    advance: xAdvance,
  }));
}

/** A character, in the form beside capitals and digits or in the ordinary one. */
interface Form {
  readonly character: string;
  readonly isRaised: boolean;
  readonly glyph: number;
}

function formsOf(font: Font) {
  const nominal = (character: string) => font.nominalGlyph(character.codePointAt(0)!);
  const ordinary = wanted.filter((one) => shaped(font, one)[0]!.glyph === nominal(one))
    .map((character): Form => ({ character, isRaised: false, glyph: nominal(character)! }));
  const raised = ordinary.flatMap(({ character, glyph }): Form[] => {
    const between = shaped(font, `A${character}A`);
    const form = between.length === 3 ? between[1]!.glyph : glyph;
    return form === glyph ? [] : [{ character, isRaised: true, glyph: form }];
  });
  const raises = (text: string, at: number) => shaped(font, text)[at]!.glyph !== nominal(text[at]!);
  const isSign = (one: string) => raised.some(({ character }) => character === one);
  const letters = ordinary.map(({ character }) => character).filter((one) => !isSign(one));
  return {
    forms: [...ordinary, ...raised],
    capitals: letters.filter((one) => raises(`${one}(`, 1)).join(""),
    small: letters.filter((one) => !raises(`${one}(A`, 1)).join(""),
  };
}

/** A glyph's outline in SVG's relative commands, y downwards, from the pen's place. */
export function outline(font: Font, glyph: number): string {
  let path = "", x = 0, y = 0, startX = 0, startY = 0;
  const step = (toX: number, toY: number) => `${toX - x} ${y - toY}`;
  for (const { type, values } of font.glyphToJson(glyph)) {
    if (type === "Z") {
      path += "z";
      [x, y] = [startX, startY];
      continue;
    }
    const steps = [];
    for (let i = 0; i < values.length; i += 2) steps.push(step(values[i]!, values[i + 1]!));
    path += `${type.toLowerCase()}${steps.join(" ")}`.replaceAll(" -", "-");
    [x, y] = values.slice(-2) as [number, number];
    if (type === "M") [startX, startY] = [x, y];
  }
  return path;
}

/** The distinct rows of a matrix, and which one each row is. */
function distinct(rows: readonly (readonly number[])[]) {
  const names = rows.map((row) => row.join());
  const known = [...new Set(names)];
  return {
    rows: known.map((name) => rows[names.indexOf(name)]!),
    which: names.map((name) => known.indexOf(name)),
  };
}

function lettersOfWeight(font: Font, forms: readonly Form[]): LettersOfWeight {
  const advances = forms.map(({ glyph }) => font.glyphHAdvance(glyph));
  // The first form before each form, one text per form: A B A C A D and so on.
  const kerning = forms.map((first, row) => {
    const sequence = forms.flatMap((second) => [first, second]);
    const raised = sequence.flatMap(({ isRaised }, at) =>
      isRaised ? [new Feature("case", 1, at, at + 1)] : []
    );
    const text = sequence.map(({ character }) => character).join("");
    const glyphs = shaped(font, text, [withoutContext, ...raised]);
    sequence.forEach(({ character, glyph }, i) => {
      if (glyphs[i]?.glyph !== glyph) throw new Error(`unexpected form of ${character}`);
    });
    return forms.map((_, column) => glyphs[2 * column]!.advance - advances[row]!);
  });
  const byFirst = distinct(kerning);
  const bySecond = distinct(forms.map((_, column) => byFirst.rows.map((row) => row[column]!)));
  return {
    advances,
    outlines: forms.map(({ glyph }) => outline(font, glyph)),
    kerning: { first: byFirst.which, second: bySecond.which, bySecond: bySecond.rows },
  };
}

/** A font from its file. */
export function fontOf(bytes: Uint8Array): Font {
  return new Font(new Face(new Blob(new Uint8Array(bytes).buffer)));
}

/** The letters of a regular and a semibold font as JSON. */
export function lettersJson(regular: Uint8Array, semibold: Uint8Array): Uint8Array {
  const normal = fontOf(regular), bold = fontOf(semibold);
  const { forms, capitals, small } = formsOf(normal);
  const other = formsOf(bold);
  if (forms.length !== other.forms.length) throw new Error("the fonts have different forms");
  const letters: Letters = {
    unitsPerEm: normal.face.upem,
    characters: forms.filter(({ isRaised }) => !isRaised).map(({ character }) => character).join(
      "",
    ),
    raised: forms.filter(({ isRaised }) => isRaised).map(({ character }) => character).join(""),
    capitals,
    small,
    400: lettersOfWeight(normal, forms),
    600: lettersOfWeight(bold, other.forms),
  };
  return new TextEncoder().encode(JSON.stringify(letters));
}
