import { deflateSync } from "node:zlib";
import { fewColors, nearestColors } from "./_few_colors.ts";
import { type DecodedPng, decodePng } from "../../core/png/decode_png.ts";
import { encodePng, pngFile } from "../../core/png/encode_png.ts";

/** Palette size of a chart: with twice as many, files are a tenth larger and look the same. */
const COLORS = 128;

/** Options of {@link compactPng}. */
export interface CompactOptions {
  /** Maximum width in pixels; wider pictures are shrunk by an integer factor. */
  readonly maxWidth?: number;
}

/**
 * Re-encodes a picture as a smaller file for sending or embedding: charts with 128 colours, a third
 * of the bytes; grey pictures losslessly. Embedded texts are kept.
 *
 * @throws {Error} If `png` is damaged.
 */
export function compactPng(png: Uint8Array, options: CompactOptions = {}): Uint8Array {
  const { maxWidth = Infinity } = options;
  const decoded = decodePng(png);
  const picture = shrunk(decoded, Math.ceil(decoded.width / maxWidth));
  const { width, height, pixels } = picture;
  const { text } = decoded;
  if (isGrey(pixels)) {
    const grey = Uint8Array.from({ length: width * height }, (_, i) => pixels[4 * i]!);
    const small = encodePng(grey, { width, height, text });
    return picture === decoded && png.length <= small.length ? png : small;
  }
  const palette = fewColors([pixels], COLORS);
  const index = nearestColors(palette)(pixels);
  const rows = new Uint8Array(height * (width + 1)); // each row begins with its filter type, 0
  for (let y = 0; y < height; y++) {
    rows.set(index.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  const PALETTE = 3;
  return pngFile({ width, height, text }, PALETTE, [
    ["PLTE", Uint8Array.from(palette.flat())],
    ["IDAT", deflateSync(rows, { level: 9 })],
  ]);
}

function isGrey(pixels: Uint8Array): boolean {
  for (let i = 0; i < pixels.length; i += 4) {
    if (pixels[i] !== pixels[i + 1] || pixels[i] !== pixels[i + 2]) return false;
  }
  return true;
}

/** Averages `factor` x `factor` pixels; incomplete rows and columns at the end are dropped. */
function shrunk(
  picture: DecodedPng,
  factor: number,
): Pick<DecodedPng, "width" | "height" | "pixels"> {
  if (!(factor > 1)) return picture;
  const width = Math.floor(picture.width / factor), height = Math.floor(picture.height / factor);
  const pixels = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 4; channel++) {
        let sum = 0;
        for (let dy = 0; dy < factor; dy++) {
          const row = (y * factor + dy) * picture.width + x * factor;
          for (let dx = 0; dx < factor; dx++) sum += picture.pixels[4 * (row + dx) + channel]!;
        }
        pixels[4 * (y * width + x) + channel] = Math.round(sum / factor ** 2);
      }
    }
  }
  return { width, height, pixels };
}
