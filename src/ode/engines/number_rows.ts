import type { AffineCotangent } from "./engine.ts";

/**
 * Rows [n * width] with columns of zeros behind them, [n * (width + added)].
 */
export function withZeros(rows: Float32Array, width: number, added: number): Float32Array {
  if (added === 0) return rows;
  const count = rows.length / width, wide = new Float32Array(count * (width + added));
  for (let row = 0; row < count; row++) {
    wide.set(rows.subarray(row * width, (row + 1) * width), row * (width + added));
  }
  return wide;
}

/** The cotangent of rows y1 [n * width] by its rule, rounded as in the CPU engine's kernel (pull_back.part.as.ts). */
export function cotangentOf(
  y1: Float32Array,
  { slope, constant }: AffineCotangent,
): Float32Array<ArrayBuffer> {
  const width = slope.length, cotangent = new Float32Array(y1.length);
  for (let i = 0; i < y1.length; i++) {
    cotangent[i] = Math.fround(slope[i % width]! * y1[i]!) + constant[i % width]!;
  }
  return cotangent;
}

/** Columns [first, end) of rows [n * width], [n * (end - first)]. */
export function columnsOf(
  rows: Float32Array,
  [first, end]: readonly [number, number],
  width: number,
): Float32Array<ArrayBuffer> {
  const count = rows.length / width, kept = end - first;
  const columns = new Float32Array(count * kept);
  for (let row = 0; row < count; row++) {
    columns.set(rows.subarray(row * width + first, row * width + end), row * kept);
  }
  return columns;
}
