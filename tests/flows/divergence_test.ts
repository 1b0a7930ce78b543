import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { layoutOf, Parameters } from "../../src/core/parameters.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import { keyOf, subsequences } from "../../src/core/random/subsequences.ts";
import { type DivergenceTrace, probeEstimate, withDivergence } from "../../src/flows/divergence.ts";
import { tensorField } from "../../src/ode/engines/portable/tensor_field.ts";
import { backendTest } from "../support/backends.ts";

const dims = 3, hidden = 5;
const layout = layoutOf([
  { kind: "linear", name: "in", inputs: dims, outputs: hidden },
  { kind: "linear", name: "out", inputs: hidden, outputs: dims },
]);
const key = (index: number) => keyOf(subsequences.caller, 4, index);
const weights = fillNormal(key(0), 0, new Float32Array(layout.size));

/** f(x, t) = tanh(x W + b + t) V + c, in float64: the reference. */
function velocity(flat: ArrayLike<number>, x: readonly number[], t: number): number[] {
  const [w, b, v, c] = layout.entries.map(({ offset }) => offset);
  const h = Array.from(
    { length: hidden },
    (_, j) =>
      Math.tanh(x.reduce((sum, xi, i) => sum + xi * flat[w! + i * hidden + j]!, flat[b! + j]! + t)),
  );
  return Array.from(
    { length: dims },
    (_, k) => h.reduce((sum, hj, j) => sum + hj * flat[v! + j * dims + k]!, flat[c! + k]!),
  );
}

/** Central differences: error about 1e-8 for this field in float64. */
function divergence(flat: ArrayLike<number>, x: readonly number[], t: number): number {
  const step = 1e-4;
  const moved = (d: number, by: number) => x.map((value, i) => i === d ? value + by : value);
  return x.reduce((sum, _, d) => {
    const [up, down] = [velocity(flat, moved(d, step), t), velocity(flat, moved(d, -step), t)];
    return sum + (up[d]! - down[d]!) / (2 * step);
  }, 0);
}

/** The same field in tfjs. */
function field(parameters: Parameters, linearizationRows = 4096) {
  return tensorField(
    ([w, b, v, c], x, t) => {
      const shift = tf.tensor2d(Float32Array.from(t), [t.length, 1]);
      const h = tf.tanh(tf.add(tf.add(tf.matMul(x, w as tf.Tensor2D), b!), shift));
      return tf.add(tf.matMul(h, v as tf.Tensor2D), c!) as tf.Tensor2D;
    },
    parameters,
    { linearizationRows },
  );
}

const probes = (distribution: "gaussian" | "rademacher", count: number, firstRow = 0) => ({
  kind: "hutchinson",
  probes: { distribution, key: key(9), firstRow },
  count,
} as const satisfies DivergenceTrace);

/** Random rows, times and row numbers, with `columns` columns of zeros appended to the rows. */
function places(n: number, columns: number) {
  const x = fillNormal(key(1), 0, new Float32Array(n * dims));
  const y = tf.tidy(() => tf.concat2d([tf.tensor2d(x, [n, dims]), tf.zeros([n, columns])], 1));
  const t = Float64Array.from({ length: n }, (_, i) => i / n);
  const rowIds = Int32Array.from({ length: n }, (_, i) => i);
  return { x, y, t, rowIds, row: (i: number) => [...x.subarray(i * dims, (i + 1) * dims)] };
}

for (const linearizationRows of [4096, 10, 4]) {
  backendTest(
    `withDivergence(), exact, ${linearizationRows} rows each, has the trace of finite differences`,
    ["cpu"],
    () => {
      const parameters = Parameters.fromFlat(layout, weights);
      const { y, t, rowIds, row } = places(7, 1);
      assert.ok(parameters.tensors.length > 0); // cut here, not in the evaluation
      const before = tf.memory().numTensors;
      const augmented = withDivergence(
        field(parameters, linearizationRows),
        { kind: "exact" },
        dims,
      );
      const slopes = augmented.evaluate(t, y, rowIds);
      assert.deepEqual(slopes.shape, [7, dims + 1]);
      const values = slopes.arraySync();
      slopes.dispose();
      assert.equal(tf.memory().numTensors, before, "tensors that are left over");
      values.forEach((slope, i) => {
        const expected = [
          ...velocity(weights, row(i), t[i]!),
          -divergence(weights, row(i), t[i]!),
        ];
        // float32 rounding of values up to 10.
        slope.forEach((value, k) => assert.ok(Math.abs(value - expected[k]!) < 2e-5));
      });
      y.dispose();
      parameters.dispose();
    },
  );
}

backendTest(
  "withDivergence() has gradients that agree with finite differences of the divergence",
  ["cpu"],
  () => {
    const parameters = Parameters.fromFlat(layout, weights);
    for (const trace of [{ kind: "exact" }, probes("rademacher", 2)] as const) {
      const columns = trace.kind === "exact" ? 1 : 2;
      const { y, t, rowIds } = places(2, columns);
      const cotangent = fillNormal(key(2), 0, new Float32Array(2 * (dims + columns)));
      /** Sum of cotangent * slopes. */
      const product = (flat: Float32Array, state: tf.Tensor2D): number => {
        const moved = Parameters.fromFlat(layout, flat);
        const slopes = withDivergence(field(moved), trace, dims).evaluate(t, state, rowIds);
        const values = slopes.dataSync<"float32">();
        tf.dispose(slopes);
        moved.dispose();
        return values.reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
      };
      const gradient = new Float32Array(layout.size);
      const near = withDivergence(field(parameters), trace, dims).linearize({
        t,
        y,
        rowIds,
        gradient: {
          add(term) {
            term.dataSync<"float32">().forEach((value, i) => gradient[i]! += value);
            term.dispose();
          },
        },
      });
      const pulled = tf.tidy(() =>
        near.pullBack(0, tf.tensor2d(cotangent, [2, dims + columns])).dataSync<"float32">()
      );
      near.close();
      const step = 5e-3;
      // Along random directions of all weights, and of the state.
      for (let k = 0; k < 3; k++) {
        const along = fillNormal(key(20 + k), 0, new Float32Array(layout.size));
        const at = (by: number) => product(weights.map((w, i) => w + by * along[i]!), y);
        const slope = (at(step) - at(-step)) / (2 * step);
        const expected = gradient.reduce((sum, value, i) => sum + value * along[i]!, 0);
        // float32 differences over 1e-2 err by about 1e-3, plus the third derivative.
        assert.ok(
          Math.abs(slope - expected) < 0.01 * (1 + Math.abs(expected)),
          `${slope} ${expected}`,
        );
        const direction = fillNormal(key(30 + k), 0, new Float32Array(pulled.length));
        const stateAt = (by: number) =>
          tf.tidy(() =>
            product(weights, tf.add(y, tf.mul(tf.tensor2d(direction, [2, dims + columns]), by)))
          );
        const stateSlope = (stateAt(step) - stateAt(-step)) / (2 * step);
        const ofState = pulled.reduce((sum, value, i) => sum + value * direction[i]!, 0);
        assert.ok(
          Math.abs(stateSlope - ofState) < 0.01 * (1 + Math.abs(ofState)),
          `${stateSlope} ${ofState}`,
        );
      }
      y.dispose();
    }
    parameters.dispose();
  },
);

for (const distribution of ["gaussian", "rademacher"] as const) {
  backendTest(
    `withDivergence() with ${distribution} probes: 95 % of the errors are within 2.13 standard errors`,
    ["cpu"],
    () => {
      const parameters = Parameters.fromFlat(layout, weights);
      const n = 1000, count = 16;
      const { y, t, rowIds } = places(n, count);
      const estimated = withDivergence(field(parameters), probes(distribution, count), dims);
      const exact = withDivergence(field(parameters), { kind: "exact" }, dims);
      const { changes, truth } = tf.tidy(() => {
        const of = (rows: tf.Tensor2D) =>
          tf.slice2d(rows, [0, dims], [n, -1]).dataSync<"float32">();
        const state = tf.slice2d(y, [0, 0], [n, dims + 1]);
        return {
          changes: of(estimated.evaluate(t, y, rowIds)),
          truth: of(exact.evaluate(t, state, rowIds)),
        };
      });
      const { mean, stdErr } = probeEstimate(changes as Float32Array, count);
      const scores = mean.map((value, row) => (value - truth[row]!) / stdErr![row]!);
      // Student's t with 15 degrees of freedom: 2.131. The share of 1,000 rows errs by 0.007; the probes'
      // products are not normal, which moves it by about a percent.
      const covered = scores.filter((score) => Math.abs(score) < 2.131).length / n;
      assert.ok(covered > 0.92 && covered < 0.975, `${covered}`);
      const overall = scores.reduce((sum, score) => sum + score, 0) / n;
      assert.ok(Math.abs(overall) < 4 / Math.sqrt(n) + 0.05, `mean score ${overall}`);
      y.dispose();
      parameters.dispose();
    },
  );
}

backendTest("withDivergence() draws a row's probes independently of other rows", ["cpu"], () => {
  const parameters = Parameters.fromFlat(layout, weights);
  const trace = probes("gaussian", 3);
  const { y, t, rowIds } = places(9, 3);
  const all = tf.tidy(() =>
    withDivergence(field(parameters), trace, dims).evaluate(t, y, rowIds).arraySync()
  );
  const chosen = Int32Array.of(8, 2, 3, 5);
  const some = tf.tidy(() =>
    withDivergence(field(parameters, 3), trace, dims).evaluate(
      Float64Array.from(chosen, (row) => t[row]!),
      tf.gather(y, [...chosen]),
      chosen,
    ).arraySync()
  );
  chosen.forEach((row, i) => assert.deepEqual(some[i], all[row]));
  const later = tf.tidy(() =>
    withDivergence(field(parameters), probes("gaussian", 3, 4), dims).evaluate(
      t.subarray(4),
      tf.slice2d(y, [4, 0], [5, -1]),
      rowIds.subarray(0, 5),
    ).arraySync()
  );
  assert.deepEqual(later, all.slice(4));
  y.dispose();
  parameters.dispose();
});

Deno.test("probeEstimate() has no standard error for one probe", () => {
  assert.equal(probeEstimate(Float32Array.of(1, 2), 1).stdErr, null);
  const { mean, stdErr } = probeEstimate(Float32Array.of(1, 3, 4, 4), 2);
  assert.deepEqual([...mean], [2, 4]);
  assert.deepEqual([...stdErr!], [1, 0]);
});
