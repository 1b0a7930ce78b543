import { type AcceptedStep, stateInside } from "../solver/accepted_step.ts";
import { type HostRows, hostSpace } from "../engines/portable/host_rows.ts";
import type { Tableau } from "../tableau.ts";

/** The accepted steps of a solve in float64, for dense output. */
export interface Trajectory {
  /** In the order of the solve; each begins where the previous one ended. */
  readonly steps: readonly AcceptedStep<HostRows>[];
  readonly tableau: Tableau;
  /** End of the solution, within the last step or at its end. */
  readonly end: number;
}

/**
 * The state at a time.
 *
 * @throws {RangeError} If `t` is not between the start and the end.
 */
export function stateAt({ steps, tableau, end }: Trajectory, t: number): Float64Array {
  const start = steps[0]!.t0;
  const direction = Math.sign(end - start);
  if (!((t - start) * direction >= 0 && (end - t) * direction >= 0)) {
    throw new RangeError(`odeint: the solution goes from t = ${start} to ${end}, got ${t}`);
  }
  // Binary search for the first step that ends at or after t.
  let low = 0, high = steps.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle]!.t1 - t) * direction >= 0) high = middle;
    else low = middle + 1;
  }
  return stateInside({ space: hostSpace, tableau }, steps[low]!, t).data;
}
