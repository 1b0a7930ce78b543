import { InputError } from "../../core/errors.ts";
import { gunzip, isGzip } from "../formats/gunzip.ts";
import { fileKind, readFileBytes } from "../input_file.ts";
import type { ManifestFile } from "./manifest.ts";
import { sha256Hex } from "./sha256.ts";

/** A file whose hash has been verified. */
export interface CheckedFile {
  /** Name in the manifest. */
  readonly name: string;
  /** Name under which it is stored: `name` or `name.gz`. */
  readonly keptName: string;
  /** The raw bytes, compressed or not. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the uncompressed content. */
  readonly contentSha256: string;
}

/**
 * Verifies a file's bytes, compressed or not, against the manifest.
 *
 * @throws {InputError} If they are damaged, or are not that file.
 */
export async function checkFile(
  bytes: Uint8Array<ArrayBuffer>,
  place: string,
  file: ManifestFile,
): Promise<CheckedFile> {
  const zipped = isGzip(bytes);
  const content = zipped ? await gunzip(bytes, { place, limit: file.bytes }) : bytes;
  if (content.length !== file.bytes) {
    throw new InputError(
      `${place}: has ${content.length} bytes of content, ${file.name} has ${file.bytes}`,
    );
  }
  const contentSha256 = await sha256Hex(content);
  if (file.sha256 === null && !zipped) {
    throw new InputError(
      `${place}: no hash of the uncompressed file is published, so it cannot be checked; bring ` +
        `the original ${file.name}.gz`,
    );
  }
  const [what, found, expected] = file.sha256 !== null
    ? ["content", contentSha256, file.sha256]
    : ["archive", await sha256Hex(bytes), file.archiveSha256];
  if (found !== expected) {
    throw new InputError(
      `${place}: the ${what} has SHA-256 ${found}, expected ${expected}; it is not ${file.name} ` +
        `as published`,
    );
  }
  return {
    name: file.name,
    keptName: zipped ? `${file.name}.gz` : file.name,
    bytes,
    contentSha256,
  };
}

/** The path of a file in `folder`, compressed or not; null if there is none. */
export async function findFile(folder: string, file: ManifestFile): Promise<string | null> {
  for (const path of [`${folder}/${file.name}.gz`, `${folder}/${file.name}`]) {
    if (await fileKind(path) === "file") return path;
  }
  return null;
}

/**
 * Reads and verifies a file in `folder`; null if there is none.
 *
 * @throws {InputError} If it cannot be read, is damaged, or is not that file.
 */
export async function readChecked(
  folder: string,
  file: ManifestFile,
): Promise<CheckedFile | null> {
  const path = await findFile(folder, file);
  return path === null ? null : checkFile(await readFileBytes(path), path, file);
}
