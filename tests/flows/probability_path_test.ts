import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { conditionalVelocity, pathSample, pathVelocity } from "../../src/flows/probability_path.ts";
import { backendTest } from "../support/backends.ts";

const rows = fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 6, maxLength: 6 });

backendTest("pathVelocity() and conditionalVelocity() agree on the path", ["cpu"], () => {
  fc.assert(
    fc.property(
      rows,
      rows,
      fc.double({ min: 0, max: 0.95, noNaN: true }),
      fc.constantFrom(0, 1e-4, 0.1),
      (noise, data, time, sigmaMin) => {
        const gap = tf.tidy(() => {
          const x0 = tf.tensor2d(noise, [3, 2]), x1 = tf.tensor2d(data, [3, 2]);
          const t = tf.fill([3, 1], time) as tf.Tensor2D;
          const x = pathSample({ x0, x1, t }, sigmaMin);
          const along = pathVelocity({ x0, x1 }, sigmaMin);
          return tf.max(tf.abs(tf.sub(conditionalVelocity(x, { x1, t }, sigmaMin), along)))
            .dataSync()[0]!;
        });
        // float32 noise of x, divided by 1 - t >= 0.05.
        assert.ok(gap < 1e-4, `differ by ${gap}`);
      },
    ),
    { numRuns: 50 },
  );
});

backendTest("pathVelocity() is the slope of pathSample()", ["cpu"], () => {
  const gap = tf.tidy(() => {
    const x0 = tf.tensor2d([1, -2, 0.5, 3], [2, 2]), x1 = tf.tensor2d([-1, 0.25, 2, 1], [2, 2]);
    const at = (time: number) => pathSample({ x0, x1, t: tf.fill([2, 1], time) }, 0.1);
    const slope = tf.div(tf.sub(at(0.75), at(0.25)), 0.5);
    return tf.max(tf.abs(tf.sub(slope, pathVelocity({ x0, x1 }, 0.1)))).dataSync()[0]!;
  });
  assert.ok(gap < 1e-5, `differ by ${gap}`);
});

backendTest(
  "pathSample() starts in the noise and ends sigmaMin wide around the data",
  ["cpu"],
  () => {
    tf.tidy(() => {
      const x0 = tf.tensor2d([1, -2], [1, 2]), x1 = tf.tensor2d([3, 4], [1, 2]);
      const start = pathSample({ x0, x1, t: tf.zeros([1, 1]) }, 0.01).dataSync();
      const end = pathSample({ x0, x1, t: tf.ones([1, 1]) }, 0.01).dataSync();
      assert.deepEqual([...start], [1, -2]);
      assert.ok(Math.abs(end[0]! - 3.01) < 1e-6 && Math.abs(end[1]! - 3.98) < 1e-6, `${end}`);
    });
  },
);
