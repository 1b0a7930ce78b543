import { type Gpu, gpuOf } from "../../../src/backends/gpu/mod.ts";
import { openBackend } from "../../../src/backends/open_backend.ts";
import type { Dataset } from "../../../src/data/dataset.ts";
import type { Device } from "../../../src/ode/engines/open_device.ts";
import { enginesOf } from "../../../src/ode/engines/open_device.ts";
import type { TrainOptions } from "../../../src/train/options/table.ts";
import { firstCheckpoint } from "../../../src/train/run/checkpoint.ts";
import { openTrainer } from "../../../src/train/steps/open_trainer.ts";
import { type StepUse, stepUse, takeSteps } from "../../../src/train/backend_choice/step_use.ts";
import { planRun } from "../../../src/train/training_plan.ts";
import type { Python } from "../peers/python.ts";
import type { Contestant } from "../turns.ts";
import { timed } from "../turns.ts";

/** A row of the table: how many times slower a peer is, or the share of a peak. */
export interface Target {
  /** Family of the peers compared with. */
  readonly peer: string;
  readonly must: number;
  readonly aim: number;
}

/** Some work with its contestants; the first is ours. */
export interface GpuSetup {
  readonly contestants: readonly Contestant[];
  /** Of one step of ours, after its turns. */
  facts?(): Promise<StepUse>;
  close(): Promise<void>;
}

/** Opens the work of a row, in a folder of its own. */
export type OpenGpuSetup = (python: Python | null, folder: string) => Promise<GpuSetup>;

/** Fluxion's name among the contestants. */
export const OURS = "Fluxion";

/** The open GPU with its engines. */
export async function openGpu(): Promise<
  Pick<Device, "backend" | "engines"> & { readonly gpu: Gpu }
> {
  const backend = await openBackend("webgpu");
  return { backend, engines: enginesOf(backend), gpu: gpuOf(backend) };
}

/** Options of a run whose steps cost what they cost, and change nothing. */
const repeated: TrainOptions = {
  ...{ lr: 1e-9, schedule: "constant", warmup: 0, seed: 0, ema: 0, steps: 1e9, evalEvery: 0 },
  backend: "webgpu",
};

/** Training steps of a run on the GPU, as a contestant: several per turn, read together. */
export async function trainingOn(
  given: {
    readonly model: "cnf" | "fm";
    readonly options: TrainOptions;
    readonly dataset: Dataset;
  },
  { weights, steps }: { readonly weights: Float32Array; readonly steps: number },
) {
  const { model, options, dataset } = given;
  const { backend, engines, gpu } = await openGpu();
  const plan = await planRun({
    model,
    options: { ...repeated, ...options },
    configFile: null,
    values: {},
    openDataset: () => Promise.resolve(dataset),
  });
  const checkpoint = firstCheckpoint(weights, plan.config);
  const trainer = await openTrainer(plan, {
    ...{ checkpoint, device: { backend, engines }, clock: () => performance.now() },
  });
  let done = 0;
  /** Takes so many steps and waits for their figures; returns their mean NFE. */
  const take = async (count: number): Promise<number | null> => {
    const nfe = await takeSteps(trainer, { done, count });
    done += count;
    return nfe;
  };
  return {
    contestant: {
      ...{ family: OURS, name: OURS },
      turn: async () => {
        await openBackend("webgpu"); // another contestant may have made its own current
        const turn = await timed(() => take(steps));
        return { ...turn, ms: turn.ms! / steps, cpuMs: turn.cpuMs! / steps };
      },
    },
    facts: async (): Promise<StepUse> => {
      await openBackend("webgpu");
      return await stepUse(gpu, { take, steps: 1, clock: () => performance.now() });
    },
    close: () => trainer.dispose(),
  };
}
