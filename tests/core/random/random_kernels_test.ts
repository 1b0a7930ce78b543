import assert from "node:assert/strict";
import fc from "fast-check";
import { CHUNK, RandomKernels } from "../../../src/core/random/random_kernels.ts";
import wasm from "../../../src/core/random/random_kernels.wasm" with { type: "bytes" };

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

/** Philox as in the paper, in BigInt arithmetic. */
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

const kernels = new RandomKernels();

Deno.test("words() returns the known answers of Random123", () => {
  for (const { counter, key, block } of known) {
    const stream = { counter2: counter[2], counter3: counter[3], key0: key[0], key1: key[1] };
    const words = kernels.words(stream, counter[0], counter[1], 4);
    assert.deepEqual([...words.subarray(0, 4)], [...block]);
  }
});

Deno.test("words() and normals() refuse counts above the chunk size", () => {
  const stream = { counter2: 0, counter3: 0, key0: 0, key1: 0 };
  for (const count of [-1, 0.5, NaN, CHUNK + 1, 2 ** 31]) {
    assert.throws(() => kernels.words(stream, 0, 0, count), RangeError);
    for (const bits of [32, 64] as const) {
      assert.throws(() => kernels.normals(count, bits), RangeError);
    }
  }
});

const anyWord = fc.integer({ min: 0, max: 0xffffffff });

Deno.test("words() equals the paper's function for any counter and key", () => {
  const streams = fc.record({
    counter2: anyWord,
    counter3: anyWord,
    key0: anyWord,
    key1: anyWord,
  });
  const lowWord = fc.oneof(anyWord, fc.constantFrom(0xfffffffe, 0xffffffff)); // carries
  const property = fc.property(
    streams,
    lowWord,
    anyWord,
    fc.nat(9),
    (stream, low, high, blocks) => {
      const words = kernels.words(stream, low, high, 4 * blocks);
      for (let block = 0; block < blocks; block++) {
        const number = BigInt(high) * 2n ** 32n + BigInt(low + block);
        const counter = [
          Number(BigInt.asUintN(32, number)),
          Number(BigInt.asUintN(32, number >> 32n)),
          stream.counter2,
          stream.counter3,
        ];
        assert.deepEqual(
          [...words.subarray(4 * block, 4 * block + 4)],
          philox(counter, [stream.key0, stream.key1]),
        );
      }
    },
  );
  fc.assert(property);
});

/** The bare module, which accepts arbitrary words. */
function bareModule() {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const { storeRadiusConstants, storeTurnConstants, radii, normals } = exports as Record<
    string,
    (...numbers: number[]) => void
  >;
  const at = { radius: 0, turn: 256, words: 512, radii: 512 + 4 * CHUNK, normals: 512 + 8 * CHUNK };
  storeRadiusConstants!(at.radius);
  storeTurnConstants!(at.turn);
  return {
    words: new Uint32Array(memory.buffer, at.words, CHUNK),
    radii: new Float64Array(memory.buffer, at.radii, CHUNK / 2),
    normals: new Float64Array(memory.buffer, at.normals, CHUNK),
    makeRadii: () => radii!(CHUNK / 2, at.words, at.radii, at.radius),
    makeNormals: () => normals!(CHUNK / 2, at.words, at.radii, at.normals, at.turn),
  };
}

// Against 64-bit mantissas the largest errors over all inputs are 0.95 ulp for radii and 0.70 ulp
// for sine and cosine; the engine's own functions of rounded arguments add 1 or 2 ulp here.
const LIMIT = 2 ** -51;

Deno.test("radii() and normals() are accurate for every possible uniform number", () => {
  const module = bareModule();
  let radiusError = 0, turnError = 0;
  for (let first = 0; first < 2 ** 23; first += CHUNK / 2) {
    for (let i = 0; i < CHUNK / 2; i++) {
      // The lowest 9 bits of a word are ignored.
      module.words[2 * i] = (first + i) << 9 | i;
      module.words[2 * i + 1] = (first + i) << 9 | (511 - i);
    }
    module.makeRadii();
    for (let i = 0; i < CHUNK / 2; i++) {
      const expected = Math.sqrt(-2 * Math.log((first + i + 0.5) / 2 ** 23));
      radiusError = Math.max(radiusError, Math.abs(module.radii[i]! / expected - 1));
    }
    module.radii.fill(1);
    module.makeNormals();
    for (let i = 0; i < CHUNK / 2; i++) {
      // Subtract the nearest quarter turn exactly: Math.cos of the full angle is accurate only in
      // absolute terms.
      const u = (first + i + 0.5) / 2 ** 23, quarter = Math.round(4 * u);
      const angle = 2 * Math.PI * (u - quarter / 4);
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      const [x, y] = [[cos, sin], [-sin, cos], [-cos, -sin], [sin, -cos]][quarter % 4]!;
      turnError = Math.max(
        turnError,
        Math.abs(module.normals[2 * i]! / x! - 1),
        Math.abs(module.normals[2 * i + 1]! / y! - 1),
      );
    }
  }
  assert.ok(radiusError <= LIMIT, `radii: ${radiusError}`);
  assert.ok(turnError <= LIMIT, `sine and cosine: ${turnError}`);
});
