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
  /** The right-hand side. */
  readonly field: FieldSpec;
  /** [n, w], on the engine's backend; stays the caller's. */
  readonly y0: Tensor2D;
  /** Initial time. */
  readonly t0: number;
  /** Final time; may be less than t0. */
  readonly t1: number;
  /** The Runge-Kutta method. */
  readonly tableau: Tableau;
  /** Step-size control. */
  readonly control: StepControl;
  /** Rows per control group (rows that share a step size); `batch` puts all rows into one. */
  readonly controlGroup: number | "batch";
  /** Accepted and rejected steps that a group may take before it fails. */
  readonly maxSteps: number;
  /** What to keep besides y1: step records for a direct pull-back, or states at given times (monotone from t0 to t1). */
  readonly keep: { readonly kind: "end" } | { readonly kind: "records" } | {
    readonly kind: "times";
    readonly times: readonly number[];
  };
}

/** Why the solve of a group failed. */
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

/** Statistics of one control group. */
export interface SolveReport {
  /** Number of field evaluations. */
  readonly nfe: number;
  /** Accepted steps. */
  readonly accepted: number;
  /** Rejected steps. */
  readonly rejected: number;
  /** First row of the group, and one past the last. */
  readonly rows: readonly [number, number];
  /** Why it failed; null if it reached t1. */
  readonly failure: SolveFailure | null;
}

/** The result of a solve. Dispose it; the engine holds its step records. */
export interface Solution {
  /** [n, w] at t1; rows of failed groups hold NaN. Owned by the solution. */
  readonly y1: Tensor2D;
  /** [times][n, w], with `keep.kind === "times"`; else empty. Owned by the solution. */
  readonly states: readonly Tensor2D[];
  /** Releases its tensors and records; a second call does nothing. */
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

/** Whether an engine supports a problem; if not, the reasons, as phrases without a full stop. */
export type Support =
  | { readonly kind: "yes" }
  | { readonly kind: "no"; readonly reasons: readonly string[] };

/**
 * Solves initial value problems and computes VJPs of their solutions: the interface of the CPU, GPU and
 * portable engines.
 *
 * Nothing that `solve` and `pullBack` return need have been read from the device, so that a training
 * step need not wait for it: reports, NFE and failures are {@link Late}.
 */
export interface Engine {
  /** For messages. */
  readonly name: string;
  /** CPU threads that it may use. */
  readonly threads: number;
  /**
   * Whether it supports a problem: decided by kinds and shapes alone, never by values or free memory,
   * because engines do not give the same bits.
   */
  supports(problem: SolveProblem): Support;
  /**
   * Solves an initial value problem; dispose the solution.
   *
   * @throws {RangeError} If the problem is not valid, or the engine does not support it.
   */
  solve(problem: SolveProblem): Promise<Solution>;
  /**
   * Cotangents of y0 and of the parameters, from that of y1.
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
