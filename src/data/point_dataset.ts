import type { PointDataset } from "./dataset.ts";
import { requireSplittable, splitPoints } from "./tables/split.ts";

/** A table of points in memory. */
export interface OwnPoints {
  /** Name for run records and messages. */
  readonly name: string;
  /** [n * dims], row-major, in the data's units. */
  readonly points: Float32Array | Float64Array;
  /** Dimension of a point. */
  readonly dims: number;
  /** Seed of the shuffle before the split; default 0. */
  readonly seed?: number;
}

/**
 * Builds a data set from points in memory, shuffled and split 80/20 into train and test.
 *
 * @throws {RangeError} If `points` does not consist of whole rows of finite numbers.
 * @throws {InputError} If there are fewer than 10 points.
 */
export function pointDataset({ name, points, dims, seed = 0 }: OwnPoints): PointDataset {
  if (!(points instanceof Float32Array || points instanceof Float64Array)) {
    throw new RangeError(
      `pointDataset: points must be a Float32Array or Float64Array, row after row, got ` +
        (Array.isArray(points) ? "an array" : typeof points),
    );
  }
  const count = points.length / dims;
  if (!Number.isInteger(dims) || dims < 1 || !Number.isInteger(count)) {
    throw new RangeError(
      `pointDataset: expected rows of ${dims} numbers, got ${points.length} numbers`,
    );
  }
  const odd = points.findIndex((value) => !Number.isFinite(Math.fround(value)));
  if (odd >= 0) {
    throw new RangeError(
      `pointDataset: row ${Math.floor(odd / dims)} has ${
        points[odd]
      }, which is not finite in float32`,
    );
  }
  requireSplittable(count, name);
  const split = splitPoints({ points, count, labels: null }, dims, { kind: "shuffled", seed });
  return { kind: "points", name, dims, ...split, density: null, draw: null };
}
