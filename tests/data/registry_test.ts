import assert from "node:assert/strict";
import { InputError } from "../../src/core/errors.ts";
import type { Dataset, ImageDataset, PointDataset } from "../../src/data/dataset.ts";
import { datasetNames } from "../../src/data/dataset_names.ts";
import { manifests } from "../../src/data/downloads/manifest.ts";
import { openDataset, pointSources } from "../../src/data/registry.ts";

const options = { seed: 0, binarize: true, dataDir: null };

function assertPoints(dataset: Dataset): asserts dataset is PointDataset {
  assert.equal(dataset.kind, "points");
}
function assertImages(dataset: Dataset): asserts dataset is ImageDataset {
  assert.equal(dataset.kind, "images");
}

Deno.test("datasetNames lists every data set", () => {
  assert.deepEqual(datasetNames, [...pointSources, ...manifests].map(({ name }) => name));
});

Deno.test("openDataset() splits moons 80/20 with labels, the same for the same seed", async () => {
  const [first, again, other] = await Promise.all([
    openDataset("moons", options),
    openDataset("moons", options),
    openDataset("moons", { ...options, seed: 1 }),
  ]);
  assertPoints(first);
  assertPoints(other);
  assert.deepEqual([first.train.count, first.test.count, first.dims], [4000, 1000, 2]);
  assert.equal(first.train.points.length, 8000);
  const labels = [...first.train.labels!, ...first.test.labels!];
  assert.equal(labels.filter((label) => label === 1).length, 2500);
  assertPoints(again);
  assert.deepEqual(first.train.points, again.train.points);
  assert.notDeepEqual(first.train.points, other.train.points);
});

Deno.test("openDataset() draws fresh points even with the data set's own seed", async () => {
  const dataset = await openDataset("moons", options);
  assertPoints(dataset);
  const held = new Set([...dataset.train.points, ...dataset.test.points]);
  const fresh = dataset.draw!(0, 5000);
  // A few float32 values coincide by chance; with the same points all of them would.
  const shared = fresh.filter((value) => held.has(value)).length;
  assert.ok(shared < 100, `${shared} of 10,000 coordinates are the data set's`);
  assert.deepEqual(dataset.draw!(0, 10), fresh.subarray(0, 20));
});

Deno.test("openDataset() reads the embedded MNIST", async () => {
  const dataset = await openDataset("mnist", options);
  assertImages(dataset);
  assert.deepEqual([dataset.train.count, dataset.test.count], [60000, 10000]);
  assert.deepEqual([dataset.height, dataset.width, dataset.channels], [28, 28, 1]);
  // The well-known first labels of the train and test sets: 5 0 4 1 9 and 7 2 1 0 4.
  assert.deepEqual([...dataset.train.labels!.subarray(0, 5)], [5, 0, 4, 1, 9]);
  assert.deepEqual([...dataset.test.labels!.subarray(0, 5)], [7, 2, 1, 0, 4]);
  const out = new Float32Array(2 * 784);
  dataset.test.read([2, 9999], out);
  assert.ok(out.every((value) => value === 0 || value === 1));
  // Test image 2 is a thin upright stroke, about as high as the digit box of 20 pixels.
  const rows = Array.from({ length: 28 }, (_, r) => out.subarray(r * 28, r * 28 + 28));
  assert.ok(rows.filter((row) => row.includes(1)).length >= 18);
  assert.throws(() => dataset.test.read([10000], new Float32Array(784)), RangeError);
  assert.throws(() => dataset.test.read([0], new Float32Array(783)), RangeError);
});

Deno.test("openDataset() suggests a similar name", async () => {
  await assert.rejects(() => openDataset("mooons", options), (error: Error) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /^mooons: no such data set, did you mean "moons"\?/);
    return true;
  });
});
