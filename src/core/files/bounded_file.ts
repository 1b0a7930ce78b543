import { InputError } from "../errors.ts";

/** Bytes per read, of a small file fewer: thousands of pictures are read. */
const CHUNK_BYTES = 256 * 1024, LEAST_CHUNK_BYTES = 4096;

/** Size limit of data and weights files: 1 GiB. */
export const MAX_INPUT_BYTES: number = 2 ** 30;

/**
 * Size limit of JSON files (settings, metrics): 64 MiB. The scales of a table with a million
 * columns, the largest that is accepted, take 40.
 */
export const MAX_JSON_BYTES: number = 2 ** 26;

/**
 * Passes chunks through and enforces a size limit: the source may be endless (`/dev/zero`, a pipe).
 *
 * @param place Name of the source in the error message.
 * @throws {InputError} As soon as more than `limit` bytes have arrived.
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
 * Streams a file's bytes in chunks, each in its own buffer.
 *
 * @throws {InputError} If it has more than `limit` bytes; for a regular file, before reading any.
 * @throws The system's error if it cannot be read.
 */
export async function* fileChunks(
  path: string,
  limit: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  const { isFile, isDirectory, size } = await file.stat();
  // Opening a folder succeeds; reading it fails with a message that does not mention a folder.
  if (isDirectory) throw new Deno.errors.IsADirectory(`Is a directory: readfile '${path}'`);
  if (isFile && size > limit) throw tooLong(path, limit);
  // Files of the system, such as those in /proc, have a size of 0.
  const least = isFile ? Math.max(LEAST_CHUNK_BYTES, size + 1) : CHUNK_BYTES;
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, least));
  let read = 0;
  for (;;) {
    const length = await file.read(buffer);
    if (length === null) return;
    read += length;
    if (read > limit) throw tooLong(path, limit);
    yield buffer.slice(0, length); // a pipe returns few bytes at a time
  }
}

/**
 * Reads a whole file.
 *
 * @throws As {@link fileChunks}.
 */
export async function readBounded(path: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  return await whole(fileChunks(path, limit));
}

/**
 * Reads a whole text file, UTF-8 or by its byte order mark UTF-16; invalid bytes become U+FFFD.
 *
 * @throws As {@link fileChunks}.
 */
export async function readBoundedText(path: string, limit: number): Promise<string> {
  const bytes = await readBounded(path, limit);
  const mark = bytes[0] === 0xff && bytes[1] === 0xfe
    ? "utf-16le"
    : bytes[0] === 0xfe && bytes[1] === 0xff
    ? "utf-16be"
    : "utf-8";
  return new TextDecoder(mark).decode(bytes);
}

/**
 * Splits text into lines at \n; a non-empty last line needs no terminator. Invalid UTF-8 becomes
 * U+FFFD, and lines are truncated to `most` UTF-16 units.
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

/** Concatenates all chunks. */
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
  return new InputError(`${place}: exceeds the limit of ${size}`);
}
