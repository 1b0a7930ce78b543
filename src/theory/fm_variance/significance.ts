import erf from "@stdlib/math-base-special-erf";

/** Standard normal distribution function. */
export function normalCdf(x: number): number {
  return 0.5 * (1 + erf(x / Math.SQRT2));
}

/**
 * The z that a standard normal variable exceeds in magnitude with probability `p`,
 * by bisection; `p` from 1e-14 to 1.
 */
export function criticalZ(p: number): number {
  let low = 0, high = 8;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (1 - erf(middle / Math.SQRT2) > p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Largest distance between the empirical distribution function of a sample and `cdf`,
 * times sqrt(n).
 *
 * Source: Kolmogorov 1933. Its critical values here are {@link criticalKolmogorov}.
 *
 * @param sample [n], in any order; sorted in place.
 */
export function kolmogorov(sample: Float64Array, cdf: (x: number) => number): number {
  const n = sample.length;
  sample.sort();
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const expected = cdf(sample[i]!);
    const distance = Math.max(expected - i / n, (i + 1) / n - expected);
    if (!(distance <= largest)) largest = distance; // a NaN is kept, and fails
    if (Number.isNaN(largest)) return NaN;
  }
  return Math.sqrt(n) * largest;
}

/**
 * What {@link kolmogorov} exceeds with probability at most `p`, whatever n and
 * whatever the (continuous) distribution: P(sqrt(n) D > c) <= 2 exp(-2 c^2).
 *
 * Source: Massart 1990, The tight constant in the Dvoretzky-Kiefer-Wolfowitz
 * inequality, Ann. Probab. 18(3), 1269-1283, corollary 1.
 */
export function criticalKolmogorov(p: number): number {
  return Math.sqrt(Math.log(2 / p) / 2);
}

/**
 * A chi-square variable as one that is very nearly standard normal, out to the
 * tails: the cube root of chi / degrees has mean 1 - 2/(9 degrees) and variance
 * 2/(9 degrees).
 *
 * Source: Wilson and Hilferty 1931, The distribution of chi-square, PNAS 17(12), 684-688.
 */
export function chiSquareScore(chi: number, degrees: number): number {
  const variance = 2 / (9 * degrees);
  return (Math.cbrt(chi / degrees) - (1 - variance)) / Math.sqrt(variance);
}

/** Mean and variance (divisor n - 1) of a sample, with their standard errors. */
export interface Moments {
  /** Arithmetic mean. */
  readonly mean: number;
  /** Standard error of the mean. */
  readonly meanStdErr: number;
  /** Unbiased variance. */
  readonly variance: number;
  /** Standard error of the variance, from the sample's own fourth moment. */
  readonly stdErr: number;
}

/**
 * The first two moments of independent values.
 *
 * The standard error of the variance is sqrt((m4 - m2^2) / n), which assumes no
 * normality: the theorem may not be used to judge itself.
 *
 * @param values [n], two or more.
 */
export function momentsOf(values: ArrayLike<number>): Moments {
  const n = values.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i]!;
  const mean = sum / n;
  let squares = 0, fourths = 0;
  for (let i = 0; i < n; i++) {
    const square = (values[i]! - mean) ** 2;
    squares += square;
    fourths += square * square;
  }
  const m2 = squares / n, m4 = fourths / n;
  return {
    mean,
    meanStdErr: Math.sqrt(squares / (n - 1) / n),
    variance: squares / (n - 1),
    stdErr: Math.sqrt(Math.max(0, m4 - m2 * m2) / n),
  };
}
