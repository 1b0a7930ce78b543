import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import type { GaussianPath, Hypothesis } from "./gaussian_path.ts";
import type { Integrator } from "./transport.ts";

const CURVES = 40;
const path: GaussianPath = { s: 1, rho: 0, sigmaMin: 0 };
const times = Array.from({ length: 33 }, (_, i) => i / 32);

/** Sample trajectories for the picture: s = 1, rho = 0, sigmaMin = 0. */
export interface Trajectories {
  /** [times] */
  readonly t: readonly number[];
  /** Endpoints of the coupling's straight lines. */
  readonly pairs: readonly (readonly [number, number])[];
  /** Trajectories of the marginal field from the same starts, [curves][times]. */
  readonly field: readonly (readonly number[])[];
}

/** Draws a few pairs and integrates the field from their x0. */
export async function followField(
  seed: number,
  hypothesis: Hypothesis,
  integrator: Integrator,
): Promise<Trajectories> {
  const key = keyOf(subsequences.fmTrajectoryPairs, seed);
  const { x0, x1 } = hypothesis.pairs(path, key, CURVES);
  const states = await integrator((t) => hypothesis.rate(path, t), x0, times);
  return {
    t: times,
    pairs: Array.from(x0, (start, i) => [start, x1[i]!]),
    field: Array.from(x0, (_, i) => states.map((state) => state[i]!)),
  };
}
