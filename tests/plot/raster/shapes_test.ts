import assert from "node:assert/strict";
import {
  type Canvas,
  fillRectangle,
  pixelAt,
  type PixelBox,
  whiteCanvas,
} from "../../../src/plot/raster/canvas.ts";
import { circleOutline, fillOutlines, type Outline } from "../../../src/plot/raster/polygons.ts";
import { dashed, strokeLines } from "../../../src/plot/raster/strokes.ts";

const SIDE = 40, whole = { left: 0, top: 0, right: SIDE, bottom: SIDE };
const black = { rgb: [0, 0, 0], opacity: 1 } as const;

/** How much of a canvas is painted black, in pixels. */
function covered(
  paint: (canvas: Canvas) => void,
): { area: number; at(x: number, y: number): number } {
  const canvas = whiteCanvas(SIDE, SIDE);
  paint(canvas);
  const at = (x: number, y: number) => 1 - canvas.rows[pixelAt(canvas, x, y)]! / 255;
  let area = 0;
  for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) area += at(x, y);
  return { area, at };
}

function close(found: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(found - expected) <= tolerance, `${found} is not ${expected}`);
}

const filled = (outlines: readonly Outline[], clip: PixelBox = whole) =>
  covered((canvas) => fillOutlines(canvas, outlines, black, clip));

Deno.test("fillOutlines() covers each pixel by the area inside, whatever the direction", () => {
  const triangle = [3.25, 2.5, 31.75, 7.125, 11.5, 30.375];
  const area = 0.5 * ((31.75 - 3.25) * (30.375 - 2.5) - (11.5 - 3.25) * (7.125 - 2.5));
  const reversed = [11.5, 30.375, 31.75, 7.125, 3.25, 2.5];
  for (const outline of [triangle, reversed]) close(filled([outline]).area, area, 0.2);
  // The lower left half of a pixel, and a quarter of another.
  close(filled([[5, 5, 6, 6, 5, 6]]).at(5, 5), 0.5, 0.01);
  close(filled([[8.5, 8.5, 9, 8.5, 9, 9, 8.5, 9]]).at(8, 8), 0.25, 0.01);
});

Deno.test("fillOutlines() leaves holes, paints overlaps once, and is cut off at the clip", () => {
  const square = (from: number, to: number) => [from, from, to, from, to, to, from, to];
  const hole = [15, 15, 15, 25, 25, 25, 25, 15];
  close(filled([square(10, 30), hole]).area, 300, 1);
  close(filled([square(10, 20), square(15, 25)]).area, 175, 1);
  // Beyond every edge of the canvas, and of a clip.
  close(filled([[-1e6, -1e6, 1e6, -1e6, 1e6, 1e6, -1e6, 1e6]]).area, SIDE ** 2, 1e-6);
  const clip = { left: 4, top: 6, right: 10, bottom: 9 };
  close(filled([[-30, 0, 70, 0, 70, 50, -30, 50]], clip).area, 18, 1e-6);
  assert.equal(filled([[NaN, 0, 5, 5, 5, NaN]]).area, 0);
  close(filled([circleOutline({ x: 20.3, y: 19.6, radius: 8 })]).area, Math.PI * 64, 0.2);
});

Deno.test("fillRectangle() paints pixels at its edges by the share that it covers", () => {
  const box = { left: 2.25, top: 3.5, right: 7.75, bottom: 6.25 };
  const { area, at } = covered((canvas) => fillRectangle(canvas, box, black, whole));
  close(area, 5.5 * 2.75, 0.05);
  close(at(2, 4), 0.75, 0.01);
  close(at(2, 3), 0.375, 0.01);
});

const stroked = (points: readonly number[], width: number, join: "miter" | "round" = "round") =>
  covered((canvas) =>
    strokeLines(canvas, [{ points, isClosed: false }], { width, join, paint: black }, whole)
  );

Deno.test("strokeLines() covers length times width, in any direction, with ends cut off", () => {
  for (const degrees of [0, 10, 45, 60, 90, 200, 300]) {
    const angle = degrees * Math.PI / 180, x = 20.3, y = 20.6;
    const [dx, dy] = [12 * Math.cos(angle), 12 * Math.sin(angle)];
    for (const width of [2, 3.6]) {
      close(stroked([x - dx, y - dy, x + dx, y + dy], width).area, 24 * width, 0.04 * 24 * width);
    }
  }
  const level = stroked([5, 10.3, 15, 10.3], 2);
  close(level.at(10, 9), 0.7, 0.01);
  close(level.at(10, 10), 1, 0.01);
  close(level.at(10, 11), 0.3, 0.01);
  assert.equal(level.at(4, 10) + level.at(15, 10), 0);
});

Deno.test("strokeLines() paints crossings once, and corners sharp or round", () => {
  const half = { rgb: [0, 0, 0], opacity: 0.5 } as const;
  const crossing = covered((canvas) => {
    const lines = [[5, 20, 35, 20], [20, 5, 20, 35]].map((points) => ({ points, isClosed: false }));
    strokeLines(canvas, lines, { width: 2, join: "round", paint: half }, whole);
  });
  close(crossing.at(20, 20), 0.5, 0.01);
  const corner = [5, 10, 20, 10, 20, 30];
  close(stroked(corner, 4, "miter").area, 4 * (17 + 18), 0.5);
  close(stroked(corner, 4, "round").area, 4 * (17 + 18) - (4 - Math.PI), 0.6);
  assert.equal(stroked([NaN, 1, 5, 5, Infinity, 4], 2).area, 0);
});

Deno.test("dashed() follows a line around its corners", () => {
  const pieces = dashed({ points: [0, 0, 10, 0, 10, 10], isClosed: false }, [6, 3]);
  assert.deepEqual(pieces.map(({ points }) => points), [
    [0, 0, 6, 0],
    [9, 0, 10, 0, 10, 5],
    [10, 8, 10, 10],
  ]);
  assert.equal(dashed({ points: [0, 0, 1e9, 0], isClosed: false }, [6, 3]).length, 1);
});
