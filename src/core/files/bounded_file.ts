import { InputError } from "../errors.ts";

/** Bytes that are read at once. */
const CHUNK_BYTES = 256 * 1024;

/** Most bytes of a data file or of weights that are read: 1 GiB. */
export const MOST_INPUT_BYTES: number = 2 ** 30;

/**
 * Most bytes of a file of settings or figures (JSON) that are read: 64 MiB. The scales of a table
 * of a million columns, the most that are read, take 40.
 */
export const MOST_JSON_BYTES: number = 2 ** 26;

/**
 * Passes chunks on until they are more than `limit` bytes: what is read need not be a file with an
 * end (`/dev/zero`, a pipe).
 *
 * @param place What to call them in the error.
 * @throws {InputError} As soon as there are more.
 */
export async function* bounded(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  { place, limit }: { readonly place: string; readonly limit: number },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw tooLong(place, limit);
    yield chunk;
  }
}

/**
 * A file's bytes, piece by piece, each in memory of its own.
 *
 * @throws {InputError} If it has more than `limit` bytes: of a regular file before anything is read.
 * @throws Whatever the system says if it cannot be read.
 */
export async function* fileChunks(
  path: string,
  limit: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  const { isFile, isDirectory, size } = await file.stat();
  // Opening a folder succeeds, reading it fails in words that name no folder.
  if (isDirectory) throw new Deno.errors.IsADirectory(`Is a directory: readfile '${path}'`);
  if (isFile && size > limit) throw tooLong(path, limit);
  const buffer = new Uint8Array(CHUNK_BYTES);
  let read = 0;
  for (;;) {
    const length = await file.read(buffer);
    if (length === null) return;
    read += length;
    if (read > limit) throw tooLong(path, limit);
    yield buffer.slice(0, length); // a pipe gives few bytes at a time
  }
}

/**
 * A file's bytes as a whole.
 *
 * @throws As {@link fileChunks}.
 */
export async function readBounded(path: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  return await whole(fileChunks(path, limit));
}

/**
 * A file's text as a whole; what is not UTF-8 becomes U+FFFD.
 *
 * @throws As {@link fileChunks}.
 */
export async function readBoundedText(path: string, limit: number): Promise<string> {
  return new TextDecoder().decode(await readBounded(path, limit));
}

/**
 * The lines of a text, ended by \n, without the ends; the last one too if it is not empty. What
 * is not UTF-8 becomes U+FFFD, and a line of more than `most` UTF-16 units is cut there.
 */
export async function* lines(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  most: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let begun = "";
  for await (const chunk of chunks) {
    const parts = decoder.decode(chunk, { stream: true }).split("\n");
    for (let i = 0; i < parts.length; i++) {
      if (begun.length < most) begun = (begun + parts[i]).slice(0, most);
      if (i === parts.length - 1) break;
      yield begun;
      begun = "";
    }
  }
  begun += decoder.decode();
  if (begun !== "") yield begun;
}

/** All chunks as one array. */
export async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const kept = await Array.fromAsync(chunks);
  const bytes = new Uint8Array(kept.reduce((size, chunk) => size + chunk.length, 0));
  let offset = 0;
  for (const chunk of kept) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function tooLong(place: string, limit: number): InputError {
  const size = limit % 2 ** 30 === 0 ? `${limit / 2 ** 30} GiB` : `${limit / 2 ** 20} MiB`;
  return new InputError(`${place}: holds more than ${size}, the most that is read here`);
}
