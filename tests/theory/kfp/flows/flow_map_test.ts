import assert from "node:assert/strict";
import {
  followFlow,
  stencilLogDet,
  stencilSize,
  stencilStarts,
} from "../../../../src/theory/kfp/flows/flow_map.ts";

/** Images of a stencil under a map. */
function images(map: (x: Float64Array) => ArrayLike<number>, x: Float64Array, distance: number) {
  const starts = stencilStarts(x, distance), dims = x.length;
  const out = new Float64Array(starts.length);
  for (let i = 0; i < starts.length; i += dims) out.set(map(starts.slice(i, i + dims)), i);
  return out;
}

Deno.test("stencilStarts() begins with the point, and moves one coordinate at a time", () => {
  const starts = stencilStarts([1, 2], 0.5);
  assert.equal(starts.length, 2 * stencilSize(2));
  assert.deepEqual([...starts], [1, 2, 0, 2, 0.5, 2, 1.5, 2, 2, 2, 1, 1, 1, 1.5, 1, 2.5, 1, 3]);
});

Deno.test("stencilLogDet() is exact on linear maps, for any row order and sign", () => {
  // Needs a pivot; determinant by Sarrus' rule: 2 * (3 * 1 - 0) = 6, with the first row below: -6.
  const rows = [[0, 3, 1], [2, 5, -4], [0, 0, 1]];
  const map = (x: Float64Array) => rows.map((row) => row.reduce((sum, a, k) => sum + a * x[k]!, 0));
  const x = Float64Array.of(0.3, -0.2, 0.7);
  const logDet = stencilLogDet(images(map, x, 0.1), 3, 0.1);
  assert.ok(Math.abs(logDet - Math.log(6)) < 1e-13, `${logDet}`);
});

Deno.test("stencilLogDet() has order 4 in the distance", () => {
  // (x, y) -> (e^x, sin y): determinant e^x cos y.
  const map = ([x, y]: Float64Array) => [Math.exp(x!), Math.sin(y!)];
  const x = Float64Array.of(0.4, 0.9), exact = 0.4 + Math.log(Math.cos(0.9));
  const error = (h: number) => Math.abs(stencilLogDet(images(map, x, h), 2, h) - exact);
  const order = Math.log2(error(0.04) / error(0.02));
  assert.ok(Math.abs(order - 4) < 0.05, `observed ${order}`);
});

Deno.test("followFlow() matches an expanding rotation in closed form", async () => {
  // dx/dt = (t x - y, x + t y): radius e^(t^2/2), determinant e^(t^2).
  const velocity = (t: number, [x, y]: Float64Array) => Float64Array.of(t * x! - y!, x! + t * y!);
  const start = { t: 0, x: Float64Array.of(2, 0) };
  const points = await followFlow(velocity, start, [0, 0.5, 1.5]);
  [0, 0.5, 1.5].forEach((t, i) => {
    const radius = 2 * Math.exp(t * t / 2);
    assert.ok(Math.abs(points[i]!.x[0]! - radius * Math.cos(t)) < 1e-9);
    assert.ok(Math.abs(points[i]!.x[1]! - radius * Math.sin(t)) < 1e-9);
    assert.ok(Math.abs(points[i]!.logDet - t * t) < 1e-9, `${points[i]!.logDet}`);
  });
});

Deno.test("followFlow() runs backwards in time", async () => {
  const velocity = (_t: number, x: Float64Array) => x.map((value) => -value);
  const [point] = await followFlow(velocity, { t: 1, x: Float64Array.of(1) }, [0]);
  assert.ok(Math.abs(point!.x[0]! - Math.E) < 1e-9 && Math.abs(point!.logDet - 1) < 1e-9);
});
