import * as tf from "../../core/tfjs/library.ts";
import { type Engines, readSolution, solveOn } from "../../ode/engines/engines.ts";
import type { Solution } from "../../ode/engines/engine.ts";
import { requireSolved } from "../../ode/solver/failure_message.ts";
import type { Scalar, Tensor1D, Tensor2D } from "../../core/tensors.ts";
import { type DivergenceTrace, traceColumns } from "../divergence.ts";
import type { FlowModel, SolveSettings } from "../model.ts";
import { velocityField } from "../velocity_field.ts";
import { dopri5Error, predictedRows, STEP, stepsOf, timeOf } from "./step_prediction.ts";

/** Prediction of {@link predictedSteps}; the caller disposes the tensors. */
export interface PredictedSteps {
  /** Steps, mean over control groups. */
  readonly steps: Scalar;
  /** Gradient of `steps` with respect to the flat parameter vector, in device order. */
  readonly gradient: Tensor1D;
}

/**
 * Number of steps that dopri5 would take at a tolerance of 1e-5 from t = 0 to 1, predicted from its
 * error at one time per call for the first half of the control groups, and the gradient of that
 * prediction.
 *
 * With e the error estimate of a step of size H from (z(t), 0), and |e| its norm over a control
 * group (the larger of the parts' RMS, z and logp), a step-size controller would take steps of
 * H (1e-5 / |e|)^(1/5), so
 *   steps = mean over t and groups of (1 + (|e| / 1e-5)^2)^(1/10) / H
 * where 1 bounds the slope of the root. The log-density decides most steps, so it is part of the
 * error. z(t) comes from the run's own solve and is held fixed: the gradient is that of the field
 * along the trajectory, not of where the trajectory leads.
 *
 * Sources: Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, section II.4 (step
 * sizes); Pal et al. 2021, Opening the Blackbox (training with a solver's error
 * estimates).
 *
 * @param batch Data in model units, [n, d], in random order; owned by the caller.
 * @param options.step Training step: t is the fraction of step times the golden ratio.
 * @throws {FailureError} If the solve to z(t) fails.
 */
export async function predictedSteps(
  model: FlowModel,
  engines: Engines,
  batch: Tensor2D,
  { trace, settings, step }: {
    readonly trace: DivergenceTrace;
    readonly settings: SolveSettings;
    readonly step: number;
  },
): Promise<PredictedSteps> {
  const t = timeOf(step);
  const field = velocityField(model, trace);
  const y0 = await stateAt(t, { model, engines, batch, trace, settings });
  let solution: Solution | null = null, cotangent: Tensor2D | null = null;
  try {
    const solved = await solveOn(engines, {
      ...{ ...settings, field, y0, t0: t, t1: t + STEP },
      ...{ tableau: dopri5Error, control: { kind: "fixed", steps: 1 }, keep: { kind: "records" } },
    });
    solution = solved.solution;
    const [start, { y1: end }] = await Promise.all([
      y0.data<"float32">(),
      readSolution(solution),
    ]);
    const { controlGroup } = settings, [, dims] = batch.shape;
    const found = stepsOf({ start, end }, { width: y0.shape[1], dims, controlGroup });
    cotangent = tf.tensor2d(found.cotangent, y0.shape);
    const gradient = await solved.engine.pullBack(solution, cotangent, { kind: "direct" });
    gradient.y0.dispose();
    return { steps: tf.scalar(found.steps), gradient: gradient.parameters };
  } finally {
    cotangent?.dispose();
    y0.dispose();
    solution?.dispose();
  }
}

/** (z(t), 0) along the run's own solve from the batch's first rows: [rows, d + columns]. */
async function stateAt(
  t: number,
  { model, engines, batch, trace, settings }: {
    readonly model: FlowModel;
    readonly engines: Engines;
    readonly batch: Tensor2D;
    readonly trace: DivergenceTrace;
    readonly settings: SolveSettings;
  },
): Promise<Tensor2D> {
  const [count, dims] = batch.shape;
  const start = tf.slice2d(batch, [0, 0], [predictedRows(count, settings), dims]);
  const { engine, solution } = await solveOn(engines, {
    ...{ field: velocityField(model, null), y0: start, t0: 0, t1: t },
    ...settings,
    keep: { kind: "end" },
  }).finally(() => start.dispose());
  try {
    requireSolved(await engine.report(solution)(), { ...settings, maxStepsOption: "maxSteps" });
    const { y1 } = solution;
    return tf.tidy(() => tf.concat2d([y1, tf.zeros([y1.shape[0], traceColumns(trace)])], 1));
  } finally {
    solution.dispose();
  }
}
