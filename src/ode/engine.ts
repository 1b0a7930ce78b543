import type * as tf from "@tensorflow/tfjs";
import type { Parameters } from "../kernels/parameters.ts";
import type { DifferentiableField } from "./field.ts";
import type { Tableau } from "./tableau.ts";

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
    readonly field: DifferentiableField<tf.Tensor2D, tf.Tensor1D>;
  };

/** An initial value problem for rows [n, w]. */
export interface SolveProblem {
  readonly field: FieldSpec;
  /** [n, w], on the engine's backend; stays the caller's. */
  readonly y0: tf.Tensor2D;
  readonly t0: number;
  /** May be less than t0. */
  readonly t1: number;
  readonly tableau: Tableau;
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
  readonly accepted: number;
  readonly rejected: number;
  /** First row of the group, and one past its last. */
  readonly rows: readonly [number, number];
  readonly failure: SolveFailure | null;
}

/** The end of a solve. Dispose it; its records live on the engine's side. */
export interface Solution {
  /** [n, w] at t1; rows of failed groups hold NaN. Owned by the solution. */
  readonly y1: tf.Tensor2D;
  /** [times][n, w], with `keep.kind === "times"`; else empty. Owned by the solution. */
  readonly states: readonly tf.Tensor2D[];
  dispose(): void;
}

/** What a pull-back gives. Both are the caller's. */
export interface Gradient {
  /** Cotangent of y0, [n, w]. */
  readonly y0: tf.Tensor2D;
  /** Cotangent of the flat parameter vector, device order. */
  readonly parameters: tf.Tensor1D;
  /** Field evaluations and pull-backs, mean over groups. */
  readonly nfe: number;
}

/** Solves initial value problems and pulls their solutions back; the seam behind which the CPU and GPU engines stand. */
export interface Engine {
  readonly name: string;
  solve(problem: SolveProblem): Promise<Solution>;
  /**
   * @param cotangent [n, w] of y1.
   * @throws {FailureError} If the adjoint solve cannot go on.
   */
  pullBack(
    solution: Solution,
    cotangent: tf.Tensor2D,
    method: GradientMethod,
  ): Promise<Gradient>;
  /** One report a group; failures are values. */
  report(solution: Solution): Promise<readonly SolveReport[]>;
}
