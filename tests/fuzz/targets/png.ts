import assert from "node:assert/strict";
import { crc32, deflateSync } from "node:zlib";
import { decodePng } from "../../../src/core/png/decode_png.ts";
import { encodePng } from "../../../src/core/png/encode_png.ts";
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

/** Bits per sample that each colour type may have. */
const depths: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** A file whose header and data need not belong together; its checksums are right. */
function crafted(random: Random): Uint8Array<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(13));
  const side = () => random.chance(0.7) ? random.whole(0, 20) : wholeNumber(random);
  const width = side(), height = side();
  header.setUint32(0, width);
  header.setUint32(4, height);
  const type = random.chance(0.95) ? random.pick([0, 2, 3, 4, 6]) : 1;
  const depth = random.pick(random.chance(0.95) ? depths[type] ?? [8] : [1, 2, 4, 8, 16, 3]);
  const fields = [depth, type, 0, 0, random.below(2)];
  fields.forEach((field, i) => header.setUint8(8 + i, field));
  const samples = [1, 1, 3, 1, 2, 1, 4][type]!;
  const size = Math.abs(height * (1 + Math.ceil(width * depth * samples / 8)));
  const rows = random.chance(0.7)
    ? random.bytes(random.chance(0.7) && size < 20_000 ? size : random.below(500))
      .map((byte) => byte & 3)
    : new Uint8Array(random.pick([0, 1, 100_000]));
  const chunks = [
    chunk("IHDR", new Uint8Array(header.buffer)),
    ...random.chance(type === 3 ? 0.9 : 0.3)
      ? [chunk("PLTE", random.bytes(3 * random.pick([random.below(8), 256])))]
      : [],
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
    const { width, height, pixels } = decodePng(bytes);
    assert.equal(pixels.length, 4 * width * height);
  },
};
