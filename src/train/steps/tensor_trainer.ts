import * as tf from "../../core/tfjs/library.ts";
import type { Loss, LossAndGradient } from "../../flows/losses/loss.ts";
import type { TrainState } from "../optimizer/train_state.ts";
import type { TrainingPlan } from "../training_plan.ts";
import { BatchRows } from "./batch_rows.ts";
import { lossOffset } from "./loss_offset.ts";
import type { ResidentRows } from "./resident_rows.ts";
import { atStep } from "./step_failure.ts";
import type { TakenStep, Trainer } from "./trainer.ts";

/**
 * Training with any loss, network and backend, one step per call.
 *
 * @param options.state After the steps done so far; disposed with the trainer.
 * @param options.resident Rows that are on the device, of a loss that needs no others; disposed with the trainer.
 * @param options.submit Called after each step's work was recorded: a GPU starts on it. Nothing by default.
 */
export function tensorTrainer(
  plan: TrainingPlan,
  { state, loss, resident = null, submit = () => {} }: {
    readonly state: TrainState;
    readonly loss: Loss;
    readonly resident?: ResidentRows | null;
    readonly submit?: () => void;
  },
): Trainer {
  const batches = new BatchRows(plan);
  return {
    way: "tensors",
    take: async (done) => {
      const taken = await takeStep(plan, { state, loss, batches, resident, step: done });
      submit();
      return [taken];
    },
    read: () => state.read(),
    sampledWeights: () => state.sampledWeights(),
    dispose() {
      state.dispose();
      resident?.dispose();
    },
  };
}

/** Takes one training step, counted from 0. */
async function takeStep(
  { config }: TrainingPlan,
  { state, loss, batches, resident, step }: {
    readonly state: TrainState;
    readonly loss: Loss;
    readonly batches: BatchRows;
    readonly resident: ResidentRows | null;
    readonly step: number;
  },
): Promise<TakenStep> {
  const host = resident === null ? batches.at(step) : null;
  const width = state.model.network.rowWidth;
  let batch: tf.Tensor2D | null = null, taken: LossAndGradient | null = null;
  try {
    batch = host === null
      ? resident!.at(step)
      : tf.tensor2d(host.rows, [host.rows.length / width, width]);
    taken = await loss.lossAndGradient(state.model, batch, { seed: config.seed, step });
    state.update(taken.gradient, step);
    const { loss: value, nfe, energies, predictedSteps } = taken;
    const penalised = [energies, predictedSteps].filter((one) => one !== undefined);
    const offset = host === null ? 0 : lossOffset(state.model, host.points);
    return {
      step: step + 1,
      loss: async () => (await value.data())[0]! + offset,
      nfe,
      energies: penalised.length === 0 ? null : async () => {
        const [integrals, steps] = await Promise.all([energies?.data(), predictedSteps?.data()]);
        return {
          ...(integrals && { kinetic: integrals[0]!, jacobian: integrals[1]! }),
          ...(steps && { predictedSteps: steps[0]! }),
        };
      },
      dispose: () => tf.dispose([value, ...penalised]),
    };
  } catch (error) {
    taken?.loss.dispose();
    taken?.energies?.dispose();
    taken?.predictedSteps?.dispose();
    throw atStep(error, { step: step + 1, done: step, config });
  } finally {
    batch?.dispose();
    taken?.gradient.dispose();
  }
}
