import assert from "node:assert/strict";
import { BatchOrder, readRows } from "../../src/train/batches.ts";
import { smallImages, smallPoints } from "./support/runs.ts";

const options = { seed: 1, count: 43, batchSize: 8 };

Deno.test("BatchOrder visits each row at most once per epoch, in a new order each time", () => {
  const order = new BatchOrder(options);
  assert.equal(order.stepsPerEpoch, 5);
  const epochs = [0, 1].map((epoch) =>
    Array.from({ length: 5 }, (_, i) => [...order.indices(5 * epoch + i)]).flat()
  );
  for (const rows of epochs) {
    assert.equal(new Set(rows).size, 40);
    assert.ok(rows.every((row) => row >= 0 && row < 43));
  }
  assert.notDeepEqual(epochs[0], epochs[1]);
});

Deno.test("BatchOrder is a function of seed and step alone", () => {
  const forwards = new BatchOrder(options), backwards = new BatchOrder(options);
  const expected = Array.from({ length: 12 }, (_, step) => [...forwards.indices(step)]);
  for (let step = 11; step >= 0; step--) {
    assert.deepEqual([...backwards.indices(step)], expected[step]);
  }
  const other = new BatchOrder({ ...options, seed: 2 });
  assert.notDeepEqual([...other.indices(0)], expected[0]);
});

Deno.test("BatchOrder refuses batches larger than the data", () => {
  assert.throws(() => new BatchOrder({ ...options, batchSize: 44 }), RangeError);
  assert.throws(
    () => new BatchOrder({ ...options, batchSize: 0 }),
    /batchSize .* at least 1, got 0/,
  );
});

Deno.test("readRows() gathers points and images in the requested order", () => {
  const points = smallPoints();
  const { points: all } = points.train;
  assert.deepEqual([...readRows(points, "train", [3, 0])], [all[6], all[7], all[0], all[1]]);
  const images = smallImages();
  const [both, second] = [readRows(images, "test", [0, 2]), readRows(images, "test", [2])];
  assert.equal(both.length, 72);
  assert.deepEqual(both.subarray(36), second);
});

Deno.test("readRows() refuses rows that are not there", () => {
  const points = smallPoints();
  for (const index of [points.train.count, -1, 0.5, NaN]) {
    assert.throws(() => readRows(points, "train", [0, index]), {
      name: "RangeError",
      message: new RegExp(`has no row ${index} of ${points.train.count} in train$`),
    });
  }
});
