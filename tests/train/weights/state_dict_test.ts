import assert from "node:assert/strict";
import fc from "fast-check";
import { initialParameters } from "../../../src/nn/init.ts";
import { type Network, networkRecord } from "../../../src/nn/network.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { resnetNetwork } from "../../../src/nn/resnet/network.ts";
import { unetNetwork } from "../../../src/nn/unet/network.ts";
import { decodeSafetensors, encodeSafetensors } from "../../../src/train/weights/safetensors.ts";
import {
  decodeStateDict,
  encodeStateDict,
  inferNetwork,
  parameterTensors,
  stateDictWeights,
} from "../../../src/train/weights/state_dict.ts";

const image = { height: 28, width: 28 };
const mlp: Network = mlpNetwork({ dims: 3, hidden: 8 });
const resnet: Network = resnetNetwork({ ...image, channels: 2, filters: 4, blocks: 3 });
const unet: Network = unetNetwork({ ...image, channels: 3, filters: 8 });

/** A state_dict file with modified tensors. */
function fileWith(
  network: Network,
  change: (tensors: ReturnType<typeof decodeSafetensors>["tensors"]) => unknown,
): Uint8Array {
  const { tensors } = decodeSafetensors(
    encodeStateDict(network, initialParameters(network, 1)),
    "",
  );
  return encodeSafetensors({ tensors: change(tensors) as typeof tensors, metadata: {} });
}

for (const network of [mlp, resnet, unet]) {
  Deno.test(`encodeStateDict() of a ${network.kind} round trips`, () => {
    const weights = initialParameters(network, 1);
    const stateDict = decodeStateDict(encodeStateDict(network, weights), "x");
    assert.deepEqual(stateDictWeights(stateDict, network), weights);
    assert.deepEqual(networkRecord(inferNetwork(stateDict, image)), networkRecord(network));
  });

  Deno.test(`stateDictWeights() of a ${network.kind} allows a leading model. and missing buffers`, () => {
    const weights = initialParameters(network, 1);
    const buffers = new Set(network.buffers!.map(({ name }) => name));
    for (const lead of ["", "model."]) {
      for (const withBuffers of [true, false]) {
        const file = fileWith(
          network,
          (tensors) =>
            tensors.filter(({ name }) => withBuffers || !buffers.has(name))
              .map((tensor) => ({ ...tensor, name: lead + tensor.name })),
        );
        const stateDict = decodeStateDict(file, "x");
        assert.deepEqual(stateDictWeights(stateDict, network), weights);
        assert.deepEqual(networkRecord(inferNetwork(stateDict, image)), networkRecord(network));
      }
    }
  });
}

Deno.test("encodeStateDict() has PyTorch's names, shapes and order of axes", () => {
  const weights = initialParameters(mlp, 1);
  const { tensors } = decodeSafetensors(encodeStateDict(mlp, weights), "x");
  assert.deepEqual(Object.fromEntries(tensors.map(({ name, shape }) => [name, shape])), {
    "x_proj.weight": [8, 3],
    "x_proj.bias": [8],
    "backbone.0.weight": [8, 8],
    "backbone.0.bias": [8],
    "backbone.2.weight": [8, 8],
    "backbone.2.bias": [8],
    "backbone.4.weight": [3, 8],
    "backbone.4.bias": [3],
    "t_proj.freqs": [4],
  });
  // On the device a Linear's weight is [in, out]: its second number, input 0 to output 1, is at
  // row 1, column 0 of PyTorch's [out, in].
  const projection = tensors.find(({ name }) => name === "x_proj.weight")!.values;
  assert.equal(projection[3], weights[1]);
});

Deno.test("stateDictWeights() reads float64 files", () => {
  const file = fileWith(
    mlp,
    (tensors) =>
      tensors.map((tensor) => ({
        ...tensor,
        values: Float64Array.from(tensor.values as Float32Array),
      })),
  );
  assert.deepEqual(stateDictWeights(decodeStateDict(file, "x"), mlp), initialParameters(mlp, 1));
});

Deno.test("stateDictWeights() names the first tensor that differs, with both shapes", () => {
  const stateDict = decodeStateDict(encodeStateDict(mlp, initialParameters(mlp, 1)), "x.st");
  assert.throws(() => stateDictWeights(stateDict, mlpNetwork({ dims: 3, hidden: 10 })), {
    name: "InputError",
    message: /^x\.st: x_proj\.weight has shape \[8,3\], the model's is \[10,3\]/,
  });
  assert.throws(() => stateDictWeights(stateDict, resnet), {
    name: "InputError",
    message: /^x\.st: has no first_block\.0\.weight of shape \[4,2,3,3\]/,
  });
});

Deno.test("stateDictWeights() refuses other frequencies and unknown tensors", () => {
  const wrongFrequency = fileWith(
    mlp,
    (tensors) =>
      tensors.map((tensor) =>
        tensor.name === "t_proj.freqs"
          ? {
            ...tensor,
            values: Float32Array.from(tensor.values as Float32Array, (f) => f * 1.001),
          }
          : tensor
      ),
  );
  assert.throws(() => stateDictWeights(decodeStateDict(wrongFrequency, "x"), mlp), {
    name: "InputError",
    message: /t_proj\.freqs\[0\] is .*expected 1 pi/,
  });
  const unknown = fileWith(mlp, (tensors) => [
    ...tensors,
    { name: "extra", shape: [1], values: Float32Array.of(0) },
  ]);
  assert.throws(() => stateDictWeights(decodeStateDict(unknown, "x"), mlp), {
    name: "InputError",
    message: /has extra of shape \[1\]/,
  });
});

Deno.test("inferNetwork() refuses a state_dict of no registered network", () => {
  const file = encodeSafetensors({
    tensors: [{ name: "fc.weight", shape: [1], values: Float32Array.of(0) }],
    metadata: {},
  });
  assert.throws(() => inferNetwork(decodeStateDict(file, "x"), image), {
    name: "InputError",
    message: /x_proj\.weight.*it has fc\.weight/,
  });
});

Deno.test("parameterTensors() of any network round trips", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }).map((half) => 2 * half),
      fc.integer({ min: 1, max: 2 }),
      (inputs, width, blocks) => {
        const networks: Network[] = [
          mlpNetwork({ dims: inputs, hidden: width }),
          resnetNetwork({ height: 5, width: 5, channels: inputs, filters: width, blocks }),
          unetNetwork({ height: 5, width: 5, channels: inputs, filters: 4 * blocks }),
        ];
        for (const network of networks) {
          const { size } = network.layout;
          const weights = Float32Array.from({ length: size }, (_, i) => i);
          const tensors = parameterTensors(network.layout, weights);
          const file = encodeSafetensors({ tensors, metadata: {} });
          assert.deepEqual(stateDictWeights(decodeStateDict(file, "x"), network), weights);
        }
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("stateDictWeights() refuses weights that are not finite, by tensor and place", () => {
  for (const [value, words] of [[NaN, "NaN"], [Infinity, "Infinity"], [-1e39, "-Infinity in"]]) {
    const file = fileWith(resnet, (tensors) =>
      tensors.map((tensor) => {
        if (tensor.name !== "layers.1.block.2.weight") return tensor;
        const values = Float64Array.from(tensor.values as Float32Array);
        values[5] = value as number;
        return { ...tensor, values };
      }));
    assert.throws(
      () => stateDictWeights(decodeStateDict(file, "w.safetensors"), resnet),
      {
        name: "InputError",
        message: new RegExp(`^w.safetensors: layers.1.block.2.weight\\[5\\] is ${words}`),
      },
    );
  }
});

Deno.test("decodeStateDict() reads scales from the metadata and refuses invalid ones", () => {
  const weights = initialParameters(mlp, 1);
  const scales = { kind: "robust", center: [1.7e9, 0.1], scale: [1e-3, 3] } as const;
  const file = encodeStateDict(mlp, weights, { standardization: scales });
  assert.deepEqual(decodeStateDict(file, "x").standardization, scales);
  assert.equal(decodeStateDict(encodeStateDict(mlp, weights), "x").standardization, null);
  const { tensors } = decodeSafetensors(file, "x");
  const refused = (standardization: unknown, message: RegExp) => {
    const text = typeof standardization === "string"
      ? standardization
      : JSON.stringify(standardization);
    const other = encodeSafetensors({ tensors, metadata: { standardization: text } });
    assert.throws(() => decodeStateDict(other, "x.st"), { name: "InputError", message });
  };
  refused("{", /^x\.st: its metadata's standardization is not JSON$/);
  refused([], /^x\.st: its metadata's standardization\.kind: is missing$/);
  refused({ ...scales, scale: [1, -1] }, /standardization\.scale\.1: .*above 0.*found -1$/);
  refused({ ...scales, scale: [1] }, /as many centers as scales/);
  refused({ ...scales, center: [1, null] }, /standardization\.center\.1: .*found null$/);
  refused({ ...scales, kind: "minmax" }, /standardization\.kind: expected one of zscore, robust/);
});
