import { type Claim, claim } from "../theorem.ts";
import { formula, stated } from "../statement.ts";
import { extrapolated, logSlope, rootMeanSquare } from "./measurement.ts";
import type { NoisyDensity } from "./flows/ornstein_uhlenbeck.ts";
import { differencesOf, type RateOf } from "./total_derivative.ts";

/**
 * Error of d log p(x(t),t)/dt = -tr(df/dx) in the presence of noise; RMS values over the points of
 * a density.
 */
export interface SpecialFormGap {
  /** Diffusion coefficient g. */
  readonly noise: number;
  /** RMS of d log p / dt + tr(df/dx), extrapolated to step 0. */
  readonly gap: number;
  /** RMS of the gap that the theorem predicts. */
  readonly predicted: number;
  /** RMS of gap minus prediction. */
  readonly mismatch: number;
  /** RMS of the trace. */
  readonly trace: number;
  /** Slope of log(error of the special form) against log(step). */
  readonly order: number;
}

/** g^2/2 (Laplacian p) / p: the noise term of the equation along dx/dt = f. */
export const noiseTerm: RateOf<NoisyDensity> = (density, t, x) =>
  density.noise ** 2 / 2 * density.laplacianOverDensity(t, x);

/** Measures the gap and compares it with a prediction. */
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

/** Relative to the gap, or to the trace without noise; the extrapolation error is 1e-9. */
const TOLERANCE = 1e-6;

/** The finite differences' own error is 1% of the gap at the largest step. */
const ORDER_TOLERANCE = 0.01;

/** Claims about the gap: zero without noise, and the theorem's value with it. */
export function judgeSpecialForm(
  { noise, gap, predicted, mismatch, trace, order }: SpecialFormGap,
): Claim[] {
  if (noise === 0) {
    return [
      claim(
        stated`ornstein-uhlenbeck, ${
          formula("g = 0")
        }: the special form holds; its error, relative to the trace`,
        {
          observed: gap / trace,
          expected: 0,
          tolerance: TOLERANCE,
        },
      ),
    ];
  }
  const withNoise = formula(`g = ${noise}`);
  return [
    claim(
      stated`ornstein-uhlenbeck, ${withNoise}: the special form's error does not fall with the step; its order`,
      {
        observed: order,
        expected: 0,
        tolerance: ORDER_TOLERANCE,
      },
    ),
    claim(
      stated`ornstein-uhlenbeck, ${withNoise}: the special form fails; its error, relative to the trace`,
      { observed: gap / trace, expected: predicted / trace, tolerance: TOLERANCE },
    ),
    claim(
      stated`ornstein-uhlenbeck, ${withNoise}: it fails by ${
        formula("g^2/2 (Laplacian p)/p", "\\frac{g^2}{2}\\,\\Delta p/p")
      } at every point; the difference, relative to that`,
      { observed: mismatch / predicted, expected: 0, tolerance: TOLERANCE },
    ),
  ];
}
