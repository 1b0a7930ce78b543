import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { eightGaussiansSource } from "../../../src/flows/sources/eight_gaussians.ts";
import { scoreOf } from "../../../src/flows/sources/source.ts";
import { standardNormal } from "../../../src/flows/sources/standard_normal.ts";
import { eightGaussians } from "../../../src/data/densities/eight_gaussians.ts";
import { keyOf, subsequences } from "../../../src/core/random/subsequences.ts";
import { backendTest } from "../../support/backends.ts";

const key = keyOf(subsequences.noise, 3);
const count = 4000, width = 2;

for (const source of [standardNormal, eightGaussiansSource]) {
  Deno.test(`${source.name}: a row is a function of the key and its number`, () => {
    const whole = source.draw(key, { first: 0, count: 50, width });
    const part = source.draw(key, { first: 13, count: 20, width });
    assert.deepEqual(part, whole.subarray(13 * width, 33 * width));
    assert.notDeepEqual(
      source.draw(keyOf(subsequences.noise, 4), { first: 13, count: 20, width }),
      part,
    );
  });

  backendTest(`${source.name}: its score is its log-density's gradient`, ["cpu"], () => {
    tf.tidy(() => {
      const points = source.draw(key, { first: 0, count: 20, width });
      const score = scoreOf(source, source.logDensity!, tf.tensor2d(points, [20, width]))
        .dataSync();
      // Central differences of a float32 function: truncation 1e-4, rounding 1e-6 / 1e-2.
      const step = 1e-2;
      const moved = (column: number, by: number) =>
        source.logDensity!(
          tf.tensor2d(points.map((x, at) => at % width === column ? x + by : x), [20, width]),
        ).dataSync();
      for (let column = 0; column < width; column++) {
        const [above, below] = [moved(column, step), moved(column, -step)];
        for (let row = 0; row < 20; row++) {
          const slope = (above[row]! - below[row]!) / (2 * step);
          const error = Math.abs(score[row * width + column]! - slope);
          assert.ok(error < 0.02 * (1 + Math.abs(slope)), `row ${row}: ${error} of ${slope}`);
        }
      }
    });
    return Promise.resolve();
  });

  backendTest(`${source.name}: its draws follow its density`, ["cpu"], async () => {
    // On a fine grid the density sums to 1, and its entropy is minus the draws' mean log-density.
    const cells = 160, edge = 8, side = 2 * edge / cells;
    const grid = Float32Array.from({ length: 2 * cells * cells }, (_, at) => {
      const cell = at >> 1;
      return -edge + side * ((at % 2 === 0 ? cell % cells : Math.floor(cell / cells)) + 0.5);
    });
    const logDensity = async (points: Float32Array) => {
      const rows = tf.tidy(() => source.logDensity!(tf.tensor2d(points, [points.length / 2, 2])));
      const values = await rows.data();
      rows.dispose();
      return Float64Array.from(values);
    };
    const onGrid = await logDensity(grid);
    const mass = onGrid.reduce((sum, value) => sum + Math.exp(value), 0) * side ** 2;
    assert.ok(Math.abs(mass - 1) < 1e-4, `mass ${mass}`);
    const entropy = onGrid.reduce((sum, v) => sum - v * Math.exp(v), 0) * side ** 2;
    const drawn = await logDensity(source.draw(key, { first: 0, count, width }));
    const mean = -drawn.reduce((sum, v) => sum + v, 0) / count;
    // The log-density has a standard deviation of 1 nat: a standard error of 0.016.
    assert.ok(Math.abs(mean - entropy) < 0.06, `entropy ${entropy}, draws ${mean}`);
  });
}

backendTest("eightGaussiansSource has the data set's density", ["cpu"], async () => {
  const { points } = eightGaussians.draw({ seed: 0, from: subsequences.dataSet }, 100);
  const truth = eightGaussians.density.logDensity(points);
  const found = tf.tidy(() => eightGaussiansSource.logDensity!(tf.tensor2d(points, [100, 2])));
  const values = await found.data();
  found.dispose();
  values.forEach((value, i) => assert.ok(Math.abs(value - truth[i]!) < 1e-4, `${i}: ${value}`));
});

Deno.test("eightGaussiansSource refuses rows that are not points in the plane", () => {
  assert.throws(() => eightGaussiansSource.draw(key, { first: 0, count: 1, width: 3 }), {
    name: "RangeError",
    message: /got rows of 3/,
  });
});

Deno.test("eightGaussiansSource draws all components equally often and with equal variance", () => {
  const n = 8000;
  const rows = eightGaussiansSource.draw(key, { first: 0, count: n, width });
  const counts = new Array(8).fill(0),
    squares = new Array(8).fill(0),
    products = new Array(8).fill(0);
  for (let i = 0; i < n; i++) {
    const [x, y] = [rows[2 * i]!, rows[2 * i + 1]!];
    // Components are 6 standard deviations apart: a draw belongs to the nearest.
    const k = (Math.round(Math.atan2(y, x) / (Math.PI / 4)) + 8) % 8;
    const angle = k * Math.PI / 4, radius = 4 / Math.SQRT2;
    const [dx, dy] = [x - radius * Math.cos(angle), y - radius * Math.sin(angle)];
    counts[k]++;
    squares[k] += dx * dx + dy * dy;
    products[k] += dx * dy;
  }
  for (let k = 0; k < 8; k++) {
    // 1,000 of each, give or take sqrt(1,000 * 7 / 8) = 30.
    assert.ok(Math.abs(counts[k] - n / 8) < 150, `${counts}`);
    // Variance 1 / 8 per coordinate, with a standard error of 3 %; uncorrelated.
    assert.ok(Math.abs(squares[k] / counts[k] / 2 - 1 / 8) < 0.02, `component ${k}`);
    assert.ok(Math.abs(products[k] / counts[k]) < 0.02, `component ${k}`);
  }
});
