import assert from "node:assert/strict";
import { crc32, deflateSync } from "node:zlib";
import { decodePng, type PngHeader, pngHeader } from "../../../src/core/png/decode_png.ts";
import { encodePng, pngFile } from "../../../src/core/png/encode_png.ts";

Deno.test("decodePng() refuses a damaged file", () => {
  const png = encodePng(new Uint8Array(64).fill(9), { width: 8, height: 8 });
  const flipped = png.slice();
  flipped[45]! ^= 1;
  assert.throws(() => decodePng(flipped), { name: "InputError" });
  assert.throws(() => decodePng(png.subarray(0, png.length - 1)), /it is cut short/);
  const { pixels } = decodePng(Uint8Array.of(...png, 1, 2, 3)); // other programs ignore it
  assert.equal(pixels[0], 9);
});

/** The file with changed header fields and a recomputed checksum. */
function withHeader(
  png: Uint8Array,
  change: { width?: number; height?: number; depth?: number; interlaced?: number },
): Uint8Array {
  const bytes = png.slice();
  const view = new DataView(bytes.buffer);
  if (change.width !== undefined) view.setUint32(16, change.width);
  if (change.height !== undefined) view.setUint32(20, change.height);
  if (change.depth !== undefined) bytes[24] = change.depth;
  if (change.interlaced !== undefined) bytes[28] = change.interlaced;
  view.setUint32(29, crc32(bytes.subarray(12, 29)));
  return bytes;
}

Deno.test("decodePng() checks the header against its limits before decoding", () => {
  const png = encodePng(Uint8Array.of(7), { width: 1, height: 1 });
  const sizes = [[0, 1], [1, 0], [70_000, 1], [1, 70_000], [60_000, 60_000], [2 ** 32 - 1, 1]];
  for (const [width, height] of sizes) {
    assert.throws(() => decodePng(withHeader(png, { width: width!, height: height! })), {
      name: "InputError",
      message: `its header declares ${width} x ${height} pixels; 1 to 65535 per side and ` +
        "67108864 in total are supported",
    });
  }
  assert.throws(
    () => decodePng(withHeader(png, { depth: 7 })),
    /declares 7 bits per sample of col/,
  );
  assert.throws(() => decodePng(new Uint8Array(100)), /does not start with a PNG header/);
  assert.throws(() => decodePng(new Uint8Array()), /does not start with a PNG header/);
});

Deno.test("decodePng() takes as many image data as the header declares", () => {
  const interlaced = (rows: Uint8Array) =>
    withHeader(
      pngFile({ width: 1, height: 1 }, 0, [["IDAT", deflateSync(rows)]]),
      { interlaced: 1 },
    );
  assert.deepEqual([...decodePng(interlaced(Uint8Array.of(0, 7))).pixels], [7, 7, 7, 255]);
  const message = "its image data are damaged, or more than its header declares";
  assert.throws(() => decodePng(interlaced(new Uint8Array(2e7))), { name: "InputError", message });
  // The library fills up with black.
  const short = pngFile({ width: 4, height: 4 }, 0, [["IDAT", deflateSync(new Uint8Array(10))]]);
  assert.throws(() => decodePng(short), /its image data are 10 of 20 bytes/);
});

Deno.test("decodePng() reads every kind of PNG as another program does", async () => {
  const folder = new URL("../../outside/files/png/", import.meta.url).pathname;
  const expected: Record<string, Pick<PngHeader, "depth" | "colorType"> & { rgb: number[] }> = JSON
    .parse(await Deno.readTextFile(`${folder}expected.json`));
  assert.equal(Object.keys(expected).length, 13);
  for (const [name, { depth, colorType, rgb }] of Object.entries(expected)) {
    const bytes = await Deno.readFile(`${folder}${name}.png`);
    const bits = depth * [1, 0, 3, 1, 2, 0, 4][colorType]!;
    assert.deepEqual(pngHeader(bytes), { width: 9, height: 7, depth, colorType, bits }, name);
    const { pixels } = decodePng(bytes);
    const white = rgb.map((_, i) => {
      const at = 4 * Math.floor(i / 3), alpha = pixels[at + 3]!;
      return Math.round((pixels[at + i % 3]! * alpha + 255 * (255 - alpha)) / 255);
    });
    // The other program keeps the high byte of 16 bits, which is rounded here.
    const most = depth === 16 ? 1 : 0;
    assert.ok(white.every((value, i) => Math.abs(value - rgb[i]!) <= most), name);
  }
});
