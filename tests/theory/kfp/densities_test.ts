import assert from "node:assert/strict";
import { bistableFlow, bistableLogDensity } from "../../../src/theory/kfp/flows/bistable_flow.ts";
import type { CarriedDensity } from "../../../src/theory/kfp/carried_density.ts";
import { followFlow } from "../../../src/theory/kfp/flows/flow_map.ts";
import { linearFlow } from "../../../src/theory/kfp/flows/linear_flow.ts";
import { ornsteinUhlenbeck } from "../../../src/theory/kfp/flows/ornstein_uhlenbeck.ts";
import { trainedCnf } from "../../../src/theory/kfp/flows/trained_cnf.ts";
import { vanDerPolFlow } from "../../../src/theory/kfp/flows/van_der_pol_flow.ts";

const densities: readonly CarriedDensity[] = [
  linearFlow,
  bistableFlow,
  vanDerPolFlow,
  trainedCnf,
  ornsteinUhlenbeck(1),
];

for (const density of densities) {
  Deno.test(`${density.name}: the trace is the divergence of the velocity`, () => {
    const h = 1e-5;
    for (const x of density.starts(3, 5)) {
      const t = density.times[1]!;
      let divergence = 0;
      for (let k = 0; k < x.length; k++) {
        const at = (by: number) =>
          density.velocity(t, x.map((value, i) => i === k ? value + by : value))[k]!;
        divergence += (at(h) - at(-h)) / (2 * h);
      }
      // Truncation h^2 and rounding 1e-16 / h are both near 1e-10, times derivatives of the network.
      assert.ok(Math.abs(density.trace(t, x) - divergence) < 1e-6, `${x}: ${divergence}`);
    }
  });

  Deno.test(`${density.name}: start i is a function of seed and i`, () => {
    assert.deepEqual(density.starts(5, 4).slice(0, 2), density.starts(5, 2));
    assert.notDeepEqual(density.starts(6, 1), density.starts(5, 1));
  });

  Deno.test(`${density.name}: finite differences stay within the density's time range`, () => {
    const reach = density.steps[0]!;
    for (const t of density.times) {
      assert.ok(t - reach > 0 && t + reach < (density === trainedCnf ? 1 : 2));
    }
    density.steps.slice(1).forEach((step, i) => assert.equal(step, density.steps[i]! / 2));
  });
}

for (const density of [linearFlow, bistableFlow]) {
  Deno.test(`${density.name}: the closed form agrees with the flow map's determinant`, async () => {
    const times = [0.5, 1.1];
    for (const start of density.starts(1, 3)) {
      const [origin, ...closed] = await density.follow(start, [0, ...times]);
      const points = await followFlow(density.velocity, { t: 0, x: start }, times);
      points.forEach(({ x, logDet }, i) => {
        assert.ok(Math.hypot(...x.map((value, k) => value - closed[i]!.x[k]!)) < 1e-9);
        // Finite differences of the determinant err by 1e-9 on a map this smooth.
        assert.ok(Math.abs(closed[i]!.logDensity - (origin!.logDensity - logDet)) < 1e-8);
      });
    }
  });
}

Deno.test("bistableLogDensity() integrates to 1, and vanishes where the flow does not reach", () => {
  for (const t of [0, 0.6, 1.2]) {
    const n = 4000, width = 8 / n;
    let mass = 0;
    for (let i = 0; i < n; i++) {
      mass += width * Math.exp(bistableLogDensity(t, -4 + (i + 0.5) * width));
    }
    // Midpoint rule; at t = 1.2 the density ends steeply at |x| = 1.05.
    assert.ok(Math.abs(mass - 1) < 1e-5, `t ${t}: ${mass}`);
  }
  assert.equal(bistableLogDensity(1, 1.2), -Infinity);
});

Deno.test("ornsteinUhlenbeck() with noise is a density at every time and converges to its stationary law", () => {
  const { density } = ornsteinUhlenbeck(1);
  for (const t of [0, 0.5, 8]) {
    let mass = 0, first = 0, second = 0;
    const width = 0.05;
    for (let x = -6; x < 6; x += width) {
      for (let y = -6; y < 6; y += width) {
        const share = width * width * density(t, [x, y]);
        mass += share;
        first += share * x;
        second += share * (x * x + y * y);
      }
    }
    assert.ok(Math.abs(mass - 1) < 1e-9, `t ${t}: ${mass}`);
    if (t < 8) continue;
    // Stationary: mean 0, variance g^2 / (2 a) = 0.625 a coordinate; e^-12.8 of the start is left.
    assert.ok(Math.abs(first) < 1e-2 && Math.abs(second - 1.25) < 1e-5, `${first}, ${second}`);
  }
});
