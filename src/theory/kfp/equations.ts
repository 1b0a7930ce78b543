import { type DensityRate, kolmogorovRate } from "./kolmogorov_equation.ts";
import type { NoisyDensity } from "./flows/ornstein_uhlenbeck.ts";
import { noiseTerm } from "./special_form.ts";
import { minusTrace, type RateOf } from "./total_derivative.ts";

/** The theorem's statements as functions, so that a test can pass wrong ones to the check. */
export interface Equations {
  /** The claimed d log p(x(t), t) / dt without noise. */
  readonly special: RateOf;
  /** The claimed dp/dt with noise. */
  readonly general: DensityRate;
  /** The claimed contribution of noise to the special form. */
  readonly noiseTerm: RateOf<NoisyDensity>;
}

/** The equations of the theorem. */
export const equations: Equations = {
  special: minusTrace,
  general: kolmogorovRate,
  noiseTerm,
};
