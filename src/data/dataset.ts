import type { DroppedColumn } from "./tables/columns.ts";

/** A density whose truth is known, over points [n, dims]. */
export interface KnownDensity {
  /** Differential entropy in nats. */
  readonly entropy: number;
  /** Natural logarithm of the density at each row of `points` [n * dims], in float64. */
  logDensity(points: ArrayLike<number>): Float64Array;
}

/** A table of points [count, dims], row-major, with optional class labels. */
export interface PointTable {
  /** [count * dims], in the data's units: float64 where they come from a file. */
  readonly points: Float32Array | Float64Array;
  /** Number of points. */
  readonly count: number;
  /** A class a point [count], or null. */
  readonly labels: Uint8Array | null;
}

/** Points as a file holds them: numbers that are finite in float32 too, at least one point. */
export interface PointRows {
  /** [count * dims], the file's own numbers: float32 keeps 7 digits of them, a timestamp has 10. */
  readonly points: Float64Array;
  /** A name a column, as the file's first line has them; null where it has none. */
  readonly columns: readonly string[] | null;
  /** Columns of the file that are not among them. */
  readonly dropped: readonly DroppedColumn[];
  /** Number of points. */
  readonly count: number;
  /** Coordinates of a point. */
  readonly dims: number;
}

/** The file that points come from: a table in units of its own. */
export interface PointFile {
  /** A name a column that is taken; null where the file has none. */
  readonly columns: readonly string[] | null;
  /** Columns of the file that are not taken. */
  readonly dropped: readonly DroppedColumn[];
}

/** Points of any dimension, split into train and test. */
export interface PointDataset {
  /** Tells points from images. */
  readonly kind: "points";
  /** As it was opened: a known name, or a path. */
  readonly name: string;
  /** Coordinates of a point. */
  readonly dims: number;
  /** What a model learns from. */
  readonly train: PointTable;
  /** What it is judged by. */
  readonly test: PointTable;
  /** What the file says of the points; absent where they come from none. */
  readonly file?: PointFile;
  /** Where the generating density is known; else null. */
  readonly density: KnownDensity | null;
  /** Fresh points of the same distribution: [n * dims], a function of (seed, n); null for data from a file. */
  readonly draw: ((seed: number, n: number) => Float32Array) | null;
}

/** Images in NHWC order with values in [0, 1], decoded on demand. */
export interface ImageTable {
  /** Number of images. */
  readonly count: number;
  /** A class an image [count], or null. */
  readonly labels: Uint8Array | null;
  /**
   * Writes the images at `indices` into `out` [indices.length * height * width * channels].
   *
   * @throws {RangeError} If an index names no image, or `out` has another length.
   */
  read(indices: ArrayLike<number>, out: Float32Array): void;
}

/** Images, split into train and test. */
export interface ImageDataset {
  /** Tells images from points. */
  readonly kind: "images";
  /** As it was opened: a known name, or a path. */
  readonly name: string;
  /** Rows of an image. */
  readonly height: number;
  /** Columns of an image. */
  readonly width: number;
  /** Numbers a pixel. */
  readonly channels: number;
  /** What a model learns from. */
  readonly train: ImageTable;
  /** What it is judged by. */
  readonly test: ImageTable;
}

/** Data to learn from: points or images. */
export type Dataset = PointDataset | ImageDataset;
