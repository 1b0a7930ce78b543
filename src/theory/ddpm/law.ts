import { throwIfStopped } from "../../core/stop.ts";
import { densityOf, diffused, type Mixture, scoreOf } from "./mixture.ts";
import { noiseRate, type Schedule } from "./schedule.ts";
import type { Update } from "./updates.ts";

/** A density on a grid: values[i] at low + i * spacing. */
interface GridDensity {
  readonly low: number;
  readonly spacing: number;
  readonly values: Float64Array;
}

/** Half width of the grid; p_t has less than 1e-12 of its mass outside it at every t. */
const REACH = 8;

/** Largest grid spacing; at 0.1 a distance summed over the grid is off by 0.6 %. */
const MAX_SPACING = 0.02;

/** Truncation of a Gaussian kernel, in standard deviations. */
const TAIL = 8;

/**
 * Law of a sampler's points at t = 0, computed without drawing samples: p_1 is propagated
 * through the sampler's N Gaussian transitions by quadrature (Chapman-Kolmogorov).
 *
 * An update is affine in its noise, so evaluating it at noise 0 and 1 yields the mean
 * m(x) and the spread of a transition: p_next(y) = integral of p(x) N(y; m(x), spread^2) dx.
 * The grid spacing never exceeds the smallest spread, so the trapezoidal rule is exact to
 * rounding: a Gaussian of standard deviation s on a grid of spacing h sums to 1 within
 * 2 exp(-2 pi^2 s^2 / h^2) < 6e-9.
 */
export function lawOf(
  update: Update,
  from: { readonly data: Mixture; readonly schedule: Schedule; readonly steps: number },
): GridDensity {
  const { data, schedule, steps } = from;
  const spacing = Math.min(MAX_SPACING, Math.sqrt(Math.min(schedule.start, schedule.end) / steps));
  const count = 2 * Math.ceil(REACH / spacing) + 1, low = -spacing * (count - 1) / 2;
  const x = Float64Array.from({ length: count }, (_, i) => low + i * spacing);
  const zeros = new Float64Array(count), ones = new Float64Array(count).fill(1);
  let values = x.map((at) => densityOf(diffused(data, schedule, 1), at));
  for (let k = 0; k < steps; k++) {
    throwIfStopped();
    const t = 1 - k / steps;
    const step = {
      score: scoreOf(diffused(data, schedule, t), x),
      beta: noiseRate(schedule, t),
      dt: -1 / steps,
    };
    const means = update(x, { ...step, noise: zeros });
    const moved = update(x, { ...step, noise: ones });
    const next = new Float64Array(count);
    for (let j = 0; j < count; j++) {
      const mean = means[j]!, spread = moved[j]! - mean;
      const first = Math.max(0, Math.ceil((mean - TAIL * spread - low) / spacing));
      const last = Math.min(count - 1, Math.floor((mean + TAIL * spread - low) / spacing));
      const mass = values[j]! * spacing / (spread * Math.sqrt(2 * Math.PI));
      for (let i = first; i <= last; i++) {
        next[i]! += mass * Math.exp(-(((x[i]! - mean) / spread) ** 2) / 2);
      }
    }
    values = next;
  }
  return { low, spacing, values };
}
