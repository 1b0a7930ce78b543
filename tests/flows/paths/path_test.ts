import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { linearPath } from "../../../src/flows/paths/linear_path.ts";
import {
  conditionalVelocity,
  type Path,
  pathSample,
  pathVelocity,
} from "../../../src/flows/paths/path.ts";
import { variancePreservingPath } from "../../../src/flows/paths/variance_preserving_path.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { subsequences } from "../../../src/core/random/subsequences.ts";
import { backendTest } from "../../support/backends.ts";

const paths: Readonly<Record<string, Path>> = {
  "linear path": linearPath(0),
  "linear path of width 0.1": linearPath(0.1),
  "variance-preserving path": variancePreservingPath,
};

const rows = fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 6, maxLength: 6 });

for (const [name, path] of Object.entries(paths)) {
  Deno.test(`${name}: starts at the source, ends at the data`, () => {
    const { alpha, sigma } = path.at(0);
    assert.deepEqual([alpha, sigma], [0, 1]);
    assert.equal(path.at(1).alpha, 1);
  });

  Deno.test(`${name}: its derivatives are the slopes of its coefficients`, () => {
    const h = 2 ** -10;
    for (let t = h; t < 1 - h; t += 1 / 16) {
      const [before, here, after] = [path.at(t - h), path.at(t), path.at(t + h)];
      const alphaSlope = (after.alpha - before.alpha) / (2 * h);
      const sigmaSlope = (after.sigma - before.sigma) / (2 * h);
      // Central differences: h^2 / 6 times the third derivative, 4e-7 at most, plus the rounding of
      // the linear path's sigma to float32, 6e-8 / h.
      assert.ok(Math.abs(here.dAlpha - alphaSlope) < 1e-4, `alpha at ${t}`);
      assert.ok(Math.abs(here.dSigma - sigmaSlope) < 1e-4, `sigma at ${t}`);
    }
  });

  backendTest(`${name}: pathVelocity() and conditionalVelocity() agree`, ["cpu"], () => {
    fc.assert(
      fc.property(
        rows,
        rows,
        fc.double({ min: 0, max: 0.95, noNaN: true }),
        (noise, data, time) => {
          const gap = tf.tidy(() => {
            const x0 = tf.tensor2d(noise, [3, 2]), x1 = tf.tensor2d(data, [3, 2]);
            const times = new Float32Array(3).fill(time);
            const x = pathSample(path, { x0, x1, times });
            const along = pathVelocity(path, { x0, x1, times });
            return tf.max(tf.abs(tf.sub(conditionalVelocity(path, x, { x1, times }), along)))
              .dataSync()[0]!;
          });
          // float32 error of x, divided by sigma >= 0.05.
          assert.ok(gap < 1e-4, `differ by ${gap}`);
        },
      ),
      { numRuns: 50 },
    );
  });

  backendTest(`${name}: pathVelocity() is the time derivative of pathSample()`, ["cpu"], () => {
    const gap = tf.tidy(() => {
      const x0 = tf.tensor2d([1, -2, 0.5, 3], [2, 2]), x1 = tf.tensor2d([-1, 0.25, 2, 1], [2, 2]);
      const at = (t: number) => pathSample(path, { x0, x1, times: Float32Array.of(t, t + 0.25) });
      const slope = tf.div(tf.sub(at(0.5 + 1 / 128), at(0.5 - 1 / 128)), 1 / 64);
      const velocity = pathVelocity(path, { x0, x1, times: Float32Array.of(0.5, 0.75) });
      return tf.max(tf.abs(tf.sub(slope, velocity))).dataSync()[0]!;
    });
    // Curvature: (pi / 2)^3 * 3 / 6 / 128^2 = 1.2e-4.
    assert.ok(gap < 2e-4, `differ by ${gap}`);
  });
}

backendTest(
  "pathSample() of the linear path ends sigmaMin wide around the data",
  ["cpu"],
  () => {
    tf.tidy(() => {
      const x0 = tf.tensor2d([1, -2], [1, 2]), x1 = tf.tensor2d([3, 4], [1, 2]);
      const path = linearPath(0.01);
      const start = pathSample(path, { x0, x1, times: Float32Array.of(0) }).dataSync();
      const end = pathSample(path, { x0, x1, times: Float32Array.of(1) }).dataSync();
      assert.deepEqual([...start], [1, -2]);
      assert.ok(Math.abs(end[0]! - 3.01) < 1e-6 && Math.abs(end[1]! - 3.98) < 1e-6, `${end}`);
    });
  },
);

Deno.test("linearPath() refuses a sigmaMin outside [0, 1]", () => {
  for (const width of [-1e-9, 1.1, NaN]) {
    assert.throws(() => linearPath(width), { name: "RangeError" });
  }
});

backendTest("variancePreservingPath keeps the variance of unit draws and data", ["cpu"], () => {
  const n = 4096;
  const draw = (step: number) => {
    const { stream, first } = subsequences.noise;
    const key = { seed: 0, stream, subsequence: first + step };
    return tf.tensor2d(fillNormal(key, 0, new Float32Array(n)), [n, 1]);
  };
  tf.tidy(() => {
    const [x0, x1] = [draw(0), draw(1)];
    for (const t of [0.1, 0.5, 0.9]) {
      const x = pathSample(variancePreservingPath, { x0, x1, times: new Float32Array(n).fill(t) });
      const variance = tf.mean(tf.square(x)).dataSync()[0]!;
      // Standard error of a variance of n normals: sqrt(2 / n) = 0.022.
      assert.ok(Math.abs(variance - 1) < 0.08, `${t}: ${variance}`);
    }
  });
});
