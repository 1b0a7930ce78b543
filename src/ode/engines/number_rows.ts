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
