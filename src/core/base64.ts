/**
 * The bytes that an embedded file (`NAME.b64`, by `deno task build:embedded`) holds in base64.
 *
 * Files are embedded as text: importing bytes needs a flag of Deno that a program which imports
 * Fluxion would have to set too, and that packages may not use. Decoding takes 0.4 ms per MB.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  // Node.js 22 has no Uint8Array.fromBase64.
  return typeof Uint8Array.fromBase64 === "function"
    ? Uint8Array.fromBase64(text)
    : Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
