import { odeint } from "../../ode/odeint/odeint.ts";
import { dopri5 } from "../../ode/tableaus/dopri5.ts";

/** dx/dt = f(t, x) on plain arrays. */
export type Velocity = (t: number, x: Float64Array) => Float64Array;

/**
 * Tolerances far below the error of the smallest finite difference: 1e-11 over twice the smallest
 * step of 2^-9 is 3e-9, while the difference's own error there is near 1e-6.
 */
const control = { kind: "adaptive", rtol: 1e-11, atol: 1e-11 } as const;

/**
 * Solves an ODE and returns the state at each of `times`.
 *
 * The solver is restarted at every time, so that a step ends exactly there: dense output would be
 * of lower order than the solver.
 *
 * @param times Monotone, on one side of `start.t`; the first may equal `start.t`.
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
