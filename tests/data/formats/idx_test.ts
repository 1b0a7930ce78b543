import assert from "node:assert/strict";
import fc from "fast-check";
import { readIdxImages, readIdxLabels } from "../../../src/data/formats/idx.ts";
import { InputError } from "../../../src/core/errors.ts";
import { idxImages, idxLabels } from "../images/idx_files.ts";

Deno.test("readIdxImages() returns what was written, without copying", () => {
  const grey = Uint8Array.from({ length: 2 * 3 * 4 }, (_, i) => i);
  const bytes = idxImages({ height: 3, width: 4, grey });
  const read = readIdxImages(bytes, "a");
  assert.deepEqual([read.count, read.height, read.width], [2, 3, 4]);
  assert.deepEqual(read.grey, grey);
  assert.equal(read.grey.buffer, bytes.buffer);
});

Deno.test("readIdxImages() rejects a truncated header", () => {
  const bytes = idxImages({ height: 1, width: 1, grey: new Uint8Array(1) });
  assert.throws(() => readIdxImages(bytes.subarray(0, 15), "x-idx3"), {
    name: "InputError",
    message: "x-idx3: 15 bytes, too short for the 16-byte header of IDX images",
  });
});

Deno.test("readIdxImages() names declared and actual size", () => {
  const bytes = idxImages({ height: 2, width: 2, grey: new Uint8Array(8) });
  assert.throws(
    () => readIdxImages(bytes.subarray(0, 23), "x"),
    /^InputError: x: the IDX header declares 2 x 2 x 2 bytes of images, the file has 7; it is cut short$/,
  );
  new DataView(bytes.buffer).setUint32(4, 1);
  assert.throws(() => readIdxImages(bytes, "x"), /declares 1 x 2 x 2 .* has 8; it is too long/);
});

Deno.test("readIdxImages() allocates nothing for the size that a header declares", () => {
  const bytes = idxImages({ height: 2, width: 2, grey: new Uint8Array(4) });
  const view = new DataView(bytes.buffer);
  for (const at of [4, 8, 12]) view.setUint32(at, 0xffffffff); // 2^96 bytes
  assert.throws(() => readIdxImages(bytes, "x"), InputError);
  // 2^32 * 2^32 * 4 wraps to 0 in 64 bits and to 2^66 in a float
  for (const [at, n] of [[4, 0], [8, 2 ** 31], [12, 2]] as const) view.setUint32(at, n);
  assert.throws(() => readIdxImages(bytes, "x"), /declares 0 x 2147483648 x 2 .* has 4/);
});

Deno.test("readIdxLabels() refuses images", () => {
  assert.deepEqual(readIdxLabels(idxLabels([7, 2, 1]), "l"), new Uint8Array([7, 2, 1]));
  const images = idxImages({ height: 1, width: 1, grey: new Uint8Array(3) });
  assert.throws(
    () => readIdxLabels(images, "l"),
    /not an IDX file of labels: begins with 0x00000803/,
  );
});

Deno.test("readIdxImages() returns a consistent array or throws an InputError for any bytes", () => {
  const damaged = fc.record({
    cut: fc.nat(40),
    flips: fc.array(fc.tuple(fc.nat(39), fc.integer({ min: 1, max: 255 })), { maxLength: 4 }),
  });
  fc.assert(fc.property(damaged, ({ cut, flips }) => {
    const bytes = idxImages({ height: 2, width: 3, grey: new Uint8Array(24) });
    for (const [at, mask] of flips) bytes[at]! ^= mask;
    const given = bytes.slice(0, bytes.length - cut);
    try {
      const { count, height, width, grey } = readIdxImages(given, "x");
      assert.equal(grey.length, count * height * width);
      assert.equal(grey.length, given.length - 16);
    } catch (error) {
      assert.ok(error instanceof InputError, String(error));
      assert.doesNotMatch(error.message, /\n/);
    }
  }));
});
