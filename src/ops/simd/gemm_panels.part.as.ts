import { TILE_COLUMNS } from "./tile.layout.part.as";

/** Up to this row length B is used in place; longer rows conflict in the L1 cache. */
export const ROW_IN_PLACE: i32 = 128;

/** Copies rows of up to 8 numbers. */
export function copyRows(
  to: usize,
  toRow: usize,
  from: usize,
  fromRow: usize,
  rows: i32,
  columns: i32,
): void {
  for (let r = 0; r < rows; r++, to += toRow, from += fromRow) {
    for (let i: usize = 0; i < <usize>columns * 4; i += 4) store<f32>(to + i, load<f32>(from + i));
  }
}

/** Packs B [k, n] into panels of 8 columns, [k, 8] each, padded with zeros. */
export function pack(b: usize, bRow: usize, k: i32, n: i32, packed: usize): void {
  for (let column = 0; column < n; column += TILE_COLUMNS) {
    let from = b + <usize>column * 4;
    if (column + TILE_COLUMNS <= n) {
      for (let i = 0; i < k; i++, from += bRow, packed += 32) {
        v128.store(packed, v128.load(from));
        v128.store(packed, v128.load(from, 16), 16);
      }
    } else {
      memory.fill(packed, 0, <usize>k * 32);
      copyRows(packed, 32, from, bRow, k, n - column);
      packed += <usize>k * 32;
    }
  }
}

/** {@link pack} for a B stored as [n, k]. */
export function packTransposed(b: usize, bRow: usize, k: i32, n: i32, packed: usize): void {
  for (let column = 0; column < n; column += TILE_COLUMNS, packed += <usize>k * 32) {
    const columns = min(n - column, TILE_COLUMNS);
    if (columns < TILE_COLUMNS) memory.fill(packed, 0, <usize>k * 32);
    for (let j = 0; j < columns; j++) {
      let from = b + <usize>(column + j) * bRow, to = packed + <usize>j * 4;
      for (let i = 0; i < k; i++, from += 4, to += 32) store<f32>(to, load<f32>(from));
    }
  }
}
