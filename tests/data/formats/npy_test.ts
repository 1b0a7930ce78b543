import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeNpy, npyHeader, readNpy } from "../../../src/data/formats/npy.ts";
import { InputError } from "../../../src/core/errors.ts";

/** Written by numpy 2.4.6: numpy.lib.format.write_array. */
const byNumpy = {
  // np.arange(6).reshape(2, 3) / 4 as <f4
  float32:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPgAAAD8AAEA/AACAPwAAoD8=",
  // np.asfortranarray(np.arange(24.).reshape(2, 3, 4))
  fortran:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgNCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAChAAAAAAAAAEEAAAAAAAAAwQAAAAAAAACBAAAAAAAAANEAAAAAAAADwPwAAAAAAACpAAAAAAAAAFEAAAAAAAAAxQAAAAAAAACJAAAAAAAAANUAAAAAAAAAAQAAAAAAAACxAAAAAAAAAGEAAAAAAAAAyQAAAAAAAACRAAAAAAAAANkAAAAAAAAAIQAAAAAAAAC5AAAAAAAAAHEAAAAAAAAAzQAAAAAAAACZAAAAAAAAAN0A=",
  // np.arange(6).reshape(2, 3) - 2 as <i8, version 2.0
  int64:
    "k05VTVBZAgB0AAAAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr+////////////////////AAAAAAAAAAABAAAAAAAAAAIAAAAAAAAAAwAAAAAAAAA=",
  // np.array([1, 255], "u1")
  bytes:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoB/w==",
};

function read(base64: string) {
  const { shape, values } = readNpy(Uint8Array.fromBase64(base64), "a.npy");
  return { shape, values: [...values] };
}

async function whole(shape: readonly number[], chunks: Iterable<Float32Array>) {
  const parts = await Array.fromAsync(encodeNpy(shape, chunks));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

Deno.test("readNpy() reads what numpy writes", () => {
  assert.deepEqual(read(byNumpy.float32), {
    shape: [2, 3],
    values: [0, 0.25, 0.5, 0.75, 1, 1.25],
  });
  assert.deepEqual(read(byNumpy.fortran), {
    shape: [2, 3, 4],
    values: Array.from({ length: 24 }, (_, i) => i),
  });
  assert.deepEqual(read(byNumpy.int64), { shape: [2, 3], values: [-2, -1, 0, 1, 2, 3] });
  assert.deepEqual(read(byNumpy.bytes), { shape: [2], values: [1, 255] });
});

Deno.test("encodeNpy() writes numpy's own bytes", async () => {
  const values = [new Float32Array([0, 0.25]), new Float32Array([0.5, 0.75, 1, 1.25])];
  assert.deepEqual(await whole([2, 3], values), Uint8Array.fromBase64(byNumpy.float32));
});

Deno.test("npyHeader() has a multiple of 64 bytes", () => {
  for (const shape of [[], [1], [10 ** 9, 1, 28, 28], Array.from({ length: 20 }, () => 12345)]) {
    assert.equal(npyHeader(shape).length % 64, 0, `shape (${shape})`);
  }
  assert.throws(() => npyHeader([2, -3]), RangeError);
});

Deno.test("encodeNpy() refuses more or fewer values than the shape has", async () => {
  await assert.rejects(() => whole([2, 2], [new Float32Array(3)]), RangeError);
  await assert.rejects(() => whole([2, 2], [new Float32Array(5)]), RangeError);
});

Deno.test("readNpy() names declared and actual size", () => {
  const bytes = Uint8Array.fromBase64(byNumpy.float32);
  assert.throws(() => readNpy(bytes.subarray(0, bytes.length - 1), "a.npy"), {
    name: "InputError",
    message:
      "a.npy: the NPY header declares shape (2, 3) of <f4, 24 bytes, the file has 23; it is cut short",
  });
  assert.throws(() => readNpy(bytes.subarray(0, 60), "a.npy"), /should end at byte 128.* has 60/);
});

Deno.test("readNpy() allocates nothing for the size that a header declares", () => {
  const withShape = (shape: string) => {
    const text = `{'descr': '<f4', 'fortran_order': True, 'shape': ${shape}, }`.padEnd(117) + "\n";
    return new Uint8Array([
      ...npyHeader([1]).subarray(0, 10),
      ...new TextEncoder().encode(text),
      ...new Uint8Array(24),
    ]);
  };
  assert.deepEqual(readNpy(withShape("(3, 2)"), "a").shape, [3, 2]);
  // npyjs accepts the first; the second is 24 bytes modulo 2^64.
  for (const shape of ["(2, 300000000000)", "(4611686018427387910,)", "(2, -3)", "(2, 3.0)"]) {
    assert.throws(() => readNpy(withShape(shape), "a"), InputError, shape);
  }
});

Deno.test("readNpy() refuses more elements than its limit", () => {
  const count = 2 ** 27 + 1; // one byte each here, 8 in float64
  const start = new TextEncoder().encode(
    `\x01\x00\x76\x00{'descr': '|u1', 'fortran_order': False, 'shape': (${count}, 1), }`.padEnd(
      121,
    ) +
      "\n",
  );
  const bytes = new Uint8Array(128 + count);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), ...start]);
  assert.throws(() => readNpy(bytes, "a.npy"), {
    name: "InputError",
    message: "a.npy: has 134217729 elements; the limit is 134217728",
  });
});

Deno.test("readNpy() says how to save element types that it cannot read", () => {
  const header = (type: string) => {
    const bytes = npyHeader([1]);
    const text = String.fromCharCode(...bytes).replace("'<f4'", type);
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  };
  assert.throws(() => readNpy(header("'<c8'"), "a"), /complex numbers, type "<c8"; save /);
  assert.throws(() => readNpy(header("[(1)]"), "a"), /a structured NPY array; save/);
  assert.throws(() => readNpy(header("'toString'"), "a"), InputError);
  assert.throws(() => readNpy(new Uint8Array([1, 2]), "a"), /not an NPY file/);
});

Deno.test("encodeNpy() and readNpy() are inverse", async () => {
  const array = fc.array(fc.nat(4), { maxLength: 4 }).chain((shape) => {
    const length = shape.reduce((product, n) => product * n, 1);
    return fc.tuple(fc.constant(shape), fc.float32Array({ minLength: length, maxLength: length }));
  });
  await fc.assert(fc.asyncProperty(array, async ([shape, values]) => {
    const back = readNpy(await whole(shape, [values]), "a");
    assert.deepEqual(back.shape, shape);
    assert.deepEqual(back.values, values);
  }));
});

Deno.test("readNpy() returns a consistent array or throws an InputError for any bytes", () => {
  const damage = fc.record({
    source: fc.constantFrom(...Object.values(byNumpy)),
    cut: fc.nat(150),
    flips: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(damage, ({ source, cut, flips }) => {
      const bytes = Uint8Array.fromBase64(source);
      for (const [at, mask] of flips) bytes[at % bytes.length]! ^= mask;
      const given = bytes.slice(0, Math.max(0, bytes.length - cut));
      try {
        const { shape, values } = readNpy(given, "a");
        assert.equal(values.length, shape.reduce((product, n) => product * n, 1));
        assert.ok(values.length <= given.length);
      } catch (error) {
        assert.ok(error instanceof InputError, String(error));
        assert.doesNotMatch(error.message, /\n/);
      }
    }),
    { numRuns: 500 },
  );
});
