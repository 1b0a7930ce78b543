import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { buildsTest, errorOf, numbers } from "../_builds.ts";

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

// Ones, primes, multiples of the 6x8 tile, and sums longer than one block of 256 terms.
const extents = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(24, 31, 48, 131, 137));
const products: fc.Arbitrary<Product> = fc.record({
  m: extents,
  n: extents,
  k: fc.oneof(extents, fc.constantFrom(256, 257, 600)),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
});

/** The product by its definition, in float64. */
function product(a: Float32Array, b: Float32Array, of: Product): Float64Array {
  const { m, n, k, transposeA, transposeB } = of;
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const factor = a[transposeA ? l * m + i : i * k + l]!;
      for (let j = 0; j < n; j++) c[i * n + j]! += factor * b[transposeB ? j * k + l : l * n + j]!;
    }
  }
  return c;
}

function factors({ m, n, k, transposeA, transposeB }: Product) {
  const a = numbers(m * k, 0.2), b = numbers(k * n, 0.9);
  return {
    a,
    b,
    tensorA: tf.tensor2d(a, transposeA ? [k, m] : [m, k]),
    tensorB: tf.tensor2d(b, transposeB ? [n, k] : [k, n]),
  };
}

buildsTest("matMul() agrees with the definition", () => {
  fc.assert(
    fc.property(products, (of) => {
      const { a, b, tensorA, tensorB } = factors(of);
      const c = tf.matMul(tensorA, tensorB, of.transposeA, of.transposeB);
      assert.deepEqual(c.shape, [of.m, of.n]);
      // float32 sums of hundreds of terms, in blocks.
      assert.ok(errorOf(c.dataSync(), product(a, b, of)) < 3e-6);
      tf.dispose([tensorA, tensorB, c]);
    }),
    { numRuns: 150 },
  );
});

buildsTest("matMul() agrees with tfjs's own kernel", (backendName) => {
  fc.assert(
    fc.property(products, (of) => {
      const { tensorA, tensorB } = factors(of);
      const product = (name: string) => {
        const kernel = tf.getKernel("BatchMatMul", name)!;
        const call = {
          inputs: { a: tensorA, b: tensorB },
          attrs: { transposeA: of.transposeA, transposeB: of.transposeB },
          backend: tf.backend(),
        };
        const tensor = tf.engine().makeTensorFromTensorInfo(
          kernel.kernelFunc(call as never) as tf.TensorInfo,
        );
        const values = tensor.dataSync();
        tensor.dispose();
        return values;
      };
      assert.ok(errorOf(product(backendName), product("wasm")) < 3e-6);
      tf.dispose([tensorA, tensorB]);
    }),
    { numRuns: 50 },
  );
});

buildsTest("fused.matMul() adds the bias and applies ReLU", () => {
  fc.assert(
    fc.property(products, fc.constantFrom("linear" as const, "relu" as const), (of, activation) => {
      const { a, b, tensorA, tensorB } = factors(of);
      const offsets = numbers(of.n, 0.5);
      const bias = tf.tensor1d(offsets);
      const { transposeA, transposeB } = of;
      const c = tf.fused.matMul({
        a: tensorA,
        b: tensorB,
        transposeA,
        transposeB,
        bias,
        activation,
      });
      const expected = product(a, b, of).map((value, i) => value + offsets[i % of.n]!)
        .map((value) => activation === "relu" ? Math.max(0, value) : value);
      assert.ok(errorOf(c.dataSync(), expected) < 3e-6);
      tf.dispose([tensorA, tensorB, bias, c]);
    }),
    { numRuns: 100 },
  );
});

buildsTest("matMul() of many matrices multiplies them pairwise, or one with all", () => {
  const a = numbers(3 * 5 * 7, 0.1), b = numbers(3 * 7 * 4, 0.7);
  for (const [of, matricesB] of [[[3, 7, 4], 3], [[1, 7, 4], 1], [[7, 4], 1]] as const) {
    const tensorA = tf.tensor(a, [3, 5, 7]),
      tensorB = tf.tensor(b.slice(0, matricesB * 28), [...of]);
    const c = tf.matMul(tensorA, tensorB);
    assert.deepEqual(c.shape, [3, 5, 4]);
    const values = c.dataSync();
    for (let i = 0; i < 3; i++) {
      const j = matricesB === 1 ? 0 : i;
      const expected = product(a.slice(i * 35, i * 35 + 35), b.slice(j * 28, j * 28 + 28), {
        ...{ m: 5, n: 4, k: 7 },
        ...{ transposeA: false, transposeB: false },
      });
      assert.ok(errorOf(values.slice(i * 20, i * 20 + 20), expected) < 1e-6);
    }
    tf.dispose([tensorA, tensorB, c]);
  }
});

buildsTest("matMul() of a part of the rows has the same bits", () => {
  fc.assert(
    fc.property(products, fc.nat(), fc.nat(), (of, p, q) => {
      const [start, end] = [Math.min(p % of.m, q % of.m), Math.max(p % of.m, q % of.m) + 1];
      tf.tidy(() => {
        const { tensorA, tensorB } = factors(of);
        const multiply = (a: tf.Tensor2D) =>
          tf.matMul(a, tensorB, of.transposeA, of.transposeB).dataSync();
        const part = of.transposeA
          ? tf.slice(tensorA, [0, start], [of.k, end - start])
          : tf.slice(tensorA, [start, 0], [end - start, of.k]);
        assert.deepEqual(
          multiply(part),
          multiply(tensorA).slice(start * of.n, end * of.n),
        );
      });
    }),
    { numRuns: 100 },
  );
});

buildsTest("matMul() confines NaN and infinity to the outputs that depend on them", () => {
  const a = tf.tensor2d([1, NaN, 2, Infinity], [4, 1]), b = tf.tensor2d([[1, 2]]);
  const c = tf.fused.matMul({ a, b, activation: "relu" });
  assert.deepEqual([...c.dataSync()], [1, 2, NaN, NaN, 2, 4, Infinity, Infinity]);
  tf.dispose([a, b, c]);
});

buildsTest("matMul() refuses an empty factor", () => {
  const a = tf.zeros([0, 3]), b = tf.zeros([3, 2]);
  assert.throws(
    () => tf.matMul(a, b),
    /expected matching, non-empty factors, got \[0,3\] and \[3,2\]/,
  );
  tf.dispose([a, b]);
});

buildsTest("matMul() has gradients that agree with finite differences", () => {
  const [a, b] = [tf.tensor2d(numbers(15, 0.3), [5, 3]), tf.tensor2d(numbers(21, 1), [3, 7])];
  const weights = tf.tensor2d(numbers(35, 2), [5, 7]);
  const loss = (a: tf.Tensor, b: tf.Tensor) =>
    tf.sum(tf.mul(tf.square(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D)), weights));
  const gradients = tf.grads(loss)([a, b]);
  for (const which of [0, 1]) {
    const from = [a, b][which]!, step = 1 / 64;
    const numeric = Array.from({ length: from.size }, (_, i) => {
      const at = (offset: number) =>
        tf.tidy(() => {
          const values = from.dataSync().slice();
          values[i]! += offset;
          const moved = tf.tensor(values, from.shape);
          return (which === 0 ? loss(moved, b) : loss(a, moved)).dataSync()[0]!;
        });
      return (at(step) - at(-step)) / (2 * step); // exact for a quadratic, except for rounding
    });
    assert.ok(errorOf(gradients[which]!.dataSync(), numeric) < 1e-4);
  }
  tf.dispose([a, b, weights, ...gradients]);
});
