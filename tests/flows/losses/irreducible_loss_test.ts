import assert from "node:assert/strict";
import { moons } from "../../../src/data/densities/moons.ts";
import { sourceDataset } from "../../../src/data/point_source.ts";
import type { KnownDensity } from "../../../src/data/dataset.ts";
import { irreducibleLoss } from "../../../src/flows/losses/irreducible_loss.ts";
import { linearPath } from "../../../src/flows/paths/linear_path.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { callerKey } from "../../../src/core/random/subsequences.ts";

/** The standard normal distribution in the plane. */
const normal: KnownDensity = {
  entropy: 1 + Math.log(2 * Math.PI),
  logDensity: () => new Float64Array(0),
  posteriorMean: (y, { scale, deviation }) =>
    Float64Array.from({ length: y.length }, (_, i) => {
      const a = scale[i >> 1]!, s = deviation[i >> 1]!;
      return a / (a * a + s * s) * y[i]!;
    }),
};

// With x0 and x1 standard normal and x_t = (1 - t) x0 + t x1, the variance of u = x1 - x0 given
// x_t is 1 / (t^2 + (1 - t)^2) per coordinate, whose integral over t is pi / 2.
Deno.test("irreducibleLoss() between two standard normal distributions is pi / 2", () => {
  const n = 20_000;
  const rows = fillNormal(callerKey(5), 0, new Float64Array(2 * n));
  const loss = irreducibleLoss(normal, rows, { path: linearPath(0), seed: 5, width: 2 });
  // A coordinate's squared error has a variance of 2 E[v^2] + Var[v], below 6.
  assert.ok(Math.abs(loss - Math.PI / 2) < 4 * Math.sqrt(6 / (2 * n)), `${loss}`);
});

// The loss of a trained model was 0.975 with the seed 0, of its first steps 1.8.
Deno.test("irreducibleLoss() of moons is positive and below the loss of a constant velocity", () => {
  const { density, test } = sourceDataset(moons, 0);
  const options = { path: linearPath(1e-4), seed: 0, width: 2 };
  const loss = irreducibleLoss(density!, test.points, options);
  assert.ok(loss > 0.9 && loss < 1.05, `${loss}`);
  const other = irreducibleLoss(density!, test.points, { ...options, seed: 1 });
  assert.ok(Math.abs(other - loss) > 1e-3, "the draws are those of the seed");
});
