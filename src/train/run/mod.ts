/**
 * The files of a run: folder, log, metrics and tensors. Loads no tensor library.
 *
 * @module
 */
export { epochOf, latestRun, runFile, runFiles, type RunMode, samplesFile } from "./run_folder.ts";
export { type EvaluationEntry, readLog, type StepEntry, type TrainingLog } from "./training_log.ts";
export { bestEvaluation, readMetrics, type RunMetrics } from "./run_metrics.ts";
export {
  listRuns,
  type RunList,
  type RunState,
  type RunSummary,
  summarizeRun,
} from "./run_summary.ts";
export { summarizeShipped } from "./shipped_summary.ts";
export { type DifferingOption, differingOptions, type OptionValue } from "./differing_options.ts";
export {
  type DecodedSafetensors,
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensor,
  type OtherTensor,
  type Safetensors,
} from "../weights/safetensors.ts";
