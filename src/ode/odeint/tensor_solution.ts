import type { Scalar, Tensor } from "../../core/tensors.ts";
import type { SolveReport } from "../engines/engine.ts";
import type { TensorRecord } from "./tensor_dynamics.ts";

/** An event that `odeintTensors` has found. Its tensors are the solution's. */
export interface FoundTensorEvent<T extends Tensor> {
  /** Its place in `events`. */
  readonly index: number;
  /** When. */
  readonly t: number;
  /** When, as a tensor for losses: its gradient is the implicit function theorem's. */
  readonly tTensor: Scalar;
  /** The state then; its gradient counts that the time moves. */
  readonly y: T;
}

/** What `odeintTensors` gives. Dispose it; all of its tensors are its own. */
export interface TensorSolution<T extends Tensor, P extends TensorRecord> {
  /** Where the solve ended: the last of `times`, or the time of the event that ended it. */
  readonly t: number;
  /** The state there. */
  readonly y: T;
  /** [times, ...shape of y0] the states at `times`; those after a terminal event are missing. */
  readonly states: Tensor;
  /** All events in the order in which they happened; one that ended the solve is the last. */
  readonly events: readonly FoundTensorEvent<T>[];
  /** What the solve did. */
  readonly report: SolveReport;
  /**
   * A loss of this solution with its gradients, which are the caller's. It may be called again, as
   * long as parameters have the values of the solve.
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
