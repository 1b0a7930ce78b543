import { cubicInterpolant, type Interpolant, quarticInterpolant } from "./interpolant.ts";

/** An explicit Runge-Kutta method as data; make one with {@link defineTableau}. */
export interface Tableau {
  /** The name on the command line. */
  readonly name: string;
  /** Order of the solution. */
  readonly order: number;
  /** Nodes, one per stage. */
  readonly c: readonly number[];
  /** Stage weights: row i has i entries. */
  readonly a: readonly (readonly number[])[];
  /** Solution weights. */
  readonly b: readonly number[];
  /** b minus the embedded method's weights, or null where there is no error estimate. */
  readonly bError: readonly number[] | null;
  /** The error estimate of a step of size h is O(h^errorOrder): what step-size control reckons with. */
  readonly errorOrder: number;
  /** States inside a step. */
  readonly interpolant: Interpolant;
  /** The last stage is the next step's first: c = 1 and its row of `a` is b. */
  readonly firstSameAsLast: boolean;
}

const SUM_TOLERANCE = 1e-12;

/** A method as its paper prints it. */
export interface GivenTableau
  extends Omit<Tableau, "firstSameAsLast" | "bError" | "errorOrder" | "interpolant"> {
  /** Left out where the method has no error estimate. */
  readonly bError?: readonly number[];
  /** `order` when left out: the embedded method is of one order less. */
  readonly errorOrder?: number;
  /** Weights of the state in the middle of a step, of order 4; dense output is a cubic when left out. */
  readonly bMid?: readonly number[];
}

/**
 * Checks a Butcher tableau, derives whether its first stage is the last step's last, and makes
 * its interpolant.
 *
 * @throws {RangeError} If lengths differ, a row of `a` does not sum to its node,
 *   `b` not to 1, `bError` not to 0 or `bMid` not to 1/2.
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
