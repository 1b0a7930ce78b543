/** A straight line through points, by least squares. */
export interface LineFit {
  /** Of the line. */
  readonly slope: number;
  /** Standard error of the slope, from the scatter about the line; NaN for two points. */
  readonly slopeStdErr: number;
  /** The slope is the sum over i of influence[i] y[i]; [n]. */
  readonly influence: Float64Array;
}

/**
 * Fits y = intercept + slope x.
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
 * The order at which errors fall: the slope of log error against log (1 / N).
 *
 * @param steps [n] The numbers N.
 * @param errors [n] One that is not above zero gives NaN.
 */
export function orderOf(steps: readonly number[], errors: readonly number[]): LineFit {
  return fitLine(steps.map((n) => Math.log(1 / n)), errors.map(Math.log));
}
