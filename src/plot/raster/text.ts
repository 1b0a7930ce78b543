import type { Font } from "./truetype.ts";
import type { Outline } from "./polygons.ts";

/** A line of text in pixels. */
export interface PlacedText {
  readonly words: string;
  /** Where the baseline starts, is centred or ends. */
  readonly x: number;
  readonly y: number;
  /** Pixels per em. */
  readonly size: number;
  readonly anchor: "start" | "middle" | "end";
  /** Degrees, clockwise, about the point. */
  readonly rotate: number;
}

/**
 * The outlines of a line of text.
 *
 * Characters are composed first, since an accent of its own would stand where the font draws it.
 */
export function textOutlines(font: Font, text: PlacedText): Outline[] {
  const { words, x, y, size, anchor, rotate } = text;
  const scale = size / font.unitsPerEm;
  const glyphs = Array.from(
    words.normalize("NFC"),
    (letter) => font.glyphOf(letter.codePointAt(0)!),
  );
  const starts: number[] = [];
  let width = 0;
  glyphs.forEach((glyph, i) => {
    if (i > 0) width += scale * font.kerning(glyphs[i - 1]!, glyph);
    starts.push(width);
    width += scale * font.advanceOf(glyph);
  });
  const shift = anchor === "start" ? 0 : anchor === "end" ? -width : -width / 2;
  const angle = rotate * Math.PI / 180, cos = Math.cos(angle), sin = Math.sin(angle);
  return glyphs.flatMap((glyph, i) =>
    font.outlinesOf(glyph, size).map((outline) => {
      const points = new Float64Array(outline.length);
      for (let k = 0; k < points.length; k += 2) {
        const along = outline[k]! + starts[i]! + shift, up = outline[k + 1]!;
        points[k] = x + along * cos + up * sin;
        points[k + 1] = y + along * sin - up * cos;
      }
      return points;
    })
  );
}
