import assert from "node:assert/strict";
import { gunzip } from "../../../src/data/formats/gunzip.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated } from "../values.ts";

const LIMIT = 100_000;

/** A gzip file of the content. */
export async function gzipped(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Gzip: whole, damaged, two members, more than the limit. */
export const gzip: FuzzTarget = {
  name: "gzip",
  async make(random: Random) {
    const content = random.chance(0.5)
      ? random.bytes(random.below(300))
      : new Uint8Array(random.pick([0, 1, LIMIT, LIMIT + 1, 5 * LIMIT])).fill(random.word());
    const whole = await gzipped(content);
    const bytes = random.chance(0.1) ? Uint8Array.of(...whole, ...whole) : whole;
    return random.chance(0.7) ? mutated(bytes, random) : bytes;
  },
  async parse(bytes) {
    assert.ok((await gunzip(bytes, { place: "f.gz", limit: LIMIT })).length <= LIMIT);
  },
};
