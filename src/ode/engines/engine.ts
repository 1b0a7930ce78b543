import type { Parameters } from "../../core/parameters.ts";
import type { DifferentiableField } from "../field.ts";
import type { Tableau } from "../tableau.ts";
import type { Tensor1D, Tensor2D } from "../../core/tensors.ts";

/** How a solve chooses its steps. */
export type StepControl =
  | { readonly kind: "fixed"; readonly steps: number }
  | { readonly kind: "adaptive"; readonly rtol: number; readonly atol: number };

/** How the gradient of a solve is found (design: two gradients). */
export type GradientMethod =
  | { readonly kind: "direct" }
  | { readonly kind: "adjoint"; readonly rtol: number; readonly atol: number };

/** How the divergence of a velocity field is found: unit vectors summed, or the mean over random probes. */
export type TraceMethod =
  | { readonly kind: "exact" }
  | {
    readonly kind: "hutchinson";
    readonly distribution: "gaussian" | "rademacher";
    /** [n * dims] row-major: one probe a row, the same along the whole solve. */
    readonly probes: Float32Array;
  };

/**
 * A field as an engine takes it. `mlp` is the ConditionalMLP, which fused engines know:
 * with `trace` its state is (z [dims], logp [1]) with dlogp/dt = -div f, without it z alone.
 * Every engine takes `tensors`: any field over tfjs tensors.
 */
export type FieldSpec =
  | {
    readonly kind: "mlp";
    readonly dims: number;
    readonly hidden: number;
    readonly parameters: Parameters;
    readonly trace: TraceMethod | null;
  }
  | {
    readonly kind: "tensors";
    readonly field: DifferentiableField<Tensor2D, Tensor1D>;
  };

/** An initial value problem for rows [n, w]. */
export interface SolveProblem {
  /** What is integrated. */
  readonly field: FieldSpec;
  /** [n, w], on the engine's backend; stays the caller's. */
  readonly y0: Tensor2D;
  /** Where it starts. */
  readonly t0: number;
  /** May be less than t0. */
  readonly t1: number;
  /** The Runge-Kutta method. */
  readonly tableau: Tableau;
  /** How it chooses its steps. */
  readonly control: StepControl;
  /** Rows a control group; `batch` puts all rows into one. */
  readonly controlGroup: number | "batch";
  /** Accepted and rejected steps a group may take before it gives up. */
  readonly maxSteps: number;
  /** What to keep beside the end: records for a pull-back, states at given times (monotone from t0 to t1). */
  readonly keep: { readonly kind: "end" } | { readonly kind: "records" } | {
    readonly kind: "times";
    readonly times: readonly number[];
  };
}

/** Why a group could not go on. */
export type SolveFailure =
  | {
    readonly kind: "stepSizeUnderflow";
    readonly t: number;
    readonly h: number;
  }
  | { readonly kind: "nonFinite"; readonly t: number; readonly h: number }
  | {
    readonly kind: "maxStepsReached";
    readonly t: number;
    readonly h: number;
  };

/** What one control group did. */
export interface SolveReport {
  /** Field evaluations that counted for this group. */
  readonly nfe: number;
  /** Steps that were taken. */
  readonly accepted: number;
  /** Steps that were tried and thrown away. */
  readonly rejected: number;
  /** First row of the group, and one past its last. */
  readonly rows: readonly [number, number];
  /** Why it could not go on; null where it reached t1. */
  readonly failure: SolveFailure | null;
}

/** The end of a solve. Dispose it; its records live on the engine's side. */
export interface Solution {
  /** [n, w] at t1; rows of failed groups hold NaN. Owned by the solution. */
  readonly y1: Tensor2D;
  /** [times][n, w], with `keep.kind === "times"`; else empty. Owned by the solution. */
  readonly states: readonly Tensor2D[];
  /** Gives its tensors and records back. */
  dispose(): void;
}

/** What a pull-back gives. Both are the caller's. */
export interface Gradient {
  /** Cotangent of y0, [n, w]. */
  readonly y0: Tensor2D;
  /** Cotangent of the flat parameter vector, device order. */
  readonly parameters: Tensor1D;
  /** Field evaluations and pull-backs, mean over groups. */
  readonly nfe: number;
}

/** Solves initial value problems and pulls their solutions back; the seam behind which the CPU and GPU engines stand. */
export interface Engine {
  /** For people. */
  readonly name: string;
  /** CPU threads that it may use. */
  readonly threads: number;
  /** Solves an initial value problem; dispose the solution. */
  solve(problem: SolveProblem): Promise<Solution>;
  /**
   * Cotangents of a solve's start and of the parameters, from those of its end.
   *
   * @param cotangent [n, w] of y1.
   * @throws {FailureError} If the adjoint solve cannot go on.
   */
  pullBack(
    solution: Solution,
    cotangent: Tensor2D,
    method: GradientMethod,
  ): Promise<Gradient>;
  /** One report a group; failures are values. */
  report(solution: Solution): Promise<readonly SolveReport[]>;
}
