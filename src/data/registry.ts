import { InputError } from "../runtime/errors.ts";
import { checkerboard } from "./checkerboard.ts";
import type { Dataset } from "./dataset.ts";
import { eightGaussians } from "./eight_gaussians.ts";
import { moons } from "./moons.ts";
import { sourceDataset } from "./point_source.ts";
import { suggestion } from "./suggestion.ts";

/** Distributions with a known density, by name. */
export const pointSources = {
  [moons.name]: moons,
  [eightGaussians.name]: eightGaussians,
  [checkerboard.name]: checkerboard,
};

/** Names that {@link openDataset} knows without a file. */
export const datasetNames: readonly string[] = [...Object.keys(pointSources), "mnist"];

/** How a data set is opened. */
export interface OpenOptions {
  /** Draws the points of a known distribution, and shuffles before the split. */
  readonly seed: number;
  /** Grey values above 128 become 1, the rest 0; else they are divided by 255. Images only. */
  readonly binarize: boolean;
  /** Folder of downloaded data sets (`dataDirectory`), or null where there is none. */
  readonly dataDir: string | null;
  /** Reads the standard input to its end; needed for the name `-`. */
  readonly readStdin?: () => Promise<Uint8Array>;
}

/**
 * Opens a data set by name.
 *
 * @throws {InputError} If there is no such data set.
 */
export async function openDataset(name: string, options: OpenOptions): Promise<Dataset> {
  const source = pointSources[name];
  if (source !== undefined) return sourceDataset(source, options.seed);
  if (name === "mnist" && options.binarize) {
    // On demand: the file is megabytes, and most commands do not need it.
    return (await import("./embedded_mnist.ts")).openEmbeddedMnist();
  }
  throw new InputError(
    `${name}: no such data set${suggestion(name, datasetNames)}; there are ${
      datasetNames.join(", ")
    }`,
  );
}
