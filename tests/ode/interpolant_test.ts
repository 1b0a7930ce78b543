import assert from "node:assert/strict";
import { denseWeights } from "../../src/ode/interpolant.ts";
import { tableaus } from "../../src/ode/tableaus.ts";

for (const { name, b, firstSameAsLast, interpolant } of Object.values(tableaus)) {
  Deno.test(`the interpolant of ${name} joins the step's ends with their slopes`, () => {
    const slopes = firstSameAsLast ? b.length : b.length + 1;
    const near = (found: readonly number[], expected: readonly number[]) =>
      found.forEach((value, i) =>
        assert.ok(Math.abs(value - expected[i]!) < 1e-6, `${i}: ${value}, ${expected[i]}`)
      );
    const unit = (at: number) => Array.from({ length: slopes }, (_, i) => i === at ? 1 : 0);
    const [start, end] = [0, 1].map((theta) => denseWeights(interpolant, theta));
    near(start!, new Array(slopes).fill(0));
    near(end!, [...b, ...new Array(slopes - b.length).fill(0)]);
    // One-sided differences over 1e-8, which err by 1e-8 times a second derivative.
    near(denseWeights(interpolant, 1e-8).map((w, i) => (w - start![i]!) / 1e-8), unit(0));
    near(
      denseWeights(interpolant, 1 - 1e-8).map((w, i) => (end![i]! - w) / 1e-8),
      unit(slopes - 1),
    );
  });

  Deno.test(`the interpolant of ${name} is exact for dy/dt = 2 t`, () => {
    // Slopes at the nodes, and at the end of the step.
    const { c } = tableaus[name]!;
    const nodes = firstSameAsLast ? c : [...c, 1];
    if (tableaus[name]!.order < 2) return;
    for (const theta of [0.1, 0.5, 0.8]) {
      const y = denseWeights(interpolant, theta).reduce((sum, w, i) => sum + w * 2 * nodes[i]!, 0);
      assert.ok(Math.abs(y - theta ** 2) < 1e-12, `${theta}: ${y}`);
    }
  });
}
