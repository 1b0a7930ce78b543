import assert from "node:assert/strict";
import { nearestRows } from "../../src/metrics/nearest_rows.ts";
import { openBackend } from "../../src/backends/open_backend.ts";
import { fillNormal } from "../../src/core/random/random.ts";

const width = 5;

function rows(subsequence: number, count: number): Float32Array {
  return fillNormal({ seed: 3, stream: 2, subsequence }, 0, new Float32Array(count * width));
}

/** A table over an array, with the interface of data sets. */
function tableOf(values: Float32Array) {
  return {
    count: values.length / width,
    read(indices: ArrayLike<number>, out: Float32Array) {
      for (let i = 0; i < indices.length; i++) {
        out.set(values.subarray(indices[i]! * width, (indices[i]! + 1) * width), i * width);
      }
    },
  };
}

Deno.test("nearestRows() equals a brute-force search in float64", async () => {
  await openBackend("cpu");
  const queries = rows(0, 7), values = rows(1, 4100); // three chunks of the table
  const found = await nearestRows(queries, tableOf(values), { width, nearest: 3 });
  for (let query = 0; query < 7; query++) {
    const distances = Array.from({ length: 4100 }, (_, row) => {
      let squared = 0;
      for (let k = 0; k < width; k++) {
        squared += (queries[query * width + k]! - values[row * width + k]!) ** 2;
      }
      return { index: row, distance: Math.sqrt(squared) };
    }).sort((a, b) => a.distance - b.distance).slice(0, 3);
    assert.deepEqual(found[query]!.map(({ index }) => index), distances.map(({ index }) => index));
    found[query]!.forEach(({ distance }, rank) =>
      // Float32 sums of about 5 have errors of 1e-6, which the root of a small difference enlarges.
      assert.ok(Math.abs(distance - distances[rank]!.distance) < 1e-4, `${distance}`)
    );
  }
});

Deno.test("nearestRows() finds a row of the table at distance zero", async () => {
  await openBackend("cpu");
  const values = rows(1, 50);
  const [found] = await nearestRows(values.slice(7 * width, 8 * width), tableOf(values), {
    width,
    nearest: 1,
  });
  assert.equal(found!.length, 1);
  assert.equal(found![0]!.index, 7);
  assert.ok(found![0]!.distance < 2e-3, `${found![0]!.distance}`);
});
