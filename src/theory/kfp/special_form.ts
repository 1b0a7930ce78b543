import { type Claim, claim } from "../theorem.ts";
import { extrapolated, logSlope, rootMeanSquare } from "./measurement.ts";
import type { NoisyDensity } from "./flows/ornstein_uhlenbeck.ts";
import { differencesOf, type RateOf } from "./total_derivative.ts";

/**
 * By how much d log p(x(t),t)/dt = -tr(df/dx) fails where there is noise: root mean squares over
 * the points of a density.
 */
export interface SpecialFormGap {
  /** g. */
  readonly noise: number;
  /** Of d log p / dt + tr(df/dx), extrapolated to step 0. */
  readonly gap: number;
  /** Of what the theorem says the gap is. */
  readonly predicted: number;
  /** Of the difference of these two. */
  readonly mismatch: number;
  /** Of the trace. */
  readonly trace: number;
  /** Slope of log(error of the special form) against log(step). */
  readonly order: number;
}

/** g^2/2 (Laplacian p) / p: what the Kolmogorov-Fokker-Planck equation adds along dx/dt = f. */
export const noiseTerm: RateOf<NoisyDensity> = (density, t, x) =>
  density.noise ** 2 / 2 * density.laplacianOverDensity(t, x);

/** The gap, against a prediction of it. */
export async function measureSpecialForm(
  density: NoisyDensity,
  prediction: RateOf<NoisyDensity>,
  seed: number,
): Promise<SpecialFormGap> {
  const differences = await differencesOf(density, seed);
  const traces = differences.map(({ t, x }) => density.trace(t, x));
  const gaps = differences.map(({ quotients }, i) => extrapolated(quotients) + traces[i]!);
  const errors = density.steps.map((_, k) =>
    rootMeanSquare(differences.map(({ quotients }, i) => quotients[k]! + traces[i]!))
  );
  const predictions = differences.map(({ t, x }) => prediction(density, t, x));
  return {
    noise: density.noise,
    gap: rootMeanSquare(gaps),
    predicted: rootMeanSquare(predictions),
    mismatch: rootMeanSquare(gaps.map((gap, i) => gap - predictions[i]!)),
    trace: rootMeanSquare(traces),
    order: logSlope(density.steps, errors),
  };
}

/** Of the gap, or of the trace where there is no noise: what the extrapolation leaves is 1e-9. */
const TOLERANCE = 1e-6;

/** The finite differences' own error, 1% at the largest step, still shows beside the gap. */
const ORDER_TOLERANCE = 0.01;

/** The gap is what the theorem says: nothing without noise, and far from nothing with it. */
export function judgeSpecialForm(
  { noise, gap, predicted, mismatch, trace, order }: SpecialFormGap,
): Claim[] {
  if (noise === 0) {
    return [
      claim("ornstein-uhlenbeck, g = 0: the special form holds; its error, relative to the trace", {
        observed: gap / trace,
        expected: 0,
        tolerance: TOLERANCE,
      }),
    ];
  }
  return [
    claim(
      `ornstein-uhlenbeck, g = ${noise}: no step makes the special form's error smaller; its order`,
      {
        observed: order,
        expected: 0,
        tolerance: ORDER_TOLERANCE,
      },
    ),
    claim(
      `ornstein-uhlenbeck, g = ${noise}: the special form fails; its error, relative to the trace`,
      { observed: gap / trace, expected: predicted / trace, tolerance: TOLERANCE },
    ),
    claim(
      `ornstein-uhlenbeck, g = ${noise}: it fails by g^2/2 (Laplacian p)/p at every point; the ` +
        "difference, relative to that",
      { observed: mismatch / predicted, expected: 0, tolerance: TOLERANCE },
    ),
  ];
}
