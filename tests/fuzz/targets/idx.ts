import assert from "node:assert/strict";
import { readIdx, readIdxImages, readIdxLabels } from "../../../src/data/formats/idx.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated, wholeNumber } from "../values.ts";

const itemBytes: Readonly<Record<number, number>> = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 };

/** IDX files of images, labels and other arrays whose header fits, or wraps. */
export function makeIdx(random: Random): Uint8Array<ArrayBuffer> {
  const axes = random.pick([3, 3, 3, 1, 2, 4, 5]);
  const type = random.chance(0.6) ? 8 : random.pick([9, 10, 11, 12, 13, 14]);
  const isHonest = random.chance(0.6);
  const shape = Array.from(
    { length: axes },
    () => isHonest ? random.whole(0, 6) : wholeNumber(random),
  );
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, type << 8 | axes);
  shape.forEach((length, i) => header.setUint32(4 + 4 * i, length));
  const size = shape.reduce((product, length) => product * length, itemBytes[type] ?? 1);
  const held = size >= 0 && size <= 10_000 ? size : random.below(100);
  const bytes = Uint8Array.of(...new Uint8Array(header.buffer), ...random.bytes(held));
  return random.chance(0.3) ? mutated(bytes, random) : bytes;
}

/** IDX, read as what its third and fourth byte say: labels, images, or any array. */
export const idx: FuzzTarget = {
  name: "idx",
  make: makeIdx,
  parse(bytes) {
    if (bytes[2] !== 8 || bytes[3] !== 1 && bytes[3] !== 3) {
      const { shape, values } = readIdx(bytes, "f");
      assert.equal(values.length, shape.reduce((product, length) => product * length, 1));
      assert.ok(values.byteLength <= 8 * bytes.length);
      return;
    }
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
