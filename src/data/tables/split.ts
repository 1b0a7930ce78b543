import { InputError } from "../../core/errors.ts";
import { permutation } from "../../core/random/random.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import type { PointTable } from "../dataset.ts";

const TRAIN_SHARE = 0.8;

/** Minimum number of samples to split: fewer leave one or two test samples, which says nothing. */
const MIN_SAMPLES = 10;

/** How the rows of a file become training and test rows. */
export type RowSplit =
  /** Shuffled by the seed: 80% train, 20% test. */
  | { readonly kind: "shuffled"; readonly seed: number }
  /** In the file's order, as a time series needs it: the last 20% test. */
  | { readonly kind: "ordered" }
  /** All of them train. */
  | { readonly kind: "train" }
  /** All of them test. */
  | { readonly kind: "test" };

/** Indices of training and test rows, in their order. */
export interface SplitRows {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

/** Splits rows 0..count-1 into train and test. */
export function splitIndices(count: number, split: RowSplit): SplitRows {
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  const cut = (order: Uint32Array, trainCount: number) => ({
    train: order.subarray(0, trainCount),
    test: order.subarray(trainCount),
  });
  switch (split.kind) {
    case "shuffled": {
      const order = permutation(keyOf(subsequences.split, split.seed), count);
      return cut(order, Math.floor(count * TRAIN_SHARE));
    }
    case "ordered":
      return cut(rows, Math.floor(count * TRAIN_SHARE));
    case "train":
      return cut(rows, count);
    case "test":
      return cut(rows, 0);
    default:
      return split satisfies never;
  }
}

/**
 * Checks that there are enough samples to split.
 *
 * @throws {InputError} If there are fewer than 10 samples, and some of them train and some test.
 */
export function requireSplittable(
  count: number,
  place: string,
  split: RowSplit["kind"] = "shuffled",
): void {
  if (split === "train" || split === "test") return;
  if (count < MIN_SAMPLES) {
    throw new InputError(
      `${place}: has ${count} samples; at least ${MIN_SAMPLES} are needed to split them 80/20 into ` +
        `train and test`,
    );
  }
}

/**
 * Splits points into train and test.
 *
 * @param table.points [count * dims].
 * @returns Copies; `table` is not shared.
 */
export function splitPoints(
  table: PointTable,
  dims: number,
  split: RowSplit,
): { train: PointTable; test: PointTable } {
  const { train, test } = splitIndices(table.count, split);
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
