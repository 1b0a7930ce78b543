import { createNetwork, networkKinds } from "../../nn/registry.ts";
import { type ParameterLayout, reorderAxes } from "../../core/parameters.ts";
import type { Standardization } from "../../flows/standardization.ts";
import type { Network } from "../../nn/network.ts";
import { parseStandardization } from "../config/standardization.ts";
import { InputError } from "../../core/errors.ts";
import { named, quotedJson } from "../../core/quoted.ts";
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from "./safetensors.ts";

/** Relative tolerance: whoever wrote the file computed the frequencies k * pi in float32. */
const BUFFER_TOLERANCE = 1e-6;

/** Splits a flat vector in device order into tensors of PyTorch's shapes; prefixes their names. */
export function parameterTensors(
  layout: ParameterLayout,
  flat: Float32Array,
  prefix = "",
): NamedTensor[] {
  return layout.entries.map((entry) => ({
    name: prefix + entry.name,
    shape: entry.shape,
    values: reorderAxes(
      entry,
      flat.subarray(entry.offset, entry.offset + entry.size),
      "file",
    ),
  }));
}

/**
 * The inverse of {@link parameterTensors}: one flat vector in device order.
 *
 * @param place The file's name, for messages.
 * @throws {InputError} If a tensor is missing, has another shape, or a value that is not finite in
 *   float32. The message gives the first one with both shapes or the value.
 */
export function parameterVector(
  layout: ParameterLayout,
  tensors: ReadonlyMap<string, NamedTensor>,
  { prefix = "", place }: { readonly prefix?: string; readonly place: string },
): Float32Array {
  const expected = layout.entries.map((entry) => ({ ...entry, name: prefix + entry.name }));
  // Check all shapes first: a small file may claim a large network.
  for (const entry of expected) requireTensor(tensors, entry, place);
  const flat = new Float32Array(layout.size);
  for (const entry of expected) {
    flat.set(reorderAxes(entry, tensorOf(tensors, entry, place), "device"), entry.offset);
  }
  return flat;
}

/** Expected name and shape of a tensor. */
type Expected = Pick<NamedTensor, "name" | "shape">;

function tensorOf(
  tensors: ReadonlyMap<string, NamedTensor>,
  expected: Expected,
  place: string,
): Float32Array {
  const { name } = expected;
  const found = requireTensor(tensors, expected, place);
  const values = Float32Array.from(found.values);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const inFloat32 = Number.isFinite(found.values[bad]) ? " in float32" : "";
    throw new InputError(
      `${place}: ${name}[${bad}] is ${values[bad]}${inFloat32}; weights must be finite`,
    );
  }
  return values;
}

function requireTensor(
  tensors: ReadonlyMap<string, NamedTensor>,
  { name, shape }: Expected,
  place: string,
): NamedTensor & { readonly values: Float32Array | Float64Array } {
  const found = tensors.get(name);
  const other = "it belongs to another architecture";
  if (found === undefined) {
    throw new InputError(`${place}: has no ${name} of shape [${shape}]; ${other}`);
  }
  if (found.shape.length !== shape.length || found.shape.some((n, i) => n !== shape[i])) {
    throw new InputError(
      `${place}: ${name} has shape ${quotedJson(found.shape)}, the model's is [${shape}]; ${other}`,
    );
  }
  if (found.values instanceof BigInt64Array) {
    throw new InputError(`${place}: ${name} holds whole numbers, expected floating-point ones`);
  }
  return { ...found, values: found.values };
}

/**
 * Encodes a safetensors file that loads with `strict=True` into the PyTorch module of a network.
 *
 * @param about.standardization Standardisation of the training data, stored as JSON metadata.
 * @param about.step Training step of the weights, stored as metadata.
 */
export function encodeStateDict(
  network: Network,
  flat: Float32Array,
  about: { readonly standardization?: Standardization | null; readonly step?: number } = {},
): Uint8Array {
  const { standardization = null, step } = about;
  return encodeSafetensors({
    tensors: [...parameterTensors(network.layout, flat), ...(network.buffers ?? [])],
    metadata: {
      format: "pt",
      ...(step === undefined ? {} : { step: String(step) }),
      ...(standardization === null ? {} : { standardization: JSON.stringify(standardization) }),
    },
  });
}

/** A decoded state_dict: tensors by name, without a leading `model.`. */
export interface StateDict {
  /** The file's name, for messages. */
  readonly place: string;
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** Standardisation from the metadata; null if absent. */
  readonly standardization: Standardization | null;
  /** Training step from the metadata; null if absent. */
  readonly step: number | null;
}

/**
 * Decodes a PyTorch state_dict; removes `model.` if it leads every name.
 *
 * @param place The file's name, for messages.
 * @throws {InputError} If the file is damaged or empty, or its standardisation is invalid.
 */
export function decodeStateDict(bytes: Uint8Array, place: string): StateDict {
  const { tensors, metadata } = decodeSafetensors(bytes, place);
  if (tensors.length === 0) throw new InputError(`${place}: holds no tensors`);
  const lead = "model.";
  const hasLead = tensors.every(({ name }) => name.startsWith(lead));
  const named = tensors.map((tensor): [string, NamedTensor] => {
    const name = hasLead ? tensor.name.slice(lead.length) : tensor.name;
    return [name, { ...tensor, name }];
  });
  const standardization = metadata.standardization === undefined
    ? null
    : parseStandardization(metadata.standardization, place);
  const step = /^\d{1,15}$/.test(metadata.step ?? "") ? Number(metadata.step) : null;
  return { place, tensors: new Map(named), standardization, step };
}

/**
 * The weights of a network from a state_dict, flat and in device order.
 *
 * Buffers are optional but must equal k * pi. No other tensors are allowed.
 *
 * @throws {InputError} If the state_dict does not match the network; the message gives the first
 *   tensor that differs, with both shapes.
 */
export function stateDictWeights({ place, tensors }: StateDict, network: Network): Float32Array {
  const layout = network.layout;
  const flat = parameterVector(layout, tensors, { place });
  const buffers = network.buffers ?? [];
  for (const buffer of buffers) {
    if (!tensors.has(buffer.name)) continue;
    const found = tensorOf(tensors, buffer, place);
    const wrong = buffer.values.findIndex((value, i) =>
      !(Math.abs(found[i]! - value) <= BUFFER_TOLERANCE * value)
    );
    if (wrong >= 0) {
      throw new InputError(
        `${place}: ${buffer.name}[${wrong}] is ${found[wrong]}, expected ${wrong + 1} pi = ` +
          `${buffer.values[wrong]}; the time embedding's frequencies are fixed`,
      );
    }
  }
  const known = new Set([...layout.entries, ...buffers].map(({ name }) => name));
  for (const [name, { shape }] of tensors) {
    if (!known.has(name)) {
      throw new InputError(
        `${place}: has ${named(name)} of shape ${
          quotedJson(shape)
        }, which the model lacks; it belongs to ` +
          "another architecture",
      );
    }
  }
  return flat;
}

/**
 * Infers the network of a state_dict from its names and shapes.
 *
 * @param image Image size, which cannot be inferred from the weights.
 * @throws {InputError} If it matches no registered network.
 */
export function inferNetwork(
  { place, tensors }: StateDict,
  image: { readonly height: number; readonly width: number },
): Network {
  const shapeOf = (name: string, rank: number) => {
    const shape = tensors.get(name)?.shape;
    return shape?.length === rank ? shape : null;
  };
  const kinds = networkKinds();
  for (const { kind, stateDict } of kinds) {
    const sizes = stateDict?.sizes({ shapeOf, image }) ?? null;
    if (sizes !== null) return createNetwork({ ...sizes, kind }, place);
  }
  const marks = kinds.flatMap(({ stateDict }) => stateDict?.mark ?? []);
  const names = [...tensors.keys()].slice(0, 3).map((name) => named(name)).join(", ");
  throw new InputError(
    `${place}: none of ${marks.slice(0, -1).join(", ")} and ${marks.at(-1)}; it has ${names}`,
  );
}
