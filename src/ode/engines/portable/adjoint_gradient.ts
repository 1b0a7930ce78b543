import type * as tf from "@tensorflow/tfjs";
import { ready } from "../../../core/late.ts";
import { solveAdjoint } from "../../solver/adjoint.ts";
import type { RowSpace } from "../../solver/rows.ts";
import { adjointControl } from "../../solver/step_control.ts";
import type { DifferentiableField } from "../../field.ts";
import type { Gradient, GradientMethod, SolveProblem } from "../engine.ts";
import { meanNfe } from "../mean_nfe.ts";
import { TensorSum } from "./tensor_sum.ts";

/** A solve whose continuous adjoint is wanted. */
export interface AdjointInputs<Rows> {
  readonly problem: SolveProblem;
  readonly space: RowSpace<Rows>;
  readonly field: DifferentiableField<Rows, tf.Tensor1D>;
  /** The state at t1, [n, w]. */
  readonly y1: Rows;
  /** Its cotangent, [n, w]. */
  readonly cotangent: Rows;
  readonly method: GradientMethod & { readonly kind: "adjoint" };
}

/**
 * The gradient of a solve by its continuous adjoint.
 *
 * @param toTensor Makes a tensor of rows, owned by the caller.
 * @throws {FailureError} If the adjoint solve of a group fails.
 */
export async function adjointGradient<Rows>(
  { problem, space, field, y1, cotangent, method }: AdjointInputs<Rows>,
  toTensor: (rows: Rows) => tf.Tensor2D,
): Promise<Gradient> {
  const gradient = new TensorSum(field.parameterCount);
  const control = problem.control.kind === "fixed"
    ? problem.control
    : adjointControl(problem.control, method);
  try {
    const { y0, reports, quadratureRows } = await solveAdjoint({
      ...problem,
      space,
      field,
      control,
      y1,
      cotangent,
      gradient,
    });
    const tensor = toTensor(y0);
    space.release(y0);
    const nfe = meanNfe(reports) + quadratureRows / space.count(cotangent);
    return { y0: tensor, parameters: gradient.take(), nfe: ready(nfe) };
  } finally {
    gradient.dispose();
  }
}
