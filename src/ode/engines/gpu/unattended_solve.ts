import type { Gpu, Operand, PooledBuffer, Program } from "../../../backends/gpu/mod.ts";
import { CONTROL_BYTES } from "./control.ts";
import { Held } from "./held.ts";
import { jobNumbers } from "./job.ts";
import { type SolvePlan, solvePlan, type SolveTuning } from "./plan.ts";
import { chunkBytes } from "./records.ts";
import { solveProgram } from "./solve_wgsl.ts";
import type { SolveTask } from "./solved.ts";
import { tiledShape, tilesOn } from "./tiles/chosen_tiles.ts";

/** Operands of an {@link UnattendedSolve}; all remain the caller's. */
export interface SolveOperands {
  /** As in packed_weights.ts. */
  readonly weights: Operand;
  /** [rows, width], the state at t0. */
  readonly start: Operand;
  /** [rows, dims], with Hutchinson's trace; else null. */
  readonly probes: Operand | null;
}

/**
 * A solve that is recorded again and again without a look at what it leaves: the caller says how many
 * dispatches it may take. Those after its end return at once; a group that needs more is left as paused in
 * `controls`. Its buffers are its own, so that nothing is created after the first. Call `dispose()` when
 * done.
 */
export class UnattendedSolve {
  readonly plan: SolvePlan;
  /** [rows, width]; NaN in failed groups. */
  readonly y1: PooledBuffer;
  /** States of the groups, control.ts. */
  readonly controls: PooledBuffer;
  /** All buffers but those of {@link #jobs}. */
  readonly #held = new Held();
  readonly #gpu: Gpu;
  readonly #program: Program;
  readonly #task: SolveTask;
  readonly #carried: PooledBuffer;
  /** By dispatch: its records. Without records one buffer, which no dispatch writes to. */
  readonly #chunks: PooledBuffer[] = [];
  /** Of the first dispatch, and of all that continue it; of the last span. */
  #jobs: { readonly t0: number; readonly t1: number; readonly buffers: PooledBuffer[] } | null =
    null;

  /**
   * @throws {FailureError} If its buffers do not fit the device.
   */
  constructor(gpu: Gpu, task: SolveTask, tuning?: SolveTuning) {
    this.#gpu = gpu;
    this.#task = task;
    const plan = this.plan = solvePlan(task, gpu.limits, {
      tile: tilesOn(gpu, tiledShape(task)).solve,
      ...tuning,
    });
    const { rows, width, groups } = plan;
    try {
      this.#program = gpu.program(solveProgram(plan.shape));
      this.y1 = this.#held.buffer(gpu.scratch(4 * rows * width));
      this.#carried = this.#held.buffer(gpu.scratch(4 * rows * width));
      this.controls = this.#held.buffer(gpu.scratch(CONTROL_BYTES * groups));
    } catch (error) {
      this.#held.releaseAll();
      throw error;
    }
  }

  /**
   * Records dispatches from t0 to t1.
   *
   * @returns Their chunks of records, in the order in which they are written, which the next call overwrites; none
   *   if the task keeps none.
   */
  record(
    { weights, start, probes }: SolveOperands,
    { t0, t1, dispatches }: {
      readonly t0: number;
      readonly t1: number;
      readonly dispatches: number;
    },
  ): readonly PooledBuffer[] {
    const { plan: { records, cap, groups } } = this;
    const gpu = this.#gpu;
    for (let i = 0; i < dispatches; i++) {
      const chunk = records === null ? 0 : i;
      this.#chunks[chunk] ??= this.#held.buffer(
        gpu.scratch(records === null ? 4 : chunkBytes(records, cap)),
      );
      gpu.record(
        this.#program,
        [
          ...[this.#jobOf(t0, t1, i), weights, start, this.y1, this.#carried, this.controls],
          ...[this.#chunks[chunk]!, probes ?? weights],
        ],
        groups,
      );
    }
    return records === null ? [] : this.#chunks.slice(0, dispatches);
  }

  /** The numbers of a dispatch, which are uploaded once per span. */
  #jobOf(t0: number, t1: number, dispatch: number): PooledBuffer {
    if (this.#jobs?.t0 !== t0 || this.#jobs.t1 !== t1) {
      for (const buffer of this.#jobs?.buffers ?? []) buffer.release();
      this.#jobs = { t0, t1, buffers: [] };
    }
    const { plan: { groupRows, groups, cap, records } } = this;
    const sizes = { groupRows, groups, cap, recordSteps: records === null ? 0 : cap };
    const numbers = (name: "first" | "later") => jobNumbers({ ...this.#task, t0, t1 }, sizes, name);
    return this.#jobs.buffers[Math.min(dispatch, 1)] ??= this.#gpu.upload(
      numbers(dispatch === 0 ? "first" : "later"),
    );
  }

  dispose(): void {
    this.#held.releaseAll();
    for (const buffer of this.#jobs?.buffers ?? []) buffer.release();
  }
}
