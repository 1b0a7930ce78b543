import type { SolveProblem, SolveReport } from "../engines/engine.ts";
import type { Field } from "../field.ts";
import type { AcceptedStep } from "./accepted_step.ts";
import type { RowSpace } from "./rows.ts";

/** An initial value problem over any row space. */
export interface RowsProblem<Rows>
  extends Pick<SolveProblem, "t0" | "t1" | "tableau" | "control" | "controlGroup" | "maxSteps"> {
  readonly space: RowSpace<Rows>;
  readonly field: Field<Rows>;
  /** [n, w]; remains owned by the caller. */
  readonly y0: Rows;
  /** Requested output times, monotone from t0 to t1; may be empty. */
  readonly times: readonly number[];
  /** Largest step size of an adaptive solve, above 0. Default: none. */
  readonly largestStep?: number;
  /** Receives every accepted step and takes ownership of it; may be null. Steps of a group arrive in order. */
  readonly onStep: ((step: StepRecord<Rows>) => void) | null;
  /**
   * Called with every accepted step of a solve with a single control group; false stops the solve,
   * and `y1` is then the state at the end of that step. The step's rows remain owned by the solver.
   */
  readonly watch?: (step: AcceptedStep<Rows>) => Promise<boolean>;
}

/** One accepted step of some rows. */
export interface StepRecord<Rows> {
  /** [m] row indices in the problem. */
  readonly rowIds: Int32Array;
  /** [m] start times. */
  readonly t: Float64Array;
  /** [m] step sizes. */
  readonly h: Float64Array;
  /** [m, w] states at the start. */
  readonly y: Rows;
  /** [m, w] each: slopes of the stages, without the last one of an FSAL method. */
  readonly slopes: readonly Rows[];
}

/** The result of a solve over rows, owned by the caller. */
export interface RowsSolution<Rows> {
  /** [n, w] at t1; rows of failed groups hold NaN. */
  readonly y1: Rows;
  /** [times][n, w]; rows of failed groups hold NaN. */
  readonly states: readonly Rows[];
  /** One per control group. */
  readonly reports: readonly SolveReport[];
}
