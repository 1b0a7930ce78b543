import type { Mixture } from "./mixture.ts";
import type { Schedule } from "./schedule.ts";

/** What the check knows in closed form: three peaks of unequal weight, told apart at t = 0. */
export const data: Mixture = { weights: [0.5, 0.3, 0.2], means: [-1.5, 0.5, 2], stdDev: 0.3 };

/** Numbers of steps, doubled from 10: that of the smallest is the largest beta_t. */
export const coarsest = 10;

/**
 * A linear schedule that ends at beta(1) = `end`; with 20 it is that of Song et al. 2021
 * (appendix C, on [0, 1]).
 *
 * The check ends at 2. With N = 10 steps the largest beta_t is then 0.2, and the remainder of the
 * expansion in beta_t (derivation.md, section 6) is small beside its leading term: the slope of
 * the residual can be predicted within 0.03. At 5 that bound says nothing any more, and at 20 the
 * first steps have beta_t > 1, which no chain has: 1 / sqrt(1 - beta_t) is not a number.
 */
export function scheduleUpTo(end: number): Schedule {
  return { start: 0.1, end };
}

/** That of the check. */
export const schedule = scheduleUpTo(2);

/** N = 10, 20, 40, ..., as far as `last`. */
export function doublings(last: number): number[] {
  const steps: number[] = [];
  for (let n = coarsest; n <= last; n *= 2) steps.push(n);
  return steps;
}
