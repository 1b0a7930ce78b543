import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { mlpLayout } from "../../src/ops/mlp_field/contract.ts";
import { flattenGradients, layoutOf, Parameters, reorderAxes } from "../../src/core/parameters.ts";
import { backendTest } from "../support/backends.ts";

const layout = layoutOf([
  { kind: "linear", name: "first", inputs: 3, outputs: 2 },
  { kind: "conv2d", name: "second", inputs: 2, outputs: 4, kernel: 3 },
]);

Deno.test("layoutOf() concatenates the tensors under PyTorch's names", () => {
  assert.deepEqual(
    layout.entries.map(({ name, shape, deviceShape, offset, size }) => ({
      name,
      shape,
      deviceShape,
      offset,
      size,
    })),
    [
      { name: "first.weight", shape: [2, 3], deviceShape: [3, 2], offset: 0, size: 6 },
      { name: "first.bias", shape: [2], deviceShape: [2], offset: 6, size: 2 },
      {
        name: "second.weight",
        shape: [4, 2, 3, 3],
        deviceShape: [3, 3, 2, 4],
        offset: 8,
        size: 72,
      },
      { name: "second.bias", shape: [4], deviceShape: [4], offset: 80, size: 4 },
    ],
  );
  assert.equal(layout.size, 84);
  // PyTorch's bound is 1 / sqrt(fan-in): 3 inputs, then 2 channels of 3 x 3.
  assert.equal(layout.entries[0]!.initialBound, 1 / Math.sqrt(3));
  assert.equal(layout.entries[3]!.initialBound, 1 / Math.sqrt(18));
});

Deno.test("reorderAxes() converts PyTorch's layouts to the device's and back", () => {
  const [linear, , conv] = layout.entries;
  // [[1, 2, 3], [4, 5, 6]] transposed.
  const file = Float32Array.of(1, 2, 3, 4, 5, 6);
  assert.deepEqual([...reorderAxes(linear!, file, "device")], [1, 4, 2, 5, 3, 6]);
  const values = Float32Array.from({ length: 72 }, (_, i) => i);
  const device = reorderAxes(conv!, values, "device");
  // Entry (out 3, in 1, ky 2, kx 0) moves to [2, 0, 1, 3].
  assert.equal(device[((2 * 3 + 0) * 2 + 1) * 4 + 3], ((3 * 2 + 1) * 3 + 2) * 3 + 0);
  assert.deepEqual(reorderAxes(conv!, device, "file"), values);
});

Deno.test("mlpLayout() refuses impossible shapes", () => {
  assert.throws(() => mlpLayout({ dims: 2, hidden: 7 }), /hidden.*even.*7/);
  assert.throws(() => mlpLayout({ dims: 0, hidden: 8 }), /dims.*0/);
  assert.throws(() => mlpLayout({ dims: 2.5, hidden: 8 }), /dims.*2\.5/);
});

backendTest("Parameters are one vector and its views", ["cpu", "webgpu"], async () => {
  const values = Float32Array.from({ length: 84 }, (_, i) => i);
  const parameters = Parameters.fromFlat(layout, values);
  values[0] = -1; // the caller's array was copied
  assert.deepEqual(parameters.tensors.map((tensor) => tensor.shape), [[3, 2], [2], [3, 3, 2, 4], [
    4,
  ]]);
  assert.equal((await parameters.tensors[1]!.data())[1], 7);
  const flat = flattenGradients(layout, parameters.tensors);
  assert.deepEqual(await flat.data(), await parameters.read());
  assert.equal((await flat.data())[0], 0);
  parameters.replace(tf.tidy(() => tf.mul(flat, 2)));
  assert.equal((await parameters.tensors[3]!.data())[3], 2 * 83);
  flat.dispose();
  parameters.dispose();
  assert.throws(
    () => Parameters.fromFlat(layout, values.subarray(1)),
    /expected 84 numbers, got 83/,
  );
});

backendTest("Parameters are cut into tensors only if these are asked for", ["cpu"], async () => {
  const before = tf.memory().numTensors;
  const parameters = Parameters.fromFlat(layout, new Float32Array(84));
  parameters.replace(tf.ones([84]));
  assert.equal((await parameters.read())[83], 1);
  assert.equal(tf.memory().numTensors, before + 1);
  assert.equal(parameters.tensors, parameters.tensors);
  assert.equal(tf.memory().numTensors, before + 5);
  parameters.dispose();
  assert.equal(tf.memory().numTensors, before);
});

backendTest("Parameters of a network without weights are no tensors", ["cpu"], () => {
  const none = layoutOf([]), before = tf.memory().numTensors;
  const parameters = Parameters.fromFlat(none, new Float32Array());
  assert.deepEqual(parameters.tensors, []);
  parameters.dispose();
  assert.equal(tf.memory().numTensors, before);
});
