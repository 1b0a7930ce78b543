import assert from "node:assert/strict";
import { pointDataset } from "../../../src/data/point_dataset.ts";
import type { PointDataset } from "../../../src/data/dataset.ts";
import { validationCount, withValidation } from "../../../src/data/tables/validation_rows.ts";
import { chooseValidation, heldOut } from "../../../src/train/validation/held_out.ts";
import { smallImages } from "../support/runs.ts";

/** A file of `count` rows (i, 1000 + i); four fifths of them train. */
function table(count: number, isFile = true): PointDataset {
  const points = Float64Array.from({ length: 2 * count }, (_, i) => (i % 2) * 1000 + (i >> 1));
  const dataset = pointDataset({ name: "t.csv", points, dims: 2 });
  return isFile ? { ...dataset, file: { columns: [], dropped: [] } } : dataset;
}

const firsts = ({ points }: { readonly points: ArrayLike<number> }) =>
  Array.from({ length: points.length / 2 }, (_, row) => points[2 * row]!);

Deno.test("withValidation() moves a tenth of the training rows, at least 10, whole and in order", () => {
  const dataset = table(500), before = firsts(dataset.train);
  const { train, validation, test } = withValidation(dataset, { seed: 3, share: 0.1 });
  assert.deepEqual([train.count, validation!.count], [360, 40]);
  assert.equal(test, dataset.test);
  const kept = firsts(train), held = firsts(validation!);
  assert.deepEqual([...kept, ...held].sort((a, b) => a - b), before.toSorted((a, b) => a - b));
  assert.deepEqual(kept, before.filter((value) => !held.includes(value)));
  assert.ok(train.points.every((value, i) => i % 2 === 0 || value === train.points[i - 1]! + 1000));
  const other = withValidation(dataset, { seed: 4, share: 0.1 });
  assert.notDeepEqual(firsts(other.validation!), held);
  assert.deepEqual([validationCount(48, 0.1), validationCount(1e6, 0.1)], [10, 1000]);
});

Deno.test("chooseValidation() holds rows of files out by default, and of other data on request", () => {
  const rows = (dataset: PointDataset, given = {}) => {
    const { options, remarks } = chooseValidation(dataset, given);
    const data = heldOut(dataset, { seed: 0, ...options });
    return [data.train.count, data.kind === "points" ? data.validation?.count : 0, remarks.length];
  };
  assert.deepEqual(rows(table(500)), [360, 40, 0]);
  assert.deepEqual(rows(table(60)), [38, 10, 0]);
  assert.deepEqual(rows(table(500), { validation: 0 }), [400, undefined, 0]);
  assert.deepEqual(rows(table(500), { validation: 0.25 }), [300, 100, 0]);
  assert.deepEqual(rows(table(500, false)), [400, undefined, 0]);
  assert.deepEqual(rows(table(500, false), { validation: 0.1 }), [360, 40, 0]);
  // Ten of 39 are over a quarter: all train, and it is said.
  assert.deepEqual(rows(table(49)), [39, undefined, 1]);
  assert.match(
    chooseValidation(table(49), {}).remarks[0]!,
    /^data t\.csv: 39 training rows are too few to keep 10 for validation; all of them train, to the last step \(`validation: 0\.1` keeps them anyway\)$/,
  );
  assert.match(chooseValidation(table(12), {}).remarks[0]!, /9 training rows .* last step$/);
  assert.deepEqual(rows(table(49), { validation: 0.1, patience: 3 }), [29, 10, 0]);
  const { options } = chooseValidation(table(500), {});
  assert.deepEqual(options, { validation: 0.1, patience: 20 });
  assert.deepEqual(chooseValidation(smallImages(), {}).options, {});
});

Deno.test("chooseValidation() refuses a share that leaves too few rows, and patience without any", () => {
  assert.throws(() => chooseValidation(table(24), { validation: 0.5 }), {
    name: "InputError",
    message: /^`validation: 0.5`: takes 10 of the 19 training rows of data t\.csv; at least 10/,
  });
  for (const [data, given] of [[table(500), { validation: 0 }], [table(500, false), {}]] as const) {
    assert.throws(() => chooseValidation(data, { ...given, patience: 5 }), {
      name: "InputError",
      message: /^`patience: 5`: does not apply: no rows validate; give `validation: 0.1` too/,
    });
  }
});
