import fashionMnist from "../../../data/manifests/fashion-mnist.json" with { type: "json" };
import kmnist from "../../../data/manifests/kmnist.json" with { type: "json" };
import mnist from "../../../data/manifests/mnist.json" with { type: "json" };

/** One file of a downloadable data set, with the hashes that verify it. */
export interface ManifestFile {
  /** Name of the uncompressed file; mirrors serve it as `name.gz`. */
  readonly name: string;
  /** Size of the uncompressed content. */
  readonly bytes: number;
  /** SHA-256 of the uncompressed content, or null if none is published. */
  readonly sha256: string | null;
  /** SHA-256 of the publisher's `.gz`, or null; used if `sha256` is null. */
  readonly archiveSha256: string | null;
}

/** A data set that is downloaded on demand (`data/manifests/`). */
export interface Manifest {
  /** Name by which it is opened. */
  readonly name: string;
  /** A short description. */
  readonly title: string;
  /** Authors and publication. */
  readonly origin: string;
  /** Licence of the data. */
  readonly licence: string;
  /** URLs of folders with the files, each ending in a slash, in order of preference. */
  readonly mirrors: readonly string[];
  /** Source of the hashes, as prose. */
  readonly hashesFrom: string;
  /** Files of the data set. */
  readonly files: readonly ManifestFile[];
}

/** Every data set that can be downloaded. */
export const manifests: readonly Manifest[] = [mnist, fashionMnist, kmnist];

/** The manifest with this name, or null. */
export function findManifest(name: string): Manifest | null {
  return manifests.find((manifest) => manifest.name === name) ?? null;
}
