import type { Dataset, ImageDataset } from "../data/dataset.ts";
import { permutation } from "../core/random/random.ts";
import { keyOf, subsequences } from "../core/random/subsequences.ts";

/**
 * Chooses the rows of each training step as a function of (seed, step) alone, so that a resumed run
 * continues exactly like an uninterrupted one.
 *
 * Each epoch shuffles all rows and takes whole batches; rows left over after the last whole batch
 * are skipped in that epoch.
 */
export class BatchOrder {
  readonly #seed: number;
  readonly #count: number;
  readonly #batchSize: number;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array(0);

  /**
   * The shuffle for a seed.
   *
   * @param options.count Number of rows in the data set.
   * @throws {RangeError} If `batchSize` is not a whole number above 0, or there are fewer rows.
   */
  constructor(
    options: { readonly seed: number; readonly count: number; readonly batchSize: number },
  ) {
    this.#seed = options.seed;
    this.#count = options.count;
    this.#batchSize = options.batchSize;
    if (!(Number.isSafeInteger(this.#batchSize) && this.#batchSize > 0)) {
      throw new RangeError(`BatchOrder: batchSize must be at least 1, got ${this.#batchSize}`);
    }
    if (this.stepsPerEpoch < 1) {
      throw new RangeError(
        `batches of ${this.#batchSize} rows exceed the ${this.#count} rows of data`,
      );
    }
  }

  /** Number of whole batches per epoch. */
  get stepsPerEpoch(): number {
    return Math.floor(this.#count / this.#batchSize);
  }

  /** Row indices of a training step, counted from 0. */
  indices(step: number): Uint32Array {
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.#epoch) {
      const key = keyOf(subsequences.batchOrder, this.#seed, epoch);
      this.#order = permutation(key, this.#count);
      this.#epoch = epoch;
    }
    const start = (step % this.stepsPerEpoch) * this.#batchSize;
    return this.#order.subarray(start, start + this.#batchSize);
  }
}

/** Numbers per row: the dimension of a point, or all values of an image (NHWC). */
export function datasetWidth(dataset: Dataset): number {
  return dataset.kind === "points"
    ? dataset.dims
    : dataset.height * dataset.width * dataset.channels;
}

/**
 * The rows of a data set at `indices`, [indices.length * datasetWidth], row-major, in the data's
 * units; float64 if the data set is.
 *
 * @throws {RangeError} If a point has another index than the data set's rows.
 */
export function readRows(
  dataset: Dataset,
  part: "train" | "validation" | "test",
  indices: ArrayLike<number>,
): Float32Array | Float64Array {
  if (dataset.kind === "images") {
    if (part === "validation") {
      throw new RangeError(`readRows: ${dataset.name} has no validation rows`);
    }
    return readImages(dataset, part, indices);
  }
  const width = dataset.dims;
  const { points } = dataset[part] ?? { points: new Float32Array(0) };
  const rows = points instanceof Float64Array
    ? new Float64Array(indices.length * width)
    : new Float32Array(indices.length * width);
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row]!;
    const from = index * width;
    if (!(Number.isInteger(index) && from >= 0 && from < points.length)) {
      throw new RangeError(
        `readRows: ${dataset.name} has no row ${index} of ${points.length / width} in ${part}`,
      );
    }
    rows.set(points.subarray(from, from + width), row * width);
  }
  return rows;
}

/** The images of a data set at `indices`, [indices.length * datasetWidth], NHWC. */
export function readImages(
  dataset: ImageDataset,
  part: "train" | "test",
  indices: ArrayLike<number>,
): Float32Array {
  const pixels = new Float32Array(indices.length * datasetWidth(dataset));
  dataset[part].read(indices, pixels);
  return pixels;
}
