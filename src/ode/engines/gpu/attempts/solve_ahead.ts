import { type BatchBounds, BatchPace } from "../../../../backends/batch_pace.ts";
import type { Gpu, LateCopy } from "../../../../backends/gpu/mod.ts";
import { throwIfStopped } from "../../../../core/stop.ts";
import type { Tensor2D } from "../../../../core/tensors.ts";
import { tensorSpace } from "../../portable/tensor_rows.ts";
import type { DeviceTimesVelocity, SolveReport } from "../../engine.ts";
import { groupStatus, readControls } from "../control.ts";
import { reportOf } from "../solve_job.ts";
import { AttemptRecorder, type DeviceTimesProblem } from "./attempt_recorder.ts";

/** Batches that are ahead of the host at most; one attempt each until their time is known. */
const BATCHES_AHEAD = 2;

/** From this time of an attempt on the wait for it is a small part, and a stop should be heard after one. */
const LONG_MS = 100;

/**
 * A batch takes somewhat longer than a read, which takes some 12 ms: then the device always has one to work on. Longer ones
 * would put more attempts after the end of a solve.
 */
const BATCH: BatchBounds = { most: 8, batchMs: 20 };

/** A solve's end. */
export interface SolvedAhead {
  /** [rows, width] at t1, NaN in failed groups; owned by the caller. */
  readonly y1: Tensor2D;
  readonly reports: readonly SolveReport[];
}

/** Submitted attempts, and the state of the groups after them. */
interface Batch {
  readonly count: number;
  /** Attempts recorded up to its end. */
  readonly end: number;
  /** When its recording began. */
  readonly begunMs: number;
  readonly controls: LateCopy;
}

type Control = ReturnType<typeof readControls>[number];

/**
 * Solves a problem without waiting for the device at each step attempt: it decides on the steps, and the host
 * records batches of attempts ahead of what it knows, but no more than the solve seems to take: attempts after
 * its end are evaluated for nothing.
 *
 * @param clock Milliseconds, from any origin; it decides how much is recorded ahead, never what is computed.
 * @throws {Stopped} If it was interrupted.
 * @throws {FailureError} If the device fails.
 */
export async function solveAhead(
  gpu: Gpu,
  { problem, velocity }: {
    readonly problem: DeviceTimesProblem;
    readonly velocity: DeviceTimesVelocity;
  },
  clock: () => number,
): Promise<SolvedAhead> {
  const recorder = new AttemptRecorder(gpu, problem, velocity);
  const batches: Batch[] = [];
  try {
    const controls = await finalControls(gpu, { problem, recorder, batches, clock });
    const reports = controls.map((control, group) => reportOf(control, group, recorder.sizes));
    return { y1: endOf(recorder.takeState(), reports), reports };
  } finally {
    for (const { controls } of batches) controls.drop();
    recorder.dispose();
  }
}

/** The state, with NaN in the rows of failed groups. */
function endOf(y: Tensor2D, reports: readonly SolveReport[]): Tensor2D {
  const failed = reports.filter(({ failure }) => failure !== null);
  if (failed.length === 0) return y;
  const scale = new Float64Array(y.shape[0]).fill(1);
  for (const { rows } of failed) scale.fill(NaN, ...rows);
  try {
    return tensorSpace.combine(null, scale, [{ weight: 1, rows: y }]);
  } finally {
    y.dispose();
  }
}

/** Records attempts until all groups are done, and gives their last states. */
async function finalControls(
  gpu: Gpu,
  { problem, recorder, batches, clock }: {
    readonly problem: DeviceTimesProblem;
    readonly recorder: AttemptRecorder;
    /** Receives those that are not read. */
    readonly batches: Batch[];
    readonly clock: () => number;
  },
): Promise<readonly Control[]> {
  const pace = new BatchPace(BATCH);
  let recorded = 0;
  const record = (count: number) => {
    const begunMs = clock();
    for (let i = 0; i < count; i++) {
      throwIfStopped();
      recorder.attempt();
    }
    recorded += count;
    batches.push({ count, end: recorded, begunMs, controls: gpu.copyOut(recorder.controls) });
  };
  recorder.start();
  /** Attempts after which the solve seems to end. */
  let expected = problem.control.kind === "fixed" ? problem.control.steps : Infinity;
  for (;;) {
    const ahead = (pace.stepMs ?? 0) < LONG_MS ? BATCHES_AHEAD : 1;
    while (batches.length < ahead) {
      const wanted = Math.min(pace.steps, expected - recorded);
      if (wanted < 1 && batches.length > 0) break;
      record(Math.max(1, wanted));
    }
    throwIfStopped();
    const { count, end, begunMs, controls } = batches.shift()!;
    const after = readControls(await controls.read());
    pace.settled({ count, begunMs }, clock());
    const running = after.filter(({ status }) => status === groupStatus.running);
    if (running.length === 0) return after;
    expected = end + Math.max(...running.map((control) => attemptsLeft(control, problem)));
  }
}

/** Attempts that a group takes if the rest of its steps are like the next one. */
function attemptsLeft(
  { t, h, accepted }: Control,
  { control, t1 }: DeviceTimesProblem,
): number {
  if (control.kind === "fixed") return control.steps - accepted;
  return Math.max(1, Math.ceil(Math.abs((t1 - t) / h)));
}
