import { toBase64 } from "../core/base64.ts";

/**
 * A data URI for a file, so that a page is self-contained.
 *
 * @param type Media type: "image/png", "image/gif", "font/woff2".
 */
export function dataUri(bytes: Uint8Array, type: string): string {
  return `data:${type};base64,${toBase64(bytes)}`;
}
