import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import {
  portableGroupNormSilu,
  portableGroupNormSiluGradient,
} from "../../../src/ops/group_norm_silu/portable.ts";
import { groupNormSiluKernels } from "../../../src/ops/group_norm_silu/name.ts";
import { buildsTest, errorOf, numbers } from "../_builds.ts";

const shapes = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 9 }),
  fc.constantFrom(4, 8, 12, 32),
);

function run(name: string, inputs: tf.NamedTensorMap): tf.Tensor[] {
  return tf.engine().runKernel(name, inputs) as tf.Tensor[];
}

// tests/ops/group_norm_silu compares both with the definition in float64 and finite differences.
buildsTest("GroupNormSilu and its VJP agree with tfjs operations", () => {
  fc.assert(fc.property(shapes, fc.boolean(), ([n, h, w, c], withShift) => {
    tf.tidy(() => {
      const images = [n, h, w, c] as [number, number, number, number];
      const x = tf.tensor4d(numbers(n * h * w * c, 0.1).map((v, i) => v + i % 5), images);
      const dy = tf.tensor4d(numbers(n * h * w * c, 2), images);
      const scale = tf.tensor1d(numbers(c, 0.4).map((v) => v + 1));
      const offset = tf.tensor1d(numbers(c, 0.9));
      const shift = withShift ? tf.tensor2d(numbers(n * c, 1.3), [n, c]) : null;
      const given = { x, scale, offset, ...(shift === null ? {} : { shift }) };
      const outputs = run(groupNormSiluKernels.value, given);
      const { y, mean, inverseStd } = portableGroupNormSilu({ x, scale, offset, shift });
      const gradients = run(groupNormSiluKernels.gradient, { dy, ...given, mean, inverseStd });
      const { dx, dScale, dOffset, dShift } = portableGroupNormSiluGradient(dy, {
        ...{ x, scale, offset, shift, mean, inverseStd },
      });
      const scaleOfGradient = 1 + Math.max(...inverseStd.dataSync()); // 316 for a constant group
      [...outputs, ...gradients].forEach((tensor, i) => {
        const expected = [y, mean, inverseStd, dx, dScale, dOffset, dShift][i]!;
        assert.deepEqual(tensor.shape, expected.shape);
        const error = errorOf(tensor.dataSync(), expected.dataSync());
        assert.ok(error < 3e-6 * scaleOfGradient, `output ${i}: ${error}`);
      });
    });
  }));
});

buildsTest("GroupNormSilu refuses channels not in groups of four, and empty batches", () => {
  for (const shape of [[1, 2, 2, 6], [0, 2, 2, 4]] as [number, number, number, number][]) {
    const [x, scale] = [tf.zeros(shape), tf.zeros([shape[3]])];
    assert.throws(
      () => run(groupNormSiluKernels.value, { x, scale, offset: scale }),
      /GroupNormSilu: expected images with channels in groups of 4, got/,
    );
    tf.dispose([x, scale]);
  }
});
