import type { CarriedDensity } from "../carried_density.ts";
import { gaussianPoints, isotropicLogDensity } from "../gaussian.ts";
import { halvings } from "../measurement.ts";
import { solveThrough, type Velocity } from "../solve_through.ts";

/** At t = 0 the density is N(0, START_STD^2). */
const START_STD = 0.5;
const start = { mean: [0], std: START_STD } as const;

const velocity: Velocity = (_t, x) => Float64Array.of(x[0]! - x[0]! ** 3);

/**
 * log p(x, t). The flow carries x0 = x / sqrt(e^2t - x^2 (e^2t - 1)) to x, with
 * d x0 / d x = e^2t (e^2t - x^2 (e^2t - 1))^(-3/2).
 * No trajectory reaches |x| >= 1 / sqrt(1 - e^-2t), where the density is 0.
 */
export function bistableLogDensity(t: number, x: number): number {
  const growth = Math.exp(2 * t);
  const rest = growth - x * x * (growth - 1);
  if (rest <= 0) return -Infinity;
  return isotropicLogDensity([x / Math.sqrt(rest)], { mean: [0], variance: START_STD ** 2 }) +
    2 * t - 1.5 * Math.log(rest);
}

/**
 * A Gaussian that the bistable flow f(x) = x - x^3 splits in two, in one dimension.
 * log p has a closed form, because the flow map is x0 e^t / sqrt(1 + x0^2 (e^2t - 1)).
 */
export const bistableFlow: CarriedDensity = {
  name: "bistable",
  velocity,
  trace: (_t, x) => 1 - 3 * x[0]! ** 2,
  times: [0.4, 0.9, 1.4],
  steps: halvings(2 ** -4),
  starts: (seed, count) => gaussianPoints(seed, count, start),
  async follow(from, times) {
    const states = await solveThrough(velocity, { t: 0, x: from }, times);
    return states.map((x, i) => ({
      t: times[i]!,
      x,
      logDensity: bistableLogDensity(times[i]!, x[0]!),
    }));
  },
};
