import { type Engines, solveOn } from "../../ode/engines/engines.ts";
import { withZeros } from "../../ode/engines/number_rows.ts";
import type { NumberRows } from "../../ode/engines/engine.ts";
import { largestGroup } from "../../ode/solver/control_groups.ts";
import { requireSolved } from "../../ode/solver/failure_message.ts";
import { type DivergenceTrace, traceColumns } from "../divergence.ts";
import type { FlowModel, SolveSettings } from "../model.ts";
import { velocityField } from "../velocity_field.ts";
import { numbersOf, pullBackNumbers } from "./number_solutions.ts";
import { dopri5Error, predictedRows, STEP, timeOf, TOLERANCE } from "./predicted_steps.ts";

/** {@link predictedSteps} over numbers. */
export interface NumberPrediction {
  /** Steps, mean over control groups. */
  readonly steps: number;
  /** Its gradient with respect to the flat parameter vector, in device order. */
  readonly gradient: Float32Array<ArrayBuffer>;
}

/**
 * `predictedSteps()` without tensors, equal but for rounding: the prediction is computed in float64, and
 * with operations that IEEE 754 defines, so its bits are the same everywhere.
 *
 * @param batch Data in model units, [n, d].
 * @param options.step Training step, from 0.
 * @throws {FailureError} If the solve to z(t) fails.
 */
export async function predictedStepsOfNumbers(
  model: FlowModel,
  engines: Engines,
  batch: NumberRows,
  { trace, settings, step }: {
    readonly trace: DivergenceTrace;
    readonly settings: SolveSettings;
    readonly step: number;
  },
): Promise<NumberPrediction> {
  const [count, dims] = batch.shape, added = traceColumns(trace), width = dims + added;
  const n = predictedRows(count, settings);
  const first = { shape: [n, dims] as const, values: batch.values.subarray(0, n * dims) };
  const t = timeOf(step);
  const z = await stateAt(t, { model, engines, batch: first, settings });
  const y0 = { shape: [n, width] as const, values: withZeros(z, dims, added) };
  const solved = await solveOn(engines, {
    ...{ ...settings, field: velocityField(model, trace), y0, t0: t, t1: t + STEP },
    ...{ tableau: dopri5Error, control: { kind: "fixed", steps: 1 }, keep: { kind: "records" } },
  });
  try {
    const { y1 } = numbersOf(solved.solution);
    const error = y1.map((end, i) => end - y0.values[i]!);
    const { steps, cotangent } = stepsOf(error, { width, dims, settings });
    const { parameters } = await pullBackNumbers(solved, cotangent, { kind: "direct" });
    return { steps, gradient: parameters };
  } finally {
    solved.solution.dispose();
  }
}

/** z(t) along the run's own solve from the batch, [n * d]. */
async function stateAt(
  t: number,
  { model, engines, batch, settings }: {
    readonly model: FlowModel;
    readonly engines: Engines;
    readonly batch: NumberRows;
    readonly settings: SolveSettings;
  },
): Promise<Float32Array> {
  const { engine, solution } = await solveOn(engines, {
    ...{ field: velocityField(model, null), y0: batch, t0: 0, t1: t },
    ...settings,
    keep: { kind: "end" },
  });
  try {
    requireSolved(await engine.report(solution)(), { ...settings, maxStepsOption: "maxSteps" });
    return numbersOf(solution).y1;
  } finally {
    solution.dispose();
  }
}

/**
 * The prediction from the errors [n * width] of a step, and its cotangent.
 *
 * With m the larger of the parts' mean squares of error / 1e-5 over a group, it is the mean over groups
 * of (1 + m)^(1/10) / STEP, whose slope is a tenth of the root over 1 + m.
 */
function stepsOf(
  error: Float32Array,
  { width, dims, settings: { controlGroup } }: {
    readonly width: number;
    readonly dims: number;
    readonly settings: Pick<SolveSettings, "controlGroup">;
  },
): { readonly steps: number; readonly cotangent: Float32Array } {
  const n = error.length / width, size = largestGroup(n, controlGroup);
  const groups = Math.ceil(n / size);
  const cotangent = new Float32Array(error.length);
  let sum = 0;
  for (let first = 0; first < n; first += size) {
    const end = Math.min(first + size, n);
    const meanSquare = ([from, to]: readonly [number, number]) => {
      let squares = 0;
      for (let row = first; row < end; row++) {
        for (let d = from; d < to; d++) squares += (error[row * width + d]! / TOLERANCE) ** 2;
      }
      return squares / ((end - first) * (to - from));
    };
    const position = [0, dims] as const, logDensity = [dims, width] as const;
    const ofPosition = meanSquare(position), ofLogDensity = meanSquare(logDensity);
    const [larger, [from, to]] = ofPosition >= ofLogDensity
      ? [ofPosition, position]
      : [ofLogDensity, logDensity];
    const root = tenthRoot(1 + larger);
    sum += root;
    const slope = root / (10 * (1 + larger)) / (groups * STEP) *
      2 / ((end - first) * (to - from) * TOLERANCE ** 2);
    for (let row = first; row < end; row++) {
      for (let d = from; d < to; d++) cotangent[row * width + d] = slope * error[row * width + d]!;
    }
  }
  return { steps: sum / (groups * STEP), cotangent };
}

/** x^(1/10) for x of at least 1, without `Math.pow`, whose last bits differ between systems. */
function tenthRoot(x: number): number {
  if (!(x < Infinity)) return NaN;
  // Newton's method for the fifth root from above, where it decreases until it has converged.
  let root = 1;
  while (root * root * root * root * root < x) root *= 2;
  for (;;) {
    const square = root * root, next = (4 * root + x / (square * square)) / 5;
    if (!(next < root)) return Math.sqrt(root);
    root = next;
  }
}
