import { initialParameters } from "../../nn/init.ts";
import type { Network } from "../../nn/network.ts";
import type { Standardization } from "../../flows/standardization.ts";
import { MAX_INPUT_BYTES } from "../../core/files/bounded_file.ts";
import { InputError } from "../../core/errors.ts";
import { type MlpLayout, mlpLayout } from "../../ops/mlp_field/contract.ts";
import { readRunFile } from "../run/load_run.ts";
import { runFile } from "../run/run_folder.ts";
import { isShippedModel, shippedFiles } from "../../data/models/shipped_models.ts";
import { readSafetensorsBytes } from "./safetensors.ts";
import { requireNoPickle } from "./pickle.ts";
import { decodeStateDict, stateDictWeights } from "./state_dict.ts";
import type { StateDict } from "./weight_sets.ts";

/**
 * Initial weights of training, flat and in device order: random, or the sampling weights of a run
 * or of a safetensors file.
 *
 * Random weights of an mlp over whitened points start with velocity 0, so that the model is the
 * Gaussian of the whitening, and with hidden layers of unit variance (sqrt(3) times PyTorch's).
 *
 * @param init A run's folder, a file or a model that comes with Fluxion; undefined: random.
 * @param of.prefix Which of several sets of weights in the file is meant.
 * @param of.standardization That of the points; default none.
 * @throws {InputError} If the run or file does not exist or is of another architecture.
 */
export async function initialWeights(
  init: string | undefined,
  { network, seed, prefix, standardization }: {
    readonly network: Network;
    readonly seed: number;
    readonly prefix?: string | undefined;
    readonly standardization?: Standardization | null;
  },
): Promise<Float32Array> {
  if (init !== undefined) return stateDictWeights(await readStateDict(init, prefix), network);
  const random = initialParameters(network, seed);
  const isAtRest = standardization?.kind === "whiten" && network.fused?.kind === "mlp";
  return isAtRest ? atRest(mlpLayout(network.fused!), random) : random;
}

/** Ratio of unit variance, 1/fan_in, to that of PyTorch's layers, 1/(3 fan_in), as deviations. */
const UNIT_GAIN = Math.sqrt(3);

/** Weights of an mlp whose output layer is zero. */
function atRest({ entries, outputWeight, outputBias }: MlpLayout, random: Float32Array) {
  const weights = random.slice();
  for (const entry of entries) {
    const gain = entry === outputWeight || entry === outputBias ? 0 : UNIT_GAIN;
    for (let i = entry.offset; i < entry.offset + entry.size; i++) weights[i]! *= gain;
  }
  return weights;
}

/**
 * Reads a state_dict from a safetensors file, a run's folder or a model that comes with Fluxion.
 *
 * @param prefix Which of several sets of weights is meant: the lead of its names.
 * @throws {InputError} If there is none, it is a pickle, or it is damaged.
 */
export async function readStateDict(path: string, prefix?: string): Promise<StateDict> {
  if (isShippedModel(path)) return decodeStateDict((await shippedFiles(path)).weights, path);
  let isFolder: boolean;
  try {
    isFolder = (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      throw new InputError(
        `${path}: no such file or folder; give a run's folder or a safetensors file`,
      );
    }
    throw error;
  }
  if (isFolder) {
    return decodeStateDict(await readRunFile(path, "model"), runFile(path, "model"), prefix);
  }
  await requireNoPickle(path);
  return decodeStateDict(await readSafetensorsBytes(path, MAX_INPUT_BYTES), path, prefix);
}
