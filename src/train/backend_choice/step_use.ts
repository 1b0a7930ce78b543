import { type ProgramUse, recordUse } from "../../backends/device_use.ts";
import type { Gpu } from "../../backends/gpu/gpu.ts";
import * as tf from "../../core/tfjs/library.ts";
import type { TakenStep, Trainer } from "../steps/trainer.ts";

/** What a training step uses of a GPU, as means over some steps. */
export interface StepUse {
  /** Milliseconds on the host's clock, with the waits for its figures. */
  readonly ms: number;
  /** Of all programs. */
  readonly dispatches: number;
  /** Those of reads too. */
  readonly submits: number;
  /** Buffers created. */
  readonly buffers: number;
  /** Bytes of all buffers afterwards, idle ones too. */
  readonly bytesResident: number;
  /** Dispatches and time of each program, those that take most time first. */
  readonly programs: readonly ProgramUse[];
}

/** Takes so many steps after `done`, and waits for their figures; returns their mean NFE, null if nothing is solved. */
export async function takeSteps(
  trainer: Pick<Trainer, "take">,
  { done, count }: { readonly done: number; readonly count: number },
): Promise<number | null> {
  const taken: TakenStep[] = [];
  try {
    while (taken.length < count) {
      taken.push(...await trainer.take(done + taken.length, count - taken.length));
    }
    await Promise.all(taken.map(({ loss }) => loss()));
    const nfe = await Promise.all(taken.map(({ nfe }) => nfe?.() ?? null));
    const known = nfe.filter((one) => one !== null);
    return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length;
  } finally {
    for (const step of taken) step.dispose();
  }
}

/**
 * Measures what steps use, after the first ones, which compile.
 *
 * @param options.take Takes so many steps, and waits for their figures.
 * @param options.steps How many are timed, and then how many recorded.
 * @param options.clock Milliseconds, from any origin.
 */
export async function stepUse(
  gpu: Gpu,
  { take, steps, clock }: {
    readonly take: (count: number) => Promise<unknown>;
    readonly steps: number;
    readonly clock: () => number;
  },
): Promise<StepUse> {
  // The first compiles; by the second it is known how many dispatches a solve needs.
  for (let i = 0; i < 2; i++) await take(1);
  const start = clock();
  await take(steps);
  const ms = (clock() - start) / steps;
  const use = await recordUse(gpu, async () => void await take(steps));
  // Of tfjs's WebGPU backend; its type does not say so. Those of tensors alone are numBytesInGPU.
  const { numBytesAllocatedInGPU } = tf.engine().memory() as unknown as {
    readonly numBytesAllocatedInGPU: number;
  };
  const programs = use.programs.map(({ name, dispatches, ms }) => ({
    ...{ name, dispatches: dispatches / steps, ms: ms === null ? null : ms / steps },
  }));
  return {
    ms,
    dispatches: programs.reduce((sum, { dispatches }) => sum + dispatches, 0),
    submits: use.submits / steps,
    buffers: use.buffers / steps,
    bytesResident: gpu.counts.bytes + numBytesAllocatedInGPU,
    programs,
  };
}
