/** A least-squares line fit. */
export interface LineFit {
  /** Slope of the line. */
  readonly slope: number;
  /** Standard error of the slope from the residuals; NaN for two points. */
  readonly slopeStdErr: number;
  /** [n] Weights of the slope: slope = sum over i of influence[i] y[i]. */
  readonly influence: Float64Array;
}

/**
 * Fits y = intercept + slope x by least squares.
 *
 * @param x [n] Not all equal.
 * @param y [n]
 */
export function fitLine(x: ArrayLike<number>, y: ArrayLike<number>): LineFit {
  const n = x.length;
  const mean = (values: ArrayLike<number>) => Float64Array.from(values).reduce((a, b) => a + b) / n;
  const centreX = mean(x), centreY = mean(y);
  const away = Float64Array.from(x, (value) => value - centreX);
  const spread = away.reduce((sum, value) => sum + value * value, 0);
  const influence = away.map((value) => value / spread);
  const slope = influence.reduce((sum, value, i) => sum + value * y[i]!, 0);
  const scatter = away.reduce(
    (sum, value, i) => sum + (y[i]! - centreY - slope * value) ** 2,
    0,
  );
  return { slope, slopeStdErr: Math.sqrt(scatter / (n - 2) / spread), influence };
}

/**
 * Observed order of convergence: the slope of log error against log (1 / N).
 *
 * @param steps [n] Numbers of steps N.
 * @param errors [n] Positive; otherwise the slope is NaN.
 */
export function orderOf(steps: readonly number[], errors: readonly number[]): LineFit {
  return fitLine(steps.map((n) => Math.log(1 / n)), errors.map(Math.log));
}
