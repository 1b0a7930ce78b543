import assert from "node:assert/strict";
import fc from "fast-check";
import {
  fillNormal,
  fillSigns,
  fillUniform,
  permutation,
  type RandomKey,
} from "../../../src/core/random/random.ts";

const key: RandomKey = { seed: 2 ** 40 + 12345, stream: 4, subsequence: 7 };
const fills = { fillUniform, fillNormal, fillSigns };

async function hash(values: Float32Array | Float64Array | Uint32Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", values as BufferSource))
    .slice(0, 8).toHex();
}

// Weights, batches and samples of every existing run depend on these bits. Recorded from the
// first version of the generator, whose words are checked against Random123.
Deno.test("random numbers equal the recorded ones bit for bit", async () => {
  assert.equal(await hash(fillUniform(key, 1, new Float32Array(1001))), "b42b4242c4c09726");
  assert.equal(await hash(permutation(key, 1001)), "5299d134aa4003c8");
  assert.deepEqual(
    [...fillNormal(key, 1, new Float32Array(4))].map((value) => value.toFixed(6)),
    ["-0.303404", "0.419379", "-0.023583", "0.583546"],
  );
});

/** The Box-Muller formula with the JavaScript engine's own functions. */
function boxMuller(start: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const pair = start + i - (start + i) % 2;
    const [u, v] = fillUniform(key, pair, new Float64Array(2));
    const radius = Math.sqrt(-2 * Math.log(u!)), angle = 2 * Math.PI * v!;
    return radius * (pair === start + i ? Math.cos(angle) : Math.sin(angle));
  });
}

// The formula here rounds the angle (by half of 2^-50) and 2 pi (by 2^-52); the radius is at most 5.8.
const ANGLE_LIMIT = 5e-15;

Deno.test("fillNormal() is the Box-Muller formula from any start", () => {
  // Starts around chunk boundaries too.
  const starts = fc.oneof(fc.nat(9), fc.nat(3000), fc.integer({ min: 2 ** 34 - 9, max: 2 ** 34 }));
  const lengths = fc.oneof(fc.nat(5), fc.integer({ min: 1015, max: 1030 }), fc.nat(2100));
  fc.assert(fc.property(starts, lengths, (start, length) => {
    const [before, after] = [7.5, 8.5];
    const buffer = new Float64Array(length + 2).fill(before, 0, 1).fill(after, length + 1);
    const wide = fillNormal(key, start, buffer.subarray(1, length + 1));
    const expected = boxMuller(start, length);
    assert.ok(wide.every((value, i) => Math.abs(value - expected[i]!) < ANGLE_LIMIT));
    assert.deepEqual([buffer[0], buffer[length + 1]], [before, after]);
    assert.deepEqual(fillNormal(key, start, new Float32Array(length)), new Float32Array(wide));
  }));
});

// Independent of machine and JavaScript engine: IEEE 754 defines the rounding of every operation.
Deno.test("fillNormal() has the same bits on every machine", async () => {
  assert.equal(await hash(fillNormal(key, 1, new Float64Array(5001))), "6cbd96a0c0a3eb7f");
  assert.equal(await hash(fillNormal(key, 1, new Float32Array(5001))), "42828f256126f483");
});

for (const [name, fill] of Object.entries(fills)) {
  Deno.test(`${name}() of a slice is the slice of the whole`, () => {
    const whole = fill(key, 0, new Float64Array(5000));
    fc.assert(fc.property(fc.nat(4999), fc.nat(3000), (start, length) => {
      const count = Math.min(length, 5000 - start);
      assert.deepEqual(
        fill(key, start, new Float64Array(count)),
        whole.slice(start, start + count),
      );
    }));
    const far = 2 ** 40 + 3;
    const farWhole = fill(key, far, new Float64Array(20));
    assert.deepEqual(fill(key, far + 5, new Float64Array(6)), farWhole.slice(5, 11));
  });

  Deno.test(`${name}() depends on seed, stream and subsequence`, () => {
    const of = (key: RandomKey) => [...fill(key, 0, new Float32Array(64))].join();
    const all = [
      of({ seed: 0, stream: 4 }),
      of({ seed: 1, stream: 4 }),
      of({ seed: 2 ** 32, stream: 4 }),
      of({ seed: 0, stream: 5 }),
      of({ seed: 0, stream: 4, subsequence: 1 }),
    ];
    assert.equal(new Set(all).size, all.length);
    assert.equal(of({ seed: 0, stream: 4, subsequence: 0 }), all[0]);
  });
}

const COUNT = 100_000;

/** Asserts that the mean of f is within five standard errors of its expectation. */
function assertMean(
  values: Float64Array,
  f: (value: number, index: number) => number,
  expected: number,
): void {
  let total = 0, squares = 0;
  values.forEach((value, i) => {
    const result = f(value, i);
    total += result;
    squares += result ** 2;
  });
  const mean = total / values.length;
  const standardError = Math.sqrt((squares / values.length - mean ** 2) / values.length);
  assert.ok(Math.abs(mean - expected) < 5 * standardError, `${mean}, expected ${expected}`);
}

Deno.test("fillUniform() is uniform on the open interval", () => {
  const values = fillUniform(key, 0, new Float64Array(COUNT));
  assert.ok(values.every((value) => value > 0 && value < 1));
  assert.ok(values.every((value) => Math.fround(value) === value));
  for (const power of [1, 2, 3, 8]) assertMean(values, (v) => v ** power, 1 / (power + 1));
  assertMean(values, (v, i) => (v - 0.5) * (values[(i + 1) % COUNT]! - 0.5), 0);
});

Deno.test("fillNormal() is standard normal, and neighbours are independent", () => {
  const values = fillNormal(key, 0, new Float64Array(COUNT));
  const moments = [0, 1, 0, 3, 0, 15]; // of the standard normal
  moments.forEach((moment, i) => assertMean(values, (v) => v ** (i + 1), moment));
  assertMean(values, (v, i) => v * values[(i + 1) % COUNT]!, 0);
  assertMean(values, (v, i) => (v ** 2 - 1) * (values[(i + 1) % COUNT]! ** 2 - 1), 0);
  // P(|z| < 1)
  assertMean(values, (v) => Math.abs(v) < 1 ? 1 : 0, 0.6826894921370859);
});

Deno.test("fillSigns() is +1 or -1 with equal odds", () => {
  const values = fillSigns(key, 0, new Float64Array(COUNT));
  assert.ok(values.every((value) => Math.abs(value) === 1));
  assertMean(values, (v) => v, 0);
  assertMean(values, (v, i) => v * values[(i + 1) % COUNT]!, 0);
});

Deno.test("permutation() contains every number once", () => {
  fc.assert(fc.property(fc.nat(3000), fc.nat(1000), (n, subsequence) => {
    const order = permutation({ ...key, subsequence }, n);
    assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
  }));
});

Deno.test("permutation() yields every order equally often", () => {
  const counts = new Map<string, number>();
  const draws = 24_000;
  for (let subsequence = 0; subsequence < draws; subsequence++) {
    const order = permutation({ ...key, subsequence }, 4).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 24);
  let chiSquare = 0;
  for (const count of counts.values()) chiSquare += (count - draws / 24) ** 2 / (draws / 24);
  // 23 degrees of freedom: exceeded with probability 1e-5.
  assert.ok(chiSquare < 61, `chi-square ${chiSquare}`);
});

Deno.test("permutation() refuses an invalid count", () => {
  for (const n of [-1, 1.5, NaN, 2 ** 32]) assert.throws(() => permutation(key, n), RangeError);
});

Deno.test("keys and positions beyond the counter's range are refused", () => {
  const refused: [Partial<RandomKey>, number][] = [
    [{ seed: 2 ** 53 }, 0],
    [{ seed: -1 }, 0],
    [{ seed: 0.5 }, 0],
    [{ subsequence: 2 ** 32 }, 0],
    [{ subsequence: -1 }, 0],
    [{}, 2 ** 53 - 4],
    [{}, 0.5],
  ];
  for (const [change, start] of refused) {
    assert.throws(
      () => fillUniform({ ...key, ...change }, start, new Float64Array(8)),
      { name: "RangeError", message: /random: expected whole numbers/ },
    );
  }
});
