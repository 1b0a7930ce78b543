import type { TheoremCheck } from "../theorem.ts";
import { type Breakdown, breakdownStudy } from "./breakdown.ts";
import { type ResidualRow, type ResidualStudy, residualStudy } from "./residual.ts";
import { type SamplersStudy, samplersStudy } from "./samplers.ts";
import type { Updates } from "./updates.ts";

/** What `fluxion theory ddpm --json` prints: the claims and the measurements of three studies. */
export interface DdpmCheck
  extends TheoremCheck, Omit<ResidualStudy, "claims">, Omit<SamplersStudy, "claims"> {
  /** Root mean square of the difference of one step, N from 10 to 10,240. */
  readonly rows: readonly ResidualRow[];
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
