import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Parameters } from "../../src/core/parameters.ts";
import { callerKey } from "../../src/core/random/subsequences.ts";
import { fillNormal, fillUniform } from "../../src/core/random/random.ts";
import type { ColumnKind } from "../../src/data/tables/kinds/column_kind.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { fmLoss } from "../../src/flows/losses/fm_loss.ts";
import type { FlowKind, FlowModel } from "../../src/flows/model.ts";
import { linearPath } from "../../src/flows/paths/linear_path.ts";
import { sample } from "../../src/flows/sample.ts";
import type { Source } from "../../src/flows/sources/source.ts";
import { standardNormal } from "../../src/flows/sources/standard_normal.ts";
import { likelihoodConvention, type Standardization } from "../../src/flows/standardization.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import { openDevice } from "../../src/ode/engines/open_device.ts";
import { backendTest } from "../support/backends.ts";

/** A flow with zero velocity: in model units it has its source's density. */
function still(
  standardization: Standardization,
  { source = standardNormal, kind = "cnf" }: { source?: Source; kind?: FlowKind } = {},
): FlowModel {
  const network = mlpNetwork({ dims: standardization.center.length, hidden: 2 });
  const parameters = Parameters.fromFlat(network.layout, new Float32Array(network.layout.size));
  return { kind, network, parameters, path: linearPath(0), source, standardization };
}

/** Uniform on [0, 1]^d. */
const unitCube: Source = {
  name: "unit-cube",
  draw: (key, { first, count, width }) =>
    fillUniform(key, first * width, new Float32Array(count * width)),
  logDensity: (z) =>
    tf.tidy(() => {
      const inside = tf.logicalAnd(tf.greaterEqual(z, -1e-5), tf.lessEqual(z, 1 + 1e-5));
      return tf.log(tf.cast(tf.all(inside, 1), "float32")) as tf.Tensor1D;
    }),
};

const log: ColumnKind = { kind: "log" };
const mean = (values: Float64Array) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

for (const kind of ["cnf", "fm"] as const) {
  backendTest(`logProb() of a log column is the lognormal's, ${kind}`, ["cpu"], async () => {
    const { engines } = await openDevice("cpu");
    const [mu, sigma] = [1.5, 0.6], n = 2000;
    const model = still(
      { kind: "zscore", center: [mu, 3], scale: [sigma, 2], columns: [log, { kind: "real" }] },
      { kind },
    );
    const normals = fillNormal(callerKey(4), 0, new Float64Array(2 * n));
    const points = normals.map((u, i) => i % 2 === 0 ? Math.exp(mu + sigma * u) : 3 + 2 * u);
    const { logProb: found, terms } = await logProb(model, engines, points);
    found.forEach((value, row) => {
      const x = points[2 * row]!, u = normals[2 * row]!, w = normals[2 * row + 1]!;
      // Density of the lognormal distribution times that of N(3, 2^2).
      const exact = -Math.log(x * sigma * Math.sqrt(2 * Math.PI)) - u * u / 2 -
        Math.log(2 * Math.sqrt(2 * Math.PI)) - w * w / 2;
      assert.ok(Math.abs(value - exact) < 1e-4, `${value} for ${exact}`);
      assert.ok(Math.abs(terms.volume![row]! + Math.log(x)) < 1e-12);
      const sum = terms.source[row]! + terms.trace[row]! + terms.scale + terms.volume![row]!;
      assert.ok(Math.abs(sum - value) < 1e-5);
    });
    // Entropy of the lognormal: mu + log(sigma sqrt(2 pi e)), and that of the normal.
    const entropy = mu + Math.log(sigma * 2 * 2 * Math.PI * Math.E);
    assert.ok(Math.abs(-mean(found) - entropy) < 4 * 1.2 / Math.sqrt(n));
    const drawn = await sample(model, engines, {
      count: 50,
      withLogProb: { trace: { kind: "exact" } },
    });
    const again = await logProb(model, engines, drawn.samples);
    assert.ok(drawn.samples.every((value, i) => i % 2 === 1 || value > 0));
    drawn.logProb!.forEach((value, row) => assert.ok(Math.abs(value - again.logProb[row]!) < 1e-4));
    model.parameters.dispose();
  });
}

backendTest("the density of a log column has mass 1 in the data's units", ["cpu"], async () => {
  const { engines } = await openDevice("cpu");
  const model = still({ kind: "robust", center: [0.3], scale: [0.8], columns: [log] });
  // Trapezoid rule over [0, 60], beyond which the lognormal has 1e-6 of its mass.
  const step = 0.01, x = Float64Array.from({ length: 6001 }, (_, i) => i * step);
  const { logProb: found, failures } = await logProb(model, engines, x, { onFailure: "continue" });
  assert.deepEqual(failures, [
    { row: 0, reason: "column 1: 0 is not above 0, and the model learnt logarithms" },
  ]);
  const mass = step * found.reduce((sum, value) => sum + Math.exp(value), 0);
  assert.ok(Math.abs(mass - 1) < 1e-4, String(mass));
  model.parameters.dispose();
});

for (const step of [1, 0.1, 5]) {
  backendTest(`uniform values on a grid of ${step} have NLL log(k)`, ["cpu"], async () => {
    const { engines } = await openDevice("cpu");
    const k = 12, n = 600;
    const columns: ColumnKind[] = [{ kind: "dequantized", step, origin: 0 }, {
      kind: "categorical",
      categories: ["a", "b"],
    }];
    const model = still(
      { kind: "zscore", center: [-step / 2, -0.5, -0.5], scale: [k * step, 2, 2], columns },
      { source: unitCube },
    );
    const points = Float64Array.from(
      { length: 2 * n },
      (_, i) => i % 2 === 0 ? step * (i / 2 % k) : 0,
    );
    const { logProb: found } = await logProb(model, engines, points);
    // The cube of the one-hot coordinates holds four cells of volume 1, two of which are (1, 0), (0, 1).
    found.forEach((value) => assert.ok(Math.abs(value + Math.log(k) + Math.log(4)) < 1e-4));
    const { samples } = await sample(model, engines, { count: n, seed: 1 });
    const counts = new Float64Array(k);
    for (let row = 0; row < n; row++) {
      const cell = Math.round(samples[2 * row]! / step);
      counts[cell] = counts[cell]! + 1;
    }
    // Every cell gets its share of the samples: chi-squared of 11 degrees, 31.3 has p = 0.001.
    const chi2 = counts.reduce((sum, count) => sum + (count - n / k) ** 2 / (n / k), 0);
    assert.ok(chi2 < 31.3, String(chi2));
    model.parameters.dispose();
  });
}

backendTest(
  "log-likelihood and FM loss of discrete rows depend on seed and index",
  ["cpu"],
  async () => {
    const { engines } = await openDevice("cpu");
    const model = still({
      kind: "zscore",
      center: [5, 0.5],
      scale: [2, 3],
      columns: [{ kind: "dequantized", step: 1, origin: 0 }, log],
    }, { kind: "fm" });
    const points = Float64Array.from({ length: 60 }, (_, i) => 1 + i % 9);
    const settings = { seed: 3 };
    const whole = await logProb(model, engines, points, settings);
    // The last row changes, and no other row's value.
    const changed = await logProb(model, engines, points.with(58, 1), settings);
    assert.deepEqual(changed.logProb.subarray(0, 29), whole.logProb.subarray(0, 29));
    assert.notEqual(changed.logProb[29], whole.logProb[29]);
    const other = await logProb(model, engines, points, { seed: 4 });
    assert.notDeepEqual(other.logProb, whole.logProb);
    const losses = await Promise.all([3, 3, 4].map((seed) => fmLoss(model, points, { seed })));
    assert.deepEqual(losses[0], losses[1]);
    assert.notEqual(losses[0]!.loss, losses[2]!.loss);
    model.parameters.dispose();
  },
);

Deno.test("cells of categories leave out mass, and bound the frequencies of samples from below", async () => {
  const { engines } = await openDevice("cpu");
  const column: ColumnKind = { kind: "categorical", categories: ["a", "b", "c"] };
  const center = [0.5, 0.3, 0.2], scale = center.map((p) => Math.sqrt(p * (1 - p) + 1 / 12));
  const table: Standardization = { kind: "zscore", center, scale, columns: [column] };
  // scipy: with s_j = scale_j, the product over j of
  // norm.cdf((hi_j - center_j) / s_j) - norm.cdf((lo_j - center_j) / s_j), hi, lo = (j == k) +- 0.5.
  const cells = [0.17122, 0.10216, 0.07036];
  const n = 20_000;
  const model = still(table);
  const { samples } = await sample(model, engines, { count: n, seed: 4 });
  for (const [category, cell] of cells.entries()) {
    const { logProb: found } = await logProb(model, engines, new Float64Array(4000).fill(category));
    const bound = Math.exp(mean(found)), probability = mean(found.map(Math.exp));
    assert.ok(Math.abs(probability - cell) < 0.01, `${category}: ${probability} for ${cell}`);
    const share = samples.filter((value) => value === category).length / n;
    assert.ok(bound < cell && cell < share, `${category}: ${bound} < ${cell} < ${share}`);
  }
  assert.ok(samples.every((value) => value === 0 || value === 1 || value === 2));
  assert.match(likelihoodConvention(table)!, /lower bound \(of categories not a tight one: /);
  const grid: Standardization = {
    ...{ kind: "zscore", center: [0], scale: [1] },
    columns: [{ kind: "dequantized", step: 1, origin: 0 }],
  };
  assert.match(likelihoodConvention(grid)!, /in the mean a lower bound$/);
});
