import assert from "node:assert/strict";
import { mlpAt, mlpFloat64, unitVectors } from "../../../src/ops/mlp_field/float64.ts";
import { randomNumbers, randomWeights } from "../../ode/engines/mlp_problem.ts";

const shape = { dims: 3, hidden: 6 };
const weights = Float64Array.from(randomWeights(shape, 2));
const x = randomNumbers(3, 1);
const t = 0.37;
const STEP = 1e-5; // central differences: truncation and rounding both near 1e-10

/** Central differences of `value` along every entry of `at`. */
function differences(value: (point: Float64Array) => number, at: Float64Array): Float64Array {
  return at.map((_, i) => {
    const moved = (by: number) => value(at.map((entry, j) => entry + (i === j ? by : 0)));
    return (moved(STEP) - moved(-STEP)) / (2 * STEP);
  });
}

function assertClose(actual: Float64Array, expected: Float64Array, tolerance = 1e-8) {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < tolerance));
}

Deno.test("mlpAt() returns the divergence of its own velocity", () => {
  const net = mlpFloat64(shape, weights);
  const directions: [string, Float64Array[]][] = [
    ["unit vectors", unitVectors(3)],
    ["a probe", [randomNumbers(3, 2)]],
  ];
  for (const [name, es] of directions) {
    const { divergence } = mlpAt(net, { x, t }, es);
    const expected = es.reduce((sum, e) => {
      const along = (by: number) =>
        mlpAt(net, { x: x.map((v, i) => v + by * e[i]!), t }, []).velocity;
      const ahead = along(STEP), behind = along(-STEP);
      return sum + e.reduce((dot, v, i) => dot + v * (ahead[i]! - behind[i]!) / (2 * STEP), 0);
    }, 0);
    assert.ok(Math.abs(divergence - expected) < 1e-8, `${name}: ${divergence}, ${expected}`);
  }
});

Deno.test("mlpAt() has the VJP of velocity and divergence for x and all weights", () => {
  const cotangent = { velocity: randomNumbers(3, 3), divergence: 0.7 };
  for (const es of [unitVectors(3), [randomNumbers(3, 2)], []]) {
    const loss = (parameters: Float64Array, position: Float64Array) => {
      const { velocity, divergence } = mlpAt(mlpFloat64(shape, parameters), { x: position, t }, es);
      return velocity.reduce((sum, v, i) => sum + v * cotangent.velocity[i]!, 0) +
        cotangent.divergence * divergence;
    };
    const gradient = new Float64Array(weights.length);
    const ofX = mlpAt(mlpFloat64(shape, weights), { x, t }, es).pullBack(cotangent, gradient);
    assertClose(ofX, differences((position) => loss(weights, position), x));
    assertClose(gradient, differences((parameters) => loss(parameters, x), weights));
  }
});
