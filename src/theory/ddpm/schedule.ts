/** A linear noise schedule: beta(t) = start + (end - start) t on [0, 1]. */
export interface Schedule {
  /** beta(0), positive. */
  readonly start: number;
  /** beta(1). */
  readonly end: number;
}

/**
 * The noise rate beta(t) of the forward SDE dx = -beta(t)/2 x dt + sqrt(beta(t)) dw.
 *
 * @param t Time, from 0 (data) to 1 (noise).
 */
export function noiseRate({ start, end }: Schedule, t: number): number {
  return start + (end - start) * t;
}

/**
 * Signal coefficient at time t, alpha(t) = exp(-1/2 integral of beta from 0 to t):
 * x_t = alpha x_0 + sqrt(1 - alpha^2) z.
 * Source: Song et al. 2021, equation 29 (variance preserving).
 *
 * @param t Time, from 0 (data) to 1 (noise).
 */
export function signalShare({ start, end }: Schedule, t: number): number {
  return Math.exp(-(start * t + (end - start) * t * t / 2) / 2);
}
