import { fewColors, GIFEncoder, nearestColors } from "./_few_colors.ts";
import { decodePng } from "../../core/png/decode_png.ts";

/** Options of {@link animation}. */
export interface AnimationOptions {
  /** Duration of a frame in milliseconds: a multiple of 10, at least 20. */
  readonly delayMs: number;
  /** Duration of the last frame before the loop restarts; default {@link delayMs}. */
  readonly lastMs?: number;
  /** Size of the common palette, 2 to 255; fewer colours make a smaller file. */
  readonly colors?: number;
}

/**
 * Encodes pictures as a GIF that loops forever.
 *
 * All frames share a palette chosen from the first, middle and last frame, and each frame stores
 * only the pixels that differ from the previous one.
 *
 * @param frames At least two PNG files of the same size.
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
    throw new RangeError(`animation: expected all frames to have ${width} x ${height} pixels`);
  }
  const shownBest = [first, pictures[pictures.length >> 1]!, pictures.at(-1)!];
  const palette = fewColors(shownBest.map(({ pixels }) => pixels), colors);
  const paint = nearestColors(palette);
  // One more entry, which means "unchanged".
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

/** Disposal method (GIF89a, section 23): draw the next frame over this one. */
const KEEP = 1;
