import { ink, rgbOf } from "../../plot/drawing/_palette.ts";
import { decodePng } from "../../core/png/decode_png.ts";
import { encodePng } from "../../core/png/encode_png.ts";

/** Largest difference per channel to the axes' colour: pictures may have been compressed. */
const TOLERANCE = 14;

/** Least share of a picture's side that an axis takes. */
const LEAST_SHARE = 0.25;

/**
 * Cuts a picture of one chart to the area inside its axes, for a thumbnail on which the ticks and
 * titles could not be read.
 *
 * @param png A picture with one horizontal and one vertical axis.
 * @returns A PNG file: the picture itself if it has no such axes.
 * @throws {Error} If `png` is damaged.
 */
export function plotArea(png: Uint8Array): Uint8Array {
  const { width, height, pixels } = decodePng(png);
  const [red, green, blue] = rgbOf(ink.axis);
  const isAxis = (x: number, y: number) => {
    const at = 4 * (y * width + x);
    return Math.abs(pixels[at]! - red) <= TOLERANCE &&
      Math.abs(pixels[at + 1]! - green) <= TOLERANCE &&
      Math.abs(pixels[at + 2]! - blue) <= TOLERANCE;
  };
  const bottom = longest(height, width, (y, x) => isAxis(x, y));
  const left = longest(width, height, isAxis);
  if (bottom.length < LEAST_SHARE * width || left.length < LEAST_SHARE * height) return png;
  // The axes are two pixels wide.
  const area = {
    x: left.line + 2,
    y: left.start,
    width: bottom.start + bottom.length - left.line - 2,
    height: bottom.line - left.start,
  };
  if (area.width < 1 || area.height < 1) return png;
  const cut = new Uint8Array(4 * area.width * area.height);
  for (let row = 0; row < area.height; row++) {
    const from = 4 * ((area.y + row) * width + area.x);
    cut.set(pixels.subarray(from, from + 4 * area.width), 4 * row * area.width);
  }
  return encodePng(cut, { width: area.width, height: area.height });
}

/** The line with the longest uninterrupted run of marked places. */
function longest(
  lines: number,
  places: number,
  isMarked: (line: number, place: number) => boolean,
): { readonly line: number; readonly start: number; readonly length: number } {
  let best = { line: 0, start: 0, length: 0 };
  for (let line = 0; line < lines; line++) {
    let length = 0;
    for (let place = 0; place <= places; place++) {
      if (place < places && isMarked(line, place)) {
        length++;
        continue;
      }
      if (length > best.length) best = { line, start: place - length, length };
      length = 0;
    }
  }
  return best;
}
