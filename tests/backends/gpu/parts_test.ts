import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { gpuOf } from "../../../src/backends/gpu/gpu.ts";
import { NUMBERS_PER_WORKGROUP, partsPerDispatch } from "../../../src/backends/gpu/parts_wgsl.ts";
import { backendTest } from "../../support/backends.ts";
import { countGpuCalls } from "../../support/gpu_calls.ts";

/** Numbers 0, 1, ... of a shape. */
function counted(shape: readonly number[]): tf.Tensor {
  return tf.reshape(tf.range(0, tf.util.sizeFromShape([...shape])), [...shape]);
}

/** Numbers of {@link counted} from `begin`, by the index of each. */
function sliced(shape: readonly number[], begin: readonly number[], size: readonly number[]) {
  let starts = [0];
  for (const [axis, extent] of shape.entries()) {
    starts = starts.flatMap((start) =>
      Array.from({ length: size[axis]! }, (_, i) => start * extent + begin[axis]! + i)
    );
  }
  return starts;
}

const axis = fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 3 }), fc.nat(3));

backendTest("slices are those of their indices, in one piece or not", ["webgpu"], async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(axis, { minLength: 2, maxLength: 3 }), async (axes) => {
      const shape = axes.map(([before, size, after]) => before + size + after);
      const begin = axes.map(([before]) => before), size = axes.map(([, size]) => size);
      const part = tf.tidy(() => tf.slice(counted(shape), begin, size));
      assert.deepEqual(part.shape, size);
      assert.deepEqual([...await part.data()], sliced(shape, begin, size));
      part.dispose();
    }),
    { numRuns: 40 },
  );
});

backendTest("runs of memory are cut and joined without a dispatch", ["webgpu"], async () => {
  const whole = tf.tensor(Float32Array.from({ length: 48 }, (_, i) => i), [1, 4, 3, 4]);
  const rows = tf.tidy(() => tf.add(whole, 0));
  const counter = countGpuCalls();
  const parts = tf.tidy(() => [
    tf.slice(rows, [0, 1, 0, 0], [1, 2, 3, 4]),
    tf.slice(rows, [0, 3, 1, 1], [1, 1, 1, 2]),
    tf.concat([tf.slice(rows, [0, 3, 0, 0], [1, 1, 3, 4]), rows], 1),
  ]);
  const { dispatches } = counter.calls();
  counter.stop();
  assert.equal(dispatches, 0);
  const numbers = await Promise.all(parts.map(async (part) => [...await part.data()]));
  const run = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  assert.deepEqual(numbers, [run(12, 36), [41, 42], [...run(36, 48), ...run(0, 48)]]);
  tf.dispose([whole, rows, ...parts]);
});

backendTest(
  "many parts are cut and joined by a few dispatches, as they are",
  ["webgpu"],
  async (backend) => {
    const most = partsPerDispatch(gpuOf(backend).limits);
    // Parts of less and of more than a workgroup's numbers, in a second dispatch that is not full.
    const sizes = Array.from({ length: most + 3 }, (_, i) => 1 + i % 5);
    sizes[1] = 2 * NUMBERS_PER_WORKGROUP + 7;
    sizes[most + 1] = NUMBERS_PER_WORKGROUP;
    const size = sizes.reduce((sum, size) => sum + size),
      numbers = Float32Array.from({ length: size }, (_, i) => i);
    const whole = tf.tensor(numbers, [1, size]);
    const counter = countGpuCalls();
    const parts = tf.split(whole, sizes, 1), joined = tf.concat(parts, 1);
    const { dispatches, copies } = counter.calls();
    counter.stop();
    assert.deepEqual({ dispatches, copies }, { dispatches: 4, copies: 0 });
    let start = 0;
    for (const [i, part] of parts.entries()) {
      assert.deepEqual(part.shape, [1, sizes[i]]);
      assert.deepEqual(await part.data(), numbers.slice(start, start += sizes[i]!));
    }
    assert.deepEqual(await joined.data(), numbers);
    tf.dispose([whole, joined, ...parts]);
  },
);
