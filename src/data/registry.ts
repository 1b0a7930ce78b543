import { InputError } from "../core/errors.ts";
import { checkerboard } from "./densities/checkerboard.ts";
import type { CsvOptions } from "./formats/csv.ts";
import { datasetNames } from "./dataset_names.ts";
import type { Dataset } from "./dataset.ts";
import { eightGaussians } from "./densities/eight_gaussians.ts";
import { openWithTestData } from "./test_data.ts";
import {
  type FileOptions,
  openContent,
  openFile,
  openImageFolder,
  openPngFolder,
} from "./file_dataset.ts";
import { hasIdxFiles } from "./images/idx_folder.ts";
import { fileKind, noSuchFile, readContent } from "./input_file.ts";
import { findManifest, type Manifest } from "./downloads/manifest.ts";
import { moons } from "./densities/moons.ts";
import { type PointSource, sourceDataset } from "./point_source.ts";
import type { ReadStdin } from "./tables/point_rows.ts";
import { suggestion } from "../core/suggestion.ts";

/** Distributions with a known density. */
export const pointSources: readonly PointSource[] = [moons, eightGaussians, checkerboard];

/** What determines the rows and columns of a data set; a run records it. */
export interface DataOptions extends CsvOptions {
  /** Seed for drawing the points of a known distribution and for shuffling. */
  readonly seed: number;
  /**
   * Images only: true maps values above half of their range to 1 and others to 0; false scales them
   * to 0 to 1 (8-bit ones are divided by 255). Default true for data sets by name and folders of IDX
   * files; other images are binary if they have two different values.
   */
  readonly binarize?: boolean | undefined;
  /**
   * Folders of PNG files only: channels that are needed, where grey pictures may count as coloured
   * ones; default 1 if no picture has a colour, else 3.
   */
  readonly channels?: number | undefined;
  /** Of a file or folder: whether rows are shuffled before the split, or the last fifth tests; default shuffled. */
  readonly split?: "shuffled" | "ordered" | undefined;
  /** A file or folder of test rows, with the columns of the data set: all rows of that one's file train. */
  readonly testData?: string | undefined;
}

/** Options of {@link openDataset}; the seed is 0 by default. */
export interface OpenOptions extends Partial<DataOptions> {
  /** SHA-256 of a run's own file: of a file with other bytes, all rows test. */
  readonly ownSha256?: string | undefined;
  /** Folder of downloaded data sets (`dataDirectory`); default null. */
  readonly dataDir?: string | null;
  /** Standard input; required for the name `-`. */
  readonly readStdin?: ReadStdin;
}

/**
 * Opens a data set: one of {@link datasetNames}; a CSV or NPY file of points or an IDX file of
 * images, gzip-compressed or not; a folder with the four IDX files of MNIST, or of PNG files of one
 * size; or `-` for points from standard input.
 *
 * @throws {InputError} If the data set does not exist, is not downloaded, or is damaged.
 */
export async function openDataset(name: string, given: OpenOptions = {}): Promise<Dataset> {
  const { seed = 0, dataDir = null, testData } = given;
  const options = { ...given, seed, dataDir };
  return testData === undefined
    ? await openOne(name, options)
    : await openWithTestData({ name, testData }, (name, change) =>
      openOne(name, { ...options, ...change }));
}

/** Options with their defaults. */
type Opening = FileOptions & Pick<OpenOptions, "readStdin"> & { readonly dataDir: string | null };

async function openOne(name: string, options: Opening): Promise<Dataset> {
  const source = pointSources.find((candidate) => candidate.name === name);
  if (source !== undefined) return sourceDataset(source, options.seed);
  if (name === "mnist" && (options.binarize ?? true)) {
    // Imported on demand: it takes megabytes, and most commands do not need it.
    return (await import("./images/embedded_mnist.ts")).openEmbeddedMnist();
  }
  const manifest = findManifest(name);
  if (manifest !== null) return openDownloaded(manifest, options);
  if (name === "-") {
    if (options.readStdin === undefined) {
      throw new InputError("-: the standard input cannot be read here; name a file");
    }
    return await readContent(options.readStdin(), {
      place: "standard input",
      use: (content) => openContent(content, options),
    });
  }
  const kind = await fileKind(name);
  if (kind === "folder") {
    return await hasIdxFiles(name)
      ? openImageFolder(name, { ...options, name })
      : openPngFolder(name, options);
  }
  if (kind === "file") return openFile(name, options);
  if (/[/\\]|\.(csv|tsv|npy|npz|parquet|txt|gz)$|ubyte$/i.test(name)) {
    throw noSuchFile(name);
  }
  throw unknownDataset(name);
}

/** The error for a name not in {@link datasetNames}; suggests the closest one. */
export function unknownDataset(name: string): InputError {
  return new InputError(
    `${name}: no such data set${suggestion(name, datasetNames)}; there are ${
      datasetNames.join(", ")
    }, and any CSV, NPY, Parquet or IDX file or folder of PNG files by its path`,
  );
}

async function openDownloaded(
  manifest: Manifest,
  options: FileOptions & { readonly dataDir: string | null },
): Promise<Dataset> {
  const { name } = manifest;
  const folder = options.dataDir === null ? null : `${options.dataDir}/${name}`;
  if (folder === null || await fileKind(folder) !== "folder") {
    const what = name === "mnist" ? "the grey values of mnist" : name;
    throw new InputError(
      `${what}: not on this machine${folder === null ? "" : ` (looked in ${folder})`}; ` +
        `get them with "fluxion data fetch ${name}", from a mirror of your own with ` +
        `"--from DIR|URL", or set FLUXION_DATA_DIR to the folder that holds ${name}/` +
        (name === "mnist" ? "; binarised mnist is inside the program" : ""),
    );
  }
  return openImageFolder(folder, { ...options, name });
}
