import type { Network } from "../../nn/network.ts";
import { InputError } from "../../core/errors.ts";
import { Adam, type Moments } from "../optimizer/optimizer.ts";
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from "../weights/safetensors.ts";
import { parameterTensors, parameterVector } from "../weights/state_dict.ts";

/** State of a run: with config and data, everything that the next step is a function of. */
export interface Checkpoint {
  /** Training steps done. */
  readonly step: number;
  readonly seed: number;
  /** Flat, in device order, like the vectors below. */
  readonly weights: Float32Array;
  /** Moving average of the weights; null if the run keeps none. */
  readonly ema: Float32Array | null;
  readonly moments: Moments;
}

/** State of a run before its first step. */
export function firstCheckpoint(
  weights: Float32Array,
  { seed, ema }: { readonly seed: number; readonly ema: number },
): Checkpoint {
  return {
    step: 0,
    seed,
    weights,
    ema: ema === 0 ? null : weights,
    moments: Adam.zeros(weights.length),
  };
}

const prefixes = { ema: "ema.", m: "optimizer.m.", v: "optimizer.v." } as const;

/**
 * Encodes `checkpoint.safetensors`: weights and buffers with PyTorch's names and layouts, beside
 * them `ema.*`, `optimizer.m.*` and `optimizer.v.*`, and `step` and `seed` as I64. Equal
 * checkpoints have equal bytes.
 */
export function encodeCheckpoint(network: Network, checkpoint: Checkpoint): Uint8Array {
  const layout = network.layout;
  const { step, seed, weights, ema, moments } = checkpoint;
  const whole = (name: string, value: number): NamedTensor => ({
    name,
    shape: [],
    values: BigInt64Array.of(BigInt(value)),
  });
  return encodeSafetensors({
    tensors: [
      whole("step", step),
      whole("seed", seed),
      ...parameterTensors(layout, weights),
      ...(network.buffers ?? []),
      ...(ema === null ? [] : parameterTensors(layout, ema, prefixes.ema)),
      ...parameterTensors(layout, moments.m, prefixes.m),
      ...parameterTensors(layout, moments.v, prefixes.v),
    ],
    metadata: { format: "pt" },
  });
}

/**
 * Decodes a checkpoint of a network.
 *
 * @param place The file's name, for messages.
 * @throws {InputError} If the file is damaged or of another architecture.
 */
export function decodeCheckpoint(bytes: Uint8Array, place: string, network: Network): Checkpoint {
  const { tensors } = decodeSafetensors(bytes, place);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const layout = network.layout;
  const vector = (prefix = "") => parameterVector(layout, byName, { prefix, place });
  const hasEma = tensors.some(({ name }) => name.startsWith(prefixes.ema));
  return {
    step: wholeNumber(byName, "step", place),
    seed: wholeNumber(byName, "seed", place),
    weights: vector(),
    ema: hasEma ? vector(prefixes.ema) : null,
    moments: { m: vector(prefixes.m), v: vector(prefixes.v) },
  };
}

function wholeNumber(
  tensors: ReadonlyMap<string, NamedTensor>,
  name: string,
  place: string,
): number {
  const values = tensors.get(name)?.values;
  const value = values instanceof BigInt64Array && values.length === 1 ? Number(values[0]) : NaN;
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InputError(`${place}: expected ${name} as one I64 of 0 or more; not a checkpoint`);
  }
  return value;
}
