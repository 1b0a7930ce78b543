import { fillUniform } from "../../core/random/random.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";

/** The values that a pixel of a data set can have: k / (count - 1), k from 0 to count - 1. */
export interface PixelLevels {
  /** 256 for 8-bit grey values, which tables divide by 255; 2 for binarised images. */
  readonly count: 2 | 256;
}

/** The levels of images that were binarised, or were not. */
export function pixelLevels(binarize: boolean): PixelLevels {
  return { count: binarize ? 2 : 256 };
}

/** Distance of two neighbouring levels. */
export function levelSpacing({ count }: PixelLevels): number {
  return 1 / (count - 1);
}

/** How far a pixel may be from its level, in units of their distance: float32 and three digits of CSV. */
const TOLERANCE = 0.2;

/**
 * The nearest level of each pixel.
 *
 * @param rows [n * pixels].
 * @throws {InputError} With row and pixel, if a value is not one of the levels.
 */
export function requireLevels(
  rows: Float32Array,
  levels: PixelLevels,
  { pixels, place }: { readonly pixels: number; readonly place: string },
): Float32Array {
  const most = levels.count - 1;
  return rows.map((value, i) => {
    const level = Math.round(value * most);
    if (level >= 0 && level <= most && Math.abs(value * most - level) < TOLERANCE) {
      return level / most;
    }
    const names = levels.count === 2 ? "0 or 1" : `k/${most} with k from 0 to ${most}`;
    throw new InputError(
      `${place}, image ${Math.floor(i / pixels) + 1}, pixel ${i % pixels + 1}: ${value} is not ` +
        `${names}, as pixels of the run's data are; give images of data, or leave out ${
          option("bitsPerDim")
        }`,
    );
  });
}

/**
 * Uniform dequantisation: each pixel is spread over the interval between the middles of its level
 * and the neighbouring ones, v = level + (u - 1/2) spacing with u ~ U(0, 1). With
 * P(level) = integral of p over that box, Jensen's inequality gives
 *
 *   log P(level) >= E_u[log p(v)] + pixels log(spacing)
 *
 * Source: Theis, van den Oord & Bethge 2016, A note on the evaluation of generative models,
 * section 3.1 (there with u / 256; here levels are the middles, as a model of them has learnt).
 *
 * @param rows [n * pixels], levels. Row i's noise is a function of (seed, firstRow + i).
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
