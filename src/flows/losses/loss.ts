import type { Late } from "../../core/late.ts";
import type { Scalar, Tensor1D, Tensor2D } from "../../core/tensors.ts";
import type { FlowModel } from "../model.ts";

/** What training descends. */
export interface Loss {
  /** For messages. */
  readonly name: string;
  /**
   * The loss of a batch and its gradient by the model's parameters.
   *
   * @param batch Data as the model takes them, [n, w]; stays the caller's.
   * @param draw What is random is a function of it and the row.
   */
  lossAndGradient(
    model: FlowModel,
    batch: Tensor2D,
    draw: StepDraw,
  ): LossAndGradient | Promise<LossAndGradient>;
}

/** The loss of one batch and its gradient; the caller disposes both tensors. */
export interface LossAndGradient {
  /** On the device: reading it back every step would cost a GPU 12 ms each. */
  readonly loss: Scalar;
  /** By the flat parameter vector, in device order. */
  readonly gradient: Tensor1D;
  /**
   * Field evaluations of the forward solve, mean over control groups; null where nothing is solved.
   * Rejects with a FailureError where a solve could not go on and the engine learnt it late.
   */
  readonly nfe: Late<number> | null;
}

/** What the random draws of one training step are a function of. */
export interface StepDraw {
  /** Of the run. */
  readonly seed: number;
  /** The training step, from 0. */
  readonly step: number;
}
