import assert from "node:assert/strict";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  firstCheckpoint,
} from "../../../src/train/run/checkpoint.ts";
import { decodeSafetensors } from "../../../src/train/weights/safetensors.ts";
import { resolveConfig } from "../../../src/train/config/resolve_config.ts";
import {
  decodeStateDict,
  encodeStateDict,
  inferNetwork,
  stateDictWeights,
} from "../../../src/train/weights/state_dict.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import type { Network } from "../../../src/nn/network.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { resnetNetwork } from "../../../src/nn/resnet/network.ts";
import { unetNetwork } from "../../../src/nn/unet/network.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { json, mutated, strangeJson, text, wholeNumber } from "../values.ts";

const names = [
  ...["x_proj.weight", "x_proj.bias", "t_proj.freqs", "model.x_proj.weight", "first.weight"],
  ...["first_block.0.weight", "layers.0.block.0.weight", "layers.1.block.0.weight", "step", "seed"],
  ...["ema.x_proj.weight", "optimizer.m.x_proj.weight", "__metadata__", "n_averaged"],
  ...["module._orig_mod.x_proj.weight", "ema_model.module.x_proj.bias", "...", "."],
];
const itemBytes = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, BOOL: 1, U8: 1, C64: 8, F8_E4M3: 1 };
const dtypes = Object.keys(itemBytes) as (keyof typeof itemBytes)[];

const mlp = mlpNetwork({ dims: 2, hidden: 4 });
const image = { height: 28, width: 28, channels: 1, filters: 4 } as const;
const networks: readonly Network[] = [
  mlp,
  resnetNetwork({ ...image, blocks: 2 }),
  unetNetwork({ ...image }),
];

const best = { step: 3, loss: 1.5, weights: initialParameters(mlp, 1) };

/** What Fluxion writes: weights of each network, and a checkpoint. */
const written: readonly Uint8Array[] = [
  ...networks.map((network) => encodeStateDict(network, initialParameters(network, 0))),
  encodeCheckpoint(mlp, {
    ...firstCheckpoint(initialParameters(mlp, 0), resolveConfig("cnf", null, { hidden: 4 })),
    validation: { step: 5, stale: 1, best, stoppedFor: 9 },
  }),
];

/** The header of a file and its data apart. */
function parted(bytes: Uint8Array) {
  const dataStart = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, dataStart)));
  return { header: header as Record<string, unknown>, data: bytes.subarray(dataStart) };
}

/** Scales of a table as Fluxion writes them, or nearly. */
function standardization(random: Random): string {
  const column = () =>
    random.pick<unknown>([
      { kind: "real" },
      { kind: "log" },
      { kind: "dequantized", step: random.whole(-1, 2), origin: random.below(3) },
      {
        kind: "categorical",
        categories: Array.from({ length: random.below(4) }, () => text(random)),
      },
      { kind: text(random) },
    ]);
  const numbers = () => Array.from({ length: random.whole(1, 3) }, () => random.whole(-1, 5));
  const scales = {
    kind: random.pick(["zscore", "robust", "none", ""]),
    center: numbers(),
    scale: numbers(),
    ...(random.chance(0.3) ? { columns: Array.from({ length: random.whole(0, 3) }, column) } : {}),
  };
  return random.chance(0.7) ? JSON.stringify(scales) : strangeJson(random);
}

/** What Fluxion writes, as it is or with one thing changed. */
function nearlyWhole(random: Random): Uint8Array<ArrayBuffer> {
  const { header, data } = parted(random.pick(written));
  if (random.chance(0.2)) return joined(JSON.stringify(header), data, null);
  const name = random.pick(Object.keys(header));
  const entry = header[name] as Record<string, unknown>;
  switch (random.below(5)) {
    case 4: { // the names of a wrapped module
      const lead = random.pick(["module.", "model.net.", "_orig_mod.", "ema."]);
      const renamed = Object.entries(header).map(([name, entry]) => [
        name === "__metadata__" ? name : lead + name,
        entry,
      ]);
      return joined(JSON.stringify(Object.fromEntries(renamed)), data, null);
    }
    case 0:
      delete header[name];
      header[text(random)] = entry;
      break;
    case 1:
      entry.dtype = random.pick(Object.keys(itemBytes));
      break;
    case 2:
      header.__metadata__ = { standardization: standardization(random), format: text(random) };
      break;
    default:
      if (Array.isArray(entry.shape)) entry.shape.reverse();
  }
  return joined(JSON.stringify(header), data, null);
}

/** A file of a header and data. @param declared Length of the header; null for the true one. */
function joined(
  header: string,
  data: Uint8Array,
  declared: number | null,
): Uint8Array<ArrayBuffer> {
  const headerBytes = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + headerBytes.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(declared ?? headerBytes.length), true);
  bytes.set(headerBytes, 8);
  bytes.set(data, 8 + headerBytes.length);
  return bytes;
}

/** A safetensors file of any tensors; some of its header is not true. */
export function makeSafetensors(random: Random): Uint8Array<ArrayBuffer> {
  if (random.chance(0.4)) return nearlyWhole(random);
  const header: Record<string, unknown> = Object.create(null);
  let end = 0;
  for (let tensor = random.below(5); tensor > 0; tensor--) {
    const dtype = random.pick(dtypes);
    const shape = Array.from({ length: random.below(5) }, () => random.whole(0, 4));
    const start = end;
    end += shape.reduce((product, length) => product * length, itemBytes[dtype]);
    const name = random.chance(0.8) ? random.pick(names) : text(random);
    header[name] = { dtype, shape, data_offsets: [start, end] };
  }
  if (random.chance(0.3)) header.__metadata__ = json(random, 2);
  const entries = Object.values(header) as Record<string, unknown>[];
  if (entries.length > 0 && random.chance(0.5)) {
    const entry = random.pick(entries);
    if (typeof entry === "object" && entry !== null) {
      const key = random.pick(["dtype", "shape", "data_offsets"]);
      const lengths = () => Array.from({ length: random.below(5) }, () => wholeNumber(random));
      entry[key] = random.chance(0.7) ? lengths() : json(random);
    }
  }
  const headerText = random.chance(0.05) ? strangeJson(random) : JSON.stringify(header);
  const declared = random.chance(0.95) ? null : Math.abs(wholeNumber(random));
  const data = random.bytes(random.chance(0.95) ? Math.min(end, 50_000) : random.below(100));
  const bytes = joined(headerText, data, declared);
  return random.chance(0.2) ? mutated(bytes, random) : bytes;
}

/** Safetensors as weights: of what network, all of its tensors; and as a checkpoint. */
export const safetensors: FuzzTarget = {
  name: "safetensors",
  make: makeSafetensors,
  parse(bytes) {
    for (const { shape, values } of decodeSafetensors(bytes, "f").tensors) {
      assert.equal(values.length, shape.reduce((product, length) => product * length, 1));
    }
    const dict = decodeStateDict(bytes, "f");
    if (dict.tensors.has("step")) {
      decodeCheckpoint(bytes, "f", mlp);
      return;
    }
    const network = inferNetwork(dict, image);
    assert.equal(stateDictWeights(dict, network).length, network.layout.size);
  },
};
