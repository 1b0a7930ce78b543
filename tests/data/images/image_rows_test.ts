import assert from "node:assert/strict";
import { readImageRows } from "../../../src/data/images/image_rows.ts";
import { encodeNpy } from "../../../src/data/formats/npy.ts";
import { gzip, idxImages } from "./idx_files.ts";

async function read(
  bytes: Uint8Array<ArrayBuffer> | string,
  image = { height: 1, width: 2, channels: 1 },
  binarize = false,
  levels = false,
): Promise<number[]> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    return [...(await readImageRows(path, { image, binarize, levels })).rows];
  } finally {
    await Deno.remove(path);
  }
}

async function npy(shape: number[], values: number[]): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of encodeNpy(shape, [Float32Array.from(values)])) parts.push(part);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

const idx = idxImages({ height: 1, width: 2, grey: Uint8Array.of(0, 128, 129, 255) });

Deno.test("readImageRows() scales grey values as the data set does", async () => {
  assert.deepEqual(await read(idx), [0, 128, 129, 255].map((grey) => Math.fround(grey / 255)));
  assert.deepEqual(await read(await gzip(idx), undefined, true), [0, 0, 1, 1]);
});

Deno.test("readImageRows() reads levels of data as training does", async () => {
  // Bytes of 0 and 1 are black and white already: at 128 all of them would be black.
  const bits = idxImages({ height: 1, width: 2, grey: Uint8Array.of(0, 1, 1, 0) });
  assert.deepEqual(await read(bits, undefined, true), [0, 1, 1, 0]);
  assert.deepEqual(await read(bits), [0, 1, 1, 0]);
  const levels = await npy([2, 1, 2], [0, 51, 255, 204]);
  assert.deepEqual(await read(levels), [0, 0.2, 1, 0.8].map(Math.fround));
  assert.deepEqual(await read(levels, undefined, true), [0, 0, 1, 1]);
  const colour = { height: 1, width: 2, channels: 3 };
  const last = await npy([1, 1, 2, 3], [1, 2, 3, 4, 5, 6].map((value) => value / 8));
  assert.deepEqual(await read(last, colour), [1, 2, 3, 4, 5, 6].map((value) => value / 8));
});

Deno.test("readImageRows() reads NPY and CSV as `sample` writes them", async () => {
  const values = [0, 0.25, 0.5, 1];
  for (const shape of [[2, 1, 1, 2], [2, 1, 2], [2, 2]]) {
    assert.deepEqual(await read(await npy(shape, values)), values, `${shape}`);
  }
  assert.deepEqual(await read("0,0.25\n0.5,1\n"), values);
  // Files are CHW, rows HWC: two channels of 1 x 2.
  const colour = { height: 1, width: 2, channels: 2 };
  const chw = [0.125, 0.25, 0.375, 0.5], hwc = [0.125, 0.375, 0.25, 0.5];
  assert.deepEqual(await read(await npy([1, 2, 1, 2], chw), colour), hwc);
  assert.deepEqual(await read("0.125,0.25,0.375,0.5\n", colour), hwc);
});

Deno.test("readImageRows() makes levels of any values of images, as training does", async () => {
  const image = { height: 1, width: 2, channels: 1 };
  const level = (k: number) => Math.fround(k / 255);
  const asLevels = async (values: number[], binarize = false) => [
    await read(await npy([values.length / 2, 2], values), image, binarize, true),
    await read(`${values.join().replace(/([^,]*,[^,]*),/g, "$1\n")}\n`, image, binarize, true),
  ];
  // 0.3 is 76.5 levels, and floats of 0 to 255 are such.
  for (const found of await asLevels([0, 0.3, 0.5, 1])) {
    assert.deepEqual(found, [0, level(77), level(128), 1]);
  }
  for (const found of await asLevels([0, 127.5, 51, 255])) {
    assert.deepEqual(found, [0, level(128), level(51), 1]);
  }
  for (const found of await asLevels([0, 0.3, 0.6, 1], true)) assert.deepEqual(found, [0, 0, 1, 1]);
  // What `sample` writes lies beyond, and is no image of data.
  for (const values of [[0, 0.5, -0.1, 1], [0, 0.5, 0.2, 1.02]]) {
    await assert.rejects(() => asLevels(values), /those of images are from 0 to 1 or/);
    assert.deepEqual(await read(await npy([2, 2], values)), values.map(Math.fround));
  }
});

Deno.test("readImageRows() refuses other sizes and non-finite values", async () => {
  const size = { height: 2, width: 2, channels: 1 };
  await assert.rejects(() => read(idx, size), /images of 1x1x2; 1x2x2 are needed/);
  await assert.rejects(async () => read(await npy([2, 2], [0, 0, 0, 0]), size), /shape \(2, 2\)/);
  await assert.rejects(() => read("0,0\n", size), /lines of 2 numbers/);
  await assert.rejects(async () => read(await npy([1, 2], [0, NaN])), /image 1: NaN is not/);
  await assert.rejects(async () => read(await npy([0, 2], [])), /contains no images/);
});
