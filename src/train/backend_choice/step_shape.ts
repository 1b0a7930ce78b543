import { unlimited } from "../../backends/gpu/limits.ts";
import { networkRecord } from "../../nn/network.ts";
import { usableThreads } from "../../threads/usable_threads.ts";
import { namesOf } from "../config/flow_values.ts";
import type { TrainConfig } from "../options/table.ts";
import { supportsGpuSteps } from "../steps/gpu/step_tasks.ts";
import { trainingWay } from "../steps/open_trainer.ts";
import type { TrainingPlan } from "../training_plan.ts";

/** What the time of a training step is a function of, on one machine: names with scalars. */
export type StepShape = Readonly<Record<string, string | number>>;

/** Options that change the work of a step, where they apply. */
const options = [
  ...["batchSize", "solver", "rtol", "atol", "solverSteps", "controlGroup"],
  ...["trace", "probes", "gradient", "regularize"],
] as const satisfies readonly (keyof TrainConfig)[];

/** The shape of a plan's training steps; a flow-matching step solves nothing. */
export function stepShape(plan: TrainingPlan): StepShape {
  const { config, network, values } = plan;
  const sizes = Object.entries(networkRecord(network)).map(([name, value]) => [
    name,
    typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value),
  ]);
  const relevant = config.model === "cnf" ? options : ["batchSize"] as const;
  const chosen = relevant.flatMap((name) =>
    config[name] === undefined ? [] : [[name, config[name]]]
  );
  return Object.fromEntries([
    ["model", config.model],
    ...sizes,
    ...chosen,
    // A program's source or coupling changes what a step computes, and where.
    ["cpuWay", trainingWay(plan, { kind: "cpu" })],
    ["gpuWay", supportsGpuSteps(plan, unlimited).kind === "yes" ? "device" : "tensors"],
    ...Object.entries(namesOf(values)).map(([key, name]) => [`value ${key}`, name]),
    ["averages", config.ema === 0 ? "no" : "yes"],
    ["threads", usableThreads(config.threads)],
  ]);
}
