import assert from "node:assert/strict";
import { InputError } from "../../src/core/errors.ts";
import type { ImageDataset } from "../../src/data/dataset.ts";
import { encodeNpy } from "../../src/data/formats/npy.ts";
import { openDataset } from "../../src/data/registry.ts";

const files = new URL("./files/", import.meta.url).pathname;

async function open(name: string, options = {}): Promise<ImageDataset> {
  const dataset = await openDataset(name, { split: "ordered", ...options });
  assert.equal(dataset.kind, "images");
  return dataset as ImageDataset;
}

/** The images of content on standard input. */
function given(content: Uint8Array<ArrayBuffer>, options = {}): Promise<ImageDataset> {
  return open("-", { readStdin: () => ReadableStream.from([content]), ...options });
}

function sizes({ train, test, height, width, channels }: ImageDataset): readonly number[] {
  return [train.count + test.count, height, width, channels];
}

/** All pixels, train then test. */
function pixelsOf(dataset: ImageDataset): Float32Array {
  const size = dataset.height * dataset.width * dataset.channels;
  const parts = [dataset.train, dataset.test].flatMap((table) => {
    const out = new Float32Array(table.count * size);
    table.read(Array.from({ length: table.count }, (_, i) => i), out);
    return [...out];
  });
  return Float32Array.from(parts);
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function npy(shape: number[], values: ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of encodeNpy(shape, [Float64Array.from(values)])) parts.push(part);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

Deno.test("openDataset() reads IDX images of 0 and 1, of floats and in colour", async () => {
  const bits = await open(`${files}idx/zero-one-images-idx3-ubyte`);
  assert.equal(bits.channels, 1);
  assert.deepEqual(bits.reading, { binarize: true, words: "values 0 and 1, binary" });
  assert.ok(Math.abs(mean(pixelsOf(bits)) - 0.498) < 5e-4);
  // Asked for, both give the same: neither makes all of them black.
  for (const binarize of [true, false]) {
    const asked = await open(`${files}idx/zero-one-images-idx3-ubyte`, { binarize });
    assert.deepEqual(pixelsOf(asked), pixelsOf(bits));
  }
  const floats = await open(`${files}idx/float-idx3`);
  assert.deepEqual(sizes(floats), [60, 8, 8, 1]);
  assert.equal(floats.reading!.binarize, false);
  assert.match(
    floats.reading!.words,
    /^values from 0 to 0\.9961, read as 0 \(black\) to 1 \(white\)$/,
  );
  const colour = await open(`${files}idx/rgb-idx4`);
  assert.deepEqual(sizes(colour), [60, 8, 8, 3]);
  assert.match(colour.reading!.words, /read as 0 \(black\) to 255 \(white\)$/);
  const bytes = await Deno.readFile(`${files}idx/rgb-idx4`);
  const first = Array.from(
    { length: 192 },
    (_, i) => bytes[20 + (i % 3) * 64 + Math.trunc(i / 3)]!,
  );
  assert.deepEqual(
    [...pixelsOf(colour).subarray(0, 192)],
    first.map((level) => Math.fround(level / 255)),
  );
});

Deno.test("openDataset() reads arrays [n, h, w], with channels first or last, and names others", async () => {
  const values = Array.from({ length: 10 * 2 * 4 * 3 }, (_, i) => i % 256);
  const shapes: readonly (readonly [shape: number[], sizes: number[]])[] = [
    [[10, 6, 4], [10, 6, 4, 1]],
    [[10, 1, 6, 4], [10, 6, 4, 1]],
    [[10, 6, 4, 1], [10, 6, 4, 1]],
    [[10, 3, 2, 4], [10, 2, 4, 3]],
    [[10, 2, 4, 3], [10, 2, 4, 3]],
    [[20, 4, 3], [20, 4, 3, 1]],
  ];
  for (const [shape, expected] of shapes) {
    const dataset = await given(await npy(shape, values));
    assert.deepEqual(sizes(dataset), expected, String(shape));
    const [first, second] = pixelsOf(dataset);
    const step = shape[1] === 3 ? 8 : 1; // the second number of a pixel, or the next pixel
    assert.deepEqual([first, second], [0, Math.fround(step / 255)], String(shape));
  }
  const refusals: readonly (readonly [shape: number[], values: number[], message: RegExp])[] = [
    [[10, 2, 3, 4], values, /shape \(10, 2, 3, 4\): not read; images are .*fourth channel/],
    [[10, 2, 12, 1, 1], values, /shape \(10, 2, 12, 1, 1\); points need two axes/],
    [[0, 2, 2], [], /contains no images/],
    [[16, 15, 1], values, /looks like one picture of 16 x 15 x 1; .*numpy\.stack/],
    [[5, 16, 3], values, /looks like one picture of 5 x 16 x 3; .*x\[None\] of one/],
    [[3, 16, 5], values, /are 3 images, or one in colour; a data set is/],
    [[10, 2, 2], Array.from({ length: 40 }, (_, i) => i - 20), /values from -20 to 19; .*rescale/],
    [[10, 2, 2], Array.from({ length: 40 }, (_, i) => 10 * i + 0.5), /values from 0\.5 to 390\.5/],
    [[10, 2, 2], Array.from({ length: 40 }, (_, i) => i === 9 ? NaN : 0), /image 3: NaN is not/],
    [[9, 2, 2], values.slice(0, 36), /has 9 samples; at least 10/],
  ];
  for (const [shape, content, message] of refusals) {
    const file = await npy(shape, content);
    await assert.rejects(() => given(file), (error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("openDataset() decides by the values what is black, white and binary", async () => {
  const images = (low: number, high: number, between: number) =>
    npy([10, 1, 4], Array.from({ length: 40 }, (_, i) => [low, high, high, between][i % 4]!));
  const cases: readonly (readonly [number[], number[], boolean, RegExp])[] = [
    [[0, 255, 0], [0, 1, 1, 0], true, /^values 0 and 255, binary$/],
    [[-1, 1, 1], [0, 1, 1, 1], true, /^values -1 and 1, binary$/],
    [[0, 1, 0.2], [0, 1, 1, 0.2], false, /read as 0 \(black\) to 1 \(white\)$/],
    [[0, 1, 0.5], [0, 1, 1, 128 / 255], false, /rounded to 256 levels$/],
    [[0, 255, 127.5], [0, 1, 1, 128 / 255], false, /rounded to 256 levels$/],
    [[0, 65535, 257], [0, 1, 1, 1 / 255], false, /to 65535 \(white\)$/],
    [[0, 16, 4], [0, 16 / 255, 16 / 255, 4 / 255], false, /scale them by 255\/16 to use it all$/],
  ];
  for (const [[low, high, between], expected, binarize, words] of cases) {
    const dataset = await given(await images(low!, high!, between!));
    assert.deepEqual([...pixelsOf(dataset).subarray(0, 4)], expected.map(Math.fround));
    assert.equal(dataset.reading!.binarize, binarize);
    assert.match(dataset.reading!.words, words);
  }
  const asked = await given(await images(0, 1, 0.6), { binarize: true });
  assert.deepEqual([...pixelsOf(asked).subarray(0, 4)], [0, 1, 1, 1]);
  assert.match(asked.reading!.words, /^values from 0 to 1, binarised at half of 0 to 1$/);
  const grey = await given(await images(0, 100, 0), { binarize: false });
  assert.deepEqual([...pixelsOf(grey).subarray(0, 2)], [0, Math.fround(100 / 255)]);
});

Deno.test("openDataset() reads images from NPZ", async () => {
  // numpy.savez_compressed(x=...), (12, 4, 5, 3) of uint8: x.flat[i] = 7 * i % 256.
  const dataset = await open(`${files}npy/images.npz`);
  assert.deepEqual(sizes(dataset), [12, 4, 5, 3]);
  const expected = Float32Array.from({ length: 720 }, (_, i) => (7 * i % 256) / 255);
  assert.deepEqual(pixelsOf(dataset), expected);
});
