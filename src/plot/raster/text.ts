import type { Contour, Font } from "./truetype.ts";
import type { Outline } from "./polygons.ts";

/** Distance of a curve from its chords at most, in pixels. */
const FLATNESS = 0.05;

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
    font.contoursOf(glyph).map((contour) => {
      const points = flattened(contour, scale);
      for (let k = 0; k < points.length; k += 2) {
        const along = points[k]! + starts[i]! + shift, down = -points[k + 1]!;
        points[k] = x + along * cos - down * sin;
        points[k + 1] = y + along * sin + down * cos;
      }
      return points;
    })
  );
}

/** A contour as a polygon, x, y, x, y, ..., y upwards. */
function flattened({ x, y, isOn }: Contour, scale: number): number[] {
  const n = x.length, out: number[] = [];
  if (n < 2) return out;
  const at = (i: number) => ({ x: scale * x[i % n]!, y: scale * y[i % n]! });
  const between = (i: number) => {
    const a = at(i), b = at(i + 1);
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  // Between two control points is a point of the curve, in their middle.
  const first = isOn.indexOf(true), start = first < 0 ? 0 : first;
  let here = first < 0 ? between(n - 1) : at(start);
  out.push(here.x, here.y);
  for (let i = first < 0 ? start : start + 1; i < start + n + (first < 0 ? 0 : 1); i++) {
    if (isOn[i % n]!) {
      here = at(i);
      out.push(here.x, here.y);
      continue;
    }
    const control = at(i), end = isOn[(i + 1) % n]! ? at(i + 1) : between(i);
    const bend = Math.hypot(here.x - 2 * control.x + end.x, here.y - 2 * control.y + end.y) / 4;
    const pieces = Math.max(1, Math.ceil(Math.sqrt(bend / FLATNESS)));
    for (let k = 1; k <= pieces; k++) {
      const t = k / pieces, s = 1 - t;
      out.push(
        s * s * here.x + 2 * s * t * control.x + t * t * end.x,
        s * s * here.y + 2 * s * t * control.y + t * t * end.y,
      );
    }
    here = end;
    if (isOn[(i + 1) % n]!) i++;
  }
  return out;
}
