import assert from "node:assert/strict";
import { crc32, deflateSync } from "node:zlib";
import { decodePng } from "../../../src/core/png/decode_png.ts";
import { encodePng } from "../../../src/core/png/encode_png.ts";
import { InputError } from "../../../src/core/errors.ts";
import type { Random } from "../random.ts";
import type { FuzzTarget } from "../target.ts";
import { mutated, wholeNumber } from "../values.ts";

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** A file whose header and data need not belong together; its checksums are right. */
function crafted(random: Random): Uint8Array<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(13));
  const side = () => random.chance(0.7) ? random.whole(0, 20) : wholeNumber(random);
  header.setUint32(0, side());
  header.setUint32(4, side());
  const bits = [1, 2, 4, 8, 16, 3];
  const fields = [random.pick(bits), random.pick([0, 2, 3, 4, 6, 1]), 0, 0, random.below(2)];
  fields.forEach((field, i) => header.setUint8(8 + i, field));
  const rows = random.chance(0.7)
    ? random.bytes(random.below(500)).map((byte) => byte & 3)
    : new Uint8Array(random.pick([0, 1, 100_000]));
  const chunks = [
    chunk("IHDR", new Uint8Array(header.buffer)),
    ...random.chance(0.3) ? [chunk("PLTE", random.bytes(3 * random.below(8)))] : [],
    ...random.chance(0.2) ? [chunk("tRNS", random.bytes(random.below(8)))] : [],
    ...random.chance(0.2) ? [chunk(random.pick(["tEXt", "iTXt"]), random.bytes(9))] : [],
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array()),
  ];
  return Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10, ...chunks.flatMap((part) => [...part]));
}

/** PNG. */
export const png: FuzzTarget = {
  name: "png",
  make(random) {
    if (random.chance(0.5)) return crafted(random);
    const width = random.whole(1, 9), height = random.whole(1, 9);
    const grey = random.bytes(width * height);
    const whole = encodePng(grey, { width, height, text: { Command: "fluxion" } });
    return mutated(whole, random);
  },
  parse(bytes) {
    let picture;
    try {
      picture = decodePng(bytes);
    } catch (error) {
      // The library's errors are given their words where a picture is read.
      throw new InputError(`f.png: ${(error as Error).message}`);
    }
    const { width, height, pixels } = picture;
    assert.equal(pixels.length, 4 * width * height);
  },
};
