import type * as tf from "../../../core/tfjs/library.ts";
import type { PooledBuffer } from "../../../backends/gpu/buffers.ts";
import type { Gpu, Operand } from "../../../backends/gpu/gpu.ts";
import { drawOnGpu } from "../../../backends/gpu/random/draw.ts";
import { FailureError } from "../../../core/errors.ts";
import { throwIfStopped } from "../../../core/stop.ts";
import type { SolveFailure, SolveReport } from "../engine.ts";
import type { MlpProblem } from "../valid_problem.ts";
import { CONTROL_BYTES, type ControlField, groupStatus, readControls } from "./control.ts";
import { Held } from "./held.ts";
import { jobNumbers } from "./job.ts";
import { packParameters } from "./packing.ts";
import { type SolvePlan, solvePlan, type SolveTuning } from "./plan.ts";
import { chunkBytes } from "./records.ts";
import { solveProgram } from "./solve_wgsl.ts";
import { Solved } from "./solved.ts";
import { tiledShape, tilesOn } from "./tiles/chosen_tiles.ts";

type Control = Readonly<Record<ControlField, number>>;

/**
 * Solves a problem that the engine supports: dispatches of a bounded number of step attempts, until no group
 * is left that needs more.
 *
 * @throws {Stopped} If it was interrupted.
 * @throws {FailureError} If the device fails.
 */
export async function solveOnGpu(
  gpu: Gpu,
  problem: MlpProblem,
  tuning?: SolveTuning,
): Promise<Solved> {
  const plan = solvePlan(problem, gpu.limits, {
    tile: tilesOn(gpu, tiledShape(problem)).solve,
    ...tuning,
  });
  const held = new Held();
  try {
    return await solveHeld(gpu, problem, { plan, held });
  } catch (error) {
    held.releaseAll();
    throw error;
  }
}

async function solveHeld(
  gpu: Gpu,
  problem: MlpProblem,
  { plan, held }: { readonly plan: SolvePlan; readonly held: Held },
): Promise<Solved> {
  const { field, y0, keep } = problem, { dims, trace } = field;
  const { rows, width, groups, cap, records } = plan;
  const weights = held.buffer(packParameters(gpu, field, field.parameters.flat));
  const probes = trace?.kind === "hutchinson"
    ? held.buffer(drawOnGpu(gpu, {
      ...trace.probes,
      start: trace.probes.firstRow * dims,
      count: rows * dims,
    }))
    : null;
  const times = keep.kind === "times" ? keep.times.length : 0;
  const jobs: PooledBuffer[] = [];
  const chunks: PooledBuffer[] = [];
  const passing = new Held();
  try {
    const start = "values" in y0 ? passing.buffer(gpu.upload(y0.values)) : y0;
    const y1 = held.tensor(gpu.tensor<tf.Tensor2D>([rows, width]));
    const carried = passing.buffer(gpu.scratch(4 * rows * width));
    const controls = passing.buffer(gpu.scratch(CONTROL_BYTES * groups));
    const states = passing.buffer(gpu.scratch(4 * rows * width * Math.max(1, times)));
    const program = gpu.program(solveProgram(plan.shape));
    const sizes = { ...plan, recordSteps: records === null ? 0 : cap };
    let after: readonly Control[];
    do {
      throwIfStopped();
      // Two jobs at most: the first dispatch, and all that continue it.
      if (jobs.length < 2) {
        const dispatch = jobs.length === 0 ? "first" : "later";
        jobs.push(passing.buffer(gpu.upload(jobNumbers(problem, sizes, dispatch))));
      }
      let kept = states;
      if (records !== null) {
        kept = held.buffer(gpu.scratch(chunkBytes(records, cap)));
        chunks.push(kept);
      }
      const operands: Operand[] = [jobs.at(-1)!, weights, start, y1, carried, controls, kept];
      gpu.record(program, [...operands, probes ?? weights], groups);
      after = readControls(await gpu.read(controls));
    } while (after.some(({ status }) => status === groupStatus.paused));
    const tensors = Array.from({ length: times }, (_, i) => {
      const state = held.tensor(gpu.tensor<tf.Tensor2D>([rows, width]));
      gpu.copy(states, 4 * i * rows * width, state);
      return state;
    });
    return new Solved({
      gpu,
      problem,
      weights,
      probes,
      records: records === null ? null : { shape: records, steps: cap, chunks },
      reports: after.map((control, group) => reportOf(control, group, plan)),
      y1,
      states: tensors,
    });
  } finally {
    passing.releaseAll();
  }
}

/**
 * The report of a group from its state after its last dispatch.
 *
 * @throws {FailureError} If the device has not carried out the program.
 */
export function reportOf(
  control: Control,
  group: number,
  { groupRows, rows }: Pick<SolvePlan, "groupRows" | "rows">,
): SolveReport {
  const first = group * groupRows;
  const { nfe, accepted, rejected } = control;
  return {
    nfe,
    accepted,
    rejected,
    rows: [first, Math.min(first + groupRows, rows)],
    failure: failureOf(control),
  };
}

/** @throws {FailureError} If the device has not carried out the program. */
function failureOf({ status, t, h }: Control): SolveFailure | null {
  switch (status) {
    case groupStatus.finished:
      return null;
    case groupStatus.stepSizeUnderflow:
      return { kind: "stepSizeUnderflow", t, h };
    case groupStatus.nonFinite:
      return { kind: "nonFinite", t, h };
    case groupStatus.maxStepsReached:
      return { kind: "maxStepsReached", t, h };
    default:
      throw new FailureError(
        `the GPU ended a solve before its time (state ${status} at t = ${t}): its driver limits the ` +
          "iterations of a shader's loops; use the backend cpu",
      );
  }
}
