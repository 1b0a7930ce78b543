import { writeFileAtomic } from "../../core/files/atomic_file.ts";
import { tryLockFile } from "../../core/files/file_lock.ts";
import { makeTemporaryFile, sweepTemporaries } from "../../core/files/temporary_file.ts";
import { systemWords } from "../../core/files/system_fault.ts";
import { FailureError, InputError } from "../../core/errors.ts";
import { type CheckedFile, checkFile, readChecked } from "./checked_file.ts";
import { defaultPatience, download, type DownloadPatience } from "./download.ts";
import { fileKind, readFileBytes } from "../input_file.ts";
import { quoted } from "../../core/quoted.ts";
import { findManifest, type Manifest, type ManifestFile, manifests } from "./manifest.ts";
import { suggestion } from "../../core/suggestion.ts";
import { option } from "../../core/options/spelling.ts";

/** Progress of a download. */
export interface FetchProgress {
  /** Name of the current file. */
  readonly file: string;
  /** Bytes of this file received so far. */
  readonly receivedBytes: number;
  /** Size declared by the server, or null. */
  readonly totalBytes: number | null;
}

/** Source and destination of a fetch. */
export interface FetchOptions {
  /** Folder in which the data set's own subfolder is created (`dataDirectory`). */
  readonly dataDir: string;
  /** A folder, or the `http(s)://` URL of one, with the files; null for the public mirrors. */
  readonly from: string | null;
  /** Called for each chunk received. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Aborts the download. */
  readonly signal?: AbortSignal;
  /** Timeouts; default {@link defaultPatience}. */
  readonly patience?: DownloadPatience;
}

/** Result of a fetch. */
export interface FetchResult {
  /** Folder with the files. */
  readonly folder: string;
  /** False if all files were already present and intact; intact files are not fetched again. */
  readonly fetched: boolean;
  /** Computed SHA-256 of each file's content, even if no hash is published. */
  readonly files: readonly { readonly name: string; readonly contentSha256: string }[];
}

/** Most bytes that gzip adds to incompressible content (RFC 1951: 5 per block of 64 KiB). */
const GZIP_OVERHEAD = 64 * 1024;

/**
 * Downloads a data set, or copies it from a folder. All files are verified before the first is
 * installed. A failed download is kept in `NAME.part`, and the next fetch resumes from it; nothing
 * else is left behind.
 *
 * @throws {InputError} If there is no such data set to fetch, `from` is a folder with missing or
 *   damaged files, or network access is denied.
 * @throws {FailureError} If no mirror delivers intact files, or the disk is full.
 */
export async function fetchDataset(
  name: string,
  options: FetchOptions,
): Promise<FetchResult> {
  return await fetchManifest(manifestToFetch(name), options);
}

/** Like {@link fetchDataset}, for any manifest. */
export async function fetchManifest(
  manifest: Manifest,
  options: FetchOptions,
): Promise<FetchResult> {
  const folder = `${options.dataDir}/${manifest.name}`;
  const present = await Promise.all(manifest.files.map((file) => readWhole(folder, file)));
  const missing = manifest.files.filter((_, i) => present[i] === null);
  const fetched = missing.length === 0
    ? []
    : await fetchFiles({ ...manifest, files: missing }, { ...options, folder });
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

type FetchContext = FetchOptions & { readonly folder: string };

/** A verified file and how to install it. */
interface VerifiedFile extends Omit<CheckedFile, "bytes"> {
  place(path: string): Promise<void>;
}

async function fetchFiles(
  manifest: Manifest,
  options: FetchContext,
): Promise<readonly VerifiedFile[]> {
  const { from, folder } = options;
  if (from !== null && !/^https?:\/\//i.test(from)) {
    const files = await filesFromFolder(from, manifest);
    await placeFiles(folder, files);
    return files;
  }
  const mirrors = from === null ? manifest.mirrors : [from.endsWith("/") ? from : `${from}/`];
  const parts = `${folder}.part`;
  options.signal?.throwIfAborted();
  await makeFolder(parts, folder);
  using _lock = await lock(parts, folder);
  try {
    const files: VerifiedFile[] = [];
    for (const file of manifest.files) {
      files.push(await fromMirrors(file, mirrors, { ...options, parts }));
    }
    await placeFiles(folder, files);
    return files;
  } finally {
    await removeEmpty(parts);
  }
}

async function filesFromFolder(
  folder: string,
  manifest: Manifest,
): Promise<readonly VerifiedFile[]> {
  const files: VerifiedFile[] = [];
  for (const file of manifest.files) {
    const found = await readChecked(folder, file);
    if (found === null) {
      throw new InputError(
        `${folder}: contains no ${file.name}.gz or ${file.name}; ${
          option("from")
        } needs the folder with the ` +
          `files of ${manifest.name}`,
      );
    }
    const { bytes, ...checked } = found;
    files.push({ ...checked, place: (path) => writeFileAtomic(path, bytes) });
  }
  return files;
}

/** Tries the mirrors in order; each resumes from what the previous ones delivered. */
async function fromMirrors(
  file: ManifestFile,
  mirrors: readonly string[],
  options: FetchContext & { readonly parts: string },
): Promise<VerifiedFile> {
  const path = `${options.parts}/${file.name}`;
  using part = await Deno.open(path, { read: true, write: true, create: true });
  const place = (target: string) => Deno.rename(path, target);
  const earlier = await checkPart(path, file, path).catch(() => null);
  if (earlier !== null) return { ...earlier, place };
  const failures: string[] = [];
  for (const mirror of mirrors) {
    const url = `${mirror}${file.name}.gz`;
    try {
      return { ...await fromMirror(url, file, { ...options, part, path }), place };
    } catch (error) {
      const elsewhere = error instanceof Deno.errors.NotCapable ? redirection(error, url) : null;
      if (elsewhere !== null) {
        failures.push(`${url}: redirects to ${quoted(elsewhere)}, a host that is not allowed`);
        continue;
      }
      if (error instanceof Deno.errors.NotCapable) {
        throw new InputError(
          `${url}: network access is refused; allow it, or bring the files another way and give ` +
            `their folder with ${option("from")}`,
        );
      }
      options.signal?.throwIfAborted();
      if (error instanceof FailureError) throw error;
      failures.push(error instanceof InputError ? error.message : `${url}: ${reason(error)}`);
    }
  }
  const { size } = await part.stat();
  const kept = size === 0 ? "" : ` (${size} bytes are kept, and the next try resumes from there)`;
  throw new FailureError(
    `cannot get ${file.name}: ${failures.join("; ")}; try again later${kept}, or give a mirror ` +
      `of your own with ${option("from")} DIR|URL`,
  );
}

/** The disallowed host that a request was redirected to; null if it is the URL's own host. */
function redirection({ message }: Error, url: string): string | null {
  const refused = /net access to "([^"]+)"/.exec(message)?.[1];
  const { protocol, hostname, port } = new URL(url);
  const own = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  return refused === undefined || refused === own ? null : refused;
}

async function fromMirror(
  url: string,
  file: ManifestFile,
  options: FetchContext & { readonly part: Deno.FsFile; readonly path: string },
): Promise<Omit<CheckedFile, "bytes">> {
  const { part, path } = options;
  const receive = () =>
    download({
      url,
      part,
      limit: file.bytes + GZIP_OVERHEAD,
      patience: options.patience ?? defaultPatience,
      signal: options.signal ?? null,
      onProgress: (receivedBytes, totalBytes) =>
        options.onProgress?.({ file: file.name, receivedBytes, totalBytes }),
    });
  for (;;) {
    const { resumed } = await receive();
    try {
      return await checkPart(path, file, url);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      await part.truncate(0);
      // Retry once from scratch: the old part may have belonged to another file.
      if (!resumed) throw error;
    }
  }
}

async function checkPart(
  path: string,
  file: ManifestFile,
  place: string,
): Promise<Omit<CheckedFile, "bytes">> {
  const { bytes: _, ...checked } = await checkFile(await readFileBytes(path), place, file);
  return checked;
}

/**
 * Locks a folder of parts for this process.
 *
 * @throws {InputError} If another process holds the lock.
 */
async function lock(parts: string, folder: string): Promise<Deno.FsFile> {
  const file = await Deno.open(`${parts}/.lock`, { write: true, create: true });
  if (await tryLockFile(file)) return file;
  file.close();
  throw new InputError(`${folder}: another process is fetching it; wait for it`);
}

/** Removes the empty files in a folder of parts, and the folder if no resumable part remains. */
async function removeEmpty(parts: string): Promise<void> {
  for (const { name } of await Array.fromAsync(Deno.readDir(parts))) {
    const { size } = await Deno.stat(`${parts}/${name}`);
    if (size === 0) await Deno.remove(`${parts}/${name}`);
  }
  await Deno.remove(parts).catch(() => {}); // not empty
}

/** An error in one line; the detail of a `fetch` error is in its cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const deepest = error.cause instanceof Error ? error.cause : error;
  return systemWords(deepest).split("\n")[0]!.replace(
    /^error sending request for url \(\S+\): /,
    "",
  );
}

/** Installs the files; if one fails, removes those already installed. */
async function placeFiles(folder: string, files: readonly VerifiedFile[]): Promise<void> {
  const isNew = await fileKind(folder) === null;
  const written: string[] = [];
  try {
    await makeFolder(folder, folder);
    for (const file of files) {
      const path = `${folder}/${file.keptName}`;
      written.push(path);
      await file.place(path);
    }
  } catch (error) {
    for (const path of written) await Deno.remove(path).catch(() => {});
    if (isNew) await Deno.remove(folder).catch(() => {});
    throw error;
  }
}

/** @param shown Name of the folder in the error message. */
async function makeFolder(folder: string, shown: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true });
    // mkdir also succeeds for an existing folder that is not writable
    const { path, file } = await makeTemporaryFile(`${folder}/try`);
    await Deno.remove(path);
    file.close();
    await sweepTemporaries(folder);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new InputError(
      `${shown}: cannot be written (${
        reason(error)
      }); set FLUXION_DATA_DIR to a folder of your own`,
    );
  }
}

/** The file in `folder` if it is present and intact, else null. */
async function readWhole(folder: string, file: ManifestFile): Promise<CheckedFile | null> {
  try {
    return await readChecked(folder, file);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}
