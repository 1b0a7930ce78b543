import { fillNormal } from "../../core/random/random.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import { throwIfStopped } from "../../core/stop.ts";
import { type Claim, claim } from "../theorem.ts";
import { formula, stated } from "../statement.ts";
import { orderOf } from "../line_fit.ts";
import { diffused, drawFrom, type Mixture, scoreOf } from "./mixture.ts";
import { data, doublings, schedule } from "./problem.ts";
import { noiseRate, type Schedule } from "./schedule.ts";
import type { Update, Updates } from "./updates.ts";

/** Difference of the two updates with N steps. */
export interface ResidualRow extends Readonly<Record<string, number>> {
  /** N; dt = -1 / N. */
  readonly steps: number;
  /** RMS of ancestral minus Euler-Maruyama over the points. */
  readonly residual: number;
}

/** Result of {@link residualStudy}. */
export interface ResidualStudy {
  /** N from 10 to 10,240. */
  readonly rows: readonly ResidualRow[];
  /** Slope of log residual against log (1 / N); 2 is expected. */
  readonly slope: number;
  /** Standard error of the fit; the rows are deterministic, so it measures their curvature. */
  readonly slopeStdErr: number;
  /** Limit of N^2 times the residual for large N: RMS of beta^2 (3/8 x + 1/2 score). */
  readonly leading: number;
  /** The tested claims. */
  readonly claims: readonly Claim[];
}

const TIMES = 64, POINTS_PER_TIME = 64;

/** Points of p_t at one time, with the inputs of both updates. */
interface Slice {
  readonly beta: number;
  readonly x: Float64Array;
  readonly score: Float64Array;
  readonly noise: Float64Array;
}

/**
 * The points at which the updates are compared, the same for every N: 64 draws from p_t at each of
 * t = 1/64, 2/64, ..., 1. (With the times of the N steps instead, the mean over time would vary
 * with N too and bias the slope.)
 */
export function slicesOf(data: Mixture, schedule: Schedule, seed: number): Slice[] {
  return Array.from({ length: TIMES }, (_, i) => {
    const t = (i + 1) / TIMES, now = diffused(data, schedule, t);
    const x = drawFrom(
      now,
      {
        component: keyOf(subsequences.ddpmSliceComponents, seed, i),
        place: keyOf(subsequences.ddpmSlicePlaces, seed, i),
      },
      POINTS_PER_TIME,
    );
    const noise = fillNormal(
      keyOf(subsequences.ddpmSliceNoise, seed, i),
      0,
      new Float64Array(POINTS_PER_TIME),
    );
    return { beta: noiseRate(schedule, t), x, score: scoreOf(now, x), noise };
  });
}

/** Root mean square of a function of the points. */
function rms(slices: readonly Slice[], at: (slice: Slice, i: number) => number): number {
  let sum = 0;
  for (const slice of slices) {
    for (let i = 0; i < slice.x.length; i++) sum += at(slice, i) ** 2;
  }
  return Math.sqrt(sum / (slices.length * POINTS_PER_TIME));
}

/** Largest magnitude of a function of the points. */
function largest(slices: readonly Slice[], at: (slice: Slice, i: number) => number): number {
  let most = 0;
  for (const slice of slices) {
    for (let i = 0; i < slice.x.length; i++) most = Math.max(most, Math.abs(at(slice, i)));
  }
  return most;
}

/** Ancestral minus Euler-Maruyama at every point, from the same noise. */
function differences(updates: Updates, slices: readonly Slice[], steps: number) {
  throwIfStopped();
  return new Map(slices.map((slice) => {
    const step = { ...slice, dt: -1 / steps };
    const theirs = updates.eulerMaruyama(slice.x, step);
    return [slice, updates.ancestral(slice.x, step).map((value, i) => value - theirs[i]!)];
  }));
}

/** Residual for each N; NaN where one of the updates is NaN. */
export function residualRows(
  updates: Updates,
  slices: readonly Slice[],
  steps: readonly number[],
): ResidualRow[] {
  return steps.map((n) => {
    const difference = differences(updates, slices, n);
    return { steps: n, residual: rms(slices, (slice, i) => difference.get(slice)![i]!) };
  });
}

/** Displacement due to the noise alone, with N steps. */
function noisePart(update: Update, slice: Slice, steps: number): Float64Array {
  const step = { ...slice, dt: -1 / steps };
  const still = update(slice.x, { ...step, noise: slice.noise.map(() => 0) });
  return update(slice.x, step).map((value, i) => value - still[i]!);
}

/** Relative rounding error of float64. */
const ROUNDING = 2 ** -52;

/**
 * Compares the two updates for the same x and the same noise, as N doubles from 10 to 10,240.
 *
 * With b = beta(t) / N their difference is (derivation.md, section 6)
 *   D = b^2 v + b^3 w + R,  v = 3/8 x + 1/2 s,  w = 5/16 x + 3/8 s,
 *   |R| <= b^4 (35/128 (1 - b)^(-9/2) |x| + 5/16 (1 - b)^(-7/2) |s|),
 * so the fitted slope is 2 plus a known correction from the b^3 term, up to the contribution of R,
 * which sets the tolerance. The bound is deterministic and holds for any points.
 */
export function residualStudy(updates: Updates, seed: number): ResidualStudy {
  const slices = slicesOf(data, schedule, seed);
  const steps = doublings(10_240);
  const rows = residualRows(updates, slices, steps);
  const fit = orderOf(steps, rows.map(({ residual }) => residual));

  const leading = rms(
    slices,
    ({ beta, x, score }, i) => beta ** 2 * (3 / 8 * x[i]! + score[i]! / 2),
  );
  const expansion = steps.map((n) => {
    const twoTerms = rms(
      slices,
      ({ beta, x, score }, i) =>
        beta ** 2 * (3 / 8 * x[i]! + score[i]! / 2) +
        beta ** 3 / n * (5 / 16 * x[i]! + 3 / 8 * score[i]!),
    );
    const rest = rms(slices, ({ beta, x, score }, i) => {
      const b = beta / n;
      return beta ** 2 * b ** 2 * (35 / 128 * (1 - b) ** -4.5 * Math.abs(x[i]!) +
            5 / 16 * (1 - b) ** -3.5 * Math.abs(score[i]!)) +
        4 * n ** 2 * ROUNDING * (1 + Math.abs(x[i]!));
    });
    return { bend: Math.log(twoTerms / leading), slack: -Math.log(1 - rest / twoTerms) };
  });
  const sum = (term: (i: number) => number) => steps.reduce((total, _, i) => total + term(i), 0);
  const bend = sum((i) => fit.influence[i]! * expansion[i]!.bend);
  const slack = sum((i) => Math.abs(fit.influence[i]!) * expansion[i]!.slack);

  const finest = expansion.at(-1)!, last = rows.at(-1)!;
  const overBound = Math.max(...steps.map((n) => {
    const difference = differences(updates, slices, n);
    return largest(slices, (slice, i) => {
      const b = slice.beta / n, x = Math.abs(slice.x[i]!), s = Math.abs(slice.score[i]!);
      const bound = b ** 2 * (3 / 8 * (1 - b) ** -2.5 * x + (1 - b) ** -1.5 * s / 2);
      return difference.get(slice)![i]! / (bound + 4 * ROUNDING * (1 + x));
    });
  }));
  const noiseGap = Math.max(...steps.map((n) =>
    Math.max(...slices.map((slice) => {
      const theirs = noisePart(updates.eulerMaruyama, slice, n);
      return noisePart(updates.ancestral, slice, n)
        .reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);
    }))
  ));

  const claims = [
    claim(
      stated`the residual of one step falls as ${formula("dt^2")}: slope of log residual against ${
        formula("log (1/N)", "\\log(1/N)")
      }, ${formula("N")} from 10 to 10,240`,
      {
        observed: fit.slope,
        stdErr: fit.slopeStdErr,
        expected: 2,
        tolerance: Math.abs(bend) + slack,
      },
    ),
    claim(
      stated`${formula("N^2")} residual tends to the RMS of ${
        formula(
          "beta^2 (3/8 x + 1/2 score)",
          "\\beta^2\\left(\\tfrac38 x + \\tfrac12\\,\\mathrm{score}\\right)",
        )
      }: their ratio at ${formula("N = 10,240", "N = 10{,}240")}`,
      {
        observed: last.residual * last.steps ** 2 / leading,
        expected: 1,
        tolerance: Math.expm1(Math.abs(finest.bend) + finest.slack),
      },
    ),
    claim(
      stated`no point exceeds Taylor's bound ${
        formula(
          "beta_t^2 (3/8 (1-beta_t)^(-5/2) |x| + 1/2 (1-beta_t)^(-3/2) |score|)",
          "\\beta_t^2\\left(\\tfrac38(1-\\beta_t)^{-5/2}|x| + \\tfrac12(1-\\beta_t)^{-3/2}|\\mathrm{score}|\\right)",
        )
      }: largest ratio to it`,
      { observed: overBound, expected: 0, tolerance: 1 },
    ),
    claim("the noise terms are equal up to rounding: largest difference", {
      observed: noiseGap,
      expected: 0,
      tolerance: 1e-14,
    }),
  ];
  return { rows, slope: fit.slope, slopeStdErr: fit.slopeStdErr, leading, claims };
}
