import assert from "node:assert/strict";
import { readImageRows } from "../../../src/data/images/image_rows.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated } from "../values.ts";
import { points } from "./points.ts";

const image = { height: 1, width: 2, channels: 1 };

/** One or two images of 1 x 2 pixels, as an IDX file or as CSV. */
function small(random: Random): Uint8Array<ArrayBuffer> {
  const grey = random.bytes(2 * random.whole(1, 2));
  return random.chance(0.5)
    ? Uint8Array.of(...[0, 0, 8, 3, 0, 0, 0, grey.length / 2, 0, 0, 0, 1, 0, 0, 0, 2], ...grey)
    : new TextEncoder().encode(
      [...grey].map((value, i) => `${value}${i % 2 ? "\n" : ","}`).join(""),
    );
}

/** Images as `log-prob --points` takes them: IDX files, and whatever points are. */
export const imageRows: FuzzTarget = {
  name: "image-rows",
  make: (random) =>
    random.chance(0.4)
      ? points.make(random)
      : random.chance(0.6)
      ? mutated(small(random), random)
      : small(random),
  async parse(bytes) {
    const half = bytes.length >> 1;
    const readStdin = () => ReadableStream.from([bytes.subarray(0, half), bytes.subarray(half)]);
    const { rows } = await readImageRows("-", {
      image,
      binarize: half % 2 === 0,
      levels: half % 3 === 0,
      readStdin,
    });
    assert.ok(rows.length > 0 && rows.length % 2 === 0);
    assert.ok(rows.every((value) => Number.isFinite(value)));
  },
};
