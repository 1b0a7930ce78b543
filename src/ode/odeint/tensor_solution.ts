import type { Scalar, Tensor } from "../../core/tensors.ts";
import type { SolveReport } from "../engines/engine.ts";
import type { TensorRecord } from "./tensor_dynamics.ts";

/** An event found by `odeintTensors`. Its tensors are owned by the solution. */
export interface FoundTensorEvent<T extends Tensor> {
  /** Index of its event function in `events`. */
  readonly index: number;
  /** Its time. */
  readonly t: number;
  /** Its time as a tensor, for use in losses; differentiated by the implicit function theorem. */
  readonly tTensor: Scalar;
  /** The state at that time; its gradient includes the dependence through the time. */
  readonly y: T;
}

/** The result of `odeintTensors`. Dispose it; it owns all of its tensors. */
export interface TensorSolution<T extends Tensor, P extends TensorRecord> {
  /** End of the solve: the last of `times`, or the time of the terminal event. */
  readonly t: number;
  /** The state there. */
  readonly y: T;
  /** [times, ...shape of y0] the states at `times`; those after a terminal event are omitted. */
  readonly states: Tensor;
  /** All events in the order of the solve; a terminal one is the last. */
  readonly events: readonly FoundTensorEvent<T>[];
  /** Statistics of the solve. */
  readonly report: SolveReport;
  /**
   * Value and gradients of a loss. May be called repeatedly as long as the parameters keep the
   * values of the solve.
   *
   * @param loss A function of `y`, `states`, the `tTensor` and `y` of events, and of parameters
   *   directly; returns a tensor with one element.
   * @throws {FailureError} If the adjoint solve fails, or an event's time has no gradient.
   */
  gradients(
    loss: (solution: TensorSolution<T, P>) => Tensor,
  ): Promise<TensorGradients<T, P>>;
  /** Disposes the tensors and the recorded steps. */
  dispose(): void;
}

/** Gradients of a loss; all tensors are owned by the caller. */
export interface TensorGradients<T extends Tensor, P extends TensorRecord> {
  /** The loss. */
  readonly value: number;
  /** With respect to y0, of its shape. */
  readonly y0: T;
  /** With respect to each parameter, of its shape. */
  readonly parameters: { readonly [K in keyof P]: Tensor };
}
