import { TILE_COLUMNS, WIDE_COLUMNS } from "./tile.layout.part.as";

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

/**
 * Packs B [k, n] into panels of 16 columns, [k, 16] each, for n a multiple of 16: two cache lines of a
 * row at a time, as the memory of the next row may displace them.
 */
export function packWide(b: usize, bRow: usize, k: i32, n: i32, packed: usize): void {
  const next = <usize>k * 4 * WIDE_COLUMNS;
  let column = 0;
  for (; column + 2 * WIDE_COLUMNS <= n; column += 2 * WIDE_COLUMNS, packed += 2 * next) {
    let from = b + <usize>column * 4, to = packed, to1 = packed + next;
    for (let i = 0; i < k; i++, from += bRow, to += 64, to1 += 64) {
      copyLine(to, from);
      copyLine(to1, from + 64);
    }
  }
  if (column == n) return;
  let from = b + <usize>column * 4;
  for (let i = 0; i < k; i++, from += bRow, packed += 64) copyLine(packed, from);
}

// @ts-ignore: decorator
@inline
function copyLine(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
}

/** Packs a B stored as [n, k] into panels of 8 or 16 columns, [k, columns] each, padded with zeros. */
export function packTransposed(
  b: usize,
  bRow: usize,
  k: i32,
  n: i32,
  columns: i32,
  packed: usize,
): void {
  const row = <usize>columns * 4, panel = <usize>k * row;
  for (let column = 0; column < n; column += columns, packed += panel) {
    const filled = min(n - column, columns);
    if (filled < columns) memory.fill(packed, 0, panel);
    for (let j = 0; j < filled; j++) {
      let from = b + <usize>(column + j) * bRow, to = packed + <usize>j * 4;
      for (let i = 0; i < k; i++, from += 4, to += row) store<f32>(to, load<f32>(from));
    }
  }
}
