import type { Tableau } from "../tableau.ts";

/**
 * Weights w of the solution inside a step, y(t + theta h) = y + h * sum of w[i] k[i],
 * the slope at the end of the step coming as one more stage where the tableau's
 * last stage is not that slope already.
 *
 * With a value at mid-step (order 4) it is the quartic through both ends, both
 * end slopes and that value; else the cubic Hermite polynomial.
 * Source: Shampine 1986, Math. Comp. 46, 135-150.
 *
 * @param theta In [0, 1].
 */
export function denseWeights(tableau: Tableau, theta: number): number[] {
  const { b, bMid, firstSameAsLast } = tableau;
  const t = theta, t2 = t * t, t3 = t2 * t, t4 = t2 * t2;
  // Basis functions of the end value, the middle value and the two end slopes.
  const [end, middle, slope0, slope1] = bMid === null
    ? [3 * t2 - 2 * t3, 0, t - 2 * t2 + t3, t3 - t2]
    : [
      -8 * t4 + 14 * t3 - 5 * t2,
      16 * t4 - 32 * t3 + 16 * t2,
      -2 * t4 + 5 * t3 - 4 * t2 + t,
      2 * t4 - 3 * t3 + t2,
    ];
  const weights = b.map((weight, i) => end * weight + middle * (bMid === null ? 0 : bMid[i]!));
  if (!firstSameAsLast) weights.push(0);
  weights[0]! += slope0;
  weights[weights.length - 1]! += slope1;
  return weights;
}
