import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { gpuOf } from "../../../src/backends/gpu/mod.ts";
import { backendTest } from "../../support/backends.ts";
import { countGpuCalls } from "../../support/gpu_calls.ts";

backendTest("tensors of all types arrive on the GPU", ["webgpu"], async () => {
  const results = tf.tidy(() => [
    tf.add(tf.tensor1d([1.5, -2]), 0),
    tf.add(tf.tensor1d([3, -4], "int32"), tf.scalar(0, "int32")),
    tf.cast(tf.logicalNot(tf.tensor1d([true, false], "bool")), "float32"),
    tf.add(tf.tensor([], [0, 2]), 1),
    tf.concat([tf.tensor2d([[1, 2]]), tf.tensor2d([[3, 4]])], 0),
  ]);
  const found = await Promise.all(results.map(async (tensor) => [...await tensor.data()]));
  assert.deepEqual(found, [[1.5, -2], [3, -4], [0, 1], [], [1, 2, 3, 4]]);
  tf.dispose(results);
});

backendTest(
  "uploads and reused buffers do not disturb commands that were recorded",
  ["webgpu"],
  async (backend) => {
    const counter = countGpuCalls();
    const size = 1000, sums: tf.Tensor[] = [];
    const work = () =>
      tf.tidy(() => {
        let sum: tf.Tensor = tf.fill([size], 0);
        // Each upload is disposed once it is used, and its buffer would be free for the next.
        for (let i = 1; i <= 30; i++) {
          sum = tf.add(sum, tf.tidy(() => tf.mul(tf.tensor1d(new Float32Array(size).fill(i)), 2)));
        }
        return sum;
      });
    try {
      sums.push(work());
      assert.equal(counter.calls().submits, 0); // after 61 dispatches; tfjs would have submitted 4 times
      const { buffers } = counter.calls();
      gpuOf(backend).submit();
      gpuOf(backend).submit(); // of nothing
      assert.equal(counter.calls().submits, 1);
      sums.push(work());
      // The result of the first is still held.
      assert.ok(counter.calls().buffers - buffers <= 1);
    } finally {
      counter.stop();
    }
    for (const sum of sums) assert.deepEqual([...new Set(await sum.data())], [930]);
    tf.dispose(sums);
  },
);

backendTest("recorded dispatches are submitted in thousands", ["webgpu"], () => {
  const counter = countGpuCalls();
  try {
    tf.tidy(() => {
      let sum = tf.scalar(0);
      for (let i = 0; i < 2500; i++) sum = tf.add(sum, sum);
    });
    assert.equal(counter.calls().submits, 2);
  } finally {
    counter.stop();
  }
});

backendTest("reads that do not wait for each other share a submit", ["webgpu"], async () => {
  const counter = countGpuCalls();
  try {
    const tensors = [1, 2, 3].map((value) => tf.tidy(() => tf.add(tf.scalar(value), 1)));
    const values = Promise.all(tensors.map((tensor) => tensor.data()));
    // Recorded after the reads, and before their submit.
    const later = tf.tidy(() => tf.add(tensors[0]!, 9));
    assert.deepEqual((await values).map(([value]) => value), [2, 3, 4]);
    assert.equal(counter.calls().submits, 1);
    assert.equal((await later.data())[0], 11);
    tf.dispose([later, ...tensors]);
  } finally {
    counter.stop();
  }
});
