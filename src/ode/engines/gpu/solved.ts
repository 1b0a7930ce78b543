import * as tf from "../../../core/tfjs/library.ts";
import type { Gpu } from "../../../backends/gpu/gpu.ts";
import type { PooledBuffer } from "../../../backends/gpu/buffers.ts";
import type { Solution, SolveReport } from "../engine.ts";
import type { MlpProblem } from "../valid_problem.ts";
import type { RecordShape } from "./records.ts";

/** What decides how a solve is laid out, and its numbers: a problem without weights and states. */
export type SolveTask = Omit<MlpProblem, "field" | "y0"> & {
  readonly field: Omit<MlpProblem["field"], "parameters">;
  readonly y0: { readonly shape: readonly [rows: number, width: number] };
};

/** Step records of a solve, for its pull-back. */
export interface Records {
  readonly shape: RecordShape;
  /** Steps per group for which each chunk has room. */
  readonly steps: number;
  /** In the order in which they were written; see records.ts. */
  readonly chunks: readonly PooledBuffer[];
}

/** Constructor fields of {@link Solved}. */
export type SolvedParts = Pick<
  Solved,
  "gpu" | "problem" | "weights" | "probes" | "records" | "reports" | "y1" | "states"
>;

/** A solve on the GPU. Its buffers are released by `dispose`. */
export class Solved implements Solution {
  readonly gpu: Gpu;
  readonly problem: MlpProblem;
  /** The weights as in packed_weights.ts, at the time of the solve. */
  readonly weights: PooledBuffer;
  /** [rows, dims], with Hutchinson's estimator; else null. */
  readonly probes: PooledBuffer | null;
  /** Null if the problem keeps none. */
  readonly records: Records | null;
  readonly reports: readonly SolveReport[];
  readonly y1: tf.Tensor2D;
  readonly states: readonly tf.Tensor2D[];
  #isDisposed = false;

  constructor({ gpu, problem, weights, probes, records, reports, y1, states }: SolvedParts) {
    this.gpu = gpu;
    this.problem = problem;
    this.weights = weights;
    this.probes = probes;
    this.records = records;
    this.reports = reports;
    this.y1 = y1;
    this.states = states;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    tf.dispose([this.y1, ...this.states]);
    this.weights.release();
    this.probes?.release();
    for (const chunk of this.records?.chunks ?? []) chunk.release();
  }
}
