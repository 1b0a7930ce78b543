import { accurateSolve } from "../../flows/model.ts";

/** Solves whose error is far below the tolerances of the claims. */
export const tight = {
  ...accurateSolve,
  control: { kind: "adaptive", rtol: 1e-7, atol: 1e-7 },
} as const;

/** Largest |value - expected|. */
export function largest(values: ArrayLike<number>, expected: (index: number) => number): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]! - expected(i)));
  return most;
}
