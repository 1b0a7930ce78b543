import {
  bounded,
  fileChunks,
  MOST_INPUT_BYTES,
  readBounded,
  whole,
} from "../core/files/bounded_file.ts";
import { InputError } from "../core/errors.ts";
import { gunzipChunks, isGzip } from "./formats/gunzip.ts";

/** Bytes that tell what a file holds. */
const HEAD_BYTES = 1024;

/** The content of a data file, inflated if it is gzip-compressed. */
export interface InputContent {
  /** What to call it in an error, such as the file's name. */
  readonly place: string;
  /** Its first 1,024 bytes, or all that there are. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** All of it, the head too; 1 GiB at most. Read once. */
  readonly chunks: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/**
 * Opens a data file for `use`, piece by piece, and closes it afterwards.
 *
 * @throws {InputError} If there is no such file, it may not be read, or it has more than 1 GiB; on
 *   the way also if it is a damaged gzip file or inflates to more than is accepted.
 */
export async function readInput<T>(
  path: string,
  use: (content: InputContent) => Promise<T>,
): Promise<T> {
  try {
    return await readContent(fileChunks(path, MOST_INPUT_BYTES), { place: path, use });
  } catch (error) {
    throw wordsFor(path, error);
  }
}

/**
 * As {@link readInput}, for bytes from anywhere, such as the standard input.
 *
 * @param options.place What to call them in an error.
 */
export async function readContent<T>(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  options: { readonly place: string; readonly use: (content: InputContent) => Promise<T> },
): Promise<T> {
  const { place, use } = options;
  const limits = { place, limit: MOST_INPUT_BYTES };
  const given = await peeked(bounded(chunks, limits), 2);
  try {
    const content = await peeked(
      isGzip(given.head) ? gunzipChunks(given.chunks, limits) : given.chunks,
      HEAD_BYTES,
    );
    try {
      return await use({ place, head: content.head, chunks: content.chunks });
    } finally {
      await content.close();
    }
  } finally {
    await given.close();
  }
}

/** The first bytes of a sequence of chunks, and the whole sequence still. */
async function peeked(chunks: AsyncIterable<Uint8Array<ArrayBuffer>>, size: number) {
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
 * Reads a data file whole, inflating it if it is gzip-compressed.
 *
 * @throws {InputError} As {@link readInput}.
 */
export async function readInputFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await readInput(path, ({ chunks }) => whole(chunks));
}

/**
 * Reads a file whole, as it is.
 *
 * @throws {InputError} If there is no such file, it may not be read, or it has more than 1 GiB.
 */
export async function readFileBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readBounded(path, MOST_INPUT_BYTES);
  } catch (error) {
    throw wordsFor(path, error);
  }
}

/** The error for a file that is not there. */
export function noSuchFile(path: string): InputError {
  return new InputError(`${path}: no such file; check the path`);
}

/** What the system said of a file, as a person can mend it. */
function wordsFor(path: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotFound) {
    return noSuchFile(path);
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new InputError(`${path}: may not be read; check its permissions`);
  }
  if (error instanceof Deno.errors.IsADirectory) {
    return new InputError(`${path}: is a folder; name a file`);
  }
  return error;
}

/** What a path is, or null where there is nothing. Follows links. */
export async function fileKind(path: string): Promise<"file" | "folder" | null> {
  try {
    return (await Deno.stat(path)).isDirectory ? "folder" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}
