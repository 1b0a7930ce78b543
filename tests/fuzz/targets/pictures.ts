import assert from "node:assert/strict";
import { encodePng } from "../../../src/core/png/encode_png.ts";
import { stackPictures } from "../../../src/data/images/picture_stack.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated } from "../values.ts";

/** A PNG file of 2 x 3 pixels, or nearly so. */
function makePicture(random: Random): Uint8Array {
  const size = { width: random.chance(0.95) ? 3 : 2, height: 2 };
  const bytes = random.bytes(size.width * size.height * random.pick([1, 3]));
  const png = new Uint8Array(encodePng(bytes, size));
  return random.chance(0.1) ? mutated(png, random) : png;
}

/** The pictures of a folder: each with the number of its bytes before it. */
export const pictures: FuzzTarget = {
  name: "pictures",
  make(random) {
    const files = Array.from({ length: random.whole(1, 5) }, () => makePicture(random));
    return Uint8Array.from(files.flatMap((file) => [file.length >> 8, file.length & 255, ...file]));
  },
  async parse(bytes) {
    const files: Uint8Array[] = [];
    for (let at = 0; at + 2 <= bytes.length;) {
      const length = bytes[at]! * 256 + bytes[at + 1]!;
      files.push(bytes.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    const wanted = [undefined, 1, 3][bytes.length % 3];
    const given = ReadableStream.from(files.map((bytes, i) => ({ place: `${i}.png`, bytes })));
    const stack = await stackPictures(given, {
      count: files.length,
      channels: wanted,
      place: "folder",
    });
    const { count, height, width, channels, values } = stack;
    assert.equal(values.length, count * height * width * channels);
    assert.equal(channels, wanted ?? channels);
    const isColour = values.some((value, i) => i % 3 > 0 && value !== values[i - i % 3]);
    assert.ok(wanted !== undefined || channels === 1 || isColour, "three channels of grey");
  },
};
