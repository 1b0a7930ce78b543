/**
 * Decodes an embedded base64 file (`NAME.b64`, written by `deno task build:embedded`).
 *
 * Files are embedded as text because importing bytes needs a Deno flag, which every program that
 * imports Fluxion would also have to set and which packages may not use. Decoding takes 0.4 ms
 * per MB.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  // Node.js 22 has no Uint8Array.fromBase64.
  return typeof Uint8Array.fromBase64 === "function"
    ? Uint8Array.fromBase64(text)
    : Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** Bytes in base64. */
export function toBase64(bytes: Uint8Array): string {
  return typeof bytes.toBase64 === "function"
    ? bytes.toBase64()
    : btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
