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
        v128.store(packed, v128.load(from, 16), 16);
        v128.store(packed, v128.load(from));
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
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 48), 48);
  v128.store(to, v128.load(from, 32), 32);
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
    let j = 0;
    for (; j + 4 <= filled; j += 4) {
      packFour(b + <usize>(column + j) * bRow, bRow, k, packed + <usize>j * 4, row);
    }
    for (; j < filled; j++) {
      let from = b + <usize>(column + j) * bRow, to = packed + <usize>j * 4;
      for (let i = 0; i < k; i++, from += 4, to += row) store<f32>(to, load<f32>(from));
    }
  }
}

/** Writes four rows of k numbers as four columns. */
function packFour(from: usize, fromRow: usize, k: i32, to: usize, toRow: usize): void {
  const from1 = from + fromRow, from2 = from1 + fromRow, from3 = from2 + fromRow;
  const end = <usize>k * 4, whole = end & ~15;
  let at: usize = 0;
  for (; at < whole; at += 16) {
    const a = v128.load(from + at), b = v128.load(from1 + at);
    const c = v128.load(from2 + at), d = v128.load(from3 + at);
    const ab = i32x4.shuffle(a, b, 0, 4, 1, 5), ab2 = i32x4.shuffle(a, b, 2, 6, 3, 7);
    const cd = i32x4.shuffle(c, d, 0, 4, 1, 5), cd2 = i32x4.shuffle(c, d, 2, 6, 3, 7);
    v128.store(to, i64x2.shuffle(ab, cd, 0, 2));
    to += toRow;
    v128.store(to, i64x2.shuffle(ab, cd, 1, 3));
    to += toRow;
    v128.store(to, i64x2.shuffle(ab2, cd2, 0, 2));
    to += toRow;
    v128.store(to, i64x2.shuffle(ab2, cd2, 1, 3));
    to += toRow;
  }
  for (; at < end; at += 4, to += toRow) {
    store<f32>(to, load<f32>(from + at));
    store<f32>(to, load<f32>(from1 + at), 4);
    store<f32>(to, load<f32>(from2 + at), 8);
    store<f32>(to, load<f32>(from3 + at), 12);
  }
}
