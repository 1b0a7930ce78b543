import * as tf from "../../core/tfjs/library.ts";
import { type Engines, solveOn } from "../../ode/engines/engines.ts";
import type { Solution } from "../../ode/engines/engine.ts";
import { errorMethod } from "../../ode/error_method.ts";
import type { Tableau } from "../../ode/tableau.ts";
import { largestGroup } from "../../ode/solver/control_groups.ts";
import { requireSolved } from "../../ode/solver/failure_message.ts";
import { dopri5 } from "../../ode/tableaus/dopri5.ts";
import { valueAndGradients } from "../../ops/gradients.ts";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "../../core/tensors.ts";
import { type DivergenceTrace, traceColumns } from "../divergence.ts";
import type { FlowModel, SolveSettings } from "../model.ts";
import { velocityField } from "../velocity_field.ts";

/** Size of the step whose error is estimated. */
export const STEP = 0.05;

/** Tolerance of the solve whose steps are predicted: that of evaluation and sampling. */
export const TOLERANCE = 1e-5;

/** Exponent of a scaled error in the number of steps: the controller's. */
export const EXPONENT = 1 / dopri5.errorOrder;

/** Whose step, from 0, is the error estimate of a step of dopri5. */
export const dopri5Error: Tableau = errorMethod(dopri5);

/** Share of a batch's control groups whose steps are predicted: half gave the same CNFs as all. */
const SHARE = 1 / 2;

/** The golden ratio less 1: its multiples fill the unit interval evenly. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

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
  let solution: Solution | null = null, predicted: Tensor | null = null;
  let cotangent: Tensor2D | null = null;
  try {
    const solved = await solveOn(engines, {
      ...{ ...settings, field, y0, t0: t, t1: t + STEP },
      ...{ tableau: dopri5Error, control: { kind: "fixed", steps: 1 }, keep: { kind: "records" } },
    });
    const { y1 } = solution = solved.solution;
    const { value, gradients } = valueAndGradients(
      (end) => stepsOf(tf.sub(end, y0) as Tensor2D, batch.shape[1], settings),
      [y1],
    );
    predicted = value;
    cotangent = gradients[0] as Tensor2D;
    const gradient = await solved.engine.pullBack(solution, cotangent, { kind: "direct" });
    gradient.y0.dispose();
    return { steps: value as Scalar, gradient: gradient.parameters };
  } catch (error) {
    predicted?.dispose();
    throw error;
  } finally {
    cotangent?.dispose();
    y0.dispose();
    solution?.dispose();
  }
}

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

/** The prediction from the errors [n, d + columns] of a step. */
function stepsOf(
  error: Tensor2D,
  dims: number,
  { controlGroup }: Pick<SolveSettings, "controlGroup">,
): Tensor {
  return tf.tidy(() => {
    const [n, width] = error.shape;
    const size = largestGroup(n, controlGroup);
    const groups = Math.ceil(n / size);
    const rows = tf.tensor1d(
      Float32Array.from({ length: groups }, (_, i) => Math.min(size, n - i * size)),
    );
    const scaled = tf.square(tf.div(error, TOLERANCE)) as Tensor2D;
    /** Mean square over each group of a part of the state. */
    const meanSquare = (first: number, columns: number): Tensor => {
      const part = tf.slice2d(scaled, [0, first], [n, columns]);
      const full = tf.pad2d(part, [[0, groups * size - n], [0, 0]]);
      const sums = tf.sum(tf.reshape(full, [groups, size * columns]), 1);
      return tf.div(sums, tf.mul(rows, columns));
    };
    const larger = tf.maximum(meanSquare(0, dims), meanSquare(dims, width - dims));
    return tf.div(tf.mean(tf.pow(tf.add(larger, 1), EXPONENT / 2)), STEP);
  });
}
