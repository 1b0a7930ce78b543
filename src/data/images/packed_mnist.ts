import type { ImageDataset } from "../dataset.ts";
import { packedImageBytes, packedImageTable, packImages } from "./image_table.ts";

/** Grey values above this become 1, others 0. */
export const BINARISE_THRESHOLD = 128;

/** Height and width of the images of MNIST, FashionMNIST and KMNIST. */
const MNIST_SIDE = 28;

const PIXELS = MNIST_SIDE * MNIST_SIDE;
const TRAIN_COUNT = 60_000;
const TEST_COUNT = 10_000;
const COUNT = TRAIN_COUNT + TEST_COUNT;
const IMAGE_BYTES = packedImageBytes(PIXELS);

/** Images (grey values as in the IDX files) and labels of the train or test set. */
export interface GreyHalf {
  /** [count * 784]. */
  readonly grey: Uint8Array;
  /** [count]. */
  readonly labels: Uint8Array;
}

/**
 * Builds the content of `data/mnist/mnist.bits.gz` before compression: 70,000 images of 98 bytes
 * (train, then test, in the original order, one bit per pixel), then their 70,000 labels, one byte
 * each.
 *
 * @throws {RangeError} If the halves are not 60,000 and 10,000 images of 28x28.
 */
export function packMnist(train: GreyHalf, test: GreyHalf): Uint8Array<ArrayBuffer> {
  const halves = [[train, TRAIN_COUNT, 0], [test, TEST_COUNT, TRAIN_COUNT]] as const;
  const content = new Uint8Array(PACKED_MNIST_BYTES);
  for (const [half, count, first] of halves) {
    if (half.grey.length !== count * PIXELS || half.labels.length !== count) {
      throw new RangeError(
        `packMnist: expected ${count} images of ${PIXELS} pixels with labels, got ` +
          `${half.grey.length / PIXELS} and ${half.labels.length} labels`,
      );
    }
    content.set(packImages(half.grey, PIXELS, BINARISE_THRESHOLD), first * IMAGE_BYTES);
    content.set(half.labels, COUNT * IMAGE_BYTES + first);
  }
  return content;
}

/** Size of the packed MNIST in bytes. */
export const PACKED_MNIST_BYTES: number = COUNT * IMAGE_BYTES + COUNT;

/**
 * The data set of bytes written by {@link packMnist}: 60,000 train and 10,000 test images
 * [28, 28, 1] of zeros and ones, with labels.
 *
 * @throws {RangeError} If `content` is not {@link PACKED_MNIST_BYTES} long.
 */
export function unpackMnist(content: Uint8Array): ImageDataset {
  if (content.length !== PACKED_MNIST_BYTES) {
    throw new RangeError(
      `unpackMnist: expected ${PACKED_MNIST_BYTES} bytes, got ${content.length}`,
    );
  }
  const labels = content.subarray(COUNT * IMAGE_BYTES);
  const table = (first: number, count: number) =>
    packedImageTable(content.subarray(first * IMAGE_BYTES, (first + count) * IMAGE_BYTES), {
      pixels: PIXELS,
      count,
      labels: labels.subarray(first, first + count),
    });
  return {
    kind: "images",
    name: "mnist",
    height: MNIST_SIDE,
    width: MNIST_SIDE,
    channels: 1,
    train: table(0, TRAIN_COUNT),
    test: table(TRAIN_COUNT, TEST_COUNT),
  };
}
