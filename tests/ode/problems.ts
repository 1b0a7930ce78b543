/** Initial value problems whose solutions are known in closed form, in float64. */
export interface Problem {
  readonly name: string;
  f(t: number, y: Float64Array): Float64Array;
  /** y(t) for the solution through y(0). */
  exact(t: number): Float64Array;
}

const numbers = (...values: number[]) => Float64Array.from(values);

/** y' = -y. */
export const decay: Problem = {
  name: "decay",
  f: (_t, y) => y.map((value) => -value),
  exact: (t) => numbers(Math.exp(-t)),
};

/** Harmonic oscillator: a circle at unit speed. */
export const oscillator: Problem = {
  name: "oscillator",
  f: (_t, y) => numbers(y[1]!, -y[0]!),
  exact: (t) => numbers(Math.cos(t), -Math.sin(t)),
};

/** y' = y cos t: the time of every stage matters. */
export const modulated: Problem = {
  name: "modulated",
  f: (t, y) => numbers(y[0]! * Math.cos(t)),
  exact: (t) => numbers(Math.exp(Math.sin(t))),
};

/** y' = y (1 - y) from 1/10: nonlinear. */
export const logistic: Problem = {
  name: "logistic",
  f: (_t, y) => numbers(y[0]! * (1 - y[0]!)),
  exact: (t) => numbers(1 / (1 + 9 * Math.exp(-t))),
};

export const problems: readonly Problem[] = [decay, oscillator, modulated, logistic];

/** The largest difference of two arrays. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (Number.isNaN(difference)) return NaN;
    largest = Math.max(largest, difference);
  }
  return largest;
}
