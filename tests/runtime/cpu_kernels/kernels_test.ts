import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { backendTest } from "../../support/backends.ts";

function numbers(count: number, phase: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + phase));
}

backendTest("fused.matMul() has the gradients of its parts", ["cpu", "webgpu"], async () => {
  const a = tf.tensor2d(numbers(12, 0), [4, 3]), b = tf.tensor2d(numbers(6, 1), [3, 2]);
  const bias = tf.tensor1d([0.5, -0.5]);
  const weights = tf.tensor2d(numbers(8, 2), [4, 2]);
  const fused = tf.grads((a, b, bias) =>
    tf.sum(tf.mul(tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias }), weights))
  )([a, b, bias]);
  const plain = tf.grads((a, b, bias) =>
    tf.sum(tf.mul(tf.add(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D), bias), weights))
  )([a, b, bias]);
  for (const [i, gradient] of fused.entries()) {
    const expected = await plain[i]!.data();
    (await gradient.data()).forEach((value, j) =>
      assert.ok(Math.abs(value - expected[j]!) < 1e-6, `${i}, ${j}`)
    );
  }
  tf.dispose([a, b, bias, weights, ...fused, ...plain]);
});

const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });

backendTest("slice() takes what an index says it takes", ["cpu"], () => {
  const cuts = shapes.chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.tuple(
        ...shape.map((extent) =>
          fc.tuple(fc.nat(extent - 1), fc.nat(extent - 1)).map(([p, q]) =>
            [Math.min(p, q), Math.max(p, q) + 1] as const
          )
        ),
      ),
    )
  );
  fc.assert(fc.property(cuts, ([shape, ranges]) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const x = tf.tensor(Float32Array.from({ length: count }, (_, i) => i), shape);
    const out = tf.slice(x, ranges.map(([p]) => p), ranges.map(([p, q]) => q - p));
    // Every number names its own place.
    const expected: number[] = [];
    for (let i = 0; i < count; i++) {
      let rest = i, inside = true;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        const index = rest % shape[axis]!;
        rest = Math.floor(rest / shape[axis]!);
        inside &&= index >= ranges[axis]![0] && index < ranges[axis]![1];
      }
      if (inside) expected.push(i);
    }
    assert.deepEqual([...out.dataSync()], expected);
    tf.dispose([x, out]);
  }));
});

backendTest("slice() refuses what lies outside", ["cpu"], () => {
  const x = tf.zeros([3, 4]);
  assert.throws(() => tf.slice(x, [0, 2], [3, 3]), /begin\[1\] \+ size\[1\]/);
  x.dispose();
});

backendTest("sum() and mean() agree with addition in float64 over any axes", ["cpu"], () => {
  const reductions = shapes.chain((shape) =>
    fc.tuple(fc.constant(shape), fc.subarray(shape.map((_, axis) => axis)), fc.boolean())
  );
  fc.assert(fc.property(reductions, ([shape, axes, keepDims]) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const values = numbers(count, 0.4);
    const x = tf.tensor(values, shape);
    const reduced = axes.length === 0 ? shape.map((_, axis) => axis) : axes;
    const kept = shape.map((extent, axis) => reduced.includes(axis) ? 1 : extent);
    const expected = new Float64Array(kept.reduce((product, extent) => product * extent, 1));
    for (let i = 0; i < count; i++) {
      let rest = i, place = 0, stride = 1;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        const index = rest % shape[axis]!;
        rest = Math.floor(rest / shape[axis]!);
        if (kept[axis] !== 1) place += index * stride;
        stride *= kept[axis]!;
      }
      expected[place]! += values[i]!;
    }
    const total = tf.sum(x, reduced, keepDims), average = tf.mean(x, reduced, keepDims);
    const shapeOut = keepDims ? kept : shape.filter((_, axis) => !reduced.includes(axis));
    assert.deepEqual(total.shape, shapeOut);
    assert.deepEqual(average.shape, shapeOut);
    const [sums, means] = [total.dataSync(), average.dataSync()];
    const terms = count / expected.length;
    expected.forEach((value, i) => {
      assert.ok(Math.abs(sums[i]! - value) < 1e-4);
      assert.ok(Math.abs(means[i]! - value / terms) < 1e-5);
    });
    tf.dispose([x, total, average]);
  }));
});
