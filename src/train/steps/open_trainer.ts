import type { Backend } from "../../backends/backend.ts";
import { gpuOf } from "../../backends/gpu/gpu.ts";
import { chooseTiles } from "../../ode/engines/gpu/tiles/choose_tiles.ts";
import type { Device } from "../../ode/engines/open_device.ts";
import { TrainState } from "../optimizer/train_state.ts";
import type { Checkpoint } from "../run/checkpoint.ts";
import { trainingLoss } from "../training_loss.ts";
import type { TrainingPlan } from "../training_plan.ts";
import { fusedTrainer, supportsFused } from "./fused_trainer.ts";
import { gpuTrainer } from "./gpu/gpu_trainer.ts";
import { stepTasks, supportsGpuSteps } from "./gpu/step_tasks.ts";
import { likelihoodTrainer, supportsNumbers } from "./likelihood_trainer.ts";
import { ResidentRows } from "./resident_rows.ts";
import { tensorTrainer } from "./tensor_trainer.ts";
import type { Trainer, TrainingWay } from "./trainer.ts";

/** How a plan's steps are computed on a backend; a GPU's must be open. */
export function trainingWay(
  plan: TrainingPlan,
  backend: Backend | { readonly kind: "cpu" },
): TrainingWay {
  if (backend.kind === "webgpu") {
    return supportsGpuSteps(plan, gpuOf(backend).limits).kind === "yes" ? "device" : "tensors";
  }
  if (supportsFused(plan).kind === "yes") return "fused";
  return supportsNumbers(plan).kind === "yes" ? "numbers" : "tensors";
}

/** The trainer of a plan on a device: steps without tensors where they are supported. */
export async function openTrainer(
  plan: TrainingPlan,
  { checkpoint, device: { backend, engines }, clock }: {
    readonly checkpoint: Checkpoint;
    readonly device: Pick<Device, "backend" | "engines">;
    readonly clock: () => number;
  },
): Promise<Trainer> {
  const way = trainingWay(plan, backend);
  switch (way) {
    case "fused":
      return await fusedTrainer(plan, { checkpoint, threads: engines.threads, clock });
    case "numbers":
      return await likelihoodTrainer(plan, { checkpoint, engines });
    case "device": {
      const gpu = gpuOf(backend);
      await chooseTiles(gpu, stepTasks(plan).main, clock);
      return gpuTrainer(plan, { checkpoint, gpu, clock });
    }
    case "tensors": {
      const { config, network, standardization, values } = plan;
      const state = new TrainState(config, network, { ...checkpoint, standardization, values });
      let resident: ResidentRows | null = null;
      try {
        const loss = trainingLoss(plan, engines);
        if (backend.kind === "cpu") return tensorTrainer(plan, { state, loss });
        const gpu = gpuOf(backend);
        resident = ResidentRows.open(plan, { gpu, done: checkpoint.step });
        return tensorTrainer(plan, { state, loss, resident, submit: () => gpu.submit() });
      } catch (error) {
        state.dispose();
        resident?.dispose();
        throw error;
      }
    }
    default:
      return way satisfies never;
  }
}
