import assert from "node:assert/strict";
import { cloudFrames, imageFrames } from "../../../src/plot/encoding/frames.ts";
import { decodePng } from "../../../src/core/png/decode_png.ts";

/** Number of pixels in the dots' blue, and their mean column, from 0 to 1. */
function blue(png: Uint8Array) {
  const { width, height, pixels } = decodePng(png);
  let count = 0, sum = 0;
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = pixels.subarray(4 * i, 4 * i + 3);
    if (r === 34 && g === 113 && b === 181) {
      count++;
      sum += i % width / width;
    }
  }
  return { count, column: sum / count };
}

Deno.test("cloudFrames() moves the points on fixed axes", async () => {
  const spread = (centre: number) =>
    Float32Array.from({ length: 400 }, (_, i) => centre + Math.sin(i) + 0.3 * Math.cos(7 * i));
  const frames = await cloudFrames({
    states: [spread(-2), spread(0), spread(2)],
    times: [0, 0.5, 1],
  });
  assert.equal(frames.length, 3);
  const [first, middle, last] = frames.map(blue);
  assert.ok(first!.column < middle!.column && middle!.column < last!.column);
  // The axis line left of the area is the same in all frames.
  const columns = frames.map((frame) => {
    const { width, height, pixels } = decodePng(frame);
    return Array.from({ length: height }, (_, y) => pixels[4 * (y * width + 60)]);
  });
  assert.deepEqual(columns[0], columns[2]);
});

Deno.test("cloudFrames() is not stretched by a noise outlier, and refuses non-finite points", async () => {
  const cloud = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i * i));
  const far = cloud.slice();
  far.set([900, -900]);
  const [frame] = await cloudFrames({ states: [far, cloud], times: [0, 1] });
  // On axes up to 900, all dots would coincide in a few pixels.
  assert.ok(blue(frame!).count > 1000, `${blue(frame!).count} pixels`);
  await assert.rejects(
    cloudFrames({ states: [Float32Array.of(NaN, 0), Float32Array.of(0, 0)], times: [0, 1] }),
    /not finite/,
  );
});

Deno.test("imageFrames() shows the images over a progress bar from empty to full", () => {
  const states = [0, 0.5, 1].map((shade) => new Float32Array(16).fill(shade));
  const frames = imageFrames({ states }, { height: 4, width: 4, scale: 2 }).map(decodePng);
  const bar = frames.map(({ width, height, pixels }) =>
    Array.from({ length: width }, (_, x) => pixels[4 * ((height - 1) * width + x)])
      .filter((grey) => grey === 90).length / width
  );
  assert.deepEqual(bar, [0, 0.5, 1]);
  const shade = frames.map(({ width, pixels }) => pixels[4 * (4 * width + 4)]);
  assert.deepEqual(shade, [0, 128, 255]);
});
