import { InputError } from "../runtime/errors.ts";

/** Whether bytes begin as a gzip member does (RFC 1952, section 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Inflates a gzip file, and stops as soon as it holds more than `limit` bytes:
 * a small file can declare, and really hold, a thousand times its own size.
 *
 * @param options.place What to call the bytes in an error, such as a file's name.
 * @param options.limit Most bytes of content that are accepted.
 * @throws {InputError} If the bytes are damaged, cut short, or hold more than `limit`.
 */
export async function gunzip(
  bytes: Uint8Array<ArrayBuffer>,
  options: { readonly place: string; readonly limit: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const { place, limit } = options;
  const chunks: Uint8Array[] = [];
  let size = 0;
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    for await (const chunk of inflated) {
      size += chunk.length;
      if (size > limit) {
        throw new InputError(
          `${place}: inflates to more than ${limit} bytes, the most that is read here`,
        );
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `${place}: not a whole gzip file (damaged or cut short); make or download it again`,
    );
  }
  const content = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    content.set(chunk, offset);
    offset += chunk.length;
  }
  return content;
}
