import type { Late } from "../../core/late.ts";
import type { Parameters } from "../../core/parameters.ts";
import type { Tensor1D, Tensor2D } from "../../core/tensors.ts";
import type { FusedField } from "../../nn/network.ts";
import type { StepController } from "../controllers.ts";
import type { EnergyOption } from "../energies.ts";
import type { DifferentiableField } from "../field.ts";
import type { Probes } from "../probes.ts";
import type { Tableau } from "../tableau.ts";

/** Step-size control of a solve. */
export type StepControl =
  | { readonly kind: "fixed"; readonly steps: number }
  | {
    readonly kind: "adaptive";
    readonly rtol: number;
    readonly atol: number;
    /** How errors become step sizes. Default: `integralController`, torchdiffeq's rule. */
    readonly controller?: StepController;
    /** Size of the first step that is tried, above 0. Null or absent: Hairer's choice, which takes two evaluations. */
    readonly firstStep?: number | null;
  };

/** Gradient method. `adjoint` has its own tolerances, and uses the solve's controller. */
export type GradientMethod =
  | { readonly kind: "direct" }
  | {
    readonly kind: "adjoint";
    readonly rtol: number;
    readonly atol: number;
  };

/** How the divergence of a velocity field is computed: exactly, by unit vectors, or by Hutchinson's estimator. */
export type TraceMethod =
  & EnergyOption
  & (
    | { readonly kind: "exact" }
    | {
      readonly kind: "hutchinson";
      /** One probe per row, fixed during the solve; drawn by the engine. */
      readonly probes: Probes;
    }
  );

/**
 * A field as passed to an engine. `mlp` is the fused form of a network, for fused engines: with
 * `trace` the state is (z [dims], logp [1]) with dlogp/dt = -div f, without it only z; the trace's
 * energies follow logp. `tensors` is any field over tfjs tensors, which the portable engine supports.
 */
export type FieldSpec =
  | (FusedField & {
    readonly parameters: Parameters;
    readonly trace: TraceMethod | null;
  })
  | {
    readonly kind: "tensors";
    readonly field: DifferentiableField<Tensor2D, Tensor1D>;
    /**
     * The same velocity at times t [n] that a GPU has computed and the host does not know: dy/dt [n, w], disposed by
     * the caller. With it a solve need not wait for the GPU at each step.
     */
    readonly atDeviceTimes?: DeviceTimesVelocity;
  };

/** A velocity [n, w] of rows y [n, w] at times t [n] on the device. */
export type DeviceTimesVelocity = (y: Tensor2D, t: Tensor1D) => Tensor2D;

/** Rows of numbers, [n * w] row-major, in place of a tensor: a solve of these needs none. */
export interface NumberRows {
  /** [n, w]. */
  readonly shape: readonly [rows: number, width: number];
  /** [n * w]. */
  readonly values: Float32Array;
}

/** An initial value problem for rows [n, w]. */
export interface SolveProblem {
  /** The right-hand side. */
  readonly field: FieldSpec;
  /** [n, w], numbers or on the engine's backend; remains owned by the caller. */
  readonly y0: Tensor2D | NumberRows;
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
  /** What to keep besides y1: step records for the direct gradient, or states at given times (monotone from t0 to t1). */
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

/** States of a solution as numbers, not to be changed. */
export interface SolutionNumbers {
  /** [n * w] at t1. */
  readonly y1: Float32Array;
  /** [times][n * w]. */
  readonly states: readonly Float32Array[];
}

/** The result of a solve. Dispose it; the engine holds its step records. */
export interface Solution {
  /** [n, w] at t1; rows of failed groups hold NaN. Owned by the solution. */
  readonly y1: Tensor2D;
  /** [times][n, w], with `keep.kind === "times"`; else empty. Owned by the solution. */
  readonly states: readonly Tensor2D[];
  /** The same as numbers, if the engine has them: see `readSolution`. */
  readonly numbers?: SolutionNumbers;
  /** Releases its tensors and records; a second call does nothing. */
  dispose(): void;
}

/** The gradient of a solve. Both tensors are owned by the caller. */
export interface Gradient {
  /** Cotangent of y0, [n, w]. */
  readonly y0: Tensor2D;
  /** Cotangent of the flat parameter vector, device order. */
  readonly parameters: Tensor1D;
  /**
   * Number of field evaluations and VJPs, mean over groups. Rejects with a FailureError if an adjoint
   * solve failed on an engine that detects failures late; the cotangents are then NaN.
   */
  readonly nfe: Late<number>;
}

/** The gradient of a solve as numbers; see {@link Gradient}. */
export interface GradientNumbers {
  /** Cotangent of y0, [n * w]. */
  readonly y0: Float32Array<ArrayBuffer>;
  /** Cotangent of the flat parameter vector, device order. */
  readonly parameters: Float32Array<ArrayBuffer>;
  /** See {@link Gradient.nfe}. */
  readonly nfe: Late<number>;
}

/** A cotangent of y1 that is affine in it: in column c of each row, slope[c] * y1 + constant[c]. */
export interface AffineCotangent {
  /** [w]. */
  readonly slope: Float32Array;
  /** [w]. */
  readonly constant: Float32Array;
}

/** A solve and its direct gradient, computed together. */
export interface SolvedGradient extends Omit<GradientNumbers, "y0"> {
  /** [n * w] at t1. */
  readonly y1: Float32Array<ArrayBuffer>;
  /** One report per group, none of which failed. */
  readonly reports: readonly SolveReport[];
  /** Bytes of memory that held step records with their activations, in whole blocks of the engine's. */
  readonly recordBytes: number;
}

/** Whether an engine supports a problem; if not, the reasons, as phrases for messages. */
export type Support =
  | { readonly kind: "yes" }
  | { readonly kind: "no"; readonly reasons: readonly string[] };

/**
 * Solves initial value problems and computes VJPs of their solutions: the interface of the CPU, GPU and
 * portable engines.
 *
 * `solve` and `pullBack` may return before anything is read from the device, so that a training step
 * does not wait for it: reports, NFE and failures are {@link Late}.
 */
export interface Engine {
  /** Name for messages. */
  readonly name: string;
  /** Largest number of CPU threads. */
  readonly threads: number;
  /**
   * Whether it supports a problem. Depends on kinds and shapes only, never on values or free memory,
   * because different engines do not compute the same bits.
   */
  supports(problem: SolveProblem): Support;
  /**
   * Rows that it takes together in less time each than in several solves. Absent from engines that a few thousand
   * saturate.
   *
   * @param problem Of any number of rows; the engine supports it with as many as this too.
   */
  rowsAtOnce?(problem: SolveProblem): number;
  /**
   * Solves an initial value problem; dispose the solution.
   *
   * @throws {RangeError} If the problem is invalid or not supported by the engine.
   */
  solve(problem: SolveProblem): Promise<Solution>;
  /**
   * VJP of a solve: cotangents of y0 and of the parameters from that of y1.
   *
   * @param cotangent [n, w] cotangent of y1.
   * @throws {FailureError} If a group or the adjoint solve failed and the engine has detected it. An
   *   engine that detects failures late returns cotangents of NaN and gives the reason in
   *   {@link Engine.report} and {@link Gradient.nfe}.
   */
  pullBack(
    solution: Solution,
    cotangent: Tensor2D,
    method: GradientMethod,
  ): Promise<Gradient>;
  /**
   * {@link pullBack} without tensors. Absent from engines whose solutions have no `numbers`.
   *
   * @param cotangent [n * w] cotangent of y1.
   */
  pullBackNumbers?(
    solution: Solution,
    cotangent: Float32Array,
    method: GradientMethod,
  ): Promise<GradientNumbers>;
  /**
   * Solves and pulls back by the direct method in one go, with the bits of both, which takes the memory of
   * few groups' records. Absent from engines that cannot.
   *
   * @returns null if the problem takes {@link solve} and {@link pullBack}; depends on kinds and shapes only.
   * @throws {FailureError} If a group fails.
   */
  solveWithGradient?(
    problem: SolveProblem,
    cotangent: AffineCotangent,
  ): Promise<SolvedGradient | null>;
  /**
   * One report per group; failures are values. Call before the solution is disposed; the result may
   * be awaited afterwards.
   */
  report(solution: Solution): Late<readonly SolveReport[]>;
  /**
   * Bytes of memory that hold a solution's step records with their activations, in whole blocks of
   * the engine's; 0 if it keeps none. Absent from engines that do not know. Call before the solution
   * is disposed.
   */
  recordBytes?(solution: Solution): number;
}
