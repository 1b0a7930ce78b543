import { createNetwork, networkKinds } from "../../nn/registry.ts";
import { type ParameterLayout, reorderAxes } from "../../core/parameters.ts";
import type { Standardization } from "../../flows/standardization.ts";
import type { Network } from "../../nn/network.ts";
import { parseStandardization } from "../config/standardization.ts";
import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { named, quotedJson } from "../../core/quoted.ts";
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from "./safetensors.ts";
import {
  type FoundTensor,
  isComplete,
  leadsOf,
  NO_LEAD,
  severalSets,
  type StateDict,
} from "./weight_sets.ts";

/** Relative tolerance: whoever wrote the file computed the frequencies k * pi in float32. */
const BUFFER_TOLERANCE = 1e-6;

/** Whether a value is what a frequency may be in the type it was stored in: float32 or shorter. */
function isFrequency(found: number, exact: number): boolean {
  const error = Math.abs(found - exact) / exact;
  if (error <= BUFFER_TOLERANCE) return true;
  // A whole module in half precision has rounded buffers too: 8 bits in bfloat16, 11 in float16.
  const bits = new Uint32Array(Float32Array.of(found).buffer)[0]!;
  return (bits & 0xffff) === 0 && error <= 2 ** -8 ||
    Math.f16round(found) === found && error <= 2 ** -11;
}

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
  tensors: ReadonlyMap<string, FoundTensor>,
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
  tensors: ReadonlyMap<string, FoundTensor>,
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
  tensors: ReadonlyMap<string, FoundTensor>,
  { name, shape }: Expected,
  place: string,
): NamedTensor & { readonly values: Float32Array | Float64Array } {
  const found = tensors.get(name);
  const other = "it belongs to another architecture";
  if (found === undefined) {
    throw new InputError(`${place}: has no ${name} of shape [${shape}]; ${other}`);
  }
  if (found.shape.length !== shape.length || found.shape.some((n, i) => n !== shape[i])) {
    const isTransposed = shape.length === 2 && String(found.shape.toReversed()) === String(shape);
    throw new InputError(
      `${place}: ${name} has shape ${quotedJson(found.shape)}, the model's is [${shape}]; ${
        isTransposed ? "transpose it: PyTorch's weights are [out, in]" : other
      }`,
    );
  }
  if ("dtype" in found) {
    throw new InputError(
      `${place}: ${name} is of type ${named(found.dtype)}; weights are read as F64, F32, F16, BF16`,
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

/**
 * Decodes a PyTorch state_dict.
 *
 * @param place The file's name, for messages.
 * @param prefix Which of several sets of weights is meant: the lead of its names.
 * @throws {InputError} If the file is damaged or empty, or its standardisation is invalid.
 */
export function decodeStateDict(bytes: Uint8Array, place: string, prefix?: string): StateDict {
  const { tensors, others, metadata } = decodeSafetensors(bytes, place);
  if (tensors.length + others.length === 0) throw new InputError(`${place}: holds no tensors`);
  const standardization = metadata.standardization === undefined
    ? null
    : parseStandardization(metadata.standardization, place);
  const step = /^\d{1,15}$/.test(metadata.step ?? "") ? Number(metadata.step) : null;
  const byName = new Map([...tensors, ...others].map((tensor) => [tensor.name, tensor]));
  return {
    place,
    tensors: byName,
    ...(prefix === undefined ? {} : { prefix }),
    standardization,
    step,
  };
}

/**
 * The weights of a network from a state_dict, flat and in device order.
 *
 * Names may have any common lead ({@link leadsOf}). Buffers are optional but must equal k * pi. Other
 * tensors of floats are not allowed under that lead; whole numbers, truth values and what has another
 * lead is ignored.
 *
 * @throws {InputError} If the state_dict does not match the network; the message gives the first
 *   tensor that differs, with both shapes. If it holds several complete sets of weights.
 */
export function stateDictWeights(stateDict: StateDict, network: Network): Float32Array {
  const { place, tensors, prefix } = stateDict;
  const { layout, buffers = [] } = network;
  const leads = leadsOf(stateDict, prefix);
  const complete = leads.filter((lead) => isComplete(tensors, lead, network));
  if (complete.length > 1) throw severalSets(place, complete);
  const lead = complete[0] ?? likelyLead(stateDict, leads, network);
  const own = new Map(
    [...tensors].filter(([name]) => name.startsWith(lead))
      .map(([name, tensor]) => [name.slice(lead.length), tensor]),
  );
  const flat = parameterVector(layout, own, { place });
  for (const buffer of buffers) {
    if (!own.has(buffer.name)) continue;
    const found = tensorOf(own, buffer, place);
    const wrong = buffer.values.findIndex((value, i) => !isFrequency(found[i]!, value));
    if (wrong >= 0) {
      throw new InputError(
        `${place}: ${buffer.name}[${wrong}] is ${found[wrong]}, expected ${wrong + 1} pi = ` +
          `${buffer.values[wrong]}; the time embedding's frequencies are fixed`,
      );
    }
  }
  requireNoOthers(own, { place, network, lead, isChosen: prefix !== undefined });
  return flat;
}

/** The lead under which most of a network's tensors are. */
function likelyLead(
  { tensors }: StateDict,
  leads: readonly string[],
  { layout }: Network,
): string {
  const first = layout.entries[0]?.name ?? "";
  const begun = leads.filter((lead) => tensors.has(lead + first));
  const count = (lead: string) =>
    layout.entries.filter(({ name }) => tensors.has(lead + name)).length;
  return begun.reduce((best, lead) => count(lead) > count(best) ? lead : best, begun[0] ?? "");
}

/** Refuses floats that the network has no place for: a deeper network of the same kind has them. */
function requireNoOthers(
  own: ReadonlyMap<string, FoundTensor>,
  { place, network, lead, isChosen }: {
    readonly place: string;
    readonly lead: string;
    readonly network: Network;
    readonly isChosen: boolean;
  },
): void {
  const known = new Set(
    [...network.layout.entries, ...network.buffers ?? []].map(({ name }) => name),
  );
  const tops = new Set([...known].map((name) => name.replace(/\..*$/s, "")));
  for (const [name, tensor] of own) {
    if (known.has(name) || "dtype" in tensor || tensor.values instanceof BigInt64Array) continue;
    // Of a set that was chosen, other modules beside it are known to be there.
    const isBeside = !tops.has(name.replace(/\..*$/s, ""));
    if (isChosen && isBeside) continue;
    throw new InputError(
      `${place}: has ${named(name)} of shape ${
        quotedJson(tensor.shape)
      }, which the model lacks; it belongs to another architecture${
        isBeside ? `, or ${option("prefix", lead || NO_LEAD)} looks past it` : ""
      }`,
    );
  }
}

/**
 * Infers the network of a state_dict from its names and shapes.
 *
 * @param image Image size, which cannot be inferred from the weights.
 * @throws {InputError} If it matches no registered network, or holds several complete sets of
 *   weights.
 */
export function inferNetwork(
  stateDict: StateDict,
  image: { readonly height: number; readonly width: number },
): Network {
  const { place, tensors, prefix } = stateDict;
  const kinds = networkKinds();
  const found: { readonly lead: string; readonly network: Network }[] = [];
  let fault: unknown = null;
  for (const lead of leadsOf(stateDict, prefix)) {
    const shapeOf = (name: string, rank: number) => {
      const shape = tensors.get(lead + name)?.shape;
      return shape?.length === rank ? shape : null;
    };
    for (const { kind, stateDict } of kinds) {
      const sizes = stateDict?.sizes({ shapeOf, image }) ?? null;
      if (sizes === null) continue;
      try {
        found.push({ lead, network: createNetwork({ ...sizes, kind }, place) });
      } catch (error) {
        fault ??= error;
      }
      break;
    }
  }
  const complete = found.filter(({ lead, network }) => isComplete(tensors, lead, network));
  if (complete.length > 1) throw severalSets(place, complete.map(({ lead }) => lead));
  const best = complete[0] ?? found[0];
  if (best !== undefined) return best.network;
  if (fault !== null) throw fault;
  const marks = kinds.flatMap(({ stateDict }) => stateDict?.mark ?? []);
  const names = [...tensors.keys()].slice(0, 3).map((name) => named(name)).join(", ");
  throw new InputError(
    `${place}: none of ${marks.slice(0, -1).join(", ")} and ${marks.at(-1)}; it has ${names}`,
  );
}
