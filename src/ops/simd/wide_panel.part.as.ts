import { multiplyAdd } from "./multiply_add.part.as";
import { ADD, RELU } from "./gemm_tile.part.as";
import { TILE_ROWS } from "./tile.layout.part.as";

// @ts-ignore: decorator
@inline
function finishWide(
  c: usize,
  s: v128,
  t: v128,
  u: v128,
  v: v128,
  floor: v128,
  mode: i32,
  apart: usize,
): void {
  if (mode & ADD) {
    s = f32x4.add(s, v128.load(c + apart));
    t = f32x4.add(t, v128.load(c + apart, 16));
    u = f32x4.add(u, v128.load(c + apart, 32));
    v = f32x4.add(v, v128.load(c + apart, 48));
  }
  // Keeps NaN.
  v128.store(c, f32x4.pmax(t, floor), 16);
  v128.store(c, f32x4.pmax(s, floor));
  v128.store(c, f32x4.pmax(v, floor), 48);
  v128.store(c, f32x4.pmax(u, floor), 32);
}

/**
 * C[rows, 16] = start + A[rows, k] B[k, 16] in wide tiles, for any layout of A; the bits are those of
 * narrow tiles. One call for all rows: with as few terms as 32, a call per tile takes 3 % longer.
 *
 * @param rows At least 1.
 * @param k At least 1.
 * @param aRow Stride of A's rows in bytes.
 * @param aColumn Stride of A's columns in bytes.
 * @param bRow Stride of B's rows in bytes.
 * @param bNext Byte offset from B's first 8 columns to the others.
 * @param start 16 initial values of each row's sums.
 * @param apart With ADD: byte offset from each element of C to the term added to it; 0 for C
 *   itself.
 */
export function widePanel(
  rows: i32,
  k: i32,
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  bNext: usize,
  start: usize,
  c: usize,
  cRow: usize,
  mode: i32,
  apart: usize,
): void {
  // Two rows left over are the end of eight in two tiles of four: a tile of six costs the same however many rows it has.
  const rest = rows % TILE_ROWS;
  const fours = rest == 4 ? 4 : rest == 2 && rows > 2 ? 8 : 0;
  rows -= fours;
  for (; rows > 0; rows -= TILE_ROWS, a += TILE_ROWS * aRow) {
    const a1 = rows > 1 ? a + aRow : a;
    const a2 = rows > 2 ? a1 + aRow : a1;
    const a3 = rows > 3 ? a2 + aRow : a2;
    const a4 = rows > 4 ? a3 + aRow : a3;
    const a5 = rows > 5 ? a4 + aRow : a4;
    const start0 = v128.load(start), start1 = v128.load(start, 16);
    const start2 = v128.load(start, 32), start3 = v128.load(start, 48);
    let s0 = start0, t0 = start1, u0 = start2, v0 = start3;
    let s1 = start0, t1 = start1, u1 = start2, v1 = start3;
    let s2 = start0, t2 = start1, u2 = start2, v2 = start3;
    let s3 = start0, t3 = start1, u3 = start2, v3 = start3;
    let s4 = start0, t4 = start1, u4 = start2, v4 = start3;
    let s5 = start0, t5 = start1, u5 = start2, v5 = start3;
    let p0: v128, p1: v128, p2: v128, p3: v128, x: v128;
    let at: usize = 0, bAt = b;
    const end = <usize>k * aColumn;
    do {
      p0 = v128.load(bAt);
      p1 = v128.load(bAt, 16);
      p2 = v128.load(bAt + bNext);
      p3 = v128.load(bAt + bNext, 16);
      x = v128.load32_splat(a + at);
      s0 = multiplyAdd(x, p0, s0);
      t0 = multiplyAdd(x, p1, t0);
      u0 = multiplyAdd(x, p2, u0);
      v0 = multiplyAdd(x, p3, v0);
      x = v128.load32_splat(a1 + at);
      s1 = multiplyAdd(x, p0, s1);
      t1 = multiplyAdd(x, p1, t1);
      u1 = multiplyAdd(x, p2, u1);
      v1 = multiplyAdd(x, p3, v1);
      x = v128.load32_splat(a2 + at);
      s2 = multiplyAdd(x, p0, s2);
      t2 = multiplyAdd(x, p1, t2);
      u2 = multiplyAdd(x, p2, u2);
      v2 = multiplyAdd(x, p3, v2);
      x = v128.load32_splat(a3 + at);
      s3 = multiplyAdd(x, p0, s3);
      t3 = multiplyAdd(x, p1, t3);
      u3 = multiplyAdd(x, p2, u3);
      v3 = multiplyAdd(x, p3, v3);
      x = v128.load32_splat(a4 + at);
      s4 = multiplyAdd(x, p0, s4);
      t4 = multiplyAdd(x, p1, t4);
      u4 = multiplyAdd(x, p2, u4);
      v4 = multiplyAdd(x, p3, v4);
      x = v128.load32_splat(a5 + at);
      s5 = multiplyAdd(x, p0, s5);
      t5 = multiplyAdd(x, p1, t5);
      u5 = multiplyAdd(x, p2, u5);
      v5 = multiplyAdd(x, p3, v5);
      bAt += bRow;
      at += aColumn;
    } while (at < end);
    const floor = f32x4.splat(mode & RELU ? 0 : -Infinity);
    finishWide(c, s0, t0, u0, v0, floor, mode, apart);
    if (rows > 1) {
      c += cRow;
      finishWide(c, s1, t1, u1, v1, floor, mode, apart);
      if (rows > 2) {
        c += cRow;
        finishWide(c, s2, t2, u2, v2, floor, mode, apart);
        if (rows > 3) {
          c += cRow;
          finishWide(c, s3, t3, u3, v3, floor, mode, apart);
          if (rows > 4) {
            c += cRow;
            finishWide(c, s4, t4, u4, v4, floor, mode, apart);
            if (rows > 5) {
              c += cRow;
              finishWide(c, s5, t5, u5, v5, floor, mode, apart);
            }
          }
        }
      }
    }
    c += cRow;
  }
  if (fours) tilesOfFour(fours, k, a, aRow, aColumn, b, bRow, bNext, start, c, cRow, mode, apart);
}

/** {@link widePanel} in tiles of four rows, for a multiple of four. */
function tilesOfFour(
  rows: i32,
  k: i32,
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  bNext: usize,
  start: usize,
  c: usize,
  cRow: usize,
  mode: i32,
  apart: usize,
): void {
  for (; rows > 0; rows -= 4, a += 4 * aRow) {
    const a1 = a + aRow;
    const a2 = a1 + aRow;
    const a3 = a2 + aRow;
    const start0 = v128.load(start), start1 = v128.load(start, 16);
    const start2 = v128.load(start, 32), start3 = v128.load(start, 48);
    let s0 = start0, t0 = start1, u0 = start2, v0 = start3;
    let s1 = start0, t1 = start1, u1 = start2, v1 = start3;
    let s2 = start0, t2 = start1, u2 = start2, v2 = start3;
    let s3 = start0, t3 = start1, u3 = start2, v3 = start3;
    let p0: v128, p1: v128, p2: v128, p3: v128, x: v128;
    let at: usize = 0, bAt = b;
    const end = <usize>k * aColumn;
    do {
      p0 = v128.load(bAt);
      p1 = v128.load(bAt, 16);
      p2 = v128.load(bAt + bNext);
      p3 = v128.load(bAt + bNext, 16);
      x = v128.load32_splat(a + at);
      s0 = multiplyAdd(x, p0, s0);
      t0 = multiplyAdd(x, p1, t0);
      u0 = multiplyAdd(x, p2, u0);
      v0 = multiplyAdd(x, p3, v0);
      x = v128.load32_splat(a1 + at);
      s1 = multiplyAdd(x, p0, s1);
      t1 = multiplyAdd(x, p1, t1);
      u1 = multiplyAdd(x, p2, u1);
      v1 = multiplyAdd(x, p3, v1);
      x = v128.load32_splat(a2 + at);
      s2 = multiplyAdd(x, p0, s2);
      t2 = multiplyAdd(x, p1, t2);
      u2 = multiplyAdd(x, p2, u2);
      v2 = multiplyAdd(x, p3, v2);
      x = v128.load32_splat(a3 + at);
      s3 = multiplyAdd(x, p0, s3);
      t3 = multiplyAdd(x, p1, t3);
      u3 = multiplyAdd(x, p2, u3);
      v3 = multiplyAdd(x, p3, v3);
      bAt += bRow;
      at += aColumn;
    } while (at < end);
    const floor = f32x4.splat(mode & RELU ? 0 : -Infinity);
    finishWide(c, s0, t0, u0, v0, floor, mode, apart);
    c += cRow;
    finishWide(c, s1, t1, u1, v1, floor, mode, apart);
    c += cRow;
    finishWide(c, s2, t2, u2, v2, floor, mode, apart);
    c += cRow;
    finishWide(c, s3, t3, u3, v3, floor, mode, apart);
    c += cRow;
  }
}
