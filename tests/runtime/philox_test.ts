import assert from "node:assert/strict";
import fc from "fast-check";
import { philox4x32, philoxBlocks } from "../../src/runtime/philox.ts";

// Known answers of the Random123 distribution, kat_vectors, philox4x32 10.
const known = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    block: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    block: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    // Digits of pi.
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    block: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
] as const;

/** Philox by its paper, in integers without bounds. */
function philox(counter: readonly number[], key: readonly number[]): number[] {
  const word = (x: bigint) => x & 0xffffffffn;
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0, p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, word(p1), (p0 >> 32n) ^ c3 ^ k1, word(p0)];
    [k0, k1] = [word(k0 + 0x9e3779b9n), word(k1 + 0xbb67ae85n)];
  }
  return [c0, c1, c2, c3].map(Number);
}

Deno.test("philox4x32() gives the known answers of Random123", () => {
  for (const { counter, key, block } of known) {
    const out = new Uint32Array(4);
    const stream = { counter2: counter[2], counter3: counter[3], key0: key[0], key1: key[1] };
    philox4x32(stream, counter[0], counter[1], out, 0);
    assert.deepEqual([...out], [...block]);
  }
});

const anyWord = fc.integer({ min: 0, max: 0xffffffff });

Deno.test("philoxBlocks() is the paper's function for any counter and key", () => {
  const streams = fc.record({
    counter2: anyWord,
    counter3: anyWord,
    key0: anyWord,
    key1: anyWord,
  });
  const numbers = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 2 });
  fc.assert(fc.property(streams, numbers, (stream, first) => {
    const out = new Uint32Array(8);
    philoxBlocks(stream, first, out);
    for (const block of [0, 1]) {
      const number = first + block;
      const counter = [
        number % 2 ** 32,
        Math.floor(number / 2 ** 32),
        stream.counter2,
        stream.counter3,
      ];
      assert.deepEqual(
        [...out.subarray(4 * block, 4 * block + 4)],
        philox(counter, [stream.key0, stream.key1]),
      );
    }
  }));
});
