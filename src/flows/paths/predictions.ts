import * as tf from "../../core/tfjs/library.ts";
import type { Tensor2D } from "../../core/tensors.ts";
import type { Path, PathCoefficients } from "./path.ts";

/**
 * Quantities that a network may predict at x_t. Given x_t, each determines the others:
 * `velocity` dx_t/dt, the source draw `x0`, the data `x1`, and `score`, the gradient of
 * log p_t(x), which is -x0 / sigma for a standard normal source and an independent coupling.
 */
export type Prediction = "velocity" | "x0" | "x1" | "score";

/** Points at which predictions are made. */
export interface PredictionPoints {
  /** Points on the path x_t, [n, w]. */
  readonly x: Tensor2D;
  /** Times in [0, 1], [n]. */
  readonly times: Float32Array;
}

/**
 * Converts one kind of prediction to another, row by row, [n, w]. The conversion is linear, so it
 * also holds for conditional means: the marginal velocity gives the means of x0 and x1 given x_t.
 *
 * Source: Lipman et al. 2024, Flow Matching Guide and Code, section 4.8.1, table 1.
 *
 * @param values The prediction, [n, w].
 * @throws {RangeError} At a time where `from` does not determine `to`, such as x1 from x0 where
 *   alpha is 0.
 */
export function convertPrediction(
  path: Path,
  values: Tensor2D,
  options: PredictionPoints & { readonly from: Prediction; readonly to: Prediction },
): Tensor2D {
  const { x, times, from, to } = options;
  const forms = Array.from(times, (t) => {
    const form = predictionForm(path.at(t), { from, to });
    if (!Number.isFinite(form.ofX) || !Number.isFinite(form.ofValue)) {
      throw new RangeError(
        `convertPrediction: ${from} does not determine ${to} at t = ${t} of the ${path.name} path`,
      );
    }
    return form;
  });
  return tf.tidy(() => {
    const column = (key: keyof LinearForm) =>
      tf.tensor2d(Float32Array.from(forms, (form) => form[key]), [forms.length, 1]);
    return tf.add(tf.mul(column("ofX"), x), tf.mul(column("ofValue"), values)) as Tensor2D;
  });
}

/** ofX * x_t + ofValue * value. */
interface LinearForm {
  readonly ofX: number;
  readonly ofValue: number;
}

const theValue: LinearForm = { ofX: 0, ofValue: 1 };
const theState: LinearForm = { ofX: 1, ofValue: 0 };

/** (a p + b q) / divisor; not finite where the divisor is 0. */
function combine(
  [a, p]: readonly [number, LinearForm],
  [b, q]: readonly [number, LinearForm],
  divisor = 1,
): LinearForm {
  if (divisor === 0) return { ofX: NaN, ofValue: NaN };
  return {
    ofX: (a * p.ofX + b * q.ofX) / divisor,
    ofValue: (a * p.ofValue + b * q.ofValue) / divisor,
  };
}

function predictionForm(
  coefficients: PathCoefficients,
  { from, to }: { readonly from: Prediction; readonly to: Prediction },
): LinearForm {
  if (from === to) return theValue;
  const { alpha, sigma, dAlpha, dSigma } = coefficients;
  switch (to) {
    case "x0":
      return sourceForm(coefficients, from);
    case "score":
      return combine([-1, sourceForm(coefficients, from)], [0, theState], sigma);
    case "x1":
      return dataForm(coefficients, from);
    case "velocity": {
      // Take the end that the prediction determines directly and solve for the other from x_t.
      if (from === "x1") {
        return combine([dAlpha - dSigma * alpha / sigma, theValue], [dSigma / sigma, theState]);
      }
      const x0 = sourceForm(coefficients, from);
      return combine([dSigma - dAlpha * sigma / alpha, x0], [dAlpha / alpha, theState]);
    }
    default:
      return to satisfies never;
  }
}

/** x0 as a linear form of x_t and a prediction. */
function sourceForm(coefficients: PathCoefficients, from: Prediction): LinearForm {
  const { alpha, sigma, dAlpha, dSigma } = coefficients;
  switch (from) {
    case "x0":
      return theValue;
    case "score":
      return { ofX: 0, ofValue: -sigma };
    case "x1":
      return combine([1, theState], [-alpha, theValue], sigma);
    case "velocity":
      return combine([dAlpha, theState], [-alpha, theValue], dAlpha * sigma - alpha * dSigma);
    default:
      return from satisfies never;
  }
}

/** x1 as a linear form of x_t and a prediction. */
function dataForm(coefficients: PathCoefficients, from: Prediction): LinearForm {
  const { alpha, sigma, dAlpha, dSigma } = coefficients;
  if (from === "x1") return theValue;
  if (from === "velocity") {
    return combine([sigma, theValue], [-dSigma, theState], dAlpha * sigma - alpha * dSigma);
  }
  return combine([1, theState], [-sigma, sourceForm(coefficients, from)], alpha);
}
