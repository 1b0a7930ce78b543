import erf from "@stdlib/math-base-special-erf";

/** Standard normal distribution function. */
export function normalCdf(x: number): number {
  return 0.5 * (1 + erf(x / Math.SQRT2));
}

/**
 * Two-sided critical value: the z that a standard normal variable exceeds in magnitude with
 * probability `p`, by bisection; `p` from 1e-14 to 1.
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
 * Kolmogorov-Smirnov statistic: sqrt(n) times the largest distance between the empirical
 * distribution function of a sample and `cdf`.
 *
 * Source: Kolmogorov 1933. For critical values see {@link criticalKolmogorov}.
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
    if (!(distance <= largest)) largest = distance; // keeps a NaN, so that the test fails
    if (Number.isNaN(largest)) return NaN;
  }
  return Math.sqrt(n) * largest;
}

/**
 * Critical value of {@link kolmogorov}, exceeded with probability at most `p` for any n and any
 * continuous distribution: P(sqrt(n) D > c) <= 2 exp(-2 c^2).
 *
 * Source: Massart 1990, The tight constant in the Dvoretzky-Kiefer-Wolfowitz
 * inequality, Ann. Probab. 18(3), 1269-1283, corollary 1.
 */
export function criticalKolmogorov(p: number): number {
  return Math.sqrt(Math.log(2 / p) / 2);
}

/**
 * Transforms a chi-square variable to one that is very nearly standard normal, including its
 * tails: the cube root of chi / degrees has mean 1 - 2/(9 degrees) and variance 2/(9 degrees).
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
  /** Standard error of the variance, from the sample's fourth moment. */
  readonly stdErr: number;
}

/**
 * Mean and variance of independent values, with standard errors.
 *
 * The standard error of the variance is sqrt((m4 - m2^2) / n), which does not assume normality:
 * normality is part of what is being tested.
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
