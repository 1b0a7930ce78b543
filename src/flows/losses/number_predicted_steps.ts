import { type Engines, solveOn } from "../../ode/engines/engines.ts";
import { withZeros } from "../../ode/engines/number_rows.ts";
import type { NumberRows } from "../../ode/engines/engine.ts";
import { requireSolved } from "../../ode/solver/failure_message.ts";
import { type DivergenceTrace, traceColumns } from "../divergence.ts";
import type { FlowModel, SolveSettings } from "../model.ts";
import { velocityField } from "../velocity_field.ts";
import { numbersOf, pullBackNumbers } from "./number_solutions.ts";
import { dopri5Error, predictedRows, STEP, stepsOf, timeOf } from "./step_prediction.ts";

/** `predictedSteps()` over numbers. */
export interface NumberPrediction {
  /** Steps, mean over control groups. */
  readonly steps: number;
  /** Its gradient with respect to the flat parameter vector, in device order. */
  readonly gradient: Float32Array<ArrayBuffer>;
}

/**
 * `predictedSteps()` without tensors, with its bits on the CPU.
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
    const { y1: end } = numbersOf(solved.solution), { controlGroup } = settings;
    const ends = { start: y0.values, end };
    const { steps, cotangent } = stepsOf(ends, { width, dims, controlGroup });
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
