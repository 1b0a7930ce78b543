import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../../src/core/errors.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensorsBytes,
} from "../../../src/train/weights/safetensors.ts";

const example = encodeSafetensors({
  tensors: [
    { name: "a.weight", shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
    { name: "b", shape: [], values: BigInt64Array.of(7n) },
    { name: "c", shape: [2], values: Float64Array.of(0.1, -0.2) },
  ],
  metadata: { format: "pt" },
});

/** A file with the given header text and zero data. */
function fileOf(header: string, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

Deno.test("encodeSafetensors() writes the specified bytes", () => {
  const bytes = encodeSafetensors({
    tensors: [{ name: "x", shape: [1], values: Float32Array.of(1) }],
    metadata: {},
  });
  // The header of this tensor is 56 characters, a multiple of 8; 1.0f is 00 00 80 3f.
  const header = '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  ';
  assert.equal(header.length, 56);
  assert.deepEqual([...bytes.subarray(0, 8)], [56, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal(new TextDecoder().decode(bytes.subarray(8, 64)), header);
  assert.deepEqual([...bytes.subarray(64)], [0, 0, 0x80, 0x3f]);
});

Deno.test("encodeSafetensors() refuses a shape that does not fit", () => {
  assert.throws(
    () =>
      encodeSafetensors({
        tensors: [{ name: "x", shape: [2], values: Float32Array.of(1) }],
        metadata: {},
      }),
    RangeError,
  );
});

Deno.test("decodeSafetensors() inverts encodeSafetensors()", () => {
  const tensor = fc.record({
    name: fc.string({ minLength: 1 }).filter((name) =>
      name !== "__metadata__" && name !== "__proto__"
    ),
    values: fc.oneof(
      fc.float32Array(),
      fc.float64Array(),
      fc.bigInt64Array(),
    ),
  });
  fc.assert(fc.property(
    fc.uniqueArray(tensor, { selector: (t) => t.name }),
    fc.dictionary(fc.string().filter((key) => key !== "__proto__"), fc.string()),
    (given, metadata) => {
      const tensors = given.map(({ name, values }) => ({ name, shape: [values.length], values }));
      const decoded = decodeSafetensors(encodeSafetensors({ tensors, metadata }), "x");
      assert.deepEqual({ ...decoded.metadata }, { ...metadata });
      const byName = new Map(decoded.tensors.map((t) => [t.name, t]));
      assert.equal(byName.size, tensors.length);
      for (const t of tensors) assert.deepEqual(byName.get(t.name), t);
    },
  ));
});

Deno.test("decodeSafetensors() widens F16 and BF16", () => {
  const bytes = fileOf(
    '{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},' +
      '"b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]}}',
    6,
  );
  // 0x3e00 is 1.5 in half precision, 0xc000 is -2; 0x3fc0 is 1.5 in bfloat16.
  bytes.set([0x00, 0x3e, 0x00, 0xc0, 0xc0, 0x3f], bytes.length - 6);
  const { tensors } = decodeSafetensors(bytes, "x");
  assert.deepEqual(tensors.map((t) => [...t.values]), [[1.5, -2], [1.5]]);
});

Deno.test("decodeSafetensors() of a corrupted file throws an InputError or returns a valid file", () => {
  const decodes = (bytes: Uint8Array) => {
    try {
      decodeSafetensors(bytes, "broken.safetensors");
    } catch (error) {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, /^broken\.safetensors: /);
    }
  };
  fc.assert(
    fc.property(fc.nat(example.length - 1), fc.nat(255), (at, byte) => {
      const bytes = example.slice();
      bytes[at] = byte;
      decodes(bytes);
    }),
    { numRuns: 2000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), decodes));
  fc.assert(fc.property(fc.json(), fc.nat(40), (json, n) => decodes(fileOf(json, n))));
});

Deno.test("decodeSafetensors() refuses a file truncated at any byte", () => {
  for (let length = 0; length < example.length; length++) {
    assert.throws(() => decodeSafetensors(example.subarray(0, length), "x"), InputError);
  }
});

const refused: Record<string, [header: string, dataBytes: number, message: RegExp]> = {
  "brackets without end": ["[".repeat(100), 0, /not JSON \(nested more than 32 deep\)/],
  "tensors without end": [
    `{${
      Array.from(
        { length: 65_537 },
        (_, i) => `"${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`,
      ).join()
    }}`,
    0,
    /declares 65537 tensors; at most 65536 are read/,
  ],
  "bytes beyond the data": [
    '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    8,
    /8 follow/,
  ],
  "ranges that overlap": [
    '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}',
    6,
    /y starts at byte 2 of the data, expected 4/,
  ],
  "a gap": [
    '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}',
    12,
    /y starts at byte 8/,
  ],
  "a shape larger than its range": [
    '{"x":{"dtype":"F32","shape":[1000000000,1000000000],"data_offsets":[0,4]}}',
    4,
    /x of shape \[1000000000,1000000000\]/,
  ],
  "a negative extent": ['{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4, /shape/],
  "an unknown dtype": ['{"x":{"dtype":"Q4","shape":[4],"data_offsets":[0,4]}}', 4, /dtype "Q4"/],
  "a dtype named like a property of every object": [
    '{"x":{"dtype":"constructor","shape":[1],"data_offsets":[0,4]}}',
    4,
    /dtype/,
  ],
  "metadata that is not text": ['{"__metadata__":{"a":1}}', 0, /__metadata__/],
};
for (const [what, [header, dataBytes, message]] of Object.entries(refused)) {
  Deno.test(`decodeSafetensors() refuses ${what}`, () => {
    assert.throws(() => decodeSafetensors(fileOf(header, dataBytes), "x"), { message });
  });
}

Deno.test("decodeSafetensors() does not trust the header's length", () => {
  const bytes = example.slice();
  new DataView(bytes.buffer).setBigUint64(0, 2n ** 63n, true);
  assert.throws(() => decodeSafetensors(bytes, "x"), { name: "InputError" });
});

Deno.test("readSafetensorsBytes() refuses a sparse file of gigabytes by its header", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, example);
    assert.deepEqual(await readSafetensorsBytes(path, 2 ** 32), example);
    await Deno.truncate(path, 2 ** 32); // sparse: takes no disk space
    const before = Deno.memoryUsage().rss;
    await assert.rejects(readSafetensorsBytes(path, 2 ** 32), {
      name: "InputError",
      message: /not a valid safetensors file: its header declares 48 bytes of data, \d+ follow/,
    });
    assert.ok(Deno.memoryUsage().rss - before < 2 ** 28);
  } finally {
    await Deno.remove(path);
  }
});
