import { type Adapter, isSoftwareAdapter, requestAdapter } from "../../backends/adapters.ts";
import type { BackendKind } from "../../backends/backend.ts";
import { unlimited } from "../../backends/gpu/limits.ts";
import { supports } from "../../ode/engines/gpu/plan.ts";
import { gpuReasons } from "../steps/gpu_remarks.ts";
import { trainingWay } from "../steps/open_trainer.ts";
import type { TrainingPlan } from "../training_plan.ts";
import { type BackendChoice, choiceReason } from "./backend_choice.ts";
import {
  type EngineTimesFile,
  findTimes,
  keepSoftware,
  keepTimes,
  knownSoftware,
} from "./engine_times.ts";
import { stepShape } from "./step_shape.ts";
import { fasterBackend, type StepTime } from "./time_steps.ts";

/** A backend for a run. */
export interface ChosenBackend {
  readonly kind: BackendKind;
  /** Why, for messages. */
  readonly reason: string;
  /** What was measured; null if nothing was. */
  readonly choice: BackendChoice | null;
}

/** What a choice depends on besides the plan. */
export interface ChoiceSurroundings {
  /** The backend of the run's sessions so far; null if there were none. */
  readonly before: BackendKind | null;
  /** Times training steps on a backend; see `timeSteps`. */
  readonly timed: (kind: BackendKind) => Promise<StepTime>;
  /** Called before steps are timed, which takes a few seconds, with the adapter's name. */
  readonly onMeasure?: ((adapter: string) => void) | undefined;
  /** Where times are kept; null: nowhere. */
  readonly times: EngineTimesFile | null;
  /** The adapter of `webgpu`. */
  readonly adapter?: () => Promise<Adapter | null>;
  /** Whether an adapter is never timed. */
  readonly isSoftware?: (adapter: Adapter) => boolean;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Chooses the backend of a training run. `auto` goes by measurement: if there is a GPU that could be faster,
 * a step of the run's own shape is timed on it and on the CPU, unless that was done before. A run keeps
 * its backend when it is resumed. A software adapter, which reaches a hundredth of the CPU's speed, is never timed.
 *
 * @throws {Stopped} If the measurement is interrupted.
 */
export async function chooseTrainingBackend(
  plan: TrainingPlan,
  surroundings: ChoiceSurroundings,
): Promise<ChosenBackend> {
  const { config: { backend, portableBits }, backendChoice } = plan;
  const { before, times, timed, now = Date.now } = surroundings;
  const { adapter: find = requestAdapter, isSoftware = isSoftwareAdapter } = surroundings;
  const onCpu = (reason: string): ChosenBackend => ({ kind: "cpu", reason, choice: null });
  const measured = (choice: BackendChoice): ChosenBackend => ({
    kind: choice.backend,
    reason: choiceReason(choice),
    choice,
  });
  if (backend !== "auto") return { kind: backend, reason: "requested", choice: null };
  if (backendChoice !== undefined) return measured(backendChoice);
  if (before !== null) return { kind: before, reason: "as the run began", choice: null };
  if (portableBits) return onCpu("portable bits were requested");
  const refusal = whyNotGpu(plan);
  if (refusal !== null) return onCpu(refusal);
  const software = times === null ? null : await knownSoftware(times, now());
  if (software !== null) return onCpu(softwareReason(software));
  const adapter = await find();
  if (adapter === null) return onCpu("there is no WebGPU adapter");
  if (isSoftware(adapter)) {
    if (times !== null) await keepSoftware(times, adapter, now());
    return onCpu(softwareReason(adapter.description));
  }
  const shape = stepShape(plan);
  const known = times === null ? null : await findTimes(times, { adapter, shape });
  if (known !== null) return measured(known);
  surroundings.onMeasure?.(adapter.description);
  const choice = await fasterBackend(adapter.description, timed);
  if (times !== null) await keepTimes(times, { adapter, shape, choice, atMs: now() });
  return measured(choice);
}

function softwareReason(name: string): string {
  return `the only WebGPU adapter is a software one (${name})`;
}

/** Why no GPU is looked for; null if one could be faster. */
function whyNotGpu(plan: TrainingPlan): string | null {
  if (trainingWay(plan, { kind: "cpu" }) === "fused") {
    return "flow matching on points trains there";
  }
  if (plan.config.model !== "cnf") return null;
  const reasons = gpuReasons(plan, (problem) => supports(problem, unlimited));
  return reasons.length === 0
    ? null
    : `the GPU engine does not take this training (${reasons.join("; ")})`;
}
