import type { FirstLine } from "./formats/csv_header.ts";
import type { DroppedColumn, TableColumn } from "./tables/columns.ts";
import type { RoundedColumn } from "./tables/rounded_integers.ts";

/** A density known in closed form or by quadrature. */
export interface KnownDensity {
  /** Differential entropy in nats. */
  readonly entropy: number;
  /** Log-density in nats at each row of `points` [n * dims], in float64. */
  logDensity(points: ArrayLike<number>): Float64Array;
  /**
   * Mean of the point x given each row of y = scale x + deviation e, where x has this density and
   * e ~ N(0, I) is independent of it, [n * dims], in float64.
   *
   * @param noise.scale At least 0, [n].
   * @param noise.deviation Positive, [n].
   */
  posteriorMean(
    y: ArrayLike<number>,
    noise: { readonly scale: ArrayLike<number>; readonly deviation: ArrayLike<number> },
  ): Float64Array;
}

/** The curve around which a distribution's points scatter. */
export interface DataCurve {
  /** Points farther from the curve than this are strays, in the data's units. */
  readonly near: number;
  /** Distance of each row of `points` [n * dims] from the curve. */
  distance(points: ArrayLike<number>): Float64Array;
}

/** A table of points [count, dims], row-major, with optional class labels. */
export interface PointTable {
  /** [count * dims], in the data's units; float64 if read from a file. */
  readonly points: Float32Array | Float64Array;
  /** Number of points. */
  readonly count: number;
  /** Class of each point [count], or null. */
  readonly labels: Uint8Array | null;
}

/** How the columns and rows of a file were chosen. */
export interface TableReading {
  /** Rows of the file; those beyond the points have missing values and were left out. */
  readonly rows: number;
  /**
   * Whether columns were chosen by options or matched with those of a run: by name, or by position,
   * since the file or the run has no names.
   */
  readonly by: "choice" | "name" | "unnamedFile" | "unnamedRun";
  /** A first column that was left out because it only counts the rows; else null. */
  readonly index: DroppedColumn | null;
  /** A first column, kept, that may be an index: nameless or named so, a different number per row. */
  readonly likeIndex?: DroppedColumn;
  /** Columns with whole numbers beyond 2^53 that float64 rounds. */
  readonly rounded: readonly RoundedColumn[];
}

/** Points read from a file: at least one, all finite in float32. */
export interface PointRows {
  /** [count * dims] in float64: float32 keeps only 7 digits, a timestamp has 10. */
  readonly points: Float64Array;
  /** The column of each coordinate. */
  readonly columns: readonly TableColumn[];
  /** Columns of the file that were left out. */
  readonly dropped: readonly DroppedColumn[];
  /** Number of points. */
  readonly count: number;
  /** Dimension of a point. */
  readonly dims: number;
  /** What the first line of a text file was taken for; null for other formats. */
  readonly firstLine: FirstLine | null;
  /** How columns and rows were chosen. */
  readonly reading: TableReading;
}

/** Columns of the file that points were read from. */
export interface PointFile {
  /** The column of each coordinate. */
  readonly columns: readonly TableColumn[];
  /** Columns of the file that were left out. */
  readonly dropped: readonly DroppedColumn[];
  /** How columns and rows were chosen. */
  readonly reading?: TableReading;
  /** What the first line of a text file was taken for; null for other formats. */
  readonly firstLine?: FirstLine | null;
}

/** What tells the content of a data file from another's. */
export interface DataIdentity {
  /** SHA-256 of the file's bytes, in hexadecimal. */
  readonly sha256: string;
  /** Number of rows of the file. */
  readonly rows: number;
  /** Number of columns of the file; values per image. */
  readonly columns: number;
}

/** The files that the rows of a data set were read from. */
export interface DatasetFiles {
  /** The file of the data set, or its folder of PNG files; absent if it is neither. */
  readonly identity?: DataIdentity;
  /** The file of its test rows, if that is another one. */
  readonly testIdentity?: DataIdentity;
}

/** Points of any dimension, split into train and test. */
export interface PointDataset extends DatasetFiles {
  /** Whether rows are points or images. */
  readonly kind: "points";
  /** Name or path by which it was opened. */
  readonly name: string;
  /** Dimension of a point. */
  readonly dims: number;
  /** Training set, without the validation rows if there are any. */
  readonly train: PointTable;
  /** Rows that choose among the weights of a training run; absent if none do. */
  readonly validation?: PointTable;
  /** Test set. */
  readonly test: PointTable;
  /** Columns of the file; absent if the points are not from a file. */
  readonly file?: PointFile;
  /** The generating density if it is known, else null. */
  readonly density: KnownDensity | null;
  /** The curve around which the points scatter, if there is one. */
  readonly curve?: DataCurve;
  /**
   * Draws fresh points [n * dims], determined by (seed, n) and the cloud: 0 (the default), 1 or 2,
   * which are independent of each other. Null for data from a file.
   */
  readonly draw: ((seed: number, n: number, cloud?: 0 | 1 | 2) => Float32Array) | null;
}

/** Points from a file, with its columns. */
export type TableDataset = PointDataset & { readonly file: PointFile };

/** Whether a data set is a table from a file. */
export function isTable(dataset: Dataset): dataset is TableDataset {
  return dataset.kind === "points" && dataset.file !== undefined;
}

/** Images in NHWC order with values in [0, 1], decoded on demand. */
export interface ImageTable {
  /** Number of images. */
  readonly count: number;
  /** Class of each image [count], or null. */
  readonly labels: Uint8Array | null;
  /**
   * Writes the images at `indices` into `out` [indices.length * height * width * channels].
   *
   * @throws {RangeError} If an index is out of range, or `out` has the wrong length.
   */
  read(indices: ArrayLike<number>, out: Float32Array): void;
}

/** How the images of somebody's own file or folder were read. */
export interface ImageReading {
  /** Whether pixels are 0 and 1: as was asked, else as the values are. */
  readonly binarize: boolean;
  /** For people, as in `values from 0 to 255, read as 0 (black) to 255 (white)`. */
  readonly words: string;
}

/** Images, split into train and test. */
export interface ImageDataset extends DatasetFiles {
  /** Whether rows are points or images. */
  readonly kind: "images";
  /** Name or path by which it was opened. */
  readonly name: string;
  /** Height of an image in pixels. */
  readonly height: number;
  /** Width of an image in pixels. */
  readonly width: number;
  /** Values per pixel: 1 for grey, 3 for colour. */
  readonly channels: number;
  /** How they were read; absent for data sets by name and folders of IDX files. */
  readonly reading?: ImageReading;
  /** Training set. */
  readonly train: ImageTable;
  /** Test set. */
  readonly test: ImageTable;
}

/** A data set of points or images. */
export type Dataset = PointDataset | ImageDataset;
