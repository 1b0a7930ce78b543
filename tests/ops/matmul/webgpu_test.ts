import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { pixelParts } from "../../../src/backends/gpu/convolution/products.ts";
import { gpuOf } from "../../../src/backends/gpu/gpu.ts";
import { backendTest } from "../../support/backends.ts";
import { errorOf, numbers } from "../_builds.ts";

/** Rows, terms, columns: one, primes, edges of tiles; many terms for the sum in parts. */
const sizes = [[1, 1, 1], [33, 17, 5], [31, 64, 65], [2, 521, 3]] as const;

/** The product in float64. */
function product(a: Float32Array, b: Float32Array, [m, k, n]: readonly [number, number, number]) {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let l = 0; l < k; l++) c[i * n + j]! += a[i * k + l]! * b[l * n + j]!;
    }
  }
  return c;
}

/** The transposed matrix of [rows, columns]. */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
}

backendTest("matMul() on a GPU is the product in float64", ["webgpu"], async (backend) => {
  const gpu = gpuOf(backend);
  const { dispatches } = gpu.counts;
  for (const size of sizes) {
    const [m, k, n] = size;
    const a = numbers(m * k, 0.1), b = numbers(k * n, 0.2), offsets = numbers(n, 0.3);
    const expected = product(a, b, size);
    const bias = tf.tensor1d(offsets);
    const [plainA, plainB] = [tf.tensor2d(a, [m, k]), tf.tensor2d(b, [k, n])];
    const turnedA = tf.tensor2d(transposed(a, m, k), [k, m]);
    const turnedB = tf.tensor2d(transposed(b, k, n), [n, k]);
    const rectified = expected.map((value, i) => Math.max(0, value + offsets[i % n]!));
    // Roundings of the largest partial sums, whose terms are below 1.
    const tolerance = 1e-6 * Math.max(3, Math.sqrt(k));
    const results = [
      [tf.matMul(plainA, plainB), expected],
      [tf.matMul(plainA, turnedB, false, true), expected],
      [tf.matMul(turnedA, plainB, true, false), expected],
      [tf.fused.matMul({ a: plainA, b: plainB, bias, activation: "relu" }), rectified],
    ] as const;
    for (const [i, [result, values]] of results.entries()) {
      assert.deepEqual(result.shape, [m, n]);
      const error = errorOf(await result.data(), values);
      assert.ok(error < tolerance, `${size}, result ${i}: ${error}`);
    }
    tf.dispose([bias, plainA, plainB, turnedA, turnedB, results.map(([result]) => result)]);
  }
  // A gradient's parts are added in a dispatch of their own, if there are several.
  const cut = sizes.filter(([m, k, n]) => pixelParts(k, m, n).parts > 1);
  assert.equal(gpu.counts.dispatches - dispatches, 4 * sizes.length + cut.length);
});

backendTest(
  "matMul() on a GPU leaves batches and double transpositions to tfjs",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const { dispatches } = gpu.counts;
    const a = tf.tensor3d(numbers(2 * 3 * 4, 0.1), [2, 3, 4]);
    const b = tf.tensor3d(numbers(2 * 4 * 5, 0.2), [2, 4, 5]);
    const [first, second] = [tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]])];
    const batch = tf.matMul(a, b), both = tf.matMul(first, second, true, true);
    assert.deepEqual(batch.shape, [2, 3, 5]);
    assert.deepEqual([...await both.data()], [23, 31, 34, 46]);
    assert.equal(gpu.counts.dispatches, dispatches);
    tf.dispose([a, b, first, second, batch, both]);
  },
);
