import type { Late } from "../../core/late.ts";
import type { Scalar, Tensor1D, Tensor2D } from "../../core/tensors.ts";
import type { FlowModel } from "../model.ts";

/** A training loss. */
export interface Loss {
  /** Name used in messages. */
  readonly name: string;
  /**
   * The loss of a batch and its gradient with respect to the model's parameters.
   *
   * @param batch Data in model units, [n, w]; owned by the caller.
   * @param draw All random draws are functions of this and the row.
   */
  lossAndGradient(
    model: FlowModel,
    batch: Tensor2D,
    draw: StepDraw,
  ): LossAndGradient | Promise<LossAndGradient>;
}

/** Loss of one batch and its gradient; the caller disposes the tensors. */
export interface LossAndGradient {
  /** On the device: reading it back costs a GPU 12 ms per step. */
  readonly loss: Scalar;
  /** With respect to the flat parameter vector, in device order. */
  readonly gradient: Tensor1D;
  /**
   * Field evaluations of the forward solve, mean over control groups; null if the loss does not
   * solve an ODE. Rejects with a FailureError if the engine detected a failed solve late.
   */
  readonly nfe: Late<number> | null;
  /**
   * Kinetic energy and squared Jacobian norm along the trajectories, [2], means over the batch,
   * where the gradient penalises them; the caller disposes it.
   */
  readonly energies?: Tensor1D;
  /** Number of steps that a solve at 1e-5 would take, where the gradient penalises it; the caller disposes it. */
  readonly predictedSteps?: Scalar;
}

/** Key of the random draws of one training step. */
export interface StepDraw {
  /** Seed of the run. */
  readonly seed: number;
  /** Training step, from 0. */
  readonly step: number;
}
