import type { KnownDensity, PointDataset } from "./dataset.ts";
import { splitPoints } from "./split.ts";

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
  /** What it is, in a few words. */
  readonly summary: string;
  readonly dims: number;
  readonly density: KnownDensity;
  /** Point i is a function of (key, i) alone, whatever `n`. */
  draw(key: DrawKey, n: number): LabelledPoints;
}

/** A draw uses lanes `firstLane` to `firstLane + 7` of `streams.data`. */
export const LANES_PER_DRAW = 8;

/** How many points a data set of a known distribution has, train and test together. */
export const SOURCE_POINTS = 5_000;

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
