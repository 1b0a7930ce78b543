import { odeint } from "../../ode/odeint/odeint.ts";
import { dopri5 } from "../../ode/tableaus/dopri5.ts";

/** dx/dt = f(t, x) on plain arrays. */
export type Velocity = (t: number, x: Float64Array) => Float64Array;

/**
 * Far below what the smallest finite difference shows: an error of 1e-11, over twice the smallest
 * step of 2^-9, is 3e-9; the difference's own error is there near 1e-6.
 */
const control = { kind: "adaptive", rtol: 1e-11, atol: 1e-11 } as const;

/**
 * The solution at each of `times`.
 *
 * It is solved from each time to the next, so that a step ends at every one of them: dense
 * output between steps would be of lower order than the solver.
 *
 * @param times Monotone, on one side of `start.t`, which may be the first of them.
 */
export async function solveThrough(
  velocity: Velocity,
  start: { readonly t: number; readonly x: Float64Array },
  times: readonly number[],
): Promise<Float64Array[]> {
  let { t, x } = start;
  const states: Float64Array[] = [];
  for (const time of times) {
    if (time !== t) x = (await odeint(velocity, x, [t, time], { tableau: dopri5, control })).y;
    states.push(x);
    t = time;
  }
  return states;
}
