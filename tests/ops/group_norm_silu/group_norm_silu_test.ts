import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import type { GroupNormInputs } from "../../../src/ops/group_norm_silu/contract.ts";
import { groupNormSilu } from "../../../src/ops/group_norm_silu/group_norm_silu.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { backendTest } from "../../support/backends.ts";

const size = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

function normal(shape: readonly number[], subsequence: number): Float64Array {
  return fillNormal({ seed: 9, stream: 4, subsequence }, 0, new Float64Array(size(shape)));
}

type Shape = [n: number, height: number, width: number, channels: number];

/** Plain numbers, as {@link GroupNormInputs}. */
type Numbers = { readonly [K in keyof GroupNormInputs]: Float64Array };

function numbersOf(shape: Shape, withShift: boolean): Numbers {
  const [n, , , c] = shape;
  return {
    // Far from zero relative to its spread, so that a one-pass variance would lose digits.
    x: normal(shape, 0).map((value, i) => 1.5 * value + (i % c) - 4),
    scale: normal([c], 1).map((value) => 1 + 0.3 * value),
    offset: normal([c], 2),
    shift: withShift ? normal([n, c], 3) : new Float64Array(n * c),
  };
}

/** The definition in float64: the sum of weights * y. */
function weightedSum(shape: Shape, { x, scale, offset, shift }: Numbers, weights: Float64Array) {
  const [n, height, width, c] = shape;
  const area = height * width;
  const y = new Float64Array(x.length);
  for (let image = 0; image < n; image++) {
    for (let group = 0; group < c / 4; group++) {
      const at: number[] = [];
      for (let p = 0; p < area; p++) {
        for (let k = 0; k < 4; k++) at.push((image * area + p) * c + 4 * group + k);
      }
      const u = at.map((i) => x[i]! + shift[image * c + i % c]!);
      const mean = u.reduce((sum, value) => sum + value, 0) / u.length;
      const variance = u.reduce((sum, value) => sum + (value - mean) ** 2, 0) / u.length;
      at.forEach((i, k) => {
        const z = scale[i % c]! * (u[k]! - mean) / Math.sqrt(variance + 1e-5) + offset[i % c]!;
        y[i] = z / (1 + Math.exp(-z));
      });
    }
  }
  return { y, sum: y.reduce((sum, value, i) => sum + value * weights[i]!, 0) };
}

function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0, largest = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  assert.equal(actual.length, expected.length);
  return difference / largest;
}

const shapes: readonly Shape[] = [[2, 3, 2, 8], [1, 1, 1, 4], [3, 7, 5, 12]];

for (const shape of shapes) {
  for (const withShift of [true, false]) {
    const words = withShift ? "" : " without a shift";
    backendTest(`groupNormSilu() of [${shape}]${words} agrees with its definition`, [
      "cpu",
      "webgpu",
    ], async () => {
      const [n, , , c] = shape;
      const numbers = numbersOf(shape, withShift), weights = normal(shape, 4);
      const expected = weightedSum(shape, numbers, weights);
      const tensors = [
        tf.tensor4d(Float32Array.from(numbers.x), shape),
        tf.tensor1d(Float32Array.from(numbers.scale)),
        tf.tensor1d(Float32Array.from(numbers.offset)),
        ...(withShift ? [tf.tensor2d(Float32Array.from(numbers.shift!), [n, c])] : []),
      ];
      const apply = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, shift?: tf.Tensor) =>
        groupNormSilu(x as tf.Tensor4D, {
          scale: scale as tf.Tensor1D,
          offset: offset as tf.Tensor1D,
          shift: (shift ?? null) as tf.Tensor2D | null,
        });
      const y = apply(...tensors as [tf.Tensor, tf.Tensor, tf.Tensor]);
      const dy = tf.tensor4d(Float32Array.from(weights), shape);
      const gradients = tf.grads(apply as (...tensors: tf.Tensor[]) => tf.Tensor)(tensors, dy);
      // float32 sums of up to 140 numbers.
      assert.ok(relativeError(await y.data(), expected.y) < 2e-6);
      const keys = ["x", "scale", "offset", ...(withShift ? ["shift" as const] : [])] as const;
      for (const [i, key] of keys.entries()) {
        // Central differences in float64.
        const h = 1e-5;
        const differences = numbers[key as keyof Numbers]!.map((_, k) => {
          const at = (step: number) => {
            const moved = numbers[key as keyof Numbers]!.slice();
            moved[k]! += step;
            return weightedSum(shape, { ...numbers, [key]: moved }, weights).sum;
          };
          return (at(h) - at(-h)) / (2 * h);
        });
        const error = relativeError(await gradients[i]!.data(), differences);
        assert.ok(error < 2e-5, `gradient of ${key}: relative error ${error}`);
      }
      tf.dispose([...tensors, y, dy, ...gradients]);
    });
  }
}
