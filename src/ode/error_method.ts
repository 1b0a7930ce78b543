import { cubicInterpolant } from "./interpolant.ts";
import type { Tableau } from "./tableau.ts";

/**
 * The method whose step adds a method's error estimate to the state, y + h * sum over i of
 * bError_i k_i, in place of the step. Solved and pulled back as any other, it gives the estimate of
 * one step, and its gradient, on every engine.
 *
 * It solves no equation: its weights sum to 0, so it is of order 0.
 *
 * @throws {RangeError} If the method has no error estimate.
 */
export function errorMethod({ name, c, a, bError, errorOrder }: Tableau): Tableau {
  if (bError === null) throw new RangeError(`${name} has no error estimate`);
  const method = { b: bError, firstSameAsLast: false } as const;
  const interpolant = cubicInterpolant(method);
  return {
    ...method,
    name: `error of ${name}`,
    order: 0,
    c,
    a,
    bError: null,
    errorOrder,
    interpolant,
  };
}
