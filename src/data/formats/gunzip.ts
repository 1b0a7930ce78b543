import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { whole } from "../../core/files/bounded_file.ts";
import { InputError } from "../../core/errors.ts";

/**
 * Maximum compression ratio. Deflate can reach 1,032 (RFC 1951: 258 bytes from 2 bits); columns of
 * one repeated number reach about 100.
 */
export const MAX_RATIO = 200;

/** Content accepted at any ratio: 16 MiB. */
const ALWAYS_ACCEPTED = 2 ** 24;

/** Whether a file inflates to more than is accepted: a small one can to a thousand times its size. */
export function inflatesTooMuch(bytes: number, compressedBytes: number): boolean {
  return bytes > ALWAYS_ACCEPTED && bytes > MAX_RATIO * compressedBytes;
}

/** Compressed bytes inflated at a time: their whole content is in memory at once. */
const PIECE_BYTES = 2 ** 14;

/** Maximum bytes of content per chunk. */
const CHUNK_BYTES = 2 ** 18;

/** Whether zlib threw this error (Z_DATA_ERROR, Z_BUF_ERROR). */
function isDamage(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}

/** Whether bytes start with the gzip magic number (RFC 1952, section 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Options of {@link gunzip}. */
export interface GunzipOptions {
  /** Name for error messages, such as the file name. */
  readonly place: string;
  /** Maximum bytes of content. */
  readonly limit: number;
}

/**
 * Inflates a gzip file as a stream. Stops as soon as the content exceeds `limit` bytes, or exceeds
 * both 16 MiB and 200 times the compressed size: a small file can really inflate to a thousand
 * times its size.
 *
 * @throws {InputError} If the bytes are damaged, cut short, or exceed a limit.
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
  // DecompressionStream supports only one member; RFC 1952 allows many (cat, pigz, bgzip).
  const inflated = createGunzip({ chunkSize: CHUNK_BYTES });
  // Also closes `chunks` if the reader stops early; errors of both surface from `inflated`.
  pipeline(Readable.from(pieces(), { highWaterMark: 1 }), inflated, () => {});
  try {
    for await (const buffer of inflated) {
      const chunk = new Uint8Array<ArrayBuffer>(buffer);
      size += chunk.length;
      if (size > limit) {
        throw new InputError(
          `${place}: inflates to more than ${limit} bytes, the limit`,
        );
      }
      if (inflatesTooMuch(size, compressed)) {
        throw new InputError(
          `${place}: inflates to more than ${MAX_RATIO} times its size (${compressed} bytes gave ` +
            `${size} so far), the limit; decompress it yourself if that is right`,
        );
      }
      yield chunk;
    }
  } catch (error) {
    if (!isDamage(error)) throw error; // from reading the file
    throw new InputError(
      `${place}: not a whole gzip file (damaged or cut short); make or download it again`,
    );
  }
}

/**
 * Inflates a gzip file in memory.
 *
 * @throws {InputError} As {@link gunzipChunks}.
 */
export async function gunzip(
  bytes: Uint8Array<ArrayBuffer>,
  options: GunzipOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  return await whole(gunzipChunks([bytes], options));
}
