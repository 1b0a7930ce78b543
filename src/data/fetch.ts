import { writeFileAtomic } from "../runtime/atomic_file.ts";
import { FailureError, InputError } from "../runtime/errors.ts";
import { named } from "../runtime/quoted.ts";
import { type CheckedFile, checkFile, readChecked } from "./checked_file.ts";
import { fileKind } from "./input_file.ts";
import { findManifest, type Manifest, type ManifestFile, manifests } from "./manifest.ts";
import { suggestion } from "./suggestion.ts";

/** How far a download is. */
export interface FetchProgress {
  /** Name of the file that is coming. */
  readonly file: string;
  /** Of this file so far. */
  readonly receivedBytes: number;
  /** As the server declares it, or null. */
  readonly totalBytes: number | null;
}

/** Where a data set is fetched from and kept. */
export interface FetchOptions {
  /** The data set gets a folder of its name here (`dataDirectory`). */
  readonly dataDir: string;
  /** A folder, or the `http(s)://` URL of one, that holds the files; null for the public mirrors. */
  readonly from: string | null;
  /** Called for every piece that arrives. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Stops the download. */
  readonly signal?: AbortSignal;
}

/** What came of a fetch. */
export interface FetchResult {
  /** Where the files are. */
  readonly folder: string;
  /** False if all files were there and whole already; what was is not fetched again. */
  readonly fetched: boolean;
  /** SHA-256 of each file's content: what was found, also where no hash is published. */
  readonly files: readonly { readonly name: string; readonly contentSha256: string }[];
}

/** Bytes that gzip may add to content that cannot be compressed (RFC 1951: 5 a block of 64 KiB). */
const GZIP_OVERHEAD = 64 * 1024;

/**
 * Downloads a data set, or copies it from a folder, and checks every file before
 * the first is written: what fails leaves nothing behind.
 *
 * @throws {InputError} If there is no such data set to fetch, `from` is a folder without its
 *   files or with damaged ones, or network access is refused.
 * @throws {FailureError} If no mirror delivers whole files, or the disk is full.
 */
export async function fetchDataset(
  name: string,
  options: FetchOptions,
): Promise<FetchResult> {
  return await fetchManifest(manifestToFetch(name), options);
}

/** {@link fetchDataset} for any manifest. */
export async function fetchManifest(
  manifest: Manifest,
  options: FetchOptions,
): Promise<FetchResult> {
  const folder = `${options.dataDir}/${manifest.name}`;
  const present = await Promise.all(manifest.files.map((file) => readWhole(folder, file)));
  const missing = manifest.files.filter((_, i) => present[i] === null);
  const fetched = await fetchFiles({ ...manifest, files: missing }, options);
  if (fetched.length > 0) await placeFiles(folder, fetched);
  const files = [...present.filter((file) => file !== null), ...fetched];
  return {
    folder,
    fetched: fetched.length > 0,
    files: manifest.files.map(({ name }) => {
      const { contentSha256 } = files.find((file) => file.name === name)!;
      return { name, contentSha256 };
    }),
  };
}

function manifestToFetch(name: string): Manifest {
  const manifest = findManifest(name);
  if (manifest !== null) return manifest;
  const names = manifests.map((known) => known.name);
  throw new InputError(
    `${name}: nothing to download under this name${suggestion(name, names)}; there are ${
      names.join(", ")
    }`,
  );
}

async function fetchFiles(
  manifest: Manifest,
  options: FetchOptions,
): Promise<readonly CheckedFile[]> {
  const { from } = options;
  if (from !== null && !/^https?:\/\//i.test(from)) return filesFromFolder(from, manifest);
  const mirrors = from === null ? manifest.mirrors : [from.endsWith("/") ? from : `${from}/`];
  const files: CheckedFile[] = [];
  for (const file of manifest.files) files.push(await download(file, mirrors, options));
  return files;
}

async function filesFromFolder(
  folder: string,
  manifest: Manifest,
): Promise<readonly CheckedFile[]> {
  const files: CheckedFile[] = [];
  for (const file of manifest.files) {
    const found = await readChecked(folder, file);
    if (found === null) {
      throw new InputError(
        `${folder}: holds no ${file.name}.gz or ${file.name}; --from needs the folder with the ` +
          `files of ${manifest.name}`,
      );
    }
    files.push(found);
  }
  return files;
}

/** Tries one mirror after the other. */
async function download(
  file: ManifestFile,
  mirrors: readonly string[],
  options: FetchOptions,
): Promise<CheckedFile> {
  const failures: string[] = [];
  for (const mirror of mirrors) {
    const url = `${mirror}${file.name}.gz`;
    try {
      return await checkFile(await receive(url, file, options), url, file);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) {
        throw new InputError(
          `${url}: network access is refused; allow it, or bring the files another way and give ` +
            `their folder with --from`,
        );
      }
      options.signal?.throwIfAborted();
      failures.push(error instanceof InputError ? error.message : `${url}: ${reason(error)}`);
    }
  }
  throw new FailureError(
    `cannot get ${file.name}: ${failures.join("; ")}; try again later, or give a mirror of your ` +
      `own with --from DIR|URL`,
  );
}

/** An error in one line: what fetch says is in its cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const deepest = error.cause instanceof Error ? error.cause : error;
  return deepest.message.split("\n")[0]!.replace(/^error sending request for url \(\S+\): /, "");
}

async function receive(
  url: string,
  file: ManifestFile,
  options: FetchOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { signal: options.signal ?? null });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new InputError(
      `${url}: the server answered ${response.status} ${named(response.statusText)}`,
    );
  }
  const limit = file.bytes + GZIP_OVERHEAD;
  const declared = Number(response.headers.get("content-length") ?? NaN);
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of response.body) {
    received += chunk.length;
    if (received > limit) {
      throw new InputError(
        `${url}: sends more than ${limit} bytes, the most that ${file.name} has`,
      );
    }
    chunks.push(chunk);
    options.onProgress?.({
      file: file.name,
      receivedBytes: received,
      totalBytes: Number.isFinite(declared) ? declared : null,
    });
  }
  return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/** Writes the files, and takes them back if one cannot be written. */
async function placeFiles(folder: string, files: readonly CheckedFile[]): Promise<void> {
  const isNew = await fileKind(folder) === null;
  const written: string[] = [];
  try {
    await makeFolder(folder);
    for (const file of files) {
      const path = `${folder}/${file.keptName}`;
      written.push(path);
      await writeFileAtomic(path, file.bytes);
    }
  } catch (error) {
    for (const path of written) await Deno.remove(path).catch(() => {});
    if (isNew) await Deno.remove(folder).catch(() => {});
    throw error;
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true });
    // mkdir says nothing of a folder that is there and may not be written
    await Deno.remove(await Deno.makeTempFile({ dir: folder }));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new InputError(
      `${folder}: cannot be written (${
        reason(error)
      }); set FLUXION_DATA_DIR to a folder of your own`,
    );
  }
}

/** The file in `folder` if it is there and whole, else null. */
async function readWhole(folder: string, file: ManifestFile): Promise<CheckedFile | null> {
  try {
    return await readChecked(folder, file);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}
