import { fillUniform } from "../../core/random/random.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";

/** The possible pixel values of a data set: k / (count - 1) for k = 0 to count - 1. */
export interface PixelLevels {
  /** 256 for 8-bit grey values divided by 255; 2 for binarised images. */
  readonly count: 2 | 256;
}

/** The pixel levels of binarised or grey images. */
export function pixelLevels(binarize: boolean): PixelLevels {
  return { count: binarize ? 2 : 256 };
}

/** Distance between adjacent levels. */
export function levelSpacing({ count }: PixelLevels): number {
  return 1 / (count - 1);
}

/**
 * Uniform dequantisation: adds noise of one level spacing, v = level + (u - 1/2) spacing with
 * u ~ U(0, 1). With P(level) = integral of p over that box, Jensen's inequality gives
 *
 *   log P(level) >= E_u[log p(v)] + pixels log(spacing)
 *
 * Source: Theis, van den Oord & Bethge 2016, A note on the evaluation of generative models,
 * section 3.1 (there u / 256 is added; here the box is centred on the level that the model was
 * trained on).
 *
 * @param rows [n * pixels], levels. Row i's noise depends only on (seed, firstRow + i).
 * @returns [n * pixels].
 */
export function dequantize(
  rows: Float32Array,
  levels: PixelLevels,
  { pixels, seed, firstRow }: {
    readonly pixels: number;
    readonly seed: number;
    readonly firstRow: number;
  },
): Float32Array {
  const key = keyOf(subsequences.dequantization, seed);
  const noise = fillUniform(key, firstRow * pixels, new Float32Array(rows.length));
  const spacing = levelSpacing(levels);
  return rows.map((value, i) => value + (noise[i]! - 0.5) * spacing);
}
