import type { TheoremCheck } from "../theorem.ts";
import { type Breakdown, breakdownStudy } from "./breakdown.ts";
import { type ResidualRow, residualStudy } from "./residual.ts";
import { type DensityRow, type DistanceRow, samplersStudy } from "./samplers.ts";
import type { Updates } from "./updates.ts";

/** What `fluxion theory ddpm --json` prints. */
export interface DdpmCheck extends TheoremCheck {
  /** Root mean square of the difference of one step, N from 10 to 10,240. */
  readonly rows: readonly ResidualRow[];
  /** Of log residual against log (1 / N); 2 is expected. */
  readonly slope: number;
  /** Standard error of that fit. */
  readonly slopeStdErr: number;
  /** N^2 times the residual, for N to infinity, by the theorem. */
  readonly leading: number;
  /** How far from the data's law both samplers end. */
  readonly distances: readonly DistanceRow[];
  /** W1 of independent draws from the data's own law: no sample comes nearer, on average. */
  readonly floor: {
    /** Points that each sampler draws. */
    readonly samples: number;
    /** Mean W1. */
    readonly mean: number;
    /** Standard deviation of W1. */
    readonly stdDev: number;
  };
  /** Histograms of the points drawn with the fewest and with the most steps. */
  readonly densities: readonly DensityRow[];
  /** The residual under schedules that reach 2, 5 and 20. */
  readonly breakdown: readonly Breakdown[];
}

/** Puts any two updates to the test of the theorem. */
export function checkUpdates(updates: Updates, seed: number): DdpmCheck {
  const { claims: ofResidual, ...residual } = residualStudy(updates, seed);
  const { claims: ofSamplers, ...samplers } = samplersStudy(updates, seed);
  const claims = [...ofResidual, ...ofSamplers];
  return {
    name: "ddpm",
    pass: claims.every(({ pass }) => pass),
    claims,
    ...residual,
    ...samplers,
    breakdown: breakdownStudy(updates, seed),
  };
}
