import type { Scalar, Tensor } from "../../core/tensors.ts";
import type { SolveReport } from "../engines/engine.ts";
import type { TensorRecord } from "./tensor_dynamics.ts";

/** An event that `odeintTensors` has found. Its tensors are the solution's. */
export interface FoundTensorEvent<T extends Tensor> {
  /** Index of its event function in `events`. */
  readonly index: number;
  /** Its time. */
  readonly t: number;
  /** Its time as a tensor for losses; differentiated by the implicit function theorem. */
  readonly tTensor: Scalar;
  /** The state then; its gradient includes the change of the time. */
  readonly y: T;
}

/** What `odeintTensors` gives. Dispose it; all of its tensors are its own. */
export interface TensorSolution<T extends Tensor, P extends TensorRecord> {
  /** End of the solve: the last of `times`, or the time of the terminal event. */
  readonly t: number;
  /** The state there. */
  readonly y: T;
  /** [times, ...shape of y0] the states at `times`; those after a terminal event are missing. */
  readonly states: Tensor;
  /** All events in the order of the solve; a terminal one is the last. */
  readonly events: readonly FoundTensorEvent<T>[];
  /** What the solve did. */
  readonly report: SolveReport;
  /**
   * Value and gradients of a loss. May be called repeatedly while the parameters have the values
   * of the solve.
   *
   * @param loss Of `y`, `states` and events' `tTensor` and `y`, and of parameters directly; a tensor of one number.
   * @throws {FailureError} If the adjoint solve cannot go on, or an event's time has no gradient.
   */
  gradients(
    loss: (solution: TensorSolution<T, P>) => Tensor,
  ): Promise<TensorGradients<T, P>>;
  /** Gives the tensors and the recorded steps back. */
  dispose(): void;
}

/** Gradients of a loss; all tensors are the caller's. */
export interface TensorGradients<T extends Tensor, P extends TensorRecord> {
  /** The loss. */
  readonly value: number;
  /** With respect to y0, of its shape. */
  readonly y0: T;
  /** With respect to each parameter, of its shape. */
  readonly parameters: { readonly [K in keyof P]: Tensor };
}
