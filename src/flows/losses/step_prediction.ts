import { errorMethod } from "../../ode/error_method.ts";
import type { Tableau } from "../../ode/tableau.ts";
import { largestGroup } from "../../ode/solver/control_groups.ts";
import { dopri5 } from "../../ode/tableaus/dopri5.ts";
import type { SolveSettings } from "../model.ts";

/** What both forms of `predictedSteps()`, over tensors and over numbers, compute on the host. */

/** Size of the step whose error is estimated. */
export const STEP = 0.05;

/** Tolerance of the solve whose steps are predicted: that of evaluation and sampling. */
export const TOLERANCE = 1e-5;

/** A scaled error's root of this order is in the number of steps: the controller's. */
const ORDER = dopri5.errorOrder;

/** Exponent of a scaled error in the number of steps. */
export const EXPONENT = 1 / ORDER;

/** Whose step, from 0, is the error estimate of a step of dopri5. */
export const dopri5Error: Tableau = errorMethod(dopri5);

/** Share of a batch's control groups whose steps are predicted: half gave the same CNFs as all. */
const SHARE = 1 / 2;

/** The golden ratio less 1: its multiples fill the unit interval evenly. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Rows of a batch, from the first, whose steps are predicted: whole control groups. */
export function predictedRows(
  count: number,
  { controlGroup }: Pick<SolveSettings, "controlGroup">,
): number {
  const size = largestGroup(count, controlGroup);
  return Math.min(count, size * Math.ceil(SHARE * Math.ceil(count / size)));
}

/** The time at which a training step, from 0, predicts. */
export function timeOf(step: number): number {
  return (1 - STEP) * (((step + 1) * GOLDEN) % 1);
}

/**
 * The prediction from both ends [n * width] of a step that adds an error, and the cotangent of `end`:
 * in float64 and with operations that IEEE 754 defines, so its bits are the same everywhere.
 *
 * With m the larger of the parts' mean squares of error / 1e-5 over a group, it is the mean over groups
 * of (1 + m)^(1/10) / STEP, whose slope is a tenth of the root over 1 + m.
 */
export function stepsOf(
  { start, end }: { readonly start: Float32Array; readonly end: Float32Array },
  { width, dims, controlGroup }: {
    readonly width: number;
    readonly dims: number;
    readonly controlGroup: SolveSettings["controlGroup"];
  },
): { readonly steps: number; readonly cotangent: Float32Array } {
  const error = end.map((value, i) => value - start[i]!);
  const n = error.length / width, size = largestGroup(n, controlGroup);
  const groups = Math.ceil(n / size);
  const cotangent = new Float32Array(error.length);
  let sum = 0;
  for (let first = 0; first < n; first += size) {
    const last = Math.min(first + size, n);
    const meanSquare = ([from, to]: readonly [number, number]) => {
      let squares = 0;
      for (let row = first; row < last; row++) {
        for (let d = from; d < to; d++) squares += (error[row * width + d]! / TOLERANCE) ** 2;
      }
      return squares / ((last - first) * (to - from));
    };
    const position = [0, dims] as const, logDensity = [dims, width] as const;
    const ofPosition = meanSquare(position), ofLogDensity = meanSquare(logDensity);
    const [larger, [from, to]] = ofPosition >= ofLogDensity
      ? [ofPosition, position]
      : [ofLogDensity, logDensity];
    const root = Math.sqrt(rootOf(1 + larger));
    sum += root;
    const slope = root / (2 * ORDER * (1 + larger)) / (groups * STEP) *
      2 / ((last - first) * (to - from) * TOLERANCE ** 2);
    for (let row = first; row < last; row++) {
      for (let d = from; d < to; d++) cotangent[row * width + d] = slope * error[row * width + d]!;
    }
  }
  return { steps: sum / (groups * STEP), cotangent };
}

/** x^EXPONENT for x of at least 1, without `Math.pow`, whose last bits differ between systems. */
function rootOf(x: number): number {
  if (!(x < Infinity)) return NaN;
  // Newton's method from above, where it decreases until it has converged.
  let root = 1;
  while (power(root, ORDER) < x) root *= 2;
  for (;;) {
    const next = ((ORDER - 1) * root + x / power(root, ORDER - 1)) / ORDER;
    if (!(next < root)) return root;
    root = next;
  }
}

/** x^n for a whole n by squaring. */
function power(x: number, n: number): number {
  let result = 1;
  for (let square = x; n > 0; n >>= 1, square *= square) {
    if (n % 2 === 1) result *= square;
  }
  return result;
}
