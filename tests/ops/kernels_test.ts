import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { reluGradient } from "../../src/ops/relu_gradient/relu_gradient.ts";
import { resampleKernels } from "../../src/ops/resample/cpu.ts";
import { backendTest } from "../support/backends.ts";
import { buildsTest, errorOf, numbers, runKernel } from "./_builds.ts";

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

buildsTest("slice() takes the elements at the given indices", () => {
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
    // Each number encodes its own position.
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

backendTest("slice() refuses ranges outside the tensor", ["cpu"], () => {
  const x = tf.zeros([3, 4]);
  assert.throws(() => tf.slice(x, [0, 2], [3, 3]), /begin\[1\] \+ size\[1\]/);
  x.dispose();
});

buildsTest("sum() and mean() agree with float64 addition over any axes", () => {
  const longShapes = fc.constantFrom<number[]>([300, 5], [3, 150, 4], [1000], [2, 129, 3, 2]);
  const reductions = fc.oneof(shapes, longShapes).chain((shape) =>
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

buildsTest(
  "FluxionReluGradient is the cotangent where the output is positive, and its sums",
  () => {
    const shapes = [[1, 1, 1, 1], [2, 3, 5, 7], [1, 13, 10, 8], [3, 9, 8, 44], [5, 28, 28, 32]];
    for (const [n, h, w, c] of shapes as [number, number, number, number][]) {
      const count = n * h * w * c;
      const y = numbers(count, 0.1).map((value) => Math.max(0, value)), dys = numbers(count, 2);
      const [output, dy] = [tf.tensor(y, [n, h, w, c]), tf.tensor(dys, [n, h, w, c])];
      const expected = dys.map((value, i) => y[i]! > 0 ? value : 0);
      for (const perImage of [false, true]) {
        const { dx, dBias } = reluGradient(dy, output, { perImage });
        assert.deepEqual(dx.shape, dy.shape);
        assert.deepEqual(dx.dataSync(), expected);
        assert.deepEqual(dBias.shape, perImage ? [n, c] : [c]);
        const sums = new Float64Array(dBias.size);
        const image = perImage ? h * w * c : Infinity;
        expected.forEach((value, i) => sums[Math.floor(i / image) * c + i % c]! += value);
        const error = errorOf(dBias.dataSync(), sums);
        assert.ok(error < 1e-6, `[${dy.shape}]: ${error}`);
        tf.dispose([dx, dBias]);
      }
      tf.dispose([output, dy]);
    }
  },
);

backendTest("reluGradient() is the gradient of relu() for its sums", [
  "cpu",
  "webgpu",
], async () => {
  const shape: [number, number, number, number] = [2, 3, 2, 3];
  const x = tf.tensor4d(numbers(36, 0.5), shape), dy = tf.tensor4d(numbers(36, 1), shape);
  const y = tf.relu(x), expected = tf.grad((x) => tf.sum(tf.mul(tf.relu(x), dy)))(x);
  for (const perImage of [false, true]) {
    const { dx, dBias } = reluGradient(dy, y, { perImage });
    assert.equal(errorOf(await dx.data(), await expected.data()), 0);
    const sums = tf.sum(expected, perImage ? [1, 2] : [0, 1, 2]);
    assert.deepEqual(dBias.shape, sums.shape);
    assert.ok(errorOf(await dBias.data(), await sums.data()) < 1e-6);
    tf.dispose([dx, dBias, sums]);
  }
  tf.dispose([x, dy, y, expected]);
});

buildsTest("add() is the sum, for equal and for broadcast shapes", () => {
  for (const [left, right] of [[[1], [1]], [[3, 5], [3, 5]], [[7, 151], [7, 151]], [[4, 9], [9]]]) {
    const [m, n] = [tf.util.sizeFromShape(left!), tf.util.sizeFromShape(right!)];
    const values = [numbers(m, 0.3), numbers(n, 1)] as const;
    const a = tf.tensor(values[0], left), b = tf.tensor(values[1], right), y = tf.add(a, b);
    assert.deepEqual(y.shape, left);
    assert.deepEqual(y.dataSync(), values[0].map((value, i) => value + values[1][i % n]!));
    tf.dispose([a, b, y]);
  }
  const [i, j] = [tf.tensor1d([1, 2], "int32"), tf.tensor1d([2 ** 30, 5], "int32")];
  const whole = tf.add(i, j);
  assert.deepEqual([...whole.dataSync()], [2 ** 30 + 1, 7]);
  tf.dispose([i, j, whole]);
});

buildsTest("FluxionSumOfFour sums 2x2 pixels, FluxionFourTimes repeats each", () => {
  for (
    const [n, h, w, c] of [[1, 1, 1, 4], [2, 3, 1, 12], [3, 2, 5, 8], [5, 14, 14, 64]] as const
  ) {
    const [height, width] = [2 * h, 2 * w];
    const values = numbers(n * height * width * c, 0.2), few = numbers(n * h * w * c, 1);
    const large = tf.tensor4d(values, [n, height, width, c]);
    const small = tf.tensor4d(few, [n, h, w, c]);
    const sums = runKernel(resampleKernels.sumOfFour, { x: large }, { scale: 0.25 });
    const repeated = runKernel(resampleKernels.fourTimes, { x: small }, { scale: 0.5 });
    assert.deepEqual([sums.shape, repeated.shape], [small.shape, large.shape]);
    const expected = new Float64Array(few.length);
    const copies = values.map((value, at) => {
      const [channel, pixel] = [at % c, Math.floor(at / c)];
      const [column, line] = [pixel % width, Math.floor(pixel / width)]; // lines of all images
      const place = ((line >> 1) * w + (column >> 1)) * c + channel;
      expected[place]! += value / 4;
      return few[place]! / 2;
    });
    assert.ok(errorOf(sums.dataSync(), expected) < 1e-7);
    assert.deepEqual(repeated.dataSync(), copies);
    tf.dispose([large, small, sums, repeated]);
  }
});

buildsTest("clone() shares its data with the original, which may be disposed first", () => {
  const before = tf.memory().numDataBuffers;
  const x = tf.tensor1d([1, 2, 3]), y = tf.clone(x);
  assert.equal(tf.memory().numDataBuffers, before + 1);
  x.dispose();
  assert.deepEqual([...y.dataSync()], [1, 2, 3]);
  y.dispose();
  assert.equal(tf.memory().numDataBuffers, before);
});

buildsTest("concat() joins tensors along an axis, and slice() separates them again", () => {
  const parts = fc.tuple(
    shapes,
    fc.nat(),
    fc.array(fc.integer({ min: 1, max: 30 }), {
      minLength: 1,
      maxLength: 4,
    }),
  ).map(([shape, at, extents]) => ({ shape, axis: at % shape.length, extents }));
  fc.assert(fc.property(parts, ({ shape, axis, extents }) => {
    tf.tidy(() => {
      const tensors = extents.map((extent, i) => {
        const own = shape.with(axis, extent);
        return tf.tensor(numbers(tf.util.sizeFromShape(own), i), own);
      });
      const whole = tf.concat(tensors, axis);
      let begin = 0;
      extents.forEach((extent, i) => {
        assert.equal(whole.shape[axis], extents.reduce((sum, e) => sum + e, 0));
        const start = shape.map((_, k) => k === axis ? begin : 0);
        const piece = tf.slice(whole, start, shape.with(axis, extent));
        assert.deepEqual(piece.dataSync(), tensors[i]!.dataSync());
        begin += extent;
      });
      const again = tf.split(whole, extents, axis);
      assert.deepEqual(again.map(({ shape }) => shape), tensors.map(({ shape }) => shape));
      again.forEach((piece, i) => assert.deepEqual(piece.dataSync(), tensors[i]!.dataSync()));
    });
  }));
});

buildsTest("split() and slice() read nothing back", (backendName) => {
  const backend = tf.findBackend(backendName), { readSync } = backend;
  let reads = 0;
  backend.readSync = (id) => {
    reads++;
    return readSync.call(backend, id);
  };
  try {
    tf.tidy(() => {
      const flat = tf.tensor1d(numbers(40, 1));
      tf.split(flat, [8, 30, 2]);
      tf.split(flat, 4);
      tf.slice(flat, 3, 5);
    });
  } finally {
    backend.readSync = readSync;
  }
  assert.equal(reads, 0);
});
