import type { Gpu, PooledBuffer } from "../../../../backends/gpu/mod.ts";
import { FailureError } from "../../../../core/errors.ts";
import { option } from "../../../../core/options/spelling.ts";
import { MOST_PARTIAL_SUMS } from "./plan.ts";

/** Where the workgroups of a device's pull-backs stopped: one buffer for its life. */
interface Progress {
  readonly buffer: PooledBuffer;
  /** Rounds that were recorded so far; workgroups count them too, so that nothing is cleared in between. */
  rounds: number;
  /** The last check, of all rounds up to a number. */
  check: { readonly rounds: number; readonly isWhole: Promise<void> } | null;
}

/** Largest number of rounds before the count starts anew, since the device counts in 32 bits. */
const MOST_ROUNDS = 2 ** 31;

const known = new WeakMap<Gpu, Progress>();

/**
 * The buffer of the pull-back's `progress`, with room for `rounds` rounds more: the first of them has the
 * number `before`.
 */
export function takeRounds(
  gpu: Gpu,
  rounds: number,
): { readonly progress: PooledBuffer; readonly before: number } {
  let progress = known.get(gpu);
  if (progress === undefined || progress.rounds + rounds > MOST_ROUNDS) {
    const buffer = progress?.buffer ?? gpu.scratch(8 + 8 * MOST_PARTIAL_SUMS);
    // Known first: the buffer is the device's even if the rest throws, and is cleared then by the next call.
    known.set(gpu, progress = { buffer, rounds: Infinity, check: null });
    gpu.clear(buffer);
    progress.rounds = 0;
  }
  const before = progress.rounds;
  progress.rounds += rounds;
  return { progress: progress.buffer, before };
}

/**
 * Waits for the pull-backs recorded so far. One that was cut short made all gradients since then NaN.
 *
 * @throws {FailureError} If one was; those recorded afterwards start anew.
 */
export async function requireWholePullBacks(gpu: Gpu): Promise<void> {
  const progress = known.get(gpu);
  if (progress === undefined) return;
  const { rounds } = progress;
  if (progress.check?.rounds !== rounds) progress.check = { rounds, isWhole: check(gpu, progress) };
  await progress.check!.isWhole;
}

async function check(gpu: Gpu, progress: Progress): Promise<void> {
  const [cutShort] = new Uint32Array(await gpu.read(progress.buffer));
  if (cutShort === 0) return;
  if (known.get(gpu) === progress) {
    known.delete(gpu);
    progress.buffer.release();
  }
  throw new FailureError(
    "the GPU's driver ended the loops of the gradient early, as Mesa's llvmpipe does after 65,535 " +
      `iterations; use ${option("backend", "cpu")}`,
  );
}
