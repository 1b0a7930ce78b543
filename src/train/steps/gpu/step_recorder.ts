import { type AdamBuffers, recordGuardedAdam } from "../../../backends/gpu/adam.ts";
import { drawOnGpu, type Gpu, type PooledBuffer, type Program } from "../../../backends/gpu/mod.ts";
import type { RandomKey } from "../../../core/random/random.ts";
import { STEP } from "../../../flows/losses/step_prediction.ts";
import { withZeros } from "../../../ode/engines/number_rows.ts";
import type { SolveReport } from "../../../ode/engines/engine.ts";
import { CONTROL_BYTES, groupStatus, readControls } from "../../../ode/engines/gpu/control.ts";
import { Held } from "../../../ode/engines/gpu/held.ts";
import { packParameters } from "../../../ode/engines/gpu/packing.ts";
import type { SolveTuning } from "../../../ode/engines/gpu/plan.ts";
import type { PullBackPlan, PullBackShape } from "../../../ode/engines/gpu/pull_back/plan.ts";
import {
  partialSumBytes,
  pullBackPlanOn,
  recordReduction,
  recordReplay,
  replayProgram,
  squaresOfGradient,
} from "../../../ode/engines/gpu/pull_back/record_pull_back.ts";
import { reportOf } from "../../../ode/engines/gpu/solve_job.ts";
import { UnattendedSolve } from "../../../ode/engines/gpu/unattended_solve.ts";
import type { AdamStepSettings } from "../../../ops/adam/contract.ts";
import { FIGURE_PLACES, FIGURES_BYTES, hasBit } from "./figures.ts";
import { likelihoodProgram } from "./likelihood_wgsl.ts";
import { penaltyProgram, widenProgram, widenWorkgroups } from "./penalty_wgsl.ts";
import type { PenaltyTasks, StepTasks } from "./step_tasks.ts";

/** Dispatches of the solves with adaptive steps: as many as their groups are expected to need. */
export interface SolveDispatches {
  readonly main: number;
  readonly prefix: number;
}

/** What a step is a function of, beside the state. */
export interface StepInputs {
  /** Steps taken before. */
  readonly step: number;
  /** [rows * dims], in model units. */
  readonly rows: Float32Array;
  /** Of Hutchinson's probes. */
  readonly probesKey: RandomKey;
  /** Where the penalty looks at the error. */
  readonly predictionTime: number;
  readonly adam: AdamStepSettings;
}

/** A solve with the replay of its records. */
class ReplayedSolve {
  readonly solve: UnattendedSolve;
  readonly plan: PullBackPlan;
  readonly #gpu: Gpu;
  readonly #shape: PullBackShape;
  readonly #program: Program;
  readonly #tableau: StepTasks["main"]["tableau"];

  constructor(gpu: Gpu, tasks: StepTasks, { task, held, tuning }: {
    readonly task: StepTasks["main"];
    /** What owns the solve. */
    readonly held: Held;
    readonly tuning?: SolveTuning | undefined;
  }) {
    const { dims, hidden, trace } = tasks, [rows] = task.y0.shape;
    this.#gpu = gpu;
    this.#tableau = task.tableau;
    this.solve = held.part(new UnattendedSolve(gpu, task, tuning));
    const { groupRows, cap, records } = this.solve.plan;
    this.#shape = {
      ...{ dims, hidden, trace: trace.kind, rows, groupRows },
      ...{ stages: records!.slopes, chunkSteps: cap },
    };
    this.plan = pullBackPlanOn(gpu, this.#shape);
    this.#program = gpu.program(replayProgram(this.#shape, this.plan));
  }

  /** Records the replay of what the solve has just recorded; returns where it stops. */
  replay(
    { chunks, weights, probes, cotangent }: {
      readonly chunks: readonly PooledBuffer[];
      readonly weights: PooledBuffer;
      readonly probes: PooledBuffer | null;
      readonly cotangent: PooledBuffer;
    },
    to: { readonly sums: PooledBuffer; readonly y0: PooledBuffer },
  ): PooledBuffer {
    const inputs = {
      shape: this.#shape,
      tableau: this.#tableau,
      weights,
      chunks,
      probes,
      cotangent,
    };
    return recordReplay(this.#gpu, inputs, { plan: this.plan, program: this.#program, ...to });
  }
}

/** The penalty's solves and buffers. */
interface Penalty {
  readonly weight: number;
  readonly prefix: UnattendedSolve;
  readonly error: ReplayedSolve;
  readonly widen: Program;
  readonly program: Program;
  /** [rows, dims + 1] of the rows whose steps are predicted. */
  readonly start: PooledBuffer;
  readonly ofEnd: PooledBuffer;
}

/**
 * Records training steps of a CNF: solve, likelihood, replay, reduction and Adam, and the penalty's between
 * them, without a look at what they leave. All buffers but uploads are made once. Call `dispose()` when done.
 */
export class StepRecorder {
  /** Weights, moments and average, float32 in device order. */
  readonly state: AdamBuffers;
  /** Verdict and figures, figures.ts. */
  readonly late: PooledBuffer;
  /** States of the groups of the first solve that failed. */
  readonly #failed: PooledBuffer;
  /** All that it made. */
  readonly #held = new Held();
  readonly #gpu: Gpu;
  readonly #tasks: StepTasks;
  readonly #main: ReplayedSolve;
  readonly #likelihood: Program;
  readonly #penalty: Penalty | null;
  readonly #cotangent: PooledBuffer;
  /** The cotangent of the batch, which nobody reads. */
  readonly #ofStart: PooledBuffer;
  readonly #sums: PooledBuffer;
  readonly #gradient: PooledBuffer;
  readonly #squares: PooledBuffer;

  /**
   * @param state The state to start from.
   * @throws {FailureError} If its buffers do not fit the device.
   */
  constructor(
    gpu: Gpu,
    tasks: StepTasks,
    { state, tuning }: {
      readonly state: {
        readonly weights: Float32Array;
        readonly m: Float32Array;
        readonly v: Float32Array;
        readonly average: Float32Array | null;
      };
      readonly tuning?: SolveTuning | undefined;
    },
  ) {
    const { dims, rows, main, penalty } = tasks, { weights, m, v, average } = state;
    this.#gpu = gpu;
    this.#tasks = tasks;
    const held = this.#held;
    const filled = (numbers: Float32Array) => held.buffer(gpu.filled(numbers));
    const scratch = (bytes: number) => held.buffer(gpu.scratch(bytes));
    try {
      this.state = {
        weights: filled(weights),
        m: filled(m),
        v: filled(v),
        average: average === null ? null : filled(average),
      };
      this.#main = new ReplayedSolve(gpu, tasks, { task: main, held, tuning });
      this.#likelihood = gpu.program(likelihoodProgram(dims));
      this.#penalty = penalty === null ? null : penaltyOf(gpu, tasks, { penalty, held, tuning });
      this.late = scratch(FIGURES_BYTES);
      this.#failed = scratch(CONTROL_BYTES * this.groups.groups);
      this.#cotangent = scratch(4 * rows * (dims + 1));
      this.#ofStart = scratch(4 * rows * (dims + 1));
      this.#sums = scratch(Math.max(...this.#replayed().map(({ plan }) => partialSumBytes(plan))));
      this.#gradient = scratch(4 * weights.length);
      this.#squares = scratch(4 * squaresOfGradient(tasks));
      gpu.clear(this.late);
    } catch (error) {
      held.releaseAll();
      throw error;
    }
  }

  /** How the rows are cut into control groups, and how many attempts a dispatch takes. */
  get groups(): UnattendedSolve["plan"] {
    return this.#main.solve.plan;
  }

  /** Attempts per dispatch of the solve that leads to where the penalty looks. */
  get prefixCap(): number {
    return this.#penalty?.prefix.plan.cap ?? 1;
  }

  /**
   * Reports of the groups that failed in the solve that failed first.
   *
   * @param verdict Of its step.
   * @throws {FailureError} If the device has not carried out the solve.
   */
  async readFailures(verdict: number): Promise<SolveReport[]> {
    const controls = readControls(await this.#gpu.read(this.#failed));
    const plan = hasBit(verdict, "failed") ? this.groups : this.#penalty!.prefix.plan;
    return failureReports(controls.slice(0, plan.groups), plan);
  }

  #replayed(): ReplayedSolve[] {
    const penalty = this.#penalty;
    return [this.#main, ...(penalty === null ? [] : [penalty.error])];
  }

  /** Records a step; nothing is submitted. If it throws a part of the step is recorded, and no change of weights. */
  record(inputs: StepInputs, dispatches: SolveDispatches): void {
    const passing = new Held();
    try {
      this.#record(inputs, { dispatches, passing });
    } finally {
      passing.releaseAll();
    }
  }

  /** @param options.passing Buffers that the step alone needs. */
  #record(
    inputs: StepInputs,
    { dispatches, passing }: { readonly dispatches: SolveDispatches; readonly passing: Held },
  ): void {
    const gpu = this.#gpu, { dims, rows, trace } = this.#tasks;
    const main = this.#main, sums = this.#sums;
    const place = inputs.step % FIGURE_PLACES;
    const start = passing.buffer(gpu.upload(withZeros(inputs.rows, dims, 1)));
    const weights = passing.buffer(packParameters(gpu, this.#tasks, this.state.weights));
    const probes = trace.kind === "hutchinson"
      ? passing.buffer(drawOnGpu(gpu, {
        ...{ distribution: trace.probes.distribution, key: inputs.probesKey },
        ...{ start: 0, count: rows * dims },
      }))
      : null;
    const chunks = main.solve.record({ weights, start, probes }, {
      ...{ t0: 0, t1: 1, dispatches: dispatches.main },
    });
    this.#recordLikelihood(inputs.step, passing);
    gpu.clear(sums);
    const replayed = { weights, probes }, to = { sums, y0: this.#ofStart };
    let progress = main.replay({ ...replayed, chunks, cotangent: this.#cotangent }, to);
    if (this.#penalty !== null) {
      const penalty = this.#penalty;
      const chunks = this.#recordPenalty(penalty, {
        ...{ inputs, weights, probes, place, passing, dispatches: dispatches.prefix },
      });
      progress = penalty.error.replay({ ...replayed, chunks, cotangent: penalty.ofEnd }, to);
    }
    const partialSums = Math.max(...this.#replayed().map(({ plan }) => plan.partialSums));
    const gradient = this.#gradient, squares = this.#squares, verdict = this.late;
    recordReduction(gpu, {
      ...{ shape: this.#tasks, plan: { ...main.plan, partialSums }, sums, progress, gradient },
      notes: { squares, verdict },
    });
    recordGuardedAdam(gpu, this.state, { gradient, squares, verdict, settings: inputs.adam });
  }

  #recordLikelihood(step: number, passing: Held): void {
    const gpu = this.#gpu, { dims, rows } = this.#tasks, { y1, controls, plan } = this.#main.solve;
    const numbers = new Float32Array(5);
    new Uint32Array(numbers.buffer).set([rows, plan.groups, step % FIGURE_PLACES, step + 1]);
    numbers[4] = dims / 2 * Math.log(2 * Math.PI);
    const job = passing.buffer(gpu.upload(numbers));
    const operands = [job, y1, controls, this.#cotangent, this.late, this.#failed];
    gpu.record(this.#likelihood, operands, 1);
  }

  /** Records the penalty's solves, its value and its cotangents; returns the records of its step. */
  #recordPenalty(
    { weight, prefix, error, ...penalty }: Penalty,
    { inputs, weights, probes, place, passing, dispatches }: {
      readonly inputs: StepInputs;
      readonly weights: PooledBuffer;
      readonly probes: PooledBuffer | null;
      readonly place: number;
      readonly passing: Held;
      readonly dispatches: number;
    },
  ): readonly PooledBuffer[] {
    const gpu = this.#gpu, { dims } = this.#tasks, { start } = penalty;
    const t = inputs.predictionTime, { groups, groupRows, rows } = prefix.plan;
    const batch = passing.buffer(gpu.upload(inputs.rows.subarray(0, rows * dims)));
    prefix.record({ weights, start: batch, probes: null }, { t0: 0, t1: t, dispatches });
    gpu.record(penalty.widen, [prefix.y1, start], widenWorkgroups(dims, rows));
    const span = { t0: t, t1: t + STEP, dispatches: 1 };
    const records = error.solve.record({ weights, start, probes }, span);
    const numbers = new Float32Array(5);
    new Uint32Array(numbers.buffer).set([rows, groups, groupRows, place]);
    numbers[4] = weight;
    const job = passing.buffer(gpu.upload(numbers));
    gpu.record(penalty.program, [
      ...[job, start, error.solve.y1, prefix.controls],
      ...[penalty.ofEnd, this.late, this.#failed],
    ], 1);
    return records;
  }

  dispose(): void {
    this.#held.releaseAll();
  }
}

/**
 * Reports of the groups that failed; others are finished or wait for a dispatch.
 *
 * @param controls Of all groups of a solve.
 * @throws {FailureError} If the device has not carried out the solve.
 */
export function failureReports(
  controls: ReturnType<typeof readControls>,
  plan: Pick<UnattendedSolve["plan"], "groupRows" | "rows">,
): SolveReport[] {
  return controls.flatMap((control, group) =>
    control.status > groupStatus.finished ? [reportOf(control, group, plan)] : []
  );
}

function penaltyOf(
  gpu: Gpu,
  tasks: StepTasks,
  { penalty: { weight, prefix, error }, held, tuning }: {
    readonly penalty: PenaltyTasks;
    readonly held: Held;
    readonly tuning?: SolveTuning | undefined;
  },
): Penalty {
  const { dims } = tasks, [rows] = error.y0.shape;
  const wide = () => held.buffer(gpu.scratch(4 * rows * (dims + 1)));
  return {
    weight,
    prefix: held.part(new UnattendedSolve(gpu, prefix, tuning)),
    // One step, one dispatch.
    error: new ReplayedSolve(gpu, tasks, { task: error, held, tuning: { cap: 1 } }),
    widen: gpu.program(widenProgram(dims)),
    program: gpu.program(penaltyProgram(dims)),
    start: wide(),
    ofEnd: wide(),
  };
}
