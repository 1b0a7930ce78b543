import type { CarriedDensity } from "../carried_density.ts";
import { followFlow } from "./flow_map.ts";
import { gaussianPoints, isotropicLogDensity } from "../gaussian.ts";
import { halvings } from "../measurement.ts";
import type { Velocity } from "../solve_through.ts";

const start = { mean: [0.8, 0.4], std: 0.4 } as const;

const velocity: Velocity = (_t, x) => Float64Array.of(x[1]!, (1 - x[0]! ** 2) * x[1]! - x[0]!);

/**
 * A Gaussian transported by the van der Pol oscillator, x'' = (1 - x^2) x' - x, in the plane
 * (x, x'). Its divergence 1 - x^2 takes both signs. There is no closed form:
 * log p(x(t), t) = log p0(x0) - log|det d phi_t / d x0|, by {@link followFlow}.
 */
export const vanDerPolFlow: CarriedDensity = {
  name: "van-der-pol",
  velocity,
  trace: (_t, x) => 1 - x[0]! ** 2,
  times: [0.3, 0.8, 1.3],
  steps: halvings(2 ** -4),
  starts: (seed, count) => gaussianPoints(seed, count, start),
  async follow(from, times) {
    const atStart = isotropicLogDensity(from, { mean: start.mean, variance: start.std ** 2 });
    const points = await followFlow(velocity, { t: 0, x: from }, times);
    return points.map(({ x, logDet }, i) => ({
      t: times[i]!,
      x,
      logDensity: atStart - logDet,
    }));
  },
};
