import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { mlpLayout } from "../../../src/ops/mlp_field/contract.ts";
import { mlpAt, mlpFloat64, unitVectors } from "../../../src/ops/mlp_field/float64.ts";
import {
  type Directions,
  evaluateMlp,
  linearizeMlp,
  mlpWeights,
} from "../../../src/ops/mlp_field/portable.ts";
import { embeddingRows } from "../../../src/ops/mlp_field/time_embedding.ts";
import { Parameters } from "../../../src/core/parameters.ts";
import { randomNumbers, randomWeights } from "../../ode/engines/mlp_problem.ts";
import { relativeError } from "../../parity/fixtures.ts";
import { backendTest } from "../../support/backends.ts";

// float32 rounds at 6e-8; sums of 16 terms through four layers stay below this.
const TOLERANCE = 5e-6;

const cases = [1, 2, 5].flatMap((dims) =>
  (["unit", "probes", "none"] as const).map((kind) => ({ dims, kind }))
);

for (const { dims, kind } of cases) {
  backendTest(
    `the mlp kernel agrees with the float64 network (${dims} dimensions, ${kind})`,
    ["cpu", "webgpu"],
    () => compare(dims, kind),
  );
}

/** Compares all results of the kernel with the float64 network, row by row. */
async function compare(dims: number, kind: "unit" | "probes" | "none"): Promise<void> {
  const n = 7, shape = { dims, hidden: 16 };
  const flat = randomWeights(shape, 1.5);
  const parameters = Parameters.fromFlat(mlpLayout(shape), flat);
  const net = mlpFloat64(shape, Float64Array.from(flat));
  // float32 inputs, so that both compute with the same numbers.
  const single = (count: number, subsequence: number) =>
    Float32Array.from(randomNumbers(count, subsequence));
  const x = single(n * dims, 1), probes = single(n * dims, 2);
  const t = Array.from({ length: n }, (_, i) => i / 6);
  const ofVelocity = single(n * dims, 3), ofDivergence = single(n, 4);

  const rowOf = (values: Float32Array, row: number) =>
    Float64Array.from(values.subarray(row * dims, (row + 1) * dims));
  const gradient = new Float64Array(net.parameters.length);
  const expected = t.map((time, row) => {
    const es = { unit: unitVectors(dims), probes: [rowOf(probes, row)], none: [] }[kind];
    const point = mlpAt(net, { x: rowOf(x, row), t: time }, es);
    const zero = new Float64Array(dims);
    return {
      ...point,
      ofX: point.pullBack({ velocity: rowOf(ofVelocity, row), divergence: 0 }, null),
      divergenceGradient: point.pullBack({ velocity: zero, divergence: 1 }, null),
      all: point.pullBack(
        { velocity: rowOf(ofVelocity, row), divergence: ofDivergence[row]! },
        gradient,
      ),
    };
  });
  const flattened = (pick: (row: typeof expected[number]) => Float64Array) =>
    expected.flatMap((row) => [...pick(row)]);

  const weights = mlpWeights(shape, parameters.tensors);
  const checks: { actual: tf.Tensor; expected: readonly number[] }[] = [];
  tf.tidy(() => {
    const meets = (actual: tf.Tensor, expected: readonly number[]) =>
      checks.push({ actual: tf.keep(tf.clone(actual)), expected });
    const input = {
      x: tf.tensor2d(x, [n, dims]),
      embedding: tf.tensor2d(embeddingRows(t, 16, new Float32Array(n * 16)), [n, 16]),
    };
    const e = tf.tensor2d(probes, [n, dims]);
    const directions: Directions = kind === "none"
      ? null
      : kind === "unit"
      ? { kind }
      : { kind, probes: e };
    const value = evaluateMlp(weights, input, directions);
    const near = linearizeMlp(weights, input, directions);
    for (const { velocity, tangents } of [value, near.value]) {
      meets(velocity, flattened((row) => row.velocity));
      if (tangents === null) continue;
      const columns = tf.reshape(tangents, [-1, n, dims]);
      const along = kind === "unit" ? tf.reshape(tf.eye(dims), [dims, 1, dims]) : e;
      meets(tf.sum(tf.mul(columns, along), [0, 2]), expected.map((row) => row.divergence));
    }
    const cotangent = tf.tensor2d(ofVelocity, [n, dims]);
    meets(near.pullBackVelocity(0, cotangent), flattened((row) => row.ofX));
    const middle = near.pullBackVelocity(2, tf.slice(cotangent, [2, 0], [3, dims]));
    meets(middle, expected.slice(2, 5).flatMap((row) => [...row.ofX]));
    if (near.divergenceGradient !== null) {
      meets(near.divergenceGradient, flattened((row) => row.divergenceGradient));
    }
    const weight = kind === "none" ? null : tf.tensor2d(ofDivergence, [n, 1]);
    meets(near.parameterGradient(cotangent, weight, null), [...gradient]);
    near.dispose();
  });
  weights.dispose();
  parameters.dispose();
  for (const { actual, expected } of checks) {
    const error = relativeError(await actual.data(), expected);
    assert.ok(error < TOLERANCE, `relative error ${error}`);
    actual.dispose();
  }
}

// A sample must not depend on the other rows of its batch.
backendTest("the mlp kernel computes the same bits for a row in any batch", ["cpu"], () => {
  for (const shape of [{ dims: 2, hidden: 64 }, { dims: 3, hidden: 10 }]) {
    const n = 67, { dims, hidden } = shape;
    const parameters = Parameters.fromFlat(mlpLayout(shape), randomWeights(shape));
    const weights = mlpWeights(shape, parameters.tensors);
    const x = Float32Array.from(randomNumbers(n * dims, 1));
    const evaluate = (first: number, end: number) => {
      const m = end - first;
      return tf.tidy(() => {
        const { velocity, tangents } = evaluateMlp(weights, {
          x: tf.tensor2d(x.slice(first * dims, end * dims), [m, dims]),
          embedding: tf.tensor2d(
            embeddingRows(new Array(m).fill(0.3), hidden, new Float32Array(m * hidden)),
            [m, hidden],
          ),
        }, { kind: "unit" });
        // Per row: its velocity, then its Jacobian.
        const columns = tf.transpose(tf.reshape(tangents!, [dims, m, dims]), [1, 0, 2]);
        const rows = tf.concat([velocity, tf.reshape(columns, [m, dims * dims])], 1);
        return Float32Array.from(rows.dataSync());
      });
    };
    const whole = evaluate(0, n), width = dims + dims * dims;
    for (const [first, end] of [[0, 1], [5, 6], [0, 8], [3, 21], [60, 67], [1, 66]] as const) {
      assert.deepEqual(evaluate(first, end), whole.slice(first * width, end * width));
    }
    weights.dispose();
    parameters.dispose();
  }
});
