import { InputError } from "../../core/errors.ts";
import { type IdxImages, readIdxImages, readIdxLabels } from "../formats/idx.ts";
import { fileKind, readError, readInputFile } from "../input_file.ts";

/** One half of a data set in the files of MNIST. */
export interface IdxHalf {
  /** The images. */
  readonly images: IdxImages;
  /** One label per image. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** File names used by MNIST and its successors, with or without `.gz`. */
export const idxNames = {
  train: { images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte" },
  test: { images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte" },
} as const;

/**
 * Whether a folder holds one of the files of {@link idxNames}.
 *
 * @throws {InputError} If the user may not look into the folder.
 */
export async function hasIdxFiles(folder: string): Promise<boolean> {
  try {
    for (const name of Object.values(idxNames).flatMap(({ images, labels }) => [images, labels])) {
      for (const path of [`${folder}/${name}`, `${folder}/${name}.gz`]) {
        if (await fileKind(path) === "file") return true;
      }
    }
    return false;
  } catch (error) {
    throw readError(folder, error);
  }
}

/**
 * Reads a folder with the four files of {@link idxNames}, each plain or gzip-compressed.
 *
 * @throws {InputError} If a file is missing, damaged or empty, the numbers of labels and images
 *   differ, or train and test images differ in size.
 */
export async function readIdxFolder(
  folder: string,
): Promise<{ readonly train: IdxHalf; readonly test: IdxHalf }> {
  const train = await readHalf(folder, idxNames.train);
  const test = await readHalf(folder, idxNames.test);
  const size = ({ height, width }: IdxImages) => `${height}x${width}`;
  if (size(train.images) !== size(test.images)) {
    throw new InputError(
      `${folder}: train images are ${size(train.images)}, test images ${size(test.images)}; ` +
        `they must have the same size`,
    );
  }
  return { train, test };
}

async function readHalf(
  folder: string,
  names: { readonly images: string; readonly labels: string },
): Promise<IdxHalf> {
  const imagesPath = await plainOrGzip(folder, names.images);
  const labelsPath = await plainOrGzip(folder, names.labels);
  const images = readIdxImages(await readInputFile(imagesPath), imagesPath);
  const labels = readIdxLabels(await readInputFile(labelsPath), labelsPath);
  requireEqualCounts(images.count, labels, labelsPath);
  if (images.count === 0) throw new InputError(`${imagesPath}: contains no images`);
  return { images, labels };
}

/**
 * Checks that there is one label per image.
 *
 * @throws {InputError} If the numbers of labels and images differ.
 */
export function requireEqualCounts(
  count: number,
  labels: Uint8Array,
  labelsPath: string,
): void {
  if (labels.length !== count) {
    throw new InputError(
      `${labelsPath}: ${labels.length} labels for ${count} images; these files do not ` +
        `belong together`,
    );
  }
}

async function plainOrGzip(folder: string, name: string): Promise<string> {
  for (const path of [`${folder}/${name}`, `${folder}/${name}.gz`]) {
    if (await fileKind(path) === "file") return path;
  }
  const all = Object.values(idxNames).flatMap((half) => [half.images, half.labels]);
  throw new InputError(
    `${folder}: contains no ${name} or ${name}.gz; a folder of images needs ${all.join(", ")}`,
  );
}
