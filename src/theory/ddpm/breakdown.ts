import { orderOf } from "../line_fit.ts";
import { data, doublings, scheduleUpTo } from "./problem.ts";
import { residualRows, slicesOf } from "./residual.ts";
import type { Updates } from "./updates.ts";

/** Convergence of the residual under one schedule; large beta(t) breaks it for small N. */
export interface Breakdown {
  /** beta(1), the maximum of the schedule. */
  readonly betaMax: number;
  /** Slope of log residual against log (1 / N) over all N; null if any residual is null. */
  readonly slope: number | null;
  /** N from 10 to 10,240. */
  readonly rows: readonly {
    /** N. */
    readonly steps: number;
    /** betaMax / N. */
    readonly largestBetaT: number;
    /** RMS of ancestral minus Euler-Maruyama; null where beta_t >= 1, for which no step exists. */
    readonly residual: number | null;
  }[];
}

/** The residual of `residualStudy()` for schedules with beta(1) = 2, 5 and 20. */
export function breakdownStudy(updates: Updates, seed: number): Breakdown[] {
  return [2, 5, 20].map((betaMax) => {
    const steps = doublings(10_240);
    const measured = residualRows(updates, slicesOf(data, scheduleUpTo(betaMax), seed), steps);
    const orNull = (value: number) => Number.isFinite(value) ? value : null;
    return {
      betaMax,
      slope: orNull(orderOf(steps, measured.map(({ residual }) => residual)).slope),
      rows: measured.map(({ steps, residual }) => ({
        steps,
        largestBetaT: betaMax / steps,
        residual: orNull(residual),
      })),
    };
  });
}
