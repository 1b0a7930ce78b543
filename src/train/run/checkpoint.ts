import type { Network } from "../../nn/network.ts";
import { InputError } from "../../core/errors.ts";
import { Adam, type Moments } from "../optimizer/optimizer.ts";
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from "../weights/safetensors.ts";
import { parameterTensors, parameterVector } from "../weights/state_dict.ts";
import { firstValidation, type ValidationState } from "../validation/validation_state.ts";

/** What a training step changes. */
export interface TrainedVectors {
  /** Flat, in device order, like the vectors below. */
  readonly weights: Float32Array;
  /** Moving average of the weights; null if the run keeps none. */
  readonly ema: Float32Array | null;
  readonly moments: Moments;
}

/** State of a run: with config and data, everything that the next step is a function of. */
export interface Checkpoint extends TrainedVectors {
  /** Training steps done. */
  readonly step: number;
  readonly seed: number;
  /** Validations so far; absent if the run has no validation rows. */
  readonly validation?: ValidationState;
}

/** The weights that the run gives: the best validated ones, else the average, else the last. */
export function chosenWeights({ validation, ema, weights }: Checkpoint): Float32Array {
  return validation?.best?.weights ?? ema ?? weights;
}

/** State of a run before its first step. */
export function firstCheckpoint(
  weights: Float32Array,
  { seed, ema, validation = 0 }: {
    readonly seed: number;
    readonly ema: number;
    readonly validation?: number | undefined;
  },
): Checkpoint {
  return {
    step: 0,
    seed,
    weights,
    ema: ema === 0 ? null : weights,
    moments: Adam.zeros(weights.length),
    ...(validation > 0 ? { validation: firstValidation } : {}),
  };
}

const prefixes = { ema: "ema.", m: "optimizer.m.", v: "optimizer.v.", best: "best." } as const;

/**
 * Encodes `checkpoint.safetensors`: weights and buffers with PyTorch's names and layouts, beside
 * them `ema.*`, `optimizer.m.*` and `optimizer.v.*`, and `step` and `seed` as I64; of a run with
 * validation rows also `best.*` and `validation.*`. Equal checkpoints have equal bytes.
 */
export function encodeCheckpoint(network: Network, checkpoint: Checkpoint): Uint8Array {
  const layout = network.layout;
  const { step, seed, weights, ema, moments, validation } = checkpoint;
  const best = validation?.best ?? null;
  return encodeSafetensors({
    tensors: [
      whole("step", step),
      whole("seed", seed),
      ...parameterTensors(layout, weights),
      ...(network.buffers ?? []),
      ...(ema === null ? [] : parameterTensors(layout, ema, prefixes.ema)),
      ...parameterTensors(layout, moments.m, prefixes.m),
      ...parameterTensors(layout, moments.v, prefixes.v),
      ...(best === null ? [] : parameterTensors(layout, best.weights, prefixes.best)),
      ...(validation === undefined ? [] : validationTensors(validation)),
    ],
    metadata: { format: "pt" },
  });
}

function whole(name: string, value: number): NamedTensor {
  return { name, shape: [], values: BigInt64Array.of(BigInt(value)) };
}

function validationTensors({ step, stale, best, stoppedFor }: ValidationState): NamedTensor[] {
  return [
    whole("validation.step", step),
    whole("validation.stale", stale),
    ...(stoppedFor === null ? [] : [whole("validation.stopped_for", stoppedFor)]),
    ...(best === null ? [] : [
      whole("validation.best_step", best.step),
      { name: "validation.best_loss", shape: [], values: Float64Array.of(best.loss) },
    ]),
  ];
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
    ...(byName.has("validation.step")
      ? { validation: validationOf(byName, () => vector(prefixes.best), place) }
      : {}),
  };
}

function validationOf(
  byName: ReadonlyMap<string, NamedTensor>,
  bestWeights: () => Float32Array,
  place: string,
): ValidationState {
  const number = (name: string) => wholeNumber(byName, `validation.${name}`, place);
  const has = (name: string) => byName.has(`validation.${name}`);
  const loss = byName.get("validation.best_loss")?.values[0];
  if (has("best_step") && !(typeof loss === "number" && Number.isFinite(loss))) {
    throw new InputError(`${place}: validation.best_loss is not a finite F64; not a checkpoint`);
  }
  return {
    step: number("step"),
    stale: number("stale"),
    best: has("best_step")
      ? { step: number("best_step"), loss: loss as number, weights: bestWeights() }
      : null,
    stoppedFor: has("stopped_for") ? number("stopped_for") : null,
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
