import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { whole } from "../../core/files/bounded_file.ts";
import { InputError } from "../../core/errors.ts";

/**
 * Most bytes of content that a byte of a gzip file may hold. Deflate reaches 1,032 (RFC 1951: 258
 * bytes for 2 bits), columns of one repeated number some 100.
 */
const MOST_RATIO = 200;

/** Content that is taken whatever the ratio: 16 MiB. */
const ALWAYS_TAKEN = 2 ** 24;

/** Compressed bytes that are inflated at once: what they hold is in memory as a whole. */
const PIECE_BYTES = 2 ** 14;

/** Most bytes of content in a chunk. */
const CHUNK_BYTES = 2 ** 18;

/** Whether it is what zlib throws (Z_DATA_ERROR, Z_BUF_ERROR). */
function isDamage(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}

/** Whether bytes begin as a gzip member does (RFC 1952, section 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What a gzip file is called, and the most that it may hold. */
export interface GunzipOptions {
  /** What to call it in an error, such as the file's name. */
  readonly place: string;
  /** Most bytes of content that are accepted. */
  readonly limit: number;
}

/**
 * Inflates a gzip file piece by piece, and stops as soon as it holds more than `limit` bytes, or
 * more than 16 MiB and 200 times its own size: a small file can declare, and really hold, a
 * thousand times its own size.
 *
 * @throws {InputError} If the bytes are damaged, cut short, or hold more than is accepted.
 */
export async function* gunzipChunks(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>> | Iterable<Uint8Array<ArrayBuffer>>,
  { place, limit }: GunzipOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let compressed = 0, size = 0;
  async function* pieces() {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        const piece = chunk.subarray(at, at + PIECE_BYTES);
        compressed += piece.length;
        yield piece;
      }
    }
  }
  // DecompressionStream takes one member only; RFC 1952 lets a file have many (cat, pigz, bgzip).
  const inflated = createGunzip({ chunkSize: CHUNK_BYTES });
  // Closes `chunks` too where the reader stops; errors of either come out of `inflated`.
  pipeline(Readable.from(pieces(), { highWaterMark: 1 }), inflated, () => {});
  try {
    for await (const buffer of inflated) {
      const chunk = new Uint8Array<ArrayBuffer>(buffer);
      size += chunk.length;
      if (size > limit) {
        throw new InputError(
          `${place}: inflates to more than ${limit} bytes, the most that is read here`,
        );
      }
      if (size > ALWAYS_TAKEN && size > MOST_RATIO * compressed) {
        throw new InputError(
          `${place}: inflates to more than ${MOST_RATIO} times its size (${compressed} bytes gave ` +
            `${size} so far), the most that is read here; inflate it yourself if that is right`,
        );
      }
      yield chunk;
    }
  } catch (error) {
    if (!isDamage(error)) throw error; // what reading the file threw
    throw new InputError(
      `${place}: not a whole gzip file (damaged or cut short); make or download it again`,
    );
  }
}

/**
 * Inflates a gzip file that is in memory.
 *
 * @throws {InputError} As {@link gunzipChunks}.
 */
export async function gunzip(
  bytes: Uint8Array<ArrayBuffer>,
  options: GunzipOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  return await whole(gunzipChunks([bytes], options));
}
