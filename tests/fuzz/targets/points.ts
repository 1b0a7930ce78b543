import assert from "node:assert/strict";
import { readContent } from "../../../src/data/input_file.ts";
import { parsePoints } from "../../../src/data/tables/point_rows.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated } from "../values.ts";
import { makeCsv } from "./csv.ts";
import { gzipped } from "./gzip.ts";
import { makeIdx } from "./idx.ts";
import { makeNpz } from "./npz.ts";
import { makeNpy } from "./npy.ts";

/** A file of unknown kind, compressed or not, as `--points` and the standard input take it. */
export const points: FuzzTarget = {
  name: "points",
  async make(random: Random) {
    const content = random.pick([makeCsv, makeNpy, makeNpz, makeIdx])(random);
    if (random.chance(0.7)) return content;
    const bytes = await gzipped(content);
    return random.chance(0.3) ? mutated(bytes, random) : bytes;
  },
  async parse(bytes) {
    const half = bytes.length >> 1;
    const chunks = ReadableStream.from([bytes.subarray(0, half), bytes.subarray(half)]);
    const { points, count, dims } = await readContent(chunks, { place: "f", use: parsePoints });
    assert.ok(count > 0 && dims > 0 && points.length === count * dims);
    assert.ok(points.every((value) => Number.isFinite(Math.fround(value))));
  },
};
