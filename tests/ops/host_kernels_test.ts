import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { openDevice } from "../../src/ode/engines/open_device.ts";

await openDevice("cpu");

Deno.test("gradients of a gather, an einsum and a depthwise convolution exist on the CPU backend", () => {
  const before = tf.memory().numTensors;
  const hostTensors = () =>
    (tf.findBackend("cpu") as unknown as { numDataIds(): number }).numDataIds();
  const hostBefore = hostTensors();
  tf.tidy(() => {
    // Row 1 is taken twice, row 0 never: the gradient counts.
    const table = tf.tensor2d([[1, 2], [3, 4], [5, 6]]);
    const taken = tf.grad((rows) => tf.sum(tf.gather(rows, [1, 1, 2])))(table);
    assert.deepEqual([...taken.dataSync()], [0, 0, 2, 2, 1, 1]);

    const product = tf.einsum("ij,jk->ik", table, tf.tensor2d([[1, 0], [1, 1]]));
    assert.deepEqual([...product.dataSync()], [3, 2, 7, 4, 11, 6]);

    // Filters of one pixel scale their channels.
    const image = tf.tensor4d([1, 2, 3, 4], [1, 2, 1, 2]);
    const filter = tf.tensor4d([10, 100], [1, 1, 2, 1]);
    const [ofImage, ofFilter] = tf.grads((x, f) =>
      tf.sum(tf.depthwiseConv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1, "valid"))
    )([image, filter]);
    assert.deepEqual([...ofImage!.dataSync()], [10, 100, 10, 100]);
    assert.deepEqual([...ofFilter!.dataSync()], [4, 6]);
  });
  assert.equal(tf.memory().numTensors, before);
  assert.equal(hostTensors(), hostBefore);
});
