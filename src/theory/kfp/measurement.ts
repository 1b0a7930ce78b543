import { fitLine } from "../line_fit.ts";
import { type Claim, claim } from "../theorem.ts";

/**
 * Six steps h of finite differences: `largest`, and five halvings.
 *
 * 2^-4 suits a field that varies on a scale of 1: there the next term of the error's series, of
 * relative size h^2, is below a hundredth of the first; at the smallest step, 2^-9, the error is near
 * 1e-6, hundreds of times what float64 and the solver leave of a difference quotient (3e-9). That grows
 * as 1/h, so still smaller steps would show it instead.
 */
export function halvings(largest: number): readonly number[] {
  return Array.from({ length: 6 }, (_, k) => largest / 2 ** k);
}

/** Of a central difference: its error is c h^2 + O(h^4). */
export const PREDICTED_ORDER = 2;

/** How far the two sides of an equation are apart, finite differences in place of derivatives. */
export interface Measurement {
  /** Which density. */
  readonly case: string;
  /** The equation, for people. */
  readonly equation: string;
  /** Largest first, each half of the one before; [n]. */
  readonly steps: readonly number[];
  /** Root mean square over the points of left side minus right side; [n]. */
  readonly errors: readonly number[];
  /** Slope of log(error) against log(step), by least squares. */
  readonly order: number;
  /**
   * The same root mean square at step 0, extrapolated by Richardson from the two smallest steps,
   * over that of the sides themselves.
   */
  readonly limit: number;
}

/** What was found at one point. */
export interface PointErrors {
  /** Left side minus right side, at each step. */
  readonly errors: readonly number[];
  /** What the sides themselves amount to. */
  readonly size: number;
}

/** (4 D(h) - D(2h)) / 3: a central difference without its term in h^2, from the last two. */
export function extrapolated(differences: readonly number[]): number {
  return (4 * differences.at(-1)! - differences.at(-2)!) / 3;
}

/** Root of the mean of squares. */
export function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

/** Slope of log y against log x by least squares. */
export function logSlope(x: readonly number[], y: readonly number[]): number {
  return fitLine(x.map(Math.log), y.map(Math.log)).slope;
}

/** Sums up points. */
export function measurementOf(
  of: Pick<Measurement, "case" | "equation" | "steps">,
  points: readonly PointErrors[],
): Measurement {
  const { steps } = of;
  const errors = steps.map((_, i) => rootMeanSquare(points.map(({ errors }) => errors[i]!)));
  const remaining = rootMeanSquare(points.map(({ errors }) => extrapolated(errors)));
  const limit = remaining / rootMeanSquare(points.map(({ size }) => size));
  return { ...of, errors, order: logSlope(steps, errors), limit };
}

/** How far an observed order may be from 2: six steps, the first of which feel the term in h^4. */
export const ORDER_TOLERANCE = 0.05;

/** Relative. After the extrapolation c h^4 and the solver's error remain: below 1e-8 in every case. */
const LIMIT_TOLERANCE = 1e-6;

/** The two claims by which an equation stands or falls. A wrong right side leaves an error that no step makes smaller. */
export function judge({ case: name, equation, order, limit }: Measurement): Claim[] {
  return [
    claim(`${name}: the error of ${equation} falls with the step at order 2`, {
      observed: order,
      expected: PREDICTED_ORDER,
      tolerance: ORDER_TOLERANCE,
    }),
    claim(`${name}: at step 0 the two sides of ${equation} differ by nothing, relative to one`, {
      observed: limit,
      expected: 0,
      tolerance: LIMIT_TOLERANCE,
    }),
  ];
}
