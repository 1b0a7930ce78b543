import { fitLine } from "../line_fit.ts";
import { type Claim, claim } from "../theorem.ts";
import { formula, stated } from "../statement.ts";

/**
 * Six finite-difference steps h: `largest` and five halvings.
 *
 * 2^-4 suits a field that varies on a scale of 1: the next term of the error series, of relative
 * size h^2, is then below a hundredth of the first. At the smallest step, 2^-9, the error is near
 * 1e-6, hundreds of times the rounding and solver error of a difference quotient (3e-9). That one
 * grows as 1/h and would dominate at smaller steps.
 */
export function halvings(largest: number): readonly number[] {
  return Array.from({ length: 6 }, (_, k) => largest / 2 ** k);
}

/** Order of a central difference, whose error is c h^2 + O(h^4). */
export const PREDICTED_ORDER = 2;

/** Defect of an equation whose derivatives are replaced by finite differences. */
export interface Measurement {
  /** Name of the density. */
  readonly case: string;
  /** The equation, for display. */
  readonly equation: string;
  /** The equation as LaTeX, if that differs. */
  readonly latex?: string;
  /** [n] Steps, largest first, each half of the previous one. */
  readonly steps: readonly number[];
  /** [n] RMS over the points of left side minus right side. */
  readonly errors: readonly number[];
  /** Slope of log(error) against log(step), by least squares. */
  readonly order: number;
  /**
   * The RMS at step 0 by Richardson extrapolation from the two smallest steps, relative to the RMS
   * of the sides themselves.
   */
  readonly limit: number;
}

/** Errors at one point. */
export interface PointErrors {
  /** Left side minus right side, at each step. */
  readonly errors: readonly number[];
  /** Value of the right side. */
  readonly size: number;
}

/** Richardson extrapolation of the last two central differences: (4 D(h) - D(2h)) / 3. */
export function extrapolated(differences: readonly number[]): number {
  return (4 * differences.at(-1)! - differences.at(-2)!) / 3;
}

/** Root mean square. */
export function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

/** Slope of log y against log x by least squares. */
export function logSlope(x: readonly number[], y: readonly number[]): number {
  return fitLine(x.map(Math.log), y.map(Math.log)).slope;
}

/** Aggregates the errors of all points. */
export function measurementOf(
  of: Pick<Measurement, "case" | "equation" | "latex" | "steps">,
  points: readonly PointErrors[],
): Measurement {
  const { steps } = of;
  const errors = steps.map((_, i) => rootMeanSquare(points.map(({ errors }) => errors[i]!)));
  const remaining = rootMeanSquare(points.map(({ errors }) => extrapolated(errors)));
  const limit = remaining / rootMeanSquare(points.map(({ size }) => size));
  return { ...of, errors, order: logSlope(steps, errors), limit };
}

/** Tolerance of the observed order; the largest steps still feel the term in h^4. */
export const ORDER_TOLERANCE = 0.05;

/** Relative. After extrapolation c h^4 and the solver's error remain, below 1e-8 in every case. */
const LIMIT_TOLERANCE = 1e-6;

/** The two claims about an equation. With a wrong right side the error does not fall with the step. */
export function judge({ case: name, equation, latex, order, limit }: Measurement): Claim[] {
  const sides = formula(equation, latex);
  return [
    claim(stated`${name}: the error of ${sides} falls with the step at order 2`, {
      observed: order,
      expected: PREDICTED_ORDER,
      tolerance: ORDER_TOLERANCE,
    }),
    claim(stated`${name}: the two sides of ${sides} agree at step 0; relative difference`, {
      observed: limit,
      expected: 0,
      tolerance: LIMIT_TOLERANCE,
    }),
  ];
}
