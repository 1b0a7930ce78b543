import type { KnownDensity, PointDataset } from "./dataset.ts";
import { type Subsequences, subsequences } from "../core/random/subsequences.ts";
import { splitPoints } from "./tables/split.ts";

/** Which points are drawn. */
export interface DrawKey {
  /** As of every random key. */
  readonly seed: number;
  /** One RNG subsequence per random variable of a point, at most eight. */
  readonly from: Subsequences;
}

/** Points with one class label each. */
export interface LabelledPoints {
  /** [n * dims]. */
  readonly points: Float32Array;
  /** [n]. */
  readonly labels: Uint8Array;
}

/** A distribution of points from which any number can be drawn and whose density is known. */
export interface PointSource {
  /** Under which its data set is opened. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly summary: string;
  /** Coordinates of a point. */
  readonly dims: number;
  /** The truth. */
  readonly density: KnownDensity;
  /** Point i is a function of (key, i) alone, whatever `n`. */
  draw(key: DrawKey, n: number): LabelledPoints;
}

/** How many points a data set of a known distribution has, train and test together. */
export const SOURCE_POINTS = 5_000;

/**
 * The data set of a known distribution: {@link SOURCE_POINTS} points, split by `seed`.
 *
 * Its `draw` has RNG subsequences of its own, so that its points are fresh even
 * when it is given the data set's own seed.
 */
export function sourceDataset(source: PointSource, seed: number): PointDataset {
  const { points, labels } = source.draw({ seed, from: subsequences.dataSet }, SOURCE_POINTS);
  return {
    kind: "points",
    name: source.name,
    dims: source.dims,
    ...splitPoints({ points, count: SOURCE_POINTS, labels }, source.dims, seed),
    density: source.density,
    draw: (drawSeed, n) => source.draw({ seed: drawSeed, from: subsequences.freshData }, n).points,
  };
}
