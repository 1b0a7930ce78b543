import { type DensityRate, kolmogorovRate } from "./kolmogorov_equation.ts";
import type { NoisyDensity } from "./flows/ornstein_uhlenbeck.ts";
import { noiseTerm } from "./special_form.ts";
import { minusTrace, type RateOf } from "./total_derivative.ts";

/** What the theorem states, as functions: what a check is put to, and what a test may get wrong. */
export interface Equations {
  /** d log p(x(t), t) / dt without noise. */
  readonly special: RateOf;
  /** dp/dt, with noise. */
  readonly general: DensityRate;
  /** What noise adds to the special form. */
  readonly noiseTerm: RateOf<NoisyDensity>;
}

/** As the theorem has them. */
export const equations: Equations = {
  special: minusTrace,
  general: kolmogorovRate,
  noiseTerm,
};
