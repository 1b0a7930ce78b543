import type { Backend } from "../../backends/backend.ts";
import { gpuOf } from "../../backends/gpu/gpu.ts";
import { deviceFailure } from "../../backends/open_backend.ts";
import { FailureError, InputError, OutOfMemoryError } from "../../core/errors.ts";
import { openDataset } from "../../data/registry.ts";
import { isSoftware } from "../../ode/engines/gpu/tiles/chosen_tiles.ts";
import { enginesOf } from "../../ode/engines/open_device.ts";
import type { TrainOptions } from "../options/table.ts";
import { firstCheckpoint } from "../run/checkpoint.ts";
import { openTrainer } from "../steps/open_trainer.ts";
import type { TrainingWay } from "../steps/trainer.ts";
import { planRun } from "../training_plan.ts";
import { initialWeights } from "../weights/initial_weights.ts";
import { type StepUse, stepUse, takeSteps } from "./step_use.ts";

/** What a typical training step uses of a GPU. */
export interface TypicalStep {
  /** Of what: the model, its network and the batch. */
  readonly work: string;
  /** How its steps are computed; null if that was not reached. */
  readonly way: TrainingWay | null;
  /** Null if a step failed. */
  readonly use: StepUse | null;
  /** Why it failed; null if it did not. */
  readonly problem: string | null;
}

const SMALLER_TRAINING =
  "close other programs that use its memory, or train with a smaller batch or network than this";

/** Runs that are typical, at their default sizes; at toy sizes, with few shaders, for a software adapter. */
const typical = [
  {
    model: "cnf",
    options: { data: "moons" },
    toy: { hidden: 8, batchSize: 16, regularize: "none" },
    steps: { real: 16, toy: 1 },
  },
  {
    model: "fm",
    options: { data: "mnist", net: "resnet" },
    toy: { filters: 4, blocks: 1, batchSize: 2 },
    steps: { real: 8, toy: 1 },
  },
] as const satisfies readonly {
  readonly model: "cnf" | "fm";
  readonly options: TrainOptions;
  readonly toy: TrainOptions;
  readonly steps: Readonly<Record<"real" | "toy", number>>;
}[];

/**
 * Takes some training steps of a CNF and of flow matching on images, and says what they use of the device.
 *
 * @param backend An open, current WebGPU backend.
 * @param options.clock Milliseconds, from any origin.
 */
export async function typicalSteps(
  backend: Backend,
  { clock }: { readonly clock: () => number },
): Promise<readonly TypicalStep[]> {
  const found: TypicalStep[] = [];
  for (const one of typical) found.push(await typicalStep(backend, { ...one, clock }));
  return found;
}

async function typicalStep(
  backend: Backend,
  { model, options, toy, steps, clock }: (typeof typical)[number] & {
    readonly clock: () => number;
  },
): Promise<TypicalStep> {
  const gpu = gpuOf(backend), size = isSoftware(gpu) ? "toy" : "real";
  const plan = await planRun({
    model,
    options: { ...options, ...(size === "toy" ? toy : {}), backend: "webgpu" },
    ...{ configFile: null, values: {}, openDataset },
  });
  const { config: { net, hidden, filters, blocks, batchSize, init, seed }, network } = plan;
  const sizes = hidden === undefined ? `filters ${filters}, blocks ${blocks}` : `width ${hidden}`;
  const work = `${model} on ${options.data}, net ${net}, ${sizes}, batch ${batchSize}`;
  let way: TrainingWay | null = null;
  try {
    const checkpoint = firstCheckpoint(await initialWeights(init, { network, seed }), plan.config);
    const device = { backend, engines: enginesOf(backend) };
    const trainer = await openTrainer(plan, { checkpoint, device, clock });
    way = trainer.way;
    try {
      let done = 0;
      const take = async (count: number) => {
        await takeSteps(trainer, { done, count });
        done += count;
      };
      const use = await stepUse(gpu, { take, steps: steps[size], clock });
      backend.check();
      return { work, way, use, problem: null };
    } finally {
      trainer.dispose();
    }
  } catch (error) {
    const failure = await deviceFailure() ?? error;
    if (!(failure instanceof FailureError || failure instanceof InputError)) throw failure;
    // The sizes are no options of whoever asks what steps use.
    const { message } = failure instanceof OutOfMemoryError
      ? failure.withRemedy(SMALLER_TRAINING)
      : failure;
    return { work, way, use: null, problem: message };
  }
}
