import { toBase64 } from "../core/base64.ts";

/**
 * A file as an address that holds the file itself, so that a page needs no other.
 *
 * @param bytes The file.
 * @param type Its media type: "image/png", "image/gif", "font/woff2".
 */
export function dataUri(bytes: Uint8Array, type: string): string {
  return `data:${type};base64,${toBase64(bytes)}`;
}
