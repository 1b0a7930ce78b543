/**
 * The files of a run: folder, log, metrics and tensors. Loads no tensor library.
 *
 * @module
 */
export { epochOf, latestRun, runFile, runFiles, type RunMode, samplesFile } from "./run_folder.ts";
export { type EvaluationEntry, readLog, type StepEntry, type TrainingLog } from "./training_log.ts";
export { readMetrics, type RunMetrics } from "./run_metrics.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensor,
  type Safetensors,
} from "../weights/safetensors.ts";
