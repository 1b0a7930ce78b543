import assert from "node:assert/strict";
import { readIdxImages, readIdxLabels } from "../../../src/data/formats/idx.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated, wholeNumber } from "../values.ts";

/** IDX files of images or labels whose header fits, or wraps. */
export function makeIdx(random: Random): Uint8Array<ArrayBuffer> {
  const isImages = random.chance(0.7);
  const isHonest = random.chance(0.6);
  const shape = Array.from(
    { length: isImages ? 3 : 1 },
    () => isHonest ? random.whole(0, 6) : wholeNumber(random),
  );
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, isImages ? 0x803 : 0x801);
  shape.forEach((length, i) => header.setUint32(4 + 4 * i, length));
  const size = shape.reduce((product, length) => product * length, 1);
  const held = size >= 0 && size <= 10_000 ? size : random.below(100);
  const bytes = Uint8Array.of(...new Uint8Array(header.buffer), ...random.bytes(held));
  return random.chance(0.3) ? mutated(bytes, random) : bytes;
}

/** IDX, read as what its fourth byte says: labels of 1 dimension, else images. */
export const idx: FuzzTarget = {
  name: "idx",
  make: makeIdx,
  parse(bytes) {
    if (bytes[3] === 1) {
      assert.equal(readIdxLabels(bytes, "f").length, bytes.length - 8);
      return;
    }
    const { count, height, width, grey } = readIdxImages(bytes, "f");
    assert.ok(height > 0 && width > 0);
    assert.equal(grey.length, count * height * width);
    assert.equal(grey.buffer, bytes.buffer); // nothing is allocated for what a header declares
  },
};
