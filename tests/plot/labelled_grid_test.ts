import assert from "node:assert/strict";
import { labelledGrid } from "../../src/plot/labelled_grid.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";

const size = { height: 4, width: 4 };

/** Uniform images, one shade each. */
function shades(...values: number[]): Float32Array {
  return Float32Array.from({ length: 16 * values.length }, (_, i) => values[Math.floor(i / 16)]!);
}

/** Rows and columns of a picture's pure black pixels. */
async function blackBox(images: Float32Array, options: Parameters<typeof labelledGrid>[1]) {
  const { width, height, pixels } = decodePng(await labelledGrid(images, options));
  let left = width, right = 0, top = height, bottom = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (pixels[4 * (y * width + x)] !== 0) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  }
  return { left, right, top, bottom, width, height };
}

Deno.test("labelledGrid() puts image 3 of two columns under image 1", async () => {
  const box = await blackBox(shades(1, 1, 1, 0), { ...size, columns: 2, scale: 10 });
  // One black image of 4 x 10 pixels, in the lower right quarter.
  assert.deepEqual([box.right - box.left + 1, box.bottom - box.top + 1], [40, 40]);
  assert.ok(box.left > box.width / 2 - 20 && box.top > box.height / 2 - 20, JSON.stringify(box));
});

Deno.test("labelledGrid() keeps the images of a cell together", async () => {
  const white = [1, 1, 1, 1];
  const box = await blackBox(shades(...white, 0, 0, 0, 0), {
    ...size,
    columns: 2,
    perCell: 4,
    scale: 10,
  });
  // Two by two images, one image pixel apart.
  assert.deepEqual([box.right - box.left + 1, box.bottom - box.top + 1], [90, 90]);
  assert.ok(box.left > box.width / 2);
});

Deno.test("labelledGrid() makes room for labels, and names those with a wrong count", async () => {
  const grid = { ...size, columns: 2, scale: 10 };
  const plain = decodePng(await labelledGrid(shades(1, 0), grid));
  const labelled = decodePng(
    await labelledGrid(shades(1, 0), { ...grid, rowLabels: ["a row"], labels: ["0", "1"] }),
  );
  assert.ok(labelled.width > plain.width && labelled.height > plain.height);
  assert.throws(
    () => labelledGrid(shades(1, 0), { ...grid, labels: ["0"] }),
    /expected 2 labels, got 1/,
  );
  assert.throws(() => labelledGrid(new Float32Array(17), grid), /expected cells of 16 numbers/);
});
