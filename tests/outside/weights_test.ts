import assert from "node:assert/strict";
import { readPoints } from "../../src/data/tables/point_rows.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { accurateSolve } from "../../src/flows/model.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import { enginesOf } from "../../src/ode/engines/open_device.ts";
import { loadRun } from "../../src/train/run/load_run.ts";
import { importWeights } from "../../src/train/weights/import_weights.ts";
import { initialWeights } from "../../src/train/weights/initial_weights.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensor,
} from "../../src/train/weights/safetensors.ts";
import {
  decodeStateDict,
  inferNetwork,
  stateDictWeights,
} from "../../src/train/weights/state_dict.ts";
import { backendTest } from "../support/backends.ts";
import { inFolder } from "../support/in_folder.ts";
import { refusalsIn } from "./_refusal.ts";

/* Weights as people have them: state_dicts of wrapped modules, in every float type, and pickles. */

const folder = new URL("./files/weights/", import.meta.url).pathname;
const image = { height: 28, width: 28 };

const refusal = refusalsIn(folder);

/** PyTorch in float64, converged: at a tolerance of 1e-6 dopri5 itself errs by up to 4e-5 here. */
const expected = [-1.81432603, -4.31295805, -2.25036183, -3.71726073, -8.7546786];
/** bfloat16 has 8 bits. */
const cases: Readonly<Record<string, number>> = {
  "plain": 2e-5,
  "p_module_": 2e-5,
  "p__orig_mod_": 2e-5,
  "p_ema_model_": 2e-5,
  "averaged": 2e-5,
  "extra_bool": 2e-5,
  "bf16": 5e-3,
};

backendTest(
  "weights of every wrapper and type have PyTorch's log-probabilities",
  ["cpu"],
  async (backend) => {
    await inFolder(async (runsFolder) => {
      const { points } = await readPoints(`${folder}x.csv`);
      const control = { kind: "adaptive", rtol: 1e-6, atol: 1e-6 } as const;
      const settings = { ...accurateSolve, control };
      for (const [name, tolerance] of Object.entries(cases)) {
        const { run } = await importWeights("cnf", `${folder}${name}.safetensors`, { runsFolder });
        const { model } = await loadRun(run);
        const found = await logProb(model, enginesOf(backend), points, { settings });
        model.parameters.dispose();
        found.logProb.forEach((value, i) =>
          assert.ok(Math.abs(value - expected[i]!) < tolerance, `${name}, row ${i}: ${value}`)
        );
      }
    });
  },
);

Deno.test("importWeights() refuses what is no weights, or several, and says what to do", async () => {
  const importing = (name: string) => () =>
    importWeights("cnf", folder + name, { runsFolder: "/nowhere" });
  assert.match(
    await refusal(importing("nan.safetensors")),
    /^nan\.safetensors: \S+\[\d+\] is NaN; weights must be finite/,
  );
  assert.match(
    await refusal(importing("model_and_ema.safetensors")),
    /holds 2 complete sets of weights, with the prefixes "model\.", "ema\."; choose one, such as `prefix: "model\."`/,
  );
  assert.match(
    await refusal(importing("w.pt")),
    /^w\.pt: a PyTorch pickle, .*"import torch, safetensors\.torch" and "safetensors\.torch\.save_file\(torch\.load\("w\.pt", .*"w\.safetensors"\)"/,
  );
  const other = await Deno.makeTempFile({ suffix: ".ckpt" });
  try {
    // torch.save(..., _use_new_zipfile_serialization=False)
    await Deno.writeFile(
      other,
      Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20),
    );
    assert.match(await refusal(() => importWeights("cnf", other)), /a PyTorch pickle/);
    assert.match(
      await refusal(() =>
        initialWeights(other, {
          network: mlpNetwork({ dims: 2, hidden: 4 }),
          seed: 0,
          prefix: undefined,
        })
      ),
      /a PyTorch pickle/,
    );
  } finally {
    await Deno.remove(other);
  }
});

Deno.test("stateDictWeights() takes the set that the prefix chooses", async () => {
  const bytes = await Deno.readFile(`${folder}model_and_ema.safetensors`);
  const { tensors } = decodeSafetensors(bytes, "w");
  for (const prefix of ["model", "ema", "ema."]) {
    const dict = decodeStateDict(bytes, "w", prefix);
    const network = inferNetwork(dict, image);
    const bias = `${prefix.replace(/\.$/, "")}.backbone.4.bias`;
    assert.deepEqual(
      stateDictWeights(dict, network).slice(-2),
      tensors.find(({ name }) => name === bias)!.values,
      prefix,
    );
  }
  assert.match(
    await refusal(() => inferNetwork(decodeStateDict(bytes, "w", "teacher"), image)),
    /^w: `prefix: "teacher"`: no tensor's name begins so; they begin with model\., ema\.$/,
  );
});

/** The tensors of plain.safetensors with names after `rename`, beside others. */
async function changed(
  rename: (name: string) => string,
  others: readonly NamedTensor[] = [],
): Promise<Uint8Array> {
  const { tensors } = decodeSafetensors(await Deno.readFile(`${folder}plain.safetensors`), "p");
  const renamed = tensors.map((tensor) => ({ ...tensor, name: rename(tensor.name) }));
  return encodeSafetensors({ tensors: [...renamed, ...others], metadata: {} });
}

Deno.test("inferNetwork() strips any lead, stacked too, and looks past other modules", async () => {
  const plain = decodeStateDict(await Deno.readFile(`${folder}plain.safetensors`), "p");
  const weights = stateDictWeights(plain, inferNetwork(plain, image));
  const other = (name: string): NamedTensor => ({ name, shape: [1], values: Float32Array.of(1) });
  const files = [
    await changed((name) => `module._orig_mod.model.net.${name}`),
    await changed((name) => `ema_model.module.${name}`, [other("initted"), other("step")]),
    await changed((name) => `net.${name}`, [other("criterion.weight")]),
    await changed((name) => name, [{ name: "n", shape: [1], values: BigInt64Array.of(3n) }]),
  ];
  for (const bytes of files) {
    const dict = decodeStateDict(bytes, "w");
    const network = inferNetwork(dict, image);
    assert.equal(network.kind, "mlp");
    assert.deepEqual(stateDictWeights(dict, network), weights);
  }
  // A deeper network of the same names is another architecture.
  const deeper = decodeStateDict(
    await changed((name) => `net.${name}`, [other("net.backbone.6.bias")]),
    "w",
  );
  assert.match(
    await refusal(() => stateDictWeights(deeper, inferNetwork(deeper, image))),
    /has backbone\.6\.bias of shape \[1\], which the model lacks/,
  );
});

Deno.test("decodeStateDict() reads F64 and F16, and names a needed tensor of another type", async () => {
  const bytes = await Deno.readFile(`${folder}plain.safetensors`);
  const { tensors } = decodeSafetensors(bytes, "p");
  const dict = decodeStateDict(bytes, "p");
  const network = inferNetwork(dict, image);
  const exact = stateDictWeights(dict, network);
  const float64 = encodeSafetensors({
    tensors: tensors.map((tensor) => ({
      ...tensor,
      values: Float64Array.from(tensor.values as Float32Array),
    })),
    metadata: {},
  });
  assert.deepEqual(stateDictWeights(decodeStateDict(float64, "p"), network), exact);
  // A whole file of another type: the header's types and offsets, and the data, are changed.
  const ofType = (dtype: string, size: number, encode: (values: Float32Array) => Uint8Array) => {
    let end = 0;
    const header = Object.fromEntries(tensors.map(({ name, shape, values }) => {
      const start = end;
      end += size * values.length;
      return [name, { dtype, shape, data_offsets: [start, end] }];
    }));
    const text = new TextEncoder().encode(JSON.stringify(header));
    const length = new Uint8Array(new BigUint64Array([BigInt(text.length)]).buffer);
    const data = tensors.flatMap(({ values }) => [...encode(values as Float32Array)]);
    return Uint8Array.of(...length, ...text, ...data);
  };
  const half = ofType("F16", 2, (values) => new Uint8Array(Float16Array.from(values).buffer));
  stateDictWeights(decodeStateDict(half, "p"), network).forEach((value, i) =>
    assert.ok(Math.abs(value - exact[i]!) <= 1e-3 * Math.abs(exact[i]!) + 1e-7)
  );
  const eight = ofType("F8_E4M3", 1, (values) => new Uint8Array(values.length));
  const inEight = decodeStateDict(eight, "p");
  assert.match(
    await refusal(() => stateDictWeights(inEight, inferNetwork(inEight, image))),
    /x_proj\.weight is of type F8_E4M3; weights are read as F64, F32, F16, BF16/,
  );
});

Deno.test("stateDictWeights() takes the rounded buffers of a module in half precision", async () => {
  const bytes = await Deno.readFile(`${folder}plain.safetensors`);
  const { tensors } = decodeSafetensors(bytes, "p");
  const plain = decodeStateDict(bytes, "p");
  const network = inferNetwork(plain, image);
  const weights = stateDictWeights(plain, network);
  const read = (values: Float32Array<ArrayBuffer>) => {
    const buffer = { name: "t_proj.freqs", shape: [8], values };
    const all = [...tensors.filter(({ name }) => name !== buffer.name), buffer];
    const dict = decodeStateDict(encodeSafetensors({ tensors: all, metadata: {} }), "w");
    return stateDictWeights(dict, inferNetwork(dict, image));
  };
  // torch.arange(1, 9) * torch.pi as .bfloat16() and .half() give it.
  const bfloat16 = [3.140625, 6.28125, 9.4375, 12.5625, 15.6875, 18.875, 22, 25.125];
  const half = [3.140625, 6.28125, 9.421875, 12.5625, 15.7109375, 18.84375, 21.984375, 25.125];
  for (const values of [bfloat16, half]) {
    assert.deepEqual(read(Float32Array.from(values)), weights);
    const twice = Float32Array.from(values, (value) => 2 * value);
    assert.match(await refusal(() => read(twice)), /frequencies are fixed/);
  }
  assert.match(
    await refusal(() => read(Float32Array.from(half, (value) => value + 1e-5))),
    /frequencies are fixed/,
  );
});

Deno.test("stateDictWeights() says of a tensor that does not fit what it may be", async () => {
  const bytes = await Deno.readFile(`${folder}plain.safetensors`);
  const { tensors } = decodeSafetensors(bytes, "p");
  const other = (change: (tensor: NamedTensor) => NamedTensor, more: NamedTensor[] = []) => {
    const all = [...tensors.map(change), ...more];
    const dict = decodeStateDict(encodeSafetensors({ tensors: all, metadata: {} }), "w");
    return () => stateDictWeights(dict, inferNetwork(dict, image));
  };
  const transposed = (...names: string[]) => (tensor: NamedTensor) =>
    names.includes(tensor.name) ? { ...tensor, shape: tensor.shape.toReversed() } : tensor;
  for (const name of ["x_proj.weight", "backbone.4.weight"]) {
    assert.match(await refusal(other(transposed(name))), new RegExp(`${name} .*transpose it`));
  }
  const scale = { name: "scale", shape: [2], values: Float32Array.of(1, 1) };
  assert.match(
    await refusal(other((tensor) => tensor, [scale])),
    /has scale of shape \[2\], which the model lacks; .*`prefix: "none"` looks past it/,
  );
});

Deno.test("importWeights() names files that are no weights, and what to do", async () => {
  const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const zipped = `PK\x03\x04${"\0".repeat(26)}`;
  const cases: readonly (readonly [start: string, message: RegExp])[] = [
    ["<!DOCTYPE html>\n<html>", /is a page of HTML, not weights .*download the file itself/],
    ["version https://git-lfs.github.com/spec/v1\n", /in Git LFS, .*git lfs pull/],
    ['{"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}', /join them/],
    ['{"x_proj.weight": [[1, 2]]}', /is JSON, not weights/],
    ["\x1f\x8b\x08\0\0\0\0\0\0\x03", /compressed by gzip, .*decompress it first/],
    [`${zipped}jit/data/0`, /is a compiled model of PyTorch.*torch\.jit\.load/],
    [`${zipped}x.npy`, /is a ZIP archive/],
    [`${zipped}w/data.pkl`, /of a whole model .*torch\.load\(\.\.\.\)\.state_dict\(\)/],
  ];
  const file = await Deno.makeTempFile();
  try {
    for (const [start, message] of cases) {
      await Deno.writeFile(file, latin1(start));
      assert.match(await refusal(() => importWeights("cnf", file)), message, start);
    }
  } finally {
    await Deno.remove(file);
  }
});
