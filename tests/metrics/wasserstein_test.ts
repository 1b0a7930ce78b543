import assert from "node:assert/strict";
import fc from "fast-check";
import { slicedWasserstein2, wasserstein2 } from "../../src/metrics/wasserstein.ts";
import { fillNormal, permutation } from "../../src/core/random/random.ts";

const cloud = (seed: number, n: number, dims = 2) =>
  fillNormal({ seed, stream: 2 }, 0, new Float32Array(n * dims));

const shuffled = (points: Float32Array, dims: number, seed: number) => {
  const order = permutation({ seed, stream: 3 }, points.length / dims);
  return Float32Array.from(
    points,
    (_, i) => points[order[Math.floor(i / dims)]! * dims + i % dims]!,
  );
};

const distances = {
  wasserstein2: (a: Float32Array, b: Float32Array, dims: number) => wasserstein2(a, b, dims),
  slicedWasserstein2: (a: Float32Array, b: Float32Array, dims: number) =>
    slicedWasserstein2(a, b, { dims, seed: 0, directions: 32 }),
};

const pairOfClouds = fc.integer({ min: 1, max: 4 }).chain((dims) =>
  fc.integer({ min: 1, max: 12 }).chain((n) => {
    const table = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), {
      minLength: n * dims,
      maxLength: n * dims,
    }).map((numbers) => Float32Array.from(numbers));
    return fc.tuple(fc.constant(dims), table, table, table);
  })
);

for (const [name, distance] of Object.entries(distances)) {
  Deno.test(`${name}() is a metric that does not depend on the order of the rows`, () => {
    fc.assert(fc.property(pairOfClouds, fc.nat(), ([dims, a, b, c], seed) => {
      const ab = distance(a, b, dims);
      // Roots of float64 sums of squares up to 4 * 100^2 agree to about 1e-6.
      const near = (x: number, y: number) => Math.abs(x - y) < 1e-6;
      assert.ok(near(distance(a, shuffled(a, dims, seed), dims), 0));
      assert.ok(near(distance(b, a, dims), ab));
      assert.ok(near(distance(shuffled(a, dims, seed), b, dims), ab));
      assert.ok(ab <= distance(a, c, dims) + distance(c, b, dims) + 1e-6);
    }));
  });

  Deno.test(`${name}() refuses tables that cannot be paired`, () => {
    for (const [a, b, dims] of [[4, 2, 2], [0, 0, 2], [3, 3, 2], [4, 4, 0]] as const) {
      assert.throws(
        () => distance(new Float32Array(a), new Float32Array(b), dims),
        { name: "RangeError", message: new RegExp(name) },
      );
    }
  });
}

Deno.test("wasserstein2() of a shifted cloud is the length of the shift", () => {
  // The translation is the gradient of a convex function, hence optimal (Brenier).
  const a = cloud(0, 256), b = a.map((value, i) => value + (i % 2 === 0 ? 3 : -4));
  assert.ok(Math.abs(wasserstein2(a, b, 2) - 5) < 1e-6);
});

Deno.test("wasserstein2() between Gaussians of two widths approaches |s1 - s2| * sqrt(dims)", () => {
  // A scaling of the same draws is the gradient of a convex function too, so its cost is exact:
  // |s - 1| times the root mean square of the cloud, which is sqrt(2) within 1 / sqrt(512).
  const a = cloud(1, 512), b = a.map((value) => 2.5 * value);
  assert.ok(Math.abs(wasserstein2(a, b, 2) - 1.5 * Math.SQRT2) < 0.15);
});

Deno.test("wasserstein2() finds an assignment that greedy matching misses", () => {
  // Greedy: 0 to 1, which leaves 2 to -9, costs 1 + 121; optimal: 0 to -9 and 2 to 1, 81 + 1.
  const a = Float32Array.of(0, 2), b = Float32Array.of(1, -9);
  assert.ok(Math.abs(wasserstein2(a, b, 1) - Math.sqrt((81 + 1) / 2)) < 1e-12);
});

Deno.test("slicedWasserstein2() equals wasserstein2() in one dimension", () => {
  const a = cloud(2, 100, 1), b = cloud(3, 100, 1);
  const sliced = slicedWasserstein2(a, b, { dims: 1, seed: 9 });
  assert.ok(Math.abs(sliced - wasserstein2(a, b, 1)) < 1e-6);
});

Deno.test("slicedWasserstein2() of a shift by v is |v| / sqrt(dims)", () => {
  for (const dims of [2, 5]) {
    const a = cloud(4, 300, dims), b = a.map((value, i) => value + (i % dims === 0 ? 2 : 0));
    // The mean of cos^2 over 4,096 directions has a relative error below 1%; the root halves it.
    const sliced = slicedWasserstein2(a, b, { dims, seed: 0, directions: 4096 });
    assert.ok(Math.abs(sliced - 2 / Math.sqrt(dims)) < 0.03, `${dims}: ${sliced}`);
  }
});

Deno.test("slicedWasserstein2() is determined by its seed and is at most W2", () => {
  const a = cloud(5, 200), b = cloud(6, 200);
  const at = (seed: number) => slicedWasserstein2(a, b, { dims: 2, seed });
  assert.equal(at(1), at(1));
  assert.notEqual(at(1), at(2));
  assert.ok(at(1) <= wasserstein2(a, b, 2));
  assert.throws(() => slicedWasserstein2(a, b, { dims: 2, seed: 0, directions: 0 }), RangeError);
});
