import assert from "node:assert/strict";
import fc from "fast-check";
import { decodePng } from "../../../src/core/png/decode_png.ts";
import { encodePng, withText } from "../../../src/core/png/encode_png.ts";

const size = fc.record({
  width: fc.integer({ min: 1, max: 9 }),
  height: fc.integer({ min: 1, max: 9 }),
});

Deno.test("encodePng() keeps every pixel and every text", () => {
  const keyword = fc.stringMatching(/^[A-Za-z]{1,20}$/).filter((word) => word !== "__proto__");
  fc.assert(fc.property(
    size.chain(({ width, height }) =>
      fc.tuple(
        fc.constant({ width, height }),
        fc.constantFrom(1, 4).chain((channels) => {
          const length = width * height * channels;
          return fc.uint8Array({ minLength: length, maxLength: length }).map((pixels) =>
            pixels.map((value, i) => channels === 4 && i % 4 === 3 ? 255 : value)
          );
        }),
      )
    ),
    fc.dictionary(keyword, fc.string({ unit: "grapheme" }).filter((s) => !s.includes("\0"))),
    ([{ width, height }, pixels], text) => {
      const decoded = decodePng(encodePng(pixels, { width, height, text }));
      assert.deepEqual([decoded.width, decoded.height], [width, height]);
      const channels = pixels.length / (width * height);
      for (let i = 0; i < width * height; i++) {
        const expected = channels === 4
          ? pixels.subarray(4 * i, 4 * i + 4)
          : [pixels[i]!, pixels[i]!, pixels[i]!, 255];
        assert.deepEqual([...decoded.pixels.subarray(4 * i, 4 * i + 4)], [...expected]);
      }
      assert.deepEqual({ ...decoded.text }, { ...text });
    },
  ));
});

Deno.test("encodePng() writes a command as tEXt, and as iTXt when Latin-1 cannot hold it", () => {
  const options = { width: 1, height: 1 };
  const type = (command: string) => {
    const png = encodePng(Uint8Array.of(7), { ...options, text: { Command: command } });
    // Type of the chunk after the signature and IHDR; it follows four bytes of length.
    return new TextDecoder().decode(png.subarray(37, 41));
  };
  assert.equal(type("fluxion plot runs/é"), "tEXt");
  assert.equal(type("fluxion plot runs/月"), "iTXt");
});

Deno.test("encodePng() keeps a grid of digits small", () => {
  // Two thirds black with a few edges: the library's defaults take ten times as many bytes.
  const pixels = Uint8Array.from(
    { length: 280 * 280 },
    (_, i) => Math.hypot(i % 28 - 14, Math.floor(i / 280) % 28 - 14) < 8 ? 255 : 0,
  );
  const bytes = encodePng(pixels, { width: 280, height: 280 }).length;
  assert.ok(bytes < 2000, `${bytes} bytes`);
});

Deno.test("encodePng() writes three bytes per pixel in colour", () => {
  const { pixels } = decodePng(
    encodePng(Uint8Array.of(255, 0, 0, 1, 2, 3), { width: 2, height: 1 }),
  );
  assert.deepEqual([...pixels], [255, 0, 0, 255, 1, 2, 3, 255]);
});

Deno.test("encodePng() refuses a wrong number of pixels", () => {
  for (const length of [0, 5, 8, 20]) {
    assert.throws(() => encodePng(new Uint8Array(length), { width: 2, height: 2 }), {
      name: "RangeError",
      message: new RegExp(`2 x 2 pixels, got ${length}`),
    });
  }
});

Deno.test("withText() refuses an invalid PNG keyword", () => {
  const png = encodePng(Uint8Array.of(1), { width: 1, height: 1 });
  for (const keyword of ["", " a", "a ", "ключ", "a".repeat(80), "a\0b"]) {
    assert.throws(() => withText(png, { [keyword]: "x" }), RangeError);
  }
});
