import { fillNormal, type RandomKey } from "../core/random/random.ts";

/**
 * Weight of the noise in the training rows of a step: start (1 - step / horizon)^2.
 *
 * @param start Weight at the first step, in [0, 1).
 * @param at.step Training step, from 0.
 */
export function noiseWeight(
  start: number,
  { step, horizon }: { readonly step: number; readonly horizon: number },
): number {
  return start * Math.max(0, 1 - step / horizon) ** 2;
}

/**
 * Rows with Gaussian noise that keeps the covariance of whitened rows: sqrt(1 - h^2) z + h e with e
 * standard normal. Over many draws they have the density of a kernel estimate of bandwidth h.
 *
 * Source: the shrunk smoothed bootstrap, Silverman & Young 1987, Biometrika 74(3), section 3.
 *
 * @param rows [n * d], in model units; unchanged.
 * @param noise.weight h, in [0, 1).
 * @param noise.key The noise of entry i is a function of this and i.
 * @returns `rows` itself if the weight is 0.
 */
export function withNoise(
  rows: Float32Array,
  { weight, key }: { readonly weight: number; readonly key: RandomKey },
): Float32Array {
  if (weight === 0) return rows;
  const kept = Math.sqrt(1 - weight * weight);
  const noisy = fillNormal(key, 0, new Float32Array(rows.length));
  rows.forEach((value, i) => noisy[i] = kept * value + weight * noisy[i]!);
  return noisy;
}
