import { fillNormal } from "../../core/random/random.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";

/** log N(x; mean, I variance) in nats. */
export function isotropicLogDensity(
  x: ArrayLike<number>,
  { mean, variance }: { readonly mean: ArrayLike<number>; readonly variance: number },
): number {
  const dims = x.length;
  let squares = 0;
  for (let i = 0; i < dims; i++) squares += (x[i]! - mean[i]!) ** 2;
  return -squares / (2 * variance) - dims / 2 * Math.log(2 * Math.PI * variance);
}

/** `count` draws from N(mean, I std^2), [d] each; draw i depends on (seed, i) only. */
export function gaussianPoints(
  seed: number,
  count: number,
  { mean, std }: { readonly mean: readonly number[]; readonly std: number },
): Float64Array[] {
  const dims = mean.length;
  const key = keyOf(subsequences.kfpPoints, seed);
  const all = fillNormal(key, 0, new Float64Array(count * dims));
  return Array.from(
    { length: count },
    (_, i) => all.slice(i * dims, (i + 1) * dims).map((value, k) => mean[k]! + std * value),
  );
}
