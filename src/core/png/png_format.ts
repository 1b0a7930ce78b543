/** Texts embedded in a PNG file by keyword, such as the command that drew it. */
export type PngText = Readonly<Record<string, string>>;

/** The first eight bytes of every PNG file. */
export const SIGNATURE: readonly number[] = [137, 80, 78, 71, 13, 10, 26, 10];

/** Signature (8 bytes) and IHDR chunk (25), with which every PNG file starts. */
export const HEADER_BYTES = 33;

/** Whether a file begins as a PNG. */
export function isPng(head: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => head[i] === byte);
}
