import type { Backend } from "../../../src/backends/backend.ts";
import { openBackend } from "../../../src/backends/open_backend.ts";
import type { Network } from "../../../src/nn/network.ts";
import { Adam } from "../../../src/train/optimizer/optimizer.ts";
import { TrainState } from "../../../src/train/optimizer/train_state.ts";
import type { Python } from "../peers/python.ts";
import type { Contestant } from "../turns.ts";

/** A model and its peers, ready to run. */
export interface Setup {
  /** Contestants by name of the work. */
  readonly works: Readonly<Record<string, readonly Contestant[]>>;
  /** Work that takes long or starts cold: at most so many rounds, and no warm-up. */
  readonly coldRounds?: number;
  close(): Promise<void>;
}

/** Opens a setup; each gets a folder of its own for files. */
export type OpenSetup = (python: Python | null, folder: string) => Promise<Setup>;

/** Opens the CPU backend with at most `threads` threads. */
export function openCpu(threads: number): Promise<Backend> {
  return openBackend("cpu", { threads });
}

/** Writes what a peer's script reads besides numbers. */
export function writeSetting(folder: string, setting: Readonly<Record<string, unknown>>) {
  return Deno.writeTextFile(`${folder}/setting.json`, JSON.stringify(setting));
}

/** A training state whose steps cost what they cost, and change nothing: all turns are one step. */
export function repeatedState(
  network: Network,
  weights: Float32Array,
  { model, clip }: { readonly model: "cnf" | "fm"; readonly clip: number },
): TrainState {
  const config = {
    ...{ model, clip, schedule: "constant", lr: 1e-9, warmup: 0, seed: 0, ema: 0, weightDecay: 0 },
    ...(model === "fm" ? { sigmaMin: 0 } : {}),
  };
  return new TrainState(config as ConstructorParameters<typeof TrainState>[0], network, {
    ...{ weights, ema: null, standardization: null, moments: Adam.zeros(network.layout.size) },
  });
}

/** Calls `compute` once, and returns its result at each call. */
export function once<T>(compute: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () => result ??= compute();
}
