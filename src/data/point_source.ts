import type { DataCurve, KnownDensity, PointDataset } from "./dataset.ts";
import { type Subsequences, subsequences } from "../core/random/subsequences.ts";
import { splitPoints } from "./tables/split.ts";

/** Determines which points are drawn. */
export interface DrawKey {
  /** Seed of the random keys. */
  readonly seed: number;
  /** RNG subsequences, one per random variable of a point, at most eight. */
  readonly from: Subsequences;
}

/** Points with a class label each. */
export interface LabelledPoints {
  /** [n * dims]. */
  readonly points: Float32Array;
  /** [n]. */
  readonly labels: Uint8Array;
}

/** A distribution of points that can be sampled and has a known density. */
export interface PointSource {
  /** Name by which its data set is opened. */
  readonly name: string;
  /** A short description. */
  readonly summary: string;
  /** Dimension of a point. */
  readonly dims: number;
  /** The density of the points. */
  readonly density: KnownDensity;
  /** The curve around which the points scatter, if there is one. */
  readonly curve?: DataCurve;
  /** Draws n points; point i depends only on (key, i). */
  draw(key: DrawKey, n: number): LabelledPoints;
}

/** Number of points, train and test together, in the data set of a known distribution. */
const SOURCE_POINTS = 5_000;

/**
 * The data set of a known distribution: {@link SOURCE_POINTS} points, split by `seed`.
 *
 * Its `draw` uses separate RNG subsequences, so its points are fresh even with the data set's own
 * seed.
 */
export function sourceDataset(source: PointSource, seed: number): PointDataset {
  const { points, labels } = source.draw({ seed, from: subsequences.dataSet }, SOURCE_POINTS);
  return {
    kind: "points",
    name: source.name,
    dims: source.dims,
    ...splitPoints({ points, count: SOURCE_POINTS, labels }, source.dims, {
      kind: "shuffled",
      seed,
    }),
    density: source.density,
    ...(source.curve === undefined ? {} : { curve: source.curve }),
    draw: (drawSeed, n, cloud = 0) =>
      source.draw({ seed: drawSeed, from: cloudSubsequences(cloud) }, n).points,
  };
}

/** The subsequences of one of the clouds that `PointDataset.draw` knows, eight for each. */
function cloudSubsequences(cloud: 0 | 1 | 2): Subsequences {
  const { freshData, evaluationData } = subsequences;
  if (cloud === 0) return freshData;
  const count = evaluationData.count / 2;
  return { ...evaluationData, first: evaluationData.first + (cloud - 1) * count, count };
}
