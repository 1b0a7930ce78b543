import { shippedFiles } from "../../data/models/shipped_models.ts";
import { decodeSafetensors } from "../weights/safetensors.ts";
import { readConfigOf, type RunSummary } from "./run_summary.ts";

/**
 * Summarises a model that comes with Fluxion as a finished run. It has no log and no metrics of its
 * training.
 *
 * @throws {InputError} If there is no such model.
 */
export async function summarizeShipped(name: string): Promise<RunSummary> {
  const { config, weights } = await shippedFiles(name);
  const steps = Number(decodeSafetensors(weights, name).metadata.step);
  return {
    run: name,
    state: { kind: "finished" },
    ...readConfigOf(config, name),
    metrics: null,
    steps,
    totalSteps: steps,
    bytes: weights.length,
    writtenMs: null,
  };
}
