import erf from "@stdlib/math-base-special-erf";
import { fillNormal, fillUniform, type RandomKey } from "../../core/random/random.ts";
import { type Schedule, signalShare } from "./schedule.ts";

/** A one-dimensional Gaussian mixture: sum over i of weights[i] N(means[i], stdDev^2). */
export interface Mixture {
  /** [k] Positive, summing to 1. */
  readonly weights: readonly number[];
  /** [k] */
  readonly means: readonly number[];
  /** Standard deviation shared by all components. */
  readonly stdDev: number;
}

/**
 * The density p_t of x_t = alpha x_0 + sqrt(1 - alpha^2) z for x_0 drawn from `data`, again
 * a mixture with one component per component of `data`.
 */
export function diffused(data: Mixture, schedule: Schedule, t: number): Mixture {
  const alpha = signalShare(schedule, t);
  return {
    weights: data.weights,
    means: data.means.map((mean) => alpha * mean),
    stdDev: Math.sqrt(alpha * alpha * data.stdDev ** 2 + 1 - alpha * alpha),
  };
}

/**
 * Score d/dx log p of a mixture,
 *   s(x) = sum over i of r_i(x) (means[i] - x) / stdDev^2,
 * where r_i(x) is the probability that x came from component i.
 *
 * @param x [n]
 * @returns [n]
 */
export function scoreOf({ weights, means, stdDev }: Mixture, x: Float64Array): Float64Array {
  const count = weights.length, precision = 1 / (stdDev * stdDev);
  const logWeights = weights.map(Math.log), exponents = new Float64Array(count);
  return x.map((at) => {
    let highest = -Infinity;
    for (let i = 0; i < count; i++) {
      exponents[i] = logWeights[i]! - (at - means[i]!) ** 2 * precision / 2;
      if (exponents[i]! > highest) highest = exponents[i]!;
    }
    // Log-sum-exp: relative to the largest exponent, so that points far out do not divide 0 by 0.
    let total = 0, pull = 0;
    for (let i = 0; i < count; i++) {
      const share = Math.exp(exponents[i]! - highest);
      total += share;
      pull += share * (means[i]! - at);
    }
    return pull / total * precision;
  });
}

/** Density of a mixture at a point. */
export function densityOf({ weights, means, stdDev }: Mixture, x: number): number {
  const scale = 1 / (stdDev * Math.sqrt(2 * Math.PI));
  return weights.reduce(
    (sum, weight, i) => sum + weight * scale * Math.exp(-(((x - means[i]!) / stdDev) ** 2) / 2),
    0,
  );
}

/** Cumulative distribution function of a mixture at a point. */
export function cumulativeOf({ weights, means, stdDev }: Mixture, x: number): number {
  return weights.reduce(
    (sum, weight, i) => sum + weight * (1 + erf((x - means[i]!) / (stdDev * Math.SQRT2))) / 2,
    0,
  );
}

/**
 * Quantiles (i + 1/2) / n of a mixture, by bisection to float64 precision.
 *
 * @returns [n], ascending.
 */
export function quantilesOf(mixture: Mixture, n: number): Float64Array {
  const lowest = Math.min(...mixture.means) - 10 * mixture.stdDev;
  const highest = Math.max(...mixture.means) + 10 * mixture.stdDev;
  let below = lowest;
  return Float64Array.from({ length: n }, (_, i) => {
    let low = below, high = highest;
    for (let middle = (low + high) / 2; low < middle && middle < high; middle = (low + high) / 2) {
      if (cumulativeOf(mixture, middle) < (i + 0.5) / n) low = middle;
      else high = middle;
    }
    return below = low;
  });
}

/**
 * Independent draws from a mixture; draw i depends on the keys and i only.
 *
 * @param keys.component Key of the uniforms that select the component.
 * @param keys.place Key of the normals for the position within it.
 * @returns [n]
 */
export function drawFrom(
  { weights, means, stdDev }: Mixture,
  keys: { readonly component: RandomKey; readonly place: RandomKey },
  n: number,
): Float64Array {
  const uniform = fillUniform(keys.component, 0, new Float64Array(n));
  return fillNormal(keys.place, 0, new Float64Array(n)).map((normal, i) => {
    let component = 0, before = weights[0]!;
    while (component < weights.length - 1 && uniform[i]! >= before) before += weights[++component]!;
    return means[component]! + stdDev * normal;
  });
}
