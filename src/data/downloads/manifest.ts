import fashionMnist from "../../../data/manifests/fashion-mnist.json" with { type: "json" };
import kmnist from "../../../data/manifests/kmnist.json" with { type: "json" };
import mnist from "../../../data/manifests/mnist.json" with { type: "json" };

/** One file of a data set that is downloaded, and how it is known to be right. */
export interface ManifestFile {
  /** Name of the content; mirrors hold it as `name.gz`. */
  readonly name: string;
  /** Length of the content. */
  readonly bytes: number;
  /** SHA-256 of the content, or null where none is published. */
  readonly sha256: string | null;
  /** SHA-256 of the publisher's `.gz`, or null; it is what counts where `sha256` is null. */
  readonly archiveSha256: string | null;
}

/** A data set that is downloaded on demand (`data/manifests/`). */
export interface Manifest {
  /** Under which it is opened. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly title: string;
  /** Who made it, and the publication. */
  readonly origin: string;
  /** Its licence. */
  readonly licence: string;
  /** URLs of folders that hold the files, each ending in a slash, tried in this order. */
  readonly mirrors: readonly string[];
  /** Where the hashes are from, in words. */
  readonly hashesFrom: string;
  /** Its files. */
  readonly files: readonly ManifestFile[];
}

/** Every data set that can be downloaded. */
export const manifests: readonly Manifest[] = [mnist, fashionMnist, kmnist];

/** The manifest of that name, or null. */
export function findManifest(name: string): Manifest | null {
  return manifests.find((manifest) => manifest.name === name) ?? null;
}
