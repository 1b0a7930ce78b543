/** A density whose truth is known, over points [n, dims]. */
export interface KnownDensity {
  /** Differential entropy in nats. */
  readonly entropy: number;
  /** Natural logarithm of the density at each row of `points` [n * dims], in float64. */
  logDensity(points: ArrayLike<number>): Float64Array;
}

/** A table of points [count, dims], row-major, with optional class labels. */
export interface PointTable {
  readonly points: Float32Array;
  readonly count: number;
  readonly labels: Uint8Array | null;
}

/** Points as a file holds them: finite numbers [count * dims], at least one point. */
export interface PointRows {
  readonly points: Float32Array;
  readonly count: number;
  readonly dims: number;
}

/** Points of any dimension, split into train and test. */
export interface PointDataset {
  readonly kind: "points";
  readonly name: string;
  readonly dims: number;
  readonly train: PointTable;
  readonly test: PointTable;
  /** Where the generating density is known; else null. */
  readonly density: KnownDensity | null;
  /** Fresh points of the same distribution: [n * dims], a function of (seed, n); null for data from a file. */
  readonly draw: ((seed: number, n: number) => Float32Array) | null;
}

/** Images in NHWC order with values in [0, 1], decoded on demand. */
export interface ImageTable {
  readonly count: number;
  readonly labels: Uint8Array | null;
  /** Writes the images at `indices` into `out` [indices.length * height * width * channels]. */
  read(indices: ArrayLike<number>, out: Float32Array): void;
}

/** Images, split into train and test. */
export interface ImageDataset {
  readonly kind: "images";
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly train: ImageTable;
  readonly test: ImageTable;
}

export type Dataset = PointDataset | ImageDataset;
