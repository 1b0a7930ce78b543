import { InputError } from "../core/errors.ts";
import { whole } from "../core/files/bounded_file.ts";
import type { CsvOptions } from "./formats/csv.ts";
import type { Dataset, ImageDataset, ImageTable, PointDataset } from "./dataset.ts";
import { type FileArray, readArray } from "./formats/array_file.ts";
import { isIdxImages, readIdxImages, readIdxLabels } from "./formats/idx.ts";
import { type IdxHalf, readIdxFolder, requireEqualCounts } from "./images/idx_folder.ts";
import { channelsLast, hasImageAxes, imageShapeOf } from "./images/image_shape.ts";
import {
  greyImageTable,
  packedImageTable,
  packImages,
  selectImages,
  type StoredImages,
} from "./images/image_table.ts";
import { type PixelValues, pixelValues } from "./images/pixel_values.ts";
import { fileKind, type InputContent, readInput, readInputFile } from "./input_file.ts";
import { BINARISE_THRESHOLD } from "./images/packed_mnist.ts";
import { arrayPoints, parsePoints } from "./tables/point_rows.ts";
import { requireSplittable, type RowSplit, splitIndices, splitPoints } from "./tables/split.ts";

/** Options for reading images and points from files. */
export interface FileOptions extends CsvOptions {
  /** Seed of the shuffle before the split. */
  readonly seed: number;
  /**
   * Images only: whether values above half of their range become 1 and others 0; by default of a
   * file or a folder of PNG files if it has two different values, of a folder of IDX files always.
   */
  readonly binarize?: boolean | undefined;
  /** Whether rows are shuffled before the split, or the last fifth tests; default shuffled. */
  readonly split?: "shuffled" | "ordered" | undefined;
  /** PNG files only: channels of the images; default 1 if no picture has a colour, else 3. */
  readonly channels?: number | undefined;
  /** All rows train. */
  readonly allTrain?: boolean | undefined;
  /** SHA-256 of a run's own file: of a file with other bytes, all rows test. */
  readonly ownSha256?: string | undefined;
}

/** How the rows of a file are split. */
function splitOf(
  { split = "shuffled", seed, allTrain, ownSha256 }: FileOptions,
  sha256: string,
): RowSplit {
  if (allTrain) return { kind: "train" };
  if (ownSha256 !== undefined && ownSha256 !== sha256) return { kind: "test" };
  return split === "ordered" ? { kind: "ordered" } : { kind: "shuffled", seed };
}

/**
 * Opens a file of points (CSV, NPY, Parquet) or images (IDX, NPY), shuffled by the seed and split
 * 80/20. Labels of images are read, if present, from the file beside it whose name has `labels-idx1`
 * instead of `images-idx3`.
 *
 * @throws {InputError} If the file cannot be read or contains fewer than 10 samples.
 */
export async function openFile(path: string, options: FileOptions): Promise<Dataset> {
  return await readInput<Dataset>(path, (content) => openContent(content, options));
}

/**
 * Like {@link openFile}, for content from any source.
 *
 * @throws {InputError} As {@link openFile}.
 */
export async function openContent(content: InputContent, options: FileOptions): Promise<Dataset> {
  if (isIdxImages(content.head)) return await imagesFromIdx(content, options);
  const array = await readArray(content);
  return array !== null && hasImageAxes(array)
    ? await imagesFromArray(content, array, options)
    : await pointsFromContent(content, array, options);
}

async function pointsFromContent(
  content: InputContent,
  array: FileArray | null,
  options: FileOptions,
): Promise<PointDataset> {
  const { place } = content;
  const read = array === null
    ? await parsePoints(content, options)
    : arrayPoints(array, place, options);
  const { points, columns, dropped, count, dims, reading, firstLine } = read;
  const sha256 = content.sha256();
  const split = splitOf(options, sha256);
  requireSplittable(count, place, split.kind);
  return {
    kind: "points",
    name: place,
    dims,
    ...splitPoints({ points, count, labels: null }, dims, split),
    file: { columns, dropped, reading, firstLine },
    identity: { sha256, rows: reading.rows, columns: columns.length + dropped.length },
    density: null,
    draw: null,
  };
}

/**
 * Opens a folder with the four IDX files of MNIST or its successors, keeping their train/test
 * split.
 *
 * @throws {InputError} If a file is missing, damaged or empty.
 */
export async function openImageFolder(
  folder: string,
  options: FileOptions & { readonly name: string },
): Promise<ImageDataset> {
  const { train, test } = await readIdxFolder(folder);
  const { height, width } = train.images;
  const { binarize = true } = options;
  const table = ({ images, labels }: IdxHalf, place: string) => {
    const { grey: values, count } = images;
    const pixels = height * width;
    const read = pixelValues(values, { binarize, pixels, place: `${folder}, ${place}` });
    return tableOf(read, { pixels, count, labels });
  };
  return {
    kind: "images",
    name: options.name,
    height,
    width,
    channels: 1,
    train: table(train, "train"),
    test: table(test, "test"),
  };
}

/**
 * Opens a folder of PNG files of one size, itself or in a subfolder per class, shuffled by the seed
 * and split 80/20.
 *
 * @throws {InputError} If there are none, one cannot be read, or their sizes differ.
 */
export async function openPngFolder(folder: string, options: FileOptions): Promise<ImageDataset> {
  // Imported on demand: most data are no pictures.
  const { readPngFolder } = await import("./images/png_folder.ts");
  const { values, remarks, ...pictures } = await readPngFolder(folder, options.channels);
  const { height, width, channels } = pictures;
  const read = pixelValues(values, {
    binarize: options.binarize,
    pixels: height * width * channels,
    place: folder,
    white: 255,
  });
  const words = [read.words, ...remarks].join("; ");
  return imageDataset({ ...pictures, name: folder, read: { ...read, words } }, options);
}

/** Images that a file or a folder has, before they are split. */
export interface FileImages {
  /** Name of the file or folder. */
  readonly name: string;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** [count * height * width * channels], NHWC. */
  readonly read: PixelValues;
  /** [count], or null. */
  readonly labels: Uint8Array | null;
  /** SHA-256 of their bytes. */
  readonly sha256: string;
}

/**
 * The data set of images, split as the options say.
 *
 * @throws {InputError} If there are too few to split.
 */
function imageDataset(images: FileImages, options: FileOptions): ImageDataset {
  const { name, count, height, width, channels, read, labels, sha256 } = images;
  const split = splitOf(options, sha256);
  requireSplittable(count, name, split.kind);
  const pixels = height * width * channels;
  const table = tableOf(read, { pixels, count, labels });
  const { train, test } = splitIndices(count, split);
  const { binarize, words } = read;
  return {
    kind: "images",
    name,
    height,
    width,
    channels,
    reading: { binarize, words },
    train: selectImages(table, train),
    test: selectImages(table, test),
    identity: { sha256, rows: count, columns: pixels },
  };
}

/** IDX of unsigned bytes and three axes, which are not copied. */
async function imagesFromIdx(content: InputContent, options: FileOptions): Promise<ImageDataset> {
  const { place } = content;
  const { grey, ...size } = readIdxImages(await whole(content.chunks), place);
  const pixels = size.height * size.width;
  return imageDataset({
    ...size,
    name: place,
    channels: 1,
    read: pixelValues(grey, { binarize: options.binarize, pixels, place }),
    labels: await labelsBeside(place, size.count),
    sha256: content.sha256(),
  }, options);
}

async function imagesFromArray(
  content: InputContent,
  array: FileArray,
  options: FileOptions,
): Promise<ImageDataset> {
  const { place } = content;
  const { order, ...size } = imageShapeOf(array, place);
  const { count, height, width, channels } = size;
  const isSplit = options.ownSha256 === undefined;
  if (isSplit && array.shape.length === 3 && (count === 1 || count === 3)) {
    throw new InputError(
      `${place}: ${array.called}: ${
        count === 1 ? "is one image" : "are 3 images, or one in colour"
      }` +
        "; a data set is [n, h, w] or [n, 3, h, w]: numpy.stack(pictures)",
    );
  }
  const pixels = height * width;
  const read = pixelValues(array.values, {
    binarize: options.binarize,
    pixels: pixels * channels,
    place,
  });
  const levels = order === "first" ? channelsLast(read.levels, { pixels, channels }) : read.levels;
  return imageDataset({
    ...size,
    name: place,
    read: { ...read, levels },
    labels: await labelsBeside(place, count),
    sha256: content.sha256(),
  }, options);
}

function tableOf({ levels, binarize }: PixelValues, stored: StoredImages): ImageTable {
  return binarize
    ? packedImageTable(packImages(levels, stored.pixels, BINARISE_THRESHOLD), stored)
    : greyImageTable(levels, stored);
}

async function labelsBeside(path: string, count: number): Promise<Uint8Array | null> {
  const named = path.replace(/images([-.])idx3(?=[^/\\]*$)/, "labels$1idx1");
  if (named === path) return null;
  const plain = named.replace(/\.gz$/, "");
  for (const candidate of [plain, `${plain}.gz`]) {
    if (await fileKind(candidate) !== "file") continue;
    const labels = readIdxLabels(await readInputFile(candidate), candidate);
    requireEqualCounts(count, labels, candidate);
    return labels;
  }
  return null;
}
