import { permutation, streams } from "../runtime/random.ts";
import type { KnownDensity, PointDataset, PointTable } from "./dataset.ts";

/** Which fresh points: a seed, and the first of the {@link LANES_PER_DRAW} lanes that a draw may use. */
export interface DrawKey {
  readonly seed: number;
  readonly firstLane: number;
}

/** Points [n * dims] with one class label each. */
export interface LabelledPoints {
  readonly points: Float32Array;
  readonly labels: Uint8Array;
}

/** A distribution of points from which any number can be drawn and whose density is known. */
export interface PointSource {
  readonly name: string;
  readonly dims: number;
  readonly density: KnownDensity;
  /** Point i is a function of (key, i) alone, whatever `n`. */
  draw(key: DrawKey, n: number): LabelledPoints;
}

/** A draw uses lanes `firstLane` to `firstLane + 7` of `streams.data`. */
export const LANES_PER_DRAW = 8;

/** How many points a data set of a known distribution has, train and test together. */
export const SOURCE_POINTS = 5_000;

const TRAIN_SHARE = 0.8;

/**
 * Shuffles points by `seed` and cuts them into 80% train and 20% test.
 *
 * @param table.points [count * dims].
 * @returns New arrays: both tables hold copies.
 */
export function splitPoints(
  table: PointTable,
  dims: number,
  seed: number,
): { train: PointTable; test: PointTable } {
  const order = permutation({ seed, stream: streams.split }, table.count);
  const trainCount = Math.floor(table.count * TRAIN_SHARE);
  return {
    train: gather(table, dims, order.subarray(0, trainCount)),
    test: gather(table, dims, order.subarray(trainCount)),
  };
}

function gather(table: PointTable, dims: number, indices: Uint32Array): PointTable {
  const points = new Float32Array(indices.length * dims);
  indices.forEach((from, to) => {
    points.set(table.points.subarray(from * dims, (from + 1) * dims), to * dims);
  });
  const labels = table.labels && Uint8Array.from(indices, (from) => table.labels![from]!);
  return { points, count: indices.length, labels };
}

/**
 * The data set of a known distribution: {@link SOURCE_POINTS} points, split by `seed`.
 *
 * Its `draw` uses other lanes than the data set itself, so that its points are
 * fresh even when it is given the data set's own seed.
 */
export function sourceDataset(source: PointSource, seed: number): PointDataset {
  const { points, labels } = source.draw({ seed, firstLane: 0 }, SOURCE_POINTS);
  return {
    kind: "points",
    name: source.name,
    dims: source.dims,
    ...splitPoints({ points, count: SOURCE_POINTS, labels }, source.dims, seed),
    density: source.density,
    draw: (drawSeed, n) => source.draw({ seed: drawSeed, firstLane: LANES_PER_DRAW }, n).points,
  };
}
