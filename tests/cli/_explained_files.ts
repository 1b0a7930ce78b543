/** Input files for explain_test.ts. */

/** Distinct side x side greyscale images as an IDX file. */
export function encodeIdx(count: number, side: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16 + count * side * side);
  const view = new DataView(bytes.buffer);
  [0x803, count, side, side].forEach((word, i) => view.setUint32(4 * i, word));
  for (let i = 16; i < bytes.length; i++) bytes[i] = (i * i * 31 + i * 7) % 256;
  return bytes;
}

/** Rows of two columns with different scales, as CSV. */
export function encodePoints(rows: number): string {
  return Array.from(
    { length: rows },
    (_, i) => `${300 + 40 * Math.sin(i * i)},${0.01 * Math.cos(3 * i * i)}\n`,
  )
    .join("");
}
