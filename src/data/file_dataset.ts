import { whole } from "../core/files/bounded_file.ts";
import type { CsvOptions } from "./formats/csv.ts";
import type { Dataset, ImageDataset, ImageTable, PointDataset } from "./dataset.ts";
import { type IdxImages, isIdxImages, readIdxImages, readIdxLabels } from "./formats/idx.ts";
import { readIdxFolder, requireEqualCounts } from "./images/idx_folder.ts";
import { greyImageTable, packedImageTable, packImages } from "./images/image_table.ts";
import { selectImages } from "./images/image_table.ts";
import { fileKind, type InputContent, readInput, readInputFile } from "./input_file.ts";
import { BINARISE_THRESHOLD } from "./images/packed_mnist.ts";
import { parsePoints } from "./tables/point_rows.ts";
import { requireSplittable, type RowSplit, splitIndices, splitPoints } from "./tables/split.ts";

/** Options for reading images and points from files. */
export interface FileOptions extends CsvOptions {
  /** Seed of the shuffle before the split. */
  readonly seed: number;
  /** Images only: map grey values above 128 to 1 and others to 0; else divide by 255. */
  readonly binarize: boolean;
  /** Whether rows are shuffled before the split, or the last fifth tests; default shuffled. */
  readonly split?: "shuffled" | "ordered" | undefined;
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
 * Opens a file of points (CSV, NPY) or images (IDX), shuffled by the seed and split 80/20. Labels
 * of images are read, if present, from the file beside it whose name has `labels-idx1` instead of
 * `images-idx3`.
 *
 * @throws {InputError} If the file cannot be read or contains fewer than 10 samples.
 */
export async function openFile(path: string, options: FileOptions): Promise<Dataset> {
  return await readInput<Dataset>(
    path,
    (content) =>
      isIdxImages(content.head)
        ? imagesFromFile(content, options)
        : pointsFromContent(content, options),
  );
}

/**
 * Reads points from the content of a CSV or NPY file, shuffled and split 80/20.
 *
 * @throws {InputError} As {@link openFile}.
 */
export async function pointsFromContent(
  content: InputContent,
  options: FileOptions,
): Promise<PointDataset> {
  const { place } = content;
  const read = await parsePoints(content, options);
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
  return {
    kind: "images",
    name: options.name,
    height,
    width,
    channels: 1,
    train: tableOf(train.images, train.labels, options.binarize),
    test: tableOf(test.images, test.labels, options.binarize),
  };
}

async function imagesFromFile(
  content: InputContent,
  options: FileOptions,
): Promise<ImageDataset> {
  const path = content.place;
  const bytes = await whole(content.chunks);
  const images = readIdxImages(bytes, path);
  const sha256 = content.sha256();
  const split = splitOf(options, sha256);
  requireSplittable(images.count, path, split.kind);
  const table = tableOf(images, await labelsBeside(path, images), options.binarize);
  const { train, test } = splitIndices(images.count, split);
  return {
    kind: "images",
    name: path,
    height: images.height,
    width: images.width,
    channels: 1,
    train: selectImages(table, train),
    test: selectImages(table, test),
    identity: { sha256, rows: images.count, columns: images.height * images.width },
  };
}

function tableOf(images: IdxImages, labels: Uint8Array | null, binarize: boolean): ImageTable {
  const { grey, count, height, width } = images;
  const stored = { pixels: height * width, count, labels };
  return binarize
    ? packedImageTable(packImages(grey, stored.pixels, BINARISE_THRESHOLD), stored)
    : greyImageTable(grey, stored);
}

async function labelsBeside(path: string, images: IdxImages): Promise<Uint8Array | null> {
  const named = path.replace(/images([-.])idx3(?=[^/\\]*$)/, "labels$1idx1");
  if (named === path) return null;
  const plain = named.replace(/\.gz$/, "");
  for (const candidate of [plain, `${plain}.gz`]) {
    if (await fileKind(candidate) !== "file") continue;
    const labels = readIdxLabels(await readInputFile(candidate), candidate);
    requireEqualCounts(images, labels, candidate);
    return labels;
  }
  return null;
}
