import type { CarriedDensity } from "./carried_density.ts";
import { type Measurement, measurementOf } from "./measurement.ts";

/** Right-hand side for d log p(x(t), t) / dt at a point of a trajectory. */
export type RateOf<Density extends CarriedDensity = CarriedDensity> = (
  density: Density,
  t: number,
  x: Float64Array,
) => number;

/** The theorem: d log p / dt = -tr(df/dx). */
export const minusTrace: RateOf = (density, t, x) => -density.trace(t, x);

/** d log p(x(t), t) / dt at a point of a trajectory, by central differences. */
export interface Difference {
  /** Time. */
  readonly t: number;
  /** Position, [d]. */
  readonly x: Float64Array;
  /** (log p(x(t+h), t+h) - log p(x(t-h), t-h)) / 2h, one per step h. */
  readonly quotients: readonly number[];
}

/**
 * Central differences along one trajectory.
 *
 * @param at.times Ascending.
 * @param at.steps Steps h.
 */
export async function differencesAlong(
  density: CarriedDensity,
  at: {
    readonly start: Float64Array;
    readonly times: readonly number[];
    readonly steps: readonly number[];
  },
): Promise<Difference[]> {
  const { start, times, steps } = at;
  const wanted = new Set(times.flatMap((t) => [t, ...steps.flatMap((h) => [t - h, t + h])]));
  const path = await density.follow(start, [...wanted].sort((a, b) => a - b));
  const points = new Map(path.map((point) => [point.t, point]));
  const logDensity = (t: number) => points.get(t)!.logDensity;
  return times.map((t) => ({
    t,
    x: points.get(t)!.x,
    quotients: steps.map((h) => (logDensity(t + h) - logDensity(t - h)) / (2 * h)),
  }));
}

/** Trajectories per case. */
const TRAJECTORIES = 6;

/** Central differences at a density's times, on trajectories from random starts. */
export async function differencesOf(density: CarriedDensity, seed: number): Promise<Difference[]> {
  const { times, steps } = density;
  const all: Difference[] = [];
  for (const start of density.starts(seed, TRAJECTORIES)) {
    all.push(...await differencesAlong(density, { start, times, steps }));
  }
  return all;
}

/** Measures how well d log p(x(t), t) / dt = `rate` holds along the trajectories of a density. */
export async function measureTotalDerivative<Density extends CarriedDensity>(
  density: Density,
  rate: RateOf<Density>,
  seed: number,
): Promise<Measurement> {
  const differences = await differencesOf(density, seed);
  const points = differences.map(({ t, x, quotients }) => {
    const size = rate(density, t, x);
    return { errors: quotients.map((quotient) => quotient - size), size };
  });
  const equation = "d log p(x(t),t)/dt = -tr(df/dx)";
  const latex = "\\frac{d}{dt}\\log p(x(t),t) = -\\operatorname{tr}(\\partial f/\\partial x)";
  return measurementOf({ case: density.name, equation, latex, steps: density.steps }, points);
}
