import { cubicInterpolant, type Interpolant, quarticInterpolant } from "./interpolant.ts";

/** An explicit Runge-Kutta method as data, created by {@link defineTableau}. */
export interface Tableau {
  /** The name on the command line. */
  readonly name: string;
  /** Order of the solution. */
  readonly order: number;
  /** Nodes, one per stage. */
  readonly c: readonly number[];
  /** Stage coefficients (strictly lower triangular): row i has i entries. */
  readonly a: readonly (readonly number[])[];
  /** Solution weights. */
  readonly b: readonly number[];
  /** b minus the weights of the embedded method; null if there is no error estimate. */
  readonly bError: readonly number[] | null;
  /** The error estimate of a step of size h is O(h^errorOrder); used by step-size control. */
  readonly errorOrder: number;
  /** Dense output. */
  readonly interpolant: Interpolant;
  /** The last stage is the first stage of the next step (FSAL): c = 1 and its row of `a` is b. */
  readonly firstSameAsLast: boolean;
}

const SUM_TOLERANCE = 1e-12;

/** A method as printed in its paper: the input of {@link defineTableau}. */
export interface GivenTableau
  extends Omit<Tableau, "firstSameAsLast" | "bError" | "errorOrder" | "interpolant"> {
  /** Omitted if the method has no error estimate. */
  readonly bError?: readonly number[];
  /** Default: `order`, for an embedded method of order one lower. */
  readonly errorOrder?: number;
  /** Weights of the midpoint state, of order 4, for quartic dense output. Without them it is cubic. */
  readonly bMid?: readonly number[];
}

/**
 * Checks a Butcher tableau and derives its FSAL property and its interpolant.
 *
 * @throws {RangeError} If lengths differ, or if a row of `a` does not sum to its node,
 *   `b` to 1, `bError` to 0, or `bMid` to 1/2.
 */
export function defineTableau(given: GivenTableau): Tableau {
  const { bMid = null, ...method } = given;
  const { name, order, c, a, b, bError = null, errorOrder = order } = method;
  const stages = c.length;
  const must = (holds: boolean, what: string) => {
    if (!holds) throw new RangeError(`tableau ${name}: ${what}`);
  };
  must(
    a.length === stages && b.length === stages &&
      (bError === null || bError.length === stages) && (bMid === null || bMid.length === stages),
    `expected ${stages} stages everywhere`,
  );
  const sum = (weights: readonly number[]) => weights.reduce((total, weight) => total + weight, 0);
  a.forEach((row, i) => {
    must(
      row.length === i,
      `stage ${i}: expected ${i} weights, got ${row.length}`,
    );
    must(
      Math.abs(sum(row) - c[i]!) < SUM_TOLERANCE,
      `stage ${i}: weights sum to ${sum(row)}, the node is ${c[i]}`,
    );
  });
  must(Math.abs(sum(b) - 1) < SUM_TOLERANCE, `b sums to ${sum(b)}, not 1`);
  if (bError !== null) {
    must(
      Math.abs(sum(bError)) < SUM_TOLERANCE,
      `bError sums to ${sum(bError)}, not 0`,
    );
  }
  if (bMid !== null) {
    must(Math.abs(sum(bMid) - 1 / 2) < SUM_TOLERANCE, `bMid sums to ${sum(bMid)}, not 1/2`);
  }
  const last = stages - 1;
  const firstSameAsLast = stages > 1 && c[last] === 1 && b[last] === 0 &&
    a[last]!.every((weight, j) => weight === b[j]);
  const interpolant = bMid === null
    ? cubicInterpolant({ b, firstSameAsLast })
    : quarticInterpolant({ b, firstSameAsLast }, bMid);
  return { ...method, bError, errorOrder, interpolant, firstSameAsLast };
}
