import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { linearPath } from "../../../src/flows/paths/linear_path.ts";
import { type Path, pathSample, pathVelocity } from "../../../src/flows/paths/path.ts";
import { convertPrediction, type Prediction } from "../../../src/flows/paths/predictions.ts";
import { variancePreservingPath } from "../../../src/flows/paths/variance_preserving_path.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { keyOf, subsequences } from "../../../src/core/random/subsequences.ts";
import { backendTest } from "../../support/backends.ts";

const paths: readonly Path[] = [linearPath(0.1), variancePreservingPath];
const kinds: readonly Prediction[] = ["velocity", "x0", "x1", "score"];
const shape: [number, number] = [5, 3];
const times = Float32Array.of(0.1, 0.3, 0.5, 0.7, 0.9);

function normals(index: number): tf.Tensor2D {
  const key = keyOf(subsequences.noise, 0, index);
  return tf.tensor2d(fillNormal(key, 0, new Float32Array(shape[0] * shape[1])), shape);
}

const gapOf = (a: tf.Tensor2D, b: tf.Tensor2D) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

for (const path of paths) {
  backendTest(`convertPrediction() on the ${path.name} path recovers all others`, ["cpu"], () => {
    tf.tidy(() => {
      const x0 = normals(0), x1 = normals(1);
      const x = pathSample(path, { x0, x1, times });
      const sigmas = tf.tensor2d(Float32Array.from(times, (t) => path.at(t).sigma), [shape[0], 1]);
      // For a single pair the density given x1 is N(alpha x1, sigma^2), with score -x0 / sigma.
      const truth: Readonly<Record<Prediction, tf.Tensor2D>> = {
        velocity: pathVelocity(path, { x0, x1, times }),
        x0,
        x1,
        score: tf.neg(tf.div(x0, sigmas)),
      };
      for (const from of kinds) {
        for (const to of kinds) {
          const found = convertPrediction(path, truth[from], { x, times, from, to });
          // float32 divided by a smallest alpha of 0.1.
          assert.ok(gapOf(found, truth[to]) < 1e-4, `${from} to ${to}`);
        }
      }
    });
  });

  // x1 ~ N(m, s^2), x0 ~ N(0, 1): by Bayes' rule E[x1 | x_t = x] = m + k (x - alpha m) with
  // k = alpha s^2 / (alpha^2 s^2 + sigma^2), and the flow carries x0 to m + w(1) x0, where w(1) is
  // the standard deviation of x_1.
  backendTest(
    `the marginal velocity of the ${path.name} path transports a Gaussian`,
    ["cpu"],
    () => {
      const m = 1.5, s = 0.4, steps = 64;
      const velocity = (x: tf.Tensor2D, t: number) => {
        const { alpha, sigma } = path.at(t);
        const k = alpha * s ** 2 / (alpha ** 2 * s ** 2 + sigma ** 2);
        const mean = tf.add(m, tf.mul(k, tf.sub(x, alpha * m))) as tf.Tensor2D;
        const all = new Float32Array(x.shape[0]).fill(t);
        return convertPrediction(path, mean, { x, times: all, from: "x1", to: "velocity" });
      };
      tf.tidy(() => {
        const start = tf.tensor2d([-2, -0.5, 0, 1, 2], [5, 1]);
        let x = start;
        // Heun's method to t = 1 - 1 / 64: at t = 1 the variance-preserving sigma is 0.
        const h = 1 / steps, end = 1 - h;
        for (let step = 0; step < steps - 1; step++) {
          const t = Math.fround(step * h);
          const slope = velocity(x, t);
          const ahead = velocity(tf.add(x, tf.mul(slope, h)) as tf.Tensor2D, t + h);
          x = tf.add(x, tf.mul(tf.add(slope, ahead), h / 2)) as tf.Tensor2D;
        }
        const { alpha, sigma } = path.at(end);
        const width = Math.hypot(alpha * s, sigma);
        const expected = tf.add(alpha * m, tf.mul(width, start)) as tf.Tensor2D;
        // Heun's global error, of order h^2.
        assert.ok(gapOf(x, expected) < 2e-3, `${gapOf(x, expected)}`);
      });
    },
  );
}

backendTest("convertPrediction() refuses what a prediction does not determine", ["cpu"], () => {
  tf.tidy(() => {
    const x = tf.ones([1, 2]) as tf.Tensor2D;
    const convert = (from: Prediction, to: Prediction, t: number) => () =>
      convertPrediction(variancePreservingPath, x, { x, times: Float32Array.of(t), from, to });
    for (
      const [from, to, t] of [
        ["x0", "x1", 0],
        ["x0", "velocity", 0],
        ["score", "velocity", 0],
        ["x1", "x0", 1],
        ["x1", "velocity", 1],
        ["velocity", "score", 1],
      ] as const
    ) {
      assert.throws(convert(from, to, t), {
        name: "RangeError",
        message: new RegExp(`${from} does not determine ${to} at t = ${t} of the variance-pres`),
      });
    }
    assert.doesNotThrow(convert("velocity", "x1", 0));
    assert.doesNotThrow(convert("velocity", "x0", 1));
  });
});
