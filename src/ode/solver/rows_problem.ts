import type { SolveProblem, SolveReport } from "../engines/engine.ts";
import type { Field } from "../field.ts";
import type { AcceptedStep } from "./accepted_step.ts";
import type { RowSpace } from "./rows.ts";

/** An initial value problem over any space of rows. */
export interface RowsProblem<Rows>
  extends Pick<SolveProblem, "t0" | "t1" | "tableau" | "control" | "controlGroup" | "maxSteps"> {
  readonly space: RowSpace<Rows>;
  readonly field: Field<Rows>;
  /** [n, w]; stays the caller's. */
  readonly y0: Rows;
  /** Where states are wanted, monotone from t0 to t1; may be empty. */
  readonly times: readonly number[];
  /** Bounds on the sizes of an adaptive solve's steps, magnitudes above 0; none when left out. */
  readonly stepSizes?: StepSizes;
  /** Receives every accepted step and owns it; null where nobody asks. Steps of one group come in order. */
  readonly onStep: ((step: StepRecord<Rows>) => void) | null;
  /**
   * Called with every accepted step of a solve with a single control group; false stops the solve,
   * and `y1` is then the state at the end of that step. The step's rows remain owned by the solver.
   */
  readonly watch?: (step: AcceptedStep<Rows>) => Promise<boolean>;
}

/** What is prescribed of the sizes of steps. */
export interface StepSizes {
  /** Size of the first step; Hairer's choice, which costs two evaluations, when left out. */
  readonly first?: number;
  /** No step is larger. */
  readonly largest?: number;
}

/** One accepted step of some rows. */
export interface StepRecord<Rows> {
  /** [m] which rows of the problem. */
  readonly rowIds: Int32Array;
  /** [m] where the step began. */
  readonly t: Float64Array;
  /** [m] its size. */
  readonly h: Float64Array;
  /** [m, w] the state where it began. */
  readonly y: Rows;
  /** [m, w] each: the slopes that the stage inputs are made of (all but a first-same-as-last one). */
  readonly slopes: readonly Rows[];
}

/** The end of a solve over rows; all of it is the caller's. */
export interface RowsSolution<Rows> {
  /** [n, w] at t1; rows of failed groups hold NaN. */
  readonly y1: Rows;
  /** [times][n, w]; rows of failed groups hold NaN. */
  readonly states: readonly Rows[];
  /** One per control group. */
  readonly reports: readonly SolveReport[];
}
