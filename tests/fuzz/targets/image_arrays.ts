import assert from "node:assert/strict";
import { openDataset } from "../../../src/data/registry.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated, wholeNumber } from "../values.ts";
import { makeNpz } from "./npz.ts";

/** An NPY file of three or four axes: images of some shape, values and type, or nearly so. */
function makeImages(random: Random): Uint8Array<ArrayBuffer> {
  const side = () => random.chance(0.97) ? random.whole(1, 4) : Math.abs(wholeNumber(random));
  const channels = random.pick([[], [], [1], [3], [2], [4]]);
  const pixels = [side(), side()];
  const shape = [
    random.chance(0.8) ? random.whole(10, 14) : random.below(4),
    ...random.chance(0.5) ? [...channels, ...pixels] : [...pixels, ...channels],
  ];
  const [type, bytes] = random.pick([["|u1", 1], ["|b1", 1], ["<u2", 2], ["<f4", 4], [">f8", 8]]);
  const count = Math.min(10_000, shape.reduce((product, length) => product * length, 1));
  // Floats of random bytes are rarely images: half of them are from 0 to 1.
  const values = random.bytes(count * (bytes as number));
  if (type === "<f4" && random.chance(0.7)) {
    const view = new DataView(values.buffer);
    for (let i = 0; i < count; i++) view.setFloat32(4 * i, values[4 * i]! / 255, true);
  }
  const header = `{'descr': '${type}', 'fortran_order': ${random.pick(["True", "False"])}, ` +
    `'shape': (${shape.join(", ")}), }`;
  const text = new TextEncoder().encode(header.padEnd(117) + "\n");
  return Uint8Array.of(
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    text.length,
    0,
    ...text,
    ...values,
  );
}

/** Arrays of images as `--data` takes them: NPY, and NPZ of one. */
export const imageArrays: FuzzTarget = {
  name: "image-arrays",
  make(random) {
    const file = random.chance(0.3) ? makeNpz(random, makeImages) : makeImages(random);
    return random.chance(0.2) ? mutated(file, random) : file;
  },
  async parse(bytes) {
    const binarize = [undefined, true, false][bytes.length % 3];
    const readStdin = () => ReadableStream.from([bytes]);
    const dataset = await openDataset("-", { binarize, readStdin });
    if (dataset.kind !== "images") return;
    const { train, test, height, width, channels, reading } = dataset;
    const pixels = new Float32Array(train.count * height * width * channels);
    train.read(Array.from({ length: train.count }, (_, i) => i), pixels);
    assert.ok(train.count >= 8 && test.count >= 2);
    assert.ok(pixels.every((value) => value >= 0 && value <= 1));
    assert.ok(!reading!.binarize || pixels.every((value) => value === 0 || value === 1));
  },
};
