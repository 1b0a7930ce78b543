import { initialParameters } from "../../nn/init.ts";
import type { Network } from "../../nn/network.ts";
import { MAX_INPUT_BYTES } from "../../core/files/bounded_file.ts";
import { InputError } from "../../core/errors.ts";
import { readRunFile } from "../run/load_run.ts";
import { runFile } from "../run/run_folder.ts";
import { readSafetensorsBytes } from "./safetensors.ts";
import { requireNoPickle } from "./pickle.ts";
import { decodeStateDict, stateDictWeights } from "./state_dict.ts";
import type { StateDict } from "./weight_sets.ts";

/**
 * Initial weights of training, flat and in device order: random, or the sampling weights of a run
 * or of a safetensors file.
 *
 * @param init A run's folder or a file; undefined for random weights.
 * @param of.prefix Which of several sets of weights in the file is meant.
 * @throws {InputError} If the run or file does not exist or is of another architecture.
 */
export async function initialWeights(
  init: string | undefined,
  { network, seed, prefix }: {
    readonly network: Network;
    readonly seed: number;
    readonly prefix?: string | undefined;
  },
): Promise<Float32Array> {
  if (init === undefined) return initialParameters(network, seed);
  return stateDictWeights(await readStateDict(init, prefix), network);
}

/**
 * Reads a state_dict from a safetensors file or a run's folder.
 *
 * @param prefix Which of several sets of weights is meant: the lead of its names.
 * @throws {InputError} If there is none, it is a pickle, or it is damaged.
 */
export async function readStateDict(path: string, prefix?: string): Promise<StateDict> {
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
