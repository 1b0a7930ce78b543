import assert from "node:assert/strict";
import { fitGaussian } from "../../../src/metrics/gaussian.ts";
import { compareWithGaussian } from "../../../src/report/evaluation/gaussian_baseline.ts";

const trainRows = Float64Array.of(1, 0, 3, 1, 2, 5, 8, 2, 4, 4);
const rows = Float64Array.of(2, 2, 5, 1, 3, 3);
const gaussian = fitGaussian(trainRows, 2).logDensity(rows);

Deno.test("compareWithGaussian() says whether the model does worse, over rows with a likelihood", () => {
  const worse = gaussian.map((value, row) => row === 1 ? NaN : value - 0.5);
  const found = compareWithGaussian(worse, { rows, trainRows, dims: 2 })!;
  assert.ok(Math.abs(found.baseline.nllGaussian + (gaussian[0]! + gaussian[2]!) / 2) < 1e-12);
  assert.deepEqual(found.remarks, [
    "the model does worse on these rows than one Gaussian fitted to the training rows: by 0.50 +- " +
    "0.00 nats",
  ]);
  const better = compareWithGaussian(gaussian.map((value) => value + 0.1), {
    ...{ rows, trainRows },
    dims: 2,
  })!;
  assert.deepEqual(better.remarks, []);
  assert.deepEqual(Object.keys(better.baseline), ["nllGaussian"]);
});

Deno.test("compareWithGaussian() calls the model worse only beyond the paired standard error", () => {
  // Excesses of mean 0.1 and, over 3 rows, standard error 0.3 / sqrt(3) = 0.173.
  const excess = [0.4, -0.2, 0.1];
  const remarks = (shift: number) =>
    compareWithGaussian(gaussian.map((value, row) => value - excess[row]! - shift), {
      ...{ rows, trainRows, dims: 2 },
    })!.remarks.join();
  assert.equal(
    remarks(0),
    "on these rows the model and one Gaussian fitted to the training rows are equal within the " +
      "standard error: the model's NLL minus the Gaussian's is 0.10 +- 0.17 nats",
  );
  assert.match(remarks(-0.2), /equal within the standard error: .* is -0.10 \+- 0.17 nats$/);
  assert.match(remarks(0.1), /^the model does worse .*: by 0.20 \+- 0.17 nats$/);
  assert.equal(remarks(-0.3), "");
  // One row has no standard error.
  const one = { rows: rows.subarray(0, 2), trainRows, dims: 2 };
  assert.deepEqual(compareWithGaussian(Float64Array.of(-99), one)!.remarks, []);
});

Deno.test("compareWithGaussian() says that it needed a ridge, and is null where nothing compares", () => {
  const few = compareWithGaussian(Float64Array.of(9, 9, 9), {
    ...{ rows, dims: 2 },
    trainRows: trainRows.subarray(0, 4),
  })!;
  assert.equal(few.baseline.nllGaussianRidge, 0.001);
  assert.match(few.remarks.join(), /^the Gaussian .* a ridge of 0.001 .* is singular$/);
  const none = Float64Array.of(NaN, NaN, NaN);
  assert.equal(compareWithGaussian(none, { rows, trainRows, dims: 2 }), null);
});

Deno.test("compareWithGaussian() of discrete columns compares probabilities", () => {
  // A real column, one on a grid of step 2, and three categories of which one does not occur.
  const kinds = [
    { kind: "real" },
    { kind: "dequantized", step: 2, origin: 0 },
    { kind: "categorical", categories: ["a", "b", "c"] },
  ] as const;
  const category = [0, 1, 1, 0, 1];
  const withCategory = (points: Float64Array, of: readonly number[]) =>
    Float64Array.from(of.flatMap((one, row) => [points[2 * row]!, points[2 * row + 1]!, one]));
  const { baseline } = compareWithGaussian(Float64Array.of(1, 1, 1), {
    rows: withCategory(rows, [0, 1, 2]),
    trainRows: withCategory(trainRows, category),
    dims: 3,
    kinds,
  })!;
  // Two, three and no rows of five, each counted once more: 3, 4 and 1 of 8.
  const ofCategories = Math.log(3 / 8) + Math.log(4 / 8) + Math.log(1 / 8);
  // Noise of width 2 in the second column, of which this is the mean log-density.
  const { logDensity } = fitGaussian(trainRows, 2, { widths: [0, 2] });
  const expected =
    logDensity(rows).reduce((sum, value) => sum + value + Math.log(2), ofCategories) / 3;
  assert.ok(Math.abs(baseline.nllGaussian + expected) < 1e-12);
});

Deno.test("compareWithGaussian() of rare counts gives no probability above 1", () => {
  // 96 % zeros: no distribution has a cross-entropy below the entropy, 0.168 nats.
  const claims = Float64Array.from({ length: 100 }, (_, row) => row % 25 === 0 ? 1 : 0);
  const entropy = -(0.96 * Math.log(0.96) + 0.04 * Math.log(0.04));
  const { baseline, remarks } = compareWithGaussian(claims.map(() => -entropy - 0.05), {
    ...{ rows: claims, trainRows: claims, dims: 1 },
    kinds: [{ kind: "dequantized", step: 1, origin: 0 }],
  })!;
  assert.ok(baseline.nllGaussian > entropy, String(baseline.nllGaussian));
  assert.deepEqual(remarks, []);
});
