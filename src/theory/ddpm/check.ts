import type { TheoremCheck } from "../theorem.ts";
import { type Breakdown, breakdownStudy } from "./breakdown.ts";
import { type ResidualRow, type ResidualStudy, residualStudy } from "./residual.ts";
import { type SamplersStudy, samplersStudy } from "./samplers.ts";
import type { Updates } from "./updates.ts";

/** Output of `fluxion theory ddpm --json`: the claims and measurements of three studies. */
export interface DdpmCheck
  extends TheoremCheck, Omit<ResidualStudy, "claims">, Omit<SamplersStudy, "claims"> {
  /** RMS difference of a single step, N from 10 to 10,240. */
  readonly rows: readonly ResidualRow[];
  /** The residual for schedules with beta(1) = 2, 5 and 20. */
  readonly breakdown: readonly Breakdown[];
}

/** Tests the theorem's claims on any pair of updates. */
export function checkUpdates(updates: Updates, seed: number): DdpmCheck {
  const { claims: residualClaims, ...residual } = residualStudy(updates, seed);
  const { claims: samplerClaims, ...samplers } = samplersStudy(updates, seed);
  const claims = [...residualClaims, ...samplerClaims];
  return {
    name: "ddpm",
    pass: claims.every(({ pass }) => pass),
    claims,
    ...residual,
    ...samplers,
    breakdown: breakdownStudy(updates, seed),
  };
}
