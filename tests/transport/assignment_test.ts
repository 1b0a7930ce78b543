import assert from "node:assert/strict";
import fc from "fast-check";
import { solveAssignment } from "../../src/transport/assignment.ts";
import { fillNormal, fillUniform } from "../../src/core/random/random.ts";

const total = (costs: Float64Array, n: number, columnOfRow: ArrayLike<number>) =>
  Array.from(columnOfRow).reduce((sum, j, i) => sum + costs[i * n + j]!, 0);

/** The least cost among all n! assignments. */
function bruteForce(costs: Float64Array, n: number): number {
  const least = (row: number, taken: number): number => {
    if (row === n) return 0;
    let best = Infinity;
    for (let j = 0; j < n; j++) {
      if ((taken & (1 << j)) !== 0) continue;
      best = Math.min(best, costs[row * n + j]! + least(row + 1, taken | (1 << j)));
    }
    return best;
  };
  return least(0, 0);
}

const squareOf = (numbers: fc.Arbitrary<number>, largest: number) =>
  fc.integer({ min: 1, max: largest }).chain((n) =>
    fc.array(numbers, { minLength: n * n, maxLength: n * n }).map((values) => ({
      n,
      costs: Float64Array.from(values),
    }))
  );

/** Fails unless the result is a permutation and its duals prove that no assignment costs less. */
function assertCertified(costs: Float64Array, n: number, name: string): void {
  const { columnOfRow, rowPotentials, columnPotentials } = solveAssignment(costs, n);
  assert.deepEqual([...columnOfRow].sort((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
  // Each path adds and subtracts costs at most n times; in practice some 10 roundings remain.
  const largest = costs.reduce((most, cost) => Math.max(most, Math.abs(cost)), 0);
  const tolerance = 100 * Number.EPSILON * largest;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const slack = costs[i * n + j]! - rowPotentials[i]! - columnPotentials[j]!;
      assert.ok(slack >= -tolerance, `${name}: slack ${slack} at ${i}, ${j}`);
      if (columnOfRow[i] === j) assert.ok(slack <= tolerance, `${name}: pair ${i}, ${j}: ${slack}`);
    }
  }
}

Deno.test("solveAssignment() equals brute force over all permutations, with and without ties", () => {
  // Small integers tie everywhere, and their sums are exact.
  fc.assert(fc.property(squareOf(fc.integer({ min: -2, max: 4 }), 7), ({ n, costs }) => {
    const { columnOfRow } = solveAssignment(costs, n);
    assert.equal(total(costs, n, columnOfRow), bruteForce(costs, n));
  }));
  const real = fc.double({ min: -1e3, max: 1e3, noNaN: true });
  fc.assert(fc.property(squareOf(real, 6), ({ n, costs }) => {
    const { columnOfRow } = solveAssignment(costs, n);
    assert.ok(total(costs, n, columnOfRow) - bruteForce(costs, n) <= 1e-10);
  }));
});

Deno.test("solveAssignment() returns duals that certify the optimum", () => {
  const n = 120;
  const uniform = fillUniform({ seed: 0, stream: 1 }, 0, new Float64Array(n * n));
  const points = fillNormal({ seed: 0, stream: 2 }, 0, new Float64Array(4 * n));
  const distances = Float64Array.from({ length: n * n }, (_, at) => {
    const i = Math.floor(at / n), j = at % n;
    return (points[2 * i]! - points[2 * n + 2 * j]!) ** 2 +
      (points[2 * i + 1]! - points[2 * n + 2 * j + 1]! - 5) ** 2;
  });
  const cases: Record<string, Float64Array> = {
    "uniform costs": uniform,
    "squared distances": distances,
    "many ties": uniform.map((cost) => Math.floor(4 * cost)),
    "all costs equal": new Float64Array(n * n).fill(0.1),
    "rank one": Float64Array.from(uniform, (_, at) => (1 + Math.floor(at / n)) * (1 + at % n)),
    "points that coincide": distances.map((_, at) => distances[(at % n) % 7]!),
    "a gain, not a cost": distances.map((cost) => -cost),
    // Auction increments below the rounding error of the costs.
    "an offset that swallows digits": distances.map((cost) => cost + 1e13),
    "forbidden pairs": uniform.map((cost, at) => at % 3 === 0 && at % n !== 0 ? 1e12 : cost),
    "a row far away": distances.map((cost, at) => at < n ? 1e8 * cost : cost),
    "tiny numbers": uniform.map((cost) => cost * 1e-300),
    "huge numbers": uniform.map((cost) => cost * 1e290),
  };
  for (const [name, costs] of Object.entries(cases)) assertCertified(costs, n, name);
});

Deno.test("solveAssignment() pairs points on a line in sorted order", () => {
  const n = 200;
  const a = fillNormal({ seed: 1, stream: 1 }, 0, new Float64Array(n)).sort();
  const b = fillNormal({ seed: 2, stream: 1 }, 0, new Float64Array(n)).sort();
  const costs = Float64Array.from(
    { length: n * n },
    (_, at) => (a[Math.floor(at / n)]! - b[at % n]!) ** 2,
  );
  const before = costs.slice();
  assert.deepEqual([...solveAssignment(costs, n).columnOfRow], Array.from(a, (_, i) => i));
  assert.deepEqual(costs, before);
});

Deno.test("solveAssignment() accepts zero rows and one row", () => {
  assert.equal(solveAssignment(new Float64Array(0), 0).columnOfRow.length, 0);
  const one = solveAssignment(Float64Array.of(-3), 1);
  assert.deepEqual([...one.columnOfRow], [0]);
  assert.equal(one.rowPotentials[0]! + one.columnPotentials[0]!, -3);
});

Deno.test("solveAssignment() refuses costs that are not n x n finite numbers", () => {
  for (const bad of [NaN, Infinity, -Infinity, 1.1e290]) {
    assert.throws(() => solveAssignment(Float64Array.of(0, 1, bad, 3), 2), {
      name: "RangeError",
      message: `solveAssignment: expected finite costs up to 1e+290, got ${bad} at row 1, column 0`,
    });
  }
  for (const n of [1, 3, -2, 1.5, NaN]) {
    assert.throws(() => solveAssignment(new Float64Array(4), n), { name: "RangeError" });
  }
});
