import type { BackendKind } from "../../backends/backend.ts";
import { deviceFailure } from "../../backends/open_backend.ts";
import { FailureError, InputError } from "../../core/errors.ts";
import { lateLosses } from "../steps/late_losses.ts";
import type { TakenStep, Trainer } from "../steps/trainer.ts";
import type { BackendChoice } from "./backend_choice.ts";

/** A backend's training steps. */
export interface StepTime {
  /** Milliseconds per step, without the first, which compiles. */
  readonly ms: number;
  /** Loss of the first batch. */
  readonly loss: number;
}

/** Rounds, of which the fastest counts: others may use the machine too. */
const ROUNDS = 2;

/**
 * A round ends after this time or so many steps, with a wait for what is still on the device: training does not
 * wait there, so a round has many steps. One that a step alone makes longer is not repeated.
 */
const ROUND_MS = 150;
const ROUND_STEPS = 256;

/**
 * Times the first steps of a trainer, which is of no use afterwards: one that compiles, then 0.3 s of others; or
 * one of those, if it takes longer. Figures are read as in training.
 *
 * @throws Whatever the trainer throws.
 */
export async function timeSteps(
  trainer: Pick<Trainer, "take">,
  clock: () => number,
): Promise<StepTime> {
  let done = 0;
  const taken: TakenStep[] = [];
  const take = async (most: number) => {
    const steps = await trainer.take(done, most);
    done += steps.length;
    taken.push(...steps);
  };
  const read = async () => {
    try {
      const losses = await Promise.all(taken.map(({ loss }) => loss()));
      await Promise.all(taken.map(({ nfe }) => nfe?.()));
      return losses;
    } finally {
      for (const step of taken.splice(0)) step.dispose();
    }
  };
  await take(1);
  const [loss] = await read();
  let ms = Infinity, mostUnread = 1;
  for (let round = 0; round < ROUNDS && !(done === 2 && ms > ROUND_MS); round++) {
    const start = clock(), before = done;
    while (done - before < ROUND_STEPS && clock() - start < ROUND_MS) {
      await take(before + ROUND_STEPS - done);
      // A trainer that knows when its figures are there reads them on its own.
      if (taken.length < mostUnread || taken[0]!.isKnown !== undefined) continue;
      await read();
      mostUnread = lateLosses((clock() - start) / (done - before));
    }
    await read();
    ms = Math.min(ms, (clock() - start) / (done - before));
  }
  return { ms, loss: loss! };
}

/** How far two backends' losses of one batch may be apart: adaptive solves differ by their tolerance. */
const LOSS_TOLERANCE = 0.02;

/**
 * Times a step on both backends; the faster is chosen. A GPU whose step fails, or whose loss is not the
 * CPU's, is not; a CPU that has not the memory is not either. If both fail it is the CPU, and the run says why.
 *
 * @param timed Opens a backend, and times steps of the run on it.
 * @throws {Stopped} If it is interrupted.
 */
export async function fasterBackend(
  adapter: string,
  timed: (kind: BackendKind) => Promise<StepTime>,
): Promise<BackendChoice> {
  const cpu = await orNull(() => timed("cpu")), webgpu = await orNull(() => timed("webgpu"));
  const agrees = webgpu !== null && Number.isFinite(webgpu.loss) && (cpu === null ||
    Math.abs(webgpu.loss - cpu.loss) <= LOSS_TOLERANCE * Math.max(1, Math.abs(cpu.loss)));
  const cpuMs = cpu?.ms ?? null, webgpuMs = agrees ? webgpu.ms : null;
  const isFaster = webgpuMs !== null && (cpuMs === null || webgpuMs < cpuMs);
  return { backend: isFaster ? "webgpu" : "cpu", adapter, cpuMs, webgpuMs };
}

/** The result of a measurement; null if the backend cannot carry it out. */
async function orNull(measure: () => Promise<StepTime>): Promise<StepTime | null> {
  try {
    return await measure();
  } catch (error) {
    const isRefusal = error instanceof FailureError || error instanceof InputError;
    if (isRefusal || await deviceFailure() !== null) return null;
    throw error;
  }
}
