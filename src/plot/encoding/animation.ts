import { fewColors, GIFEncoder, nearestColors } from "./_few_colors.ts";
import { decodePng } from "./png.ts";

/** How {@link animation} plays. */
export interface AnimationOptions {
  /** How long a frame stays, in milliseconds; a multiple of 10, at least 20. */
  readonly delayMs: number;
  /** How long the last frame stays, before the first comes again; {@link delayMs} when left out. */
  readonly lastMs?: number;
  /** Colours of all frames together, 2 to 255; fewer make a smaller file. */
  readonly colors?: number;
}

/**
 * Pictures one after the other, for ever: a GIF file.
 *
 * All frames share the colours that show the first, the middle and the last one
 * best, and of each frame only the pixels are kept that differ from the one
 * before it.
 *
 * @param frames PNG files of one size, at least two.
 * @throws {RangeError} If there are fewer, or their sizes differ.
 * @throws {Error} If a file is damaged.
 */
export function animation(frames: readonly Uint8Array[], options: AnimationOptions): Uint8Array {
  const { delayMs, lastMs = delayMs, colors = 64 } = options;
  const pictures = frames.map(decodePng);
  const [first] = pictures;
  if (first === undefined || pictures.length < 2) {
    throw new RangeError(`animation: expected 2 or more frames, got ${pictures.length}`);
  }
  const { width, height } = first;
  if (pictures.some((picture) => picture.width !== width || picture.height !== height)) {
    throw new RangeError(`animation: expected frames of ${width} x ${height} pixels, all of them`);
  }
  const shownBest = [first, pictures[pictures.length >> 1]!, pictures.at(-1)!];
  const palette = fewColors(shownBest.map(({ pixels }) => pixels), colors);
  const paint = nearestColors(palette);
  // One entry more, which stands for "as it was".
  const unchanged = palette.length;
  const table = [...palette, [255, 255, 255]];
  const encoder = GIFEncoder();
  let shown: Uint8Array | null = null;
  pictures.forEach(({ pixels }, frame) => {
    const index = paint(pixels);
    const before = shown;
    const changed = before === null
      ? index
      : index.map((color, pixel) => color === before[pixel] ? unchanged : color);
    encoder.writeFrame(changed, width, height, {
      ...(frame === 0 ? { palette: table, repeat: 0 } : {}),
      delay: frame === pictures.length - 1 ? lastMs : delayMs,
      transparent: frame > 0,
      transparentIndex: unchanged,
      dispose: KEEP,
    });
    shown = index;
  });
  encoder.finish();
  return encoder.bytes();
}

/** GIF89a, section 23: the next frame is drawn over this one. */
const KEEP = 1;
