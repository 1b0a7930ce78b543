import assert from "node:assert/strict";
import { energyWeights } from "../../../src/core/options/energy_weights.ts";

Deno.test("energyWeights() reads each weight once, finite and 0 or above", () => {
  assert.deepEqual(energyWeights("kinetic=0.01,jacobian=1e-3"), {
    ...{ kinetic: 0.01, jacobian: 1e-3, steps: 0 },
  });
  const two = { kinetic: 0, jacobian: 2, steps: 0 };
  assert.deepEqual(energyWeights(" jacobian=2 , kinetic=0"), two);
  assert.deepEqual(energyWeights("jacobian=.5"), { kinetic: 0, jacobian: 0.5, steps: 0 });
  assert.deepEqual(energyWeights("steps=1e-3"), { kinetic: 0, jacobian: 0, steps: 1e-3 });
  assert.deepEqual(energyWeights("none"), { kinetic: 0, jacobian: 0, steps: 0 });
  const refused = [
    "",
    "0.1",
    "kinetic",
    "kinetic=",
    "kinetic=-1",
    "kinetic=NaN",
    "kinetic=Infinity",
  ];
  for (
    const text of [
      ...refused,
      "kinetic=1,",
      "kinetic=1,kinetic=1",
      "steps=-1",
      "none,kinetic=1",
      "speed=1",
    ]
  ) {
    assert.equal(energyWeights(text), null, text);
  }
});
