import { createHash, type Hash } from "node:crypto";
import {
  bounded,
  fileChunks,
  MAX_INPUT_BYTES,
  readBounded,
  whole,
} from "../core/files/bounded_file.ts";
import { InputError } from "../core/errors.ts";
import { gunzipChunks, isGzip } from "./formats/gunzip.ts";

/** Bytes needed to recognise a file's format. */
const HEAD_BYTES = 1024;

/** The content of a data file, decompressed if it was gzip-compressed. */
export interface InputContent {
  /** Name for error messages, such as the file name. */
  readonly place: string;
  /** The first 1,024 bytes, or all if there are fewer. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** The whole content, including `head`, at most 1 GiB. Can be read only once. */
  readonly chunks: AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** SHA-256 of the bytes as they are stored, in hexadecimal; called after all was read. */
  sha256(): string;
}

/**
 * Streams a data file to `use` and closes it afterwards.
 *
 * @throws {InputError} If the file does not exist, is not readable, or exceeds 1 GiB; while reading,
 *   also if it is a damaged gzip file or inflates beyond the limits.
 */
export async function readInput<T>(
  path: string,
  use: (content: InputContent) => Promise<T>,
): Promise<T> {
  try {
    return await readContent(fileChunks(path, MAX_INPUT_BYTES), { place: path, use });
  } catch (error) {
    throw readError(path, error);
  }
}

/**
 * Like {@link readInput}, for bytes from any source, such as standard input.
 *
 * @param options.place Name of the source in error messages.
 */
export async function readContent<T>(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  options: { readonly place: string; readonly use: (content: InputContent) => Promise<T> },
): Promise<T> {
  const { place, use } = options;
  const limits = { place, limit: MAX_INPUT_BYTES };
  const hash = createHash("sha256");
  const given = await peek(hashed(bounded(chunks, limits), hash), 2);
  try {
    const content = await peek(
      isGzip(given.head) ? gunzipChunks(given.chunks, limits) : given.chunks,
      HEAD_BYTES,
    );
    try {
      const sha256 = () => hash.copy().digest("hex");
      return await use({ place, head: content.head, chunks: content.chunks, sha256 });
    } finally {
      await content.close();
    }
  } finally {
    await given.close();
  }
}

/** Passes chunks through and hashes them. */
async function* hashed(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  hash: Hash,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Reads the first bytes of a stream; `chunks` still yields the whole stream. */
async function peek(chunks: AsyncIterable<Uint8Array<ArrayBuffer>>, size: number) {
  const iterator = chunks[Symbol.asyncIterator]();
  const first: Uint8Array<ArrayBuffer>[] = [];
  for (let length = 0; length < size;) {
    const { done, value } = await iterator.next();
    if (done) break;
    first.push(value);
    length += value.length;
  }
  async function* all() {
    yield* first;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      yield value;
    }
  }
  const head = new Uint8Array(await new Blob(first).arrayBuffer()).slice(0, size);
  return { head, chunks: all(), close: async () => void await iterator.return?.() };
}

/**
 * Reads a whole data file, decompressing it if it is gzip-compressed.
 *
 * @throws {InputError} As {@link readInput}.
 */
export async function readInputFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await readInput(path, ({ chunks }) => whole(chunks));
}

/**
 * Reads the raw bytes of a whole file.
 *
 * @throws {InputError} If the file does not exist, is not readable, or exceeds the limit (1 GiB).
 */
export async function readFileBytes(
  path: string,
  limit: number = MAX_INPUT_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readBounded(path, limit);
  } catch (error) {
    throw readError(path, error);
  }
}

/** The error for a file that does not exist. */
export function noSuchFile(path: string): InputError {
  return new InputError(`${path}: no such file; check the path`);
}

/** A system error as a message with a remedy; other errors unchanged. */
export function readError(path: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotFound) {
    return noSuchFile(path);
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new InputError(`${path}: cannot be read; check its permissions`);
  }
  if (error instanceof Deno.errors.IsADirectory) {
    return new InputError(`${path}: is a folder; name a file`);
  }
  return error;
}

/** The kind of a path, following links; null if it does not exist. */
export async function fileKind(path: string): Promise<"file" | "folder" | null> {
  try {
    return (await Deno.stat(path)).isDirectory ? "folder" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}
