import assert from "node:assert/strict";
import { imageGrid, pathGrid } from "../../src/plot/image_grid.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";

/** The grey value at (x, y), which must be grey. */
function grey({ pixels, width }: ReturnType<typeof decodePng>, x: number, y: number): number {
  const [r, g, b] = pixels.subarray(4 * (y * width + x));
  assert.ok(r === g && g === b, `(${x}, ${y}) is not grey`);
  return r!;
}

Deno.test("imageGrid() places every pixel of every image correctly", () => {
  // Image k has the values (10 k + position) / 100, so that every pixel of the grid is unique.
  const images = Float32Array.from(
    { length: 5 * 6 },
    (_, i) => (10 * Math.floor(i / 6) + i % 6) / 100,
  );
  const scale = 3, gap = scale, columns = 2;
  const picture = decodePng(imageGrid(images, { height: 2, width: 3, columns, scale }));
  assert.deepEqual([picture.width, picture.height], [2 * (9 + gap) + gap, 3 * (6 + gap) + gap]);
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      const inX = (x - gap + 12) % 12, inY = (y - gap + 9) % 9;
      const image = Math.floor((y - gap) / 9) * columns + Math.floor((x - gap) / 12);
      const inside = x >= gap && y >= gap && inX < 9 && inY < 6 && image < 5;
      const position = Math.floor(inY / scale) * 3 + Math.floor(inX / scale);
      const expected = inside ? Math.round(255 * (10 * image + position) / 100) : 255;
      assert.equal(grey(picture, x, y), expected, `(${x}, ${y})`);
    }
  }
});

Deno.test("imageGrid() clips values outside [0, 1]", () => {
  const images = Float32Array.of(-3, 0.2, 7);
  const picture = decodePng(imageGrid(images, { height: 1, width: 3, columns: 1, scale: 1 }));
  assert.deepEqual([1, 2, 3].map((x) => grey(picture, x, 1)), [0, 51, 255]);
});

Deno.test("imageGrid() is as square as possible, embeds its text and is deterministic", () => {
  const images = new Float32Array(10 * 16).fill(0.5);
  const options = { height: 4, width: 4, scale: 1, text: { Command: "fluxion sample latest" } };
  const bytes = imageGrid(images, options);
  const picture = decodePng(bytes);
  assert.deepEqual([picture.width, picture.height], [4 * 5 + 1, 3 * 5 + 1]);
  assert.equal(picture.text.Command, "fluxion sample latest");
  assert.deepEqual(imageGrid(images, options), bytes);
});

Deno.test("imageGrid() refuses a partial image, and none", () => {
  for (const length of [0, 17]) {
    assert.throws(() => imageGrid(new Float32Array(length), { height: 4, width: 4 }), RangeError);
  }
});

Deno.test("pathGrid() has one row per sample and one column per time", async () => {
  // Two samples at three times, one grey each: 0.1, 0.2, 0.3 above 0.6, 0.7, 0.8.
  const size = 8 * 8;
  const states = [1, 2, 3].map((k) =>
    Float32Array.from({ length: 2 * size }, (_, i) => (k + (i < size ? 0 : 5)) / 10)
  );
  const options = { height: 8, width: 8, times: [0, 0.5, 1], title: "From noise to digit" };
  const bytes = await pathGrid(states, options);
  const picture = decodePng(bytes);
  // Margins of 24 units of 2 pixels; three images of 8 pixels and a gap of one between them.
  const scale = (picture.width - 96) / 26;
  // "t = 0" takes 29 units of 2 pixels: at a scale of 4 the labels would run into each other.
  assert.ok(8 * scale >= 58 && 8 * scale < 90, `${scale}`);
  const right = picture.width - 48, bottom = picture.height - 48 - scale;
  for (let row = 0; row < 2; row++) {
    for (let column = 0; column < 3; column++) {
      const x = right - 9 * scale * (2 - column) - 4 * scale;
      const y = bottom - 9 * scale * (1 - row) - 4 * scale;
      const expected = Math.round(255 * Math.fround((column + 1 + 5 * row) / 10));
      assert.equal(grey(picture, x, y), expected, `row ${row}, column ${column}`);
    }
  }
  assert.deepEqual(await pathGrid(states, options), bytes);
});

Deno.test("imageGrid() enlarges images that are too small to be looked at", () => {
  const width = (side: number, count: number) =>
    decodePng(imageGrid(new Float32Array(count * side ** 2), { height: side, width: side })).width;
  assert.equal(width(28, 4), 3 * (2 * 29 + 1));
  assert.equal(width(8, 4), 11 * (2 * 9 + 1));
  assert.equal(width(100, 1), 3 * 102);
  assert.ok(width(8, 10_000) < 3000, "many are as they were");
});

Deno.test("pathGrid() refuses states and times that do not match", () => {
  const options = { height: 1, width: 1, times: [0, 1] };
  assert.throws(() => pathGrid([new Float32Array(2)], options), /2 times, got 1/);
  assert.throws(() => pathGrid([new Float32Array(2), new Float32Array(3)], options), /2, 3/);
});

Deno.test("imageGrid() shows three channels as colours, red first, and refuses others", () => {
  const images = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0.2, 0.4, 2);
  const size = { height: 1, width: 2, columns: 2, scale: 1 };
  const { width, pixels } = decodePng(imageGrid(images, { ...size, channels: 3 }));
  const at = (x: number) => [...pixels.subarray(4 * (width + x), 4 * (width + x) + 3)];
  assert.deepEqual([1, 2, 4, 5].map(at), [[255, 0, 0], [0, 255, 0], [0, 0, 255], [51, 102, 255]]);
  assert.deepEqual([at(0), at(3)], [[255, 255, 255], [255, 255, 255]]);
  assert.throws(() => imageGrid(images, { ...size, channels: 2 }), /1 or 3 channels, not 2/);
});
