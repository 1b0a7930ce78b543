import { InputError } from "../../core/errors.ts";
import { permutation } from "../../core/random/random.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import type { PointTable } from "../dataset.ts";

const TRAIN_SHARE = 0.8;

/** Minimum number of samples to split: fewer leave one or two test samples, which says nothing. */
const MIN_SAMPLES = 10;

/** Shuffles 0..count-1 by `seed` and splits it into 80% train and 20% test. */
export function splitIndices(
  count: number,
  seed: number,
): { readonly train: Uint32Array; readonly test: Uint32Array } {
  const order = permutation(keyOf(subsequences.split, seed), count);
  const trainCount = Math.floor(count * TRAIN_SHARE);
  return { train: order.subarray(0, trainCount), test: order.subarray(trainCount) };
}

/**
 * Checks that there are enough samples to split.
 *
 * @throws {InputError} If there are fewer than 10 samples.
 */
export function requireSplittable(count: number, place: string): void {
  if (count < MIN_SAMPLES) {
    throw new InputError(
      `${place}: has ${count} samples; at least ${MIN_SAMPLES} are needed to split them 80/20 into ` +
        `train and test`,
    );
  }
}

/**
 * Shuffles points by `seed` and splits them into 80% train and 20% test.
 *
 * @param table.points [count * dims].
 * @returns Copies; `table` is not shared.
 */
export function splitPoints(
  table: PointTable,
  dims: number,
  seed: number,
): { train: PointTable; test: PointTable } {
  const { train, test } = splitIndices(table.count, seed);
  return { train: gatherRows(table, dims, train), test: gatherRows(table, dims, test) };
}

/** A copy of the rows of a table at `indices`, in their order. */
export function gatherRows(table: PointTable, dims: number, indices: Uint32Array): PointTable {
  const { points: all } = table;
  const points = all instanceof Float64Array
    ? new Float64Array(indices.length * dims)
    : new Float32Array(indices.length * dims);
  indices.forEach((from, to) => {
    points.set(all.subarray(from * dims, (from + 1) * dims), to * dims);
  });
  const labels = table.labels && Uint8Array.from(indices, (from) => table.labels![from]!);
  return { points, count: indices.length, labels };
}
