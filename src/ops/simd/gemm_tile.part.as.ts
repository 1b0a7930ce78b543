import { multiplyAdd } from "./multiply_add.part.as";
import { TILE_COLUMNS, WIDE_COLUMNS } from "./tile.layout.part.as";

/** Width of the next tile: 16 if it fits, else min(left, 8). */
// @ts-ignore: decorator
@inline
export function columnsOfTile(wide: i32, left: i32): i32 {
  return wide && left >= WIDE_COLUMNS ? WIDE_COLUMNS : min(left, TILE_COLUMNS);
}

/** Flags for the epilogue of a tile, added together. */
export const ADD: i32 = 1;
export const RELU: i32 = 2;

// @ts-ignore: decorator
@inline
function finish(c: usize, low: v128, high: v128, mode: i32, apart: usize): void {
  if (mode & ADD) {
    low = f32x4.add(low, v128.load(c + apart));
    high = f32x4.add(high, v128.load(c + apart, 16));
  }
  if (mode & RELU) {
    const zero = f32x4.splat(0);
    // Keeps NaN.
    low = f32x4.pmax(low, zero);
    high = f32x4.pmax(high, zero);
  }
  v128.store(c, high, 16);
  v128.store(c, low);
}

/**
 * C[rows, 8] = start + A[rows, k] B[k, 8], where A's rows are contiguous.
 *
 * One term per iteration: with manual unrolling the compiler holds the factors of several terms at
 * once and runs out of registers.
 *
 * @param rows 1 to 6.
 * @param k At least 1.
 * @param aRow Stride of A's rows in bytes.
 * @param bRow Stride of B's rows in bytes.
 * @param start 8 initial values of each row's sums.
 * @param apart With ADD: byte offset from each element of C to the term added to it; 0 for C
 *   itself.
 */
export function tileOfRows(
  rows: i32,
  k: i32,
  a: usize,
  aRow: usize,
  b: usize,
  bRow: usize,
  start: usize,
  c: usize,
  cRow: usize,
  mode: i32,
  apart: usize,
): void {
  // Missing rows repeat the last one and are not written.
  const a1 = rows > 1 ? a + aRow : a;
  const a2 = rows > 2 ? a1 + aRow : a1;
  const a3 = rows > 3 ? a2 + aRow : a2;
  const a4 = rows > 4 ? a3 + aRow : a3;
  const a5 = rows > 5 ? a4 + aRow : a4;
  const low = v128.load(start), high = v128.load(start, 16);
  let s0 = low, t0 = high;
  let s1 = low, t1 = high;
  let s2 = low, t2 = high;
  let s3 = low, t3 = high;
  let s4 = low, t4 = high;
  let s5 = low, t5 = high;
  let p: v128, q: v128, x: v128;
  let at: usize = 0;
  const end = <usize>k * 4;
  do {
    p = v128.load(b);
    q = v128.load(b, 16);
    x = v128.load32_splat(a + at);
    s0 = multiplyAdd(x, p, s0);
    t0 = multiplyAdd(x, q, t0);
    x = v128.load32_splat(a1 + at);
    s1 = multiplyAdd(x, p, s1);
    t1 = multiplyAdd(x, q, t1);
    x = v128.load32_splat(a2 + at);
    s2 = multiplyAdd(x, p, s2);
    t2 = multiplyAdd(x, q, t2);
    x = v128.load32_splat(a3 + at);
    s3 = multiplyAdd(x, p, s3);
    t3 = multiplyAdd(x, q, t3);
    x = v128.load32_splat(a4 + at);
    s4 = multiplyAdd(x, p, s4);
    t4 = multiplyAdd(x, q, t4);
    x = v128.load32_splat(a5 + at);
    s5 = multiplyAdd(x, p, s5);
    t5 = multiplyAdd(x, q, t5);
    b += bRow;
    at += 4;
  } while (at < end);
  finish(c, s0, t0, mode, apart);
  if (rows == 1) return;
  c += cRow;
  finish(c, s1, t1, mode, apart);
  if (rows == 2) return;
  c += cRow;
  finish(c, s2, t2, mode, apart);
  if (rows == 3) return;
  c += cRow;
  finish(c, s3, t3, mode, apart);
  if (rows == 4) return;
  c += cRow;
  finish(c, s4, t4, mode, apart);
  if (rows == 5) return;
  c += cRow;
  finish(c, s5, t5, mode, apart);
}

/**
 * C[rows, 8] = start + A[rows, k] B[k, 8], where A's columns are contiguous.
 *
 * @param rows 1 to 6.
 * @param k At least 1.
 * @param aColumn Stride of A's columns in bytes.
 * @param bRow Stride of B's rows in bytes.
 * @param start 8 initial values of each row's sums.
 * @param apart With ADD: byte offset from each element of C to the term added to it; 0 for C
 *   itself.
 */
export function tileOfColumns(
  rows: i32,
  k: i32,
  a: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  start: usize,
  c: usize,
  cRow: usize,
  mode: i32,
  apart: usize,
): void {
  const low = v128.load(start), high = v128.load(start, 16);
  let s0 = low, t0 = high;
  let s1 = low, t1 = high;
  let s2 = low, t2 = high;
  let s3 = low, t3 = high;
  let s4 = low, t4 = high;
  let s5 = low, t5 = high;
  let p: v128, q: v128, x: v128;
  for (; k > 1; k--) {
    p = v128.load(b);
    q = v128.load(b, 16);
    x = v128.load32_splat(a);
    s0 = multiplyAdd(x, p, s0);
    t0 = multiplyAdd(x, q, t0);
    x = v128.load32_splat(a, 4);
    s1 = multiplyAdd(x, p, s1);
    t1 = multiplyAdd(x, q, t1);
    x = v128.load32_splat(a, 8);
    s2 = multiplyAdd(x, p, s2);
    t2 = multiplyAdd(x, q, t2);
    x = v128.load32_splat(a, 12);
    s3 = multiplyAdd(x, p, s3);
    t3 = multiplyAdd(x, q, t3);
    x = v128.load32_splat(a, 16);
    s4 = multiplyAdd(x, p, s4);
    t4 = multiplyAdd(x, q, t4);
    x = v128.load32_splat(a, 20);
    s5 = multiplyAdd(x, p, s5);
    t5 = multiplyAdd(x, q, t5);
    a += aColumn;
    b += bRow;
  }
  // Memory may end after the last column's rows.
  const last = <usize>(rows - 1) * 4;
  p = v128.load(b);
  q = v128.load(b, 16);
  x = v128.load32_splat(a);
  s0 = multiplyAdd(x, p, s0);
  t0 = multiplyAdd(x, q, t0);
  x = v128.load32_splat(a + min<usize>(4, last));
  s1 = multiplyAdd(x, p, s1);
  t1 = multiplyAdd(x, q, t1);
  x = v128.load32_splat(a + min<usize>(8, last));
  s2 = multiplyAdd(x, p, s2);
  t2 = multiplyAdd(x, q, t2);
  x = v128.load32_splat(a + min<usize>(12, last));
  s3 = multiplyAdd(x, p, s3);
  t3 = multiplyAdd(x, q, t3);
  x = v128.load32_splat(a + min<usize>(16, last));
  s4 = multiplyAdd(x, p, s4);
  t4 = multiplyAdd(x, q, t4);
  x = v128.load32_splat(a + min<usize>(20, last));
  s5 = multiplyAdd(x, p, s5);
  t5 = multiplyAdd(x, q, t5);
  finish(c, s0, t0, mode, apart);
  if (rows == 1) return;
  c += cRow;
  finish(c, s1, t1, mode, apart);
  if (rows == 2) return;
  c += cRow;
  finish(c, s2, t2, mode, apart);
  if (rows == 3) return;
  c += cRow;
  finish(c, s3, t3, mode, apart);
  if (rows == 4) return;
  c += cRow;
  finish(c, s4, t4, mode, apart);
  if (rows == 5) return;
  c += cRow;
  finish(c, s5, t5, mode, apart);
}
