import * as tf from "../../core/tfjs/library.ts";
import type { Gpu } from "../../backends/gpu/gpu.ts";
import { mostBindingBytes } from "../../backends/gpu/limits.ts";
import type { Tensor2D } from "../../core/tensors.ts";
import type { ImageDataset } from "../../data/dataset.ts";
import { independentCoupling } from "../../flows/couplings/coupling.ts";
import { BatchOrder, datasetWidth, readImages } from "../batches.ts";
import type { TrainingPlan } from "../training_plan.ts";

/** Bytes of training images that are kept on a GPU, of whose memory WebGPU tells nothing: 512 MiB. */
const MOST_BYTES = 2 ** 29;

/** Images per upload, so that the host never has all of them as numbers. */
const PIECE = 1024;

type Planned = Pick<
  TrainingPlan,
  "config" | "dataset" | "standardization" | "steps" | "values"
>;

/** The training images on a GPU, of which each step gathers its batch. */
export class ResidentRows {
  readonly #rows: Tensor2D;
  readonly #order: BatchOrder;

  private constructor(rows: Tensor2D, order: BatchOrder) {
    this.#rows = rows;
    this.#order = order;
  }

  /**
   * Uploads the training images, if they are the same in every step, fit into one binding and into 512 MiB,
   * and the steps that are left read them all at least once; null otherwise, and where the host needs a batch's
   * numbers: for couplings, and for the offset of likelihoods.
   *
   * @param options.done Steps done before.
   */
  static open(
    { config, dataset, standardization, steps, values }: Planned,
    { gpu, done }: { readonly gpu: Gpu; readonly done: number },
  ): ResidentRows | null {
    const { count } = dataset.train, { seed, batchSize, noise = 0 } = config;
    const bytes = 4 * count * datasetWidth(dataset);
    const isSame = dataset.kind === "images" && standardization === null && noise === 0;
    const { coupling = independentCoupling } = values;
    const isDeviceOnly = config.model === "fm" && coupling === independentCoupling;
    const fits = bytes <= Math.min(MOST_BYTES, mostBindingBytes(gpu.limits));
    if (!isSame || !isDeviceOnly || !fits || (steps - done) * batchSize < count) return null;
    return new ResidentRows(upload(gpu, dataset), new BatchOrder({ seed, count, batchSize }));
  }

  /**
   * The batch of a step, [batchSize, w], owned by the caller.
   *
   * @param step From 0.
   */
  at(step: number): Tensor2D {
    return tf.tidy(() => {
      const indices = tf.tensor1d(Int32Array.from(this.#order.indices(step)), "int32");
      return tf.gather(this.#rows, indices);
    });
  }

  dispose(): void {
    this.#rows.dispose();
  }
}

/** All training images, [count, w]. */
function upload(gpu: Gpu, dataset: ImageDataset): Tensor2D {
  const { count } = dataset.train, width = datasetWidth(dataset);
  return tf.tidy(() => {
    const rows = gpu.tensor<Tensor2D>([count, width]);
    for (let first = 0; first < count; first += PIECE) {
      const size = Math.min(PIECE, count - first);
      const indices = Uint32Array.from({ length: size }, (_, i) => first + i);
      const piece = tf.tensor2d(readImages(dataset, "train", indices), [size, width]);
      gpu.copyInto(piece, rows, 4 * first * width);
      piece.dispose();
      // Its buffer is free for the next piece once it is submitted.
      gpu.submit();
    }
    return rows;
  });
}
