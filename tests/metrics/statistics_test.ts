import assert from "node:assert/strict";
import fc from "fast-check";
import { meanAndStdErr, median, pairedDifference } from "../../src/metrics/statistics.ts";
import { fillNormal } from "../../src/core/random/random.ts";

const normals = (seed: number, n: number) =>
  fillNormal({ seed, stream: 8 }, 0, new Float64Array(n));

Deno.test("meanAndStdErr() has the nominal coverage of the true mean", () => {
  // 400 experiments of 50 draws: |mean| < 2 stdErr happens in 94.9% of them (Student's t with 49
  // degrees of freedom); three standard deviations of that share are 3.3%.
  let covered = 0;
  for (let seed = 0; seed < 400; seed++) {
    const { mean, stdErr } = meanAndStdErr(normals(seed, 50));
    if (Math.abs(mean) < 2 * stdErr) covered++;
  }
  assert.ok(Math.abs(covered / 400 - 0.949) < 0.033, `covered ${covered} of 400`);
});

Deno.test("meanAndStdErr() of four times as many draws has half the standard error", () => {
  const few = meanAndStdErr(normals(1, 10_000)), many = meanAndStdErr(normals(2, 40_000));
  // A standard deviation estimated from n draws has a relative error of 1 / sqrt(2n), here 0.7%.
  assert.ok(Math.abs(few.stdErr / many.stdErr - 2) < 0.06, `${few.stdErr / many.stdErr}`);
});

Deno.test("meanAndStdErr() of shifted values shifts the mean and keeps the standard error", () => {
  const draws = normals(3, 1000), shifted = draws.map((value) => value + 1e8);
  const a = meanAndStdErr(draws), b = meanAndStdErr(shifted);
  assert.ok(Math.abs(b.mean - a.mean - 1e8) < 1e-6);
  // 1e8 in float64 has a spacing of 1.5e-8.
  assert.ok(Math.abs(b.stdErr / a.stdErr - 1) < 1e-7, `${b.stdErr} ${a.stdErr}`);
});

Deno.test("meanAndStdErr() refuses an empty array, and has NaN as the error of one value", () => {
  assert.throws(() => meanAndStdErr([]), { name: "RangeError", message: /at least 1 value/ });
  const one = meanAndStdErr([7]);
  assert.equal(one.mean, 7);
  assert.ok(Number.isNaN(one.stdErr));
});

Deno.test("pairedDifference() detects a small gap under a large common spread", () => {
  const common = normals(4, 1000), own = normals(5, 1000);
  const a = common.map((value, i) => 10 * value + 0.1 + 0.1 * own[i]!);
  const b = common.map((value) => 10 * value);
  const paired = pairedDifference(a, b);
  assert.ok(Math.abs(paired.mean - 0.1) < 4 * paired.stdErr);
  assert.ok(paired.stdErr < meanAndStdErr(a).stdErr / 50);
});

Deno.test("pairedDifference() changes sign with its arguments and refuses unequal lengths", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.double({ min: -1e3, max: 1e3, noNaN: true }), fc.integer()), {
      minLength: 2,
    }),
    (pairs) => {
      const a = pairs.map(([x]) => x), b = pairs.map(([, y]) => y / 1e6);
      const forth = pairedDifference(a, b), back = pairedDifference(b, a);
      assert.ok(Math.abs(forth.mean + back.mean) <= 1e-12 * (1 + Math.abs(forth.mean)));
      assert.ok(Math.abs(forth.stdErr - back.stdErr) <= 1e-12 * (1 + forth.stdErr));
    },
  ));
  assert.throws(() => pairedDifference([1, 2], [1]), { name: "RangeError", message: /2 and 1/ });
});

Deno.test("median() is the middle value, or the mean of the middle two, in any order", () => {
  assert.equal(median([10, 9, -2]), 9);
  assert.equal(median([10, 1, 9, -2]), 5);
  assert.equal(median([]), null);
});
