import type { Late } from "../../core/late.ts";
import type { Parameters } from "../../core/parameters.ts";
import type { Tensor1D, Tensor2D } from "../../core/tensors.ts";
import type { FusedField } from "../../nn/network.ts";
import type { StepController } from "../controllers.ts";
import type { DifferentiableField } from "../field.ts";
import type { Probes } from "../probes.ts";
import type { Tableau } from "../tableau.ts";

/** How a solve chooses its steps. */
export type StepControl =
  | { readonly kind: "fixed"; readonly steps: number }
  | {
    readonly kind: "adaptive";
    readonly rtol: number;
    readonly atol: number;
    /** How errors become step sizes; `integralController`, torchdiffeq's rule, when left out. */
    readonly controller?: StepController;
  };

/** How the gradient of a solve is computed. `adjoint` has tolerances of its own and the solve's controller. */
export type GradientMethod =
  | { readonly kind: "direct" }
  | { readonly kind: "adjoint"; readonly rtol: number; readonly atol: number };

/** How the divergence of a velocity field is computed: unit vectors summed, or an estimate by random probes. */
export type TraceMethod =
  | { readonly kind: "exact" }
  | {
    readonly kind: "hutchinson";
    /** One probe per row, the same along the whole solve. Engines draw them. */
    readonly probes: Probes;
  };

/**
 * A field as an engine takes it. `mlp` is a network's fused form, which fused engines know:
 * with `trace` its state is (z [dims], logp [1]) with dlogp/dt = -div f, without it z alone.
 * Every engine takes `tensors`: any field over tfjs tensors.
 */
export type FieldSpec =
  | (FusedField & {
    readonly parameters: Parameters;
    readonly trace: TraceMethod | null;
  })
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

/** The gradient of a solve. Both tensors are the caller's. */
export interface Gradient {
  /** Cotangent of y0, [n, w]. */
  readonly y0: Tensor2D;
  /** Cotangent of the flat parameter vector, device order. */
  readonly parameters: Tensor1D;
  /**
   * Field evaluations and VJPs, mean over groups. Rejects with a FailureError where an adjoint solve
   * could not go on and its engine learns that late: the cotangents are NaN then.
   */
  readonly nfe: Late<number>;
}

/** Whether an engine takes a problem; if not, why, for people, without a full stop. */
export type Support =
  | { readonly kind: "yes" }
  | { readonly kind: "no"; readonly reasons: readonly string[] };

/**
 * Solves initial value problems and pulls their solutions back; the seam behind which the CPU and
 * GPU engines stand.
 *
 * Nothing that `solve` and `pullBack` return has been read from a device, so that a training step
 * need not wait for it: what people want to know (reports, NFE, failures) is {@link Late}.
 */
export interface Engine {
  /** For people. */
  readonly name: string;
  /** CPU threads that it may use. */
  readonly threads: number;
  /**
   * Whether it takes a problem: a matter of kinds and shapes alone, never of values or of the
   * memory that is free, since engines do not give the same bits.
   */
  supports(problem: SolveProblem): Support;
  /**
   * Solves an initial value problem; dispose the solution.
   *
   * @throws {RangeError} If the problem is not one, or the engine does not support it.
   */
  solve(problem: SolveProblem): Promise<Solution>;
  /**
   * Cotangents of a solve's start and of the parameters, from those of its end.
   *
   * @param cotangent [n, w] of y1.
   * @throws {FailureError} If a group failed, or the adjoint solve cannot go on, and the engine
   *   knows it already. One that learns it late gives cotangents of NaN, and says why in
   *   {@link Engine.report} and {@link Gradient.nfe}.
   */
  pullBack(
    solution: Solution,
    cotangent: Tensor2D,
    method: GradientMethod,
  ): Promise<Gradient>;
  /**
   * One report per group; failures are values. Ask before the solution is disposed; the answer may
   * be read afterwards.
   */
  report(solution: Solution): Late<readonly SolveReport[]>;
}
