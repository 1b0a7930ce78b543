import assert from "node:assert/strict";
import { animation } from "../../../src/plot/encoding/animation.ts";
import { encodePng } from "../../../src/core/png/encode_png.ts";
import { decodeGif } from "./_gif.ts";

const [width, height] = [12, 8];
const white = [255, 255, 255], blue = [34, 113, 181], red = [189, 31, 1];

/** A white picture with a coloured 3 x 3 square at `left`. */
function square(left: number, color: readonly number[]): Uint8Array {
  const pixels = new Uint8Array(width * height * 4).fill(255);
  for (let y = 2; y < 5; y++) {
    for (let x = left; x < left + 3; x++) pixels.set(color, 4 * (y * width + x));
  }
  return encodePng(pixels, { width, height });
}

Deno.test("animation() reproduces every frame in its colours, and loops forever", () => {
  const gif = decodeGif(
    animation([square(0, blue), square(4, blue), square(8, red)], { delayMs: 80, lastMs: 2000 }),
  );
  assert.deepEqual([gif.width, gif.height], [width, height]);
  assert.equal(gif.repeats, 0, "0 means forever");
  assert.deepEqual(gif.frames.map(({ delayMs }) => delayMs), [80, 80, 2000]);
  const at = (frame: number, x: number, y: number) =>
    Array.from(gif.frames[frame]!.pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3));
  assert.deepEqual(at(0, 1, 3), blue);
  assert.deepEqual(at(1, 5, 3), blue);
  assert.deepEqual(at(1, 1, 3), white, "the first frame's square is erased");
  assert.deepEqual(at(2, 9, 3), red, "a colour that occurs only in the last frame");
  assert.deepEqual(at(2, 5, 3), white);
  assert.deepEqual(at(2, 11, 7), white);
});

Deno.test("animation() stores only changes: repeated frames cost almost nothing", () => {
  const still = animation([square(0, blue), square(0, blue)], { delayMs: 100 });
  const more = animation(
    Array.from({ length: 12 }, () => square(0, blue)),
    { delayMs: 100 },
  );
  assert.ok((more.length - still.length) / 10 < 60, `${(more.length - still.length) / 10} bytes`);
});

Deno.test("animation() respects the number of colours, and keeps white", () => {
  const pixels = new Uint8Array(64 * 64 * 4).fill(255);
  for (let i = 0; i < 64 * 20; i++) pixels.set([i % 256, (i * 7) % 256, (i * 13) % 256], 4 * i);
  const frame = encodePng(pixels, { width: 64, height: 64 });
  const gif = decodeGif(animation([frame, frame], { delayMs: 50, colors: 8 }));
  const shown = gif.frames[1]!.pixels;
  const colors = new Set(
    Array.from({ length: 64 * 64 }, (_, i) => shown.subarray(3 * i, 3 * i + 3).join()),
  );
  assert.ok(colors.size <= 8, `${colors.size} colours`);
  assert.equal(shown.subarray(3 * 64 * 63).every((value) => value === 255), true);
});

Deno.test("animation() rejects a single frame and frames of different sizes", () => {
  assert.throws(() => animation([square(0, blue)], { delayMs: 80 }), /2 or more frames, got 1/);
  const other = encodePng(new Uint8Array(16), { width: 4, height: 4 });
  assert.throws(() => animation([square(0, blue), other], { delayMs: 80 }), /12 x 8 pixels/);
});
