import { InputError } from "../../core/errors.ts";
import { findFile, readChecked } from "./checked_file.ts";
import { fileKind } from "../input_file.ts";
import { findManifest, type Manifest, type ManifestFile } from "./manifest.ts";
import { datasetNames } from "../dataset_names.ts";
import { unknownDataset } from "../registry.ts";
import { sha256Hex } from "./sha256.ts";

/** Verification result of one file. */
export interface FileCheck {
  /** Actual or expected path. */
  readonly path: string;
  /** Description of the problem; null if the file is intact. */
  readonly problem: string | null;
}

/**
 * Verifies the hashes of a downloaded data set's files; for `mnist`, also the embedded copy.
 *
 * @param dataDir As for `fetchDataset`, or null.
 * @returns One check per file; empty for generated distributions.
 * @throws {InputError} If there is no data set of this name, or `dataDir` is null and it is not
 *   embedded.
 */
export async function verifyDataset(
  name: string,
  dataDir: string | null,
): Promise<readonly FileCheck[]> {
  if (!datasetNames.includes(name)) throw unknownDataset(name);
  const manifest = findManifest(name);
  if (manifest === null) return [];
  if (dataDir === null && name !== "mnist") {
    throw new InputError(
      `${name}: there is no cache folder here; set FLUXION_DATA_DIR to the folder that holds ${name}/`,
    );
  }
  const checks: FileCheck[] = name === "mnist" ? [await checkEmbedded()] : [];
  const folder = `${dataDir}/${name}`;
  // The embedded copy is complete on its own: the grey values need not be downloaded.
  if (dataDir === null || (name === "mnist" && await fileKind(folder) === null)) return checks;
  return [...checks, ...await verifyManifest(manifest, dataDir)];
}

/** Verifies each file of a manifest in the subfolder of its name. */
export function verifyManifest(
  manifest: Manifest,
  dataDir: string,
): Promise<readonly FileCheck[]> {
  const folder = `${dataDir}/${manifest.name}`;
  return Promise.all(manifest.files.map((file) => checkPresent(folder, file)));
}

async function checkPresent(folder: string, file: ManifestFile): Promise<FileCheck> {
  const path = await findFile(folder, file) ?? `${folder}/${file.name}.gz`;
  try {
    const found = await readChecked(folder, file);
    return { path, problem: found === null ? "missing" : null };
  } catch (error) {
    if (error instanceof InputError) return { path, problem: error.message };
    throw error;
  }
}

async function checkEmbedded(): Promise<FileCheck> {
  const { embeddedMnistContent, EMBEDDED_MNIST_SHA256 } = await import(
    "../images/embedded_mnist.ts"
  );
  const found = await sha256Hex(await embeddedMnistContent());
  const path = "embedded mnist";
  return found === EMBEDDED_MNIST_SHA256
    ? { path, problem: null }
    : { path, problem: `the content has SHA-256 ${found}, expected ${EMBEDDED_MNIST_SHA256}` };
}
