import {
  ADD,
  TILE_COLUMNS,
  TILE_ROWS,
  tileOfColumns,
  tileOfRows,
} from "../simd/gemm_tile.part.as";
import { multiplyAdd, multiplySubtract } from "../simd/multiply_add.part.as";

// Winograd's F(4x4, 3x3): 36 products for 16 outputs, where the definition has 144.
//
//   y = At [(G g Gt) * (Bt d B)] A,   dg = Gt [sum over tiles of (A dy At) * (Bt d B)] G
//
// with d a 6x6 piece of the padded input, g the filter, y a 4x4 piece of the output, and the
// product * summed over channels: 36 matrix products, one a position of the transformed piece.
//
// Source: Lavin & Gray 2015, Fast Algorithms for Convolutional Neural Networks; matrices by
// Toom-Cook's interpolation at the points 0, +-3/4, +-3/2 and infinity. At these the error of
// float32 is twice that of the definition's own sum, at the usual 0, +-1, +-2 ten times
// (measured over 32 channels). All constants are exact.
//
// Images are NHWC, filters [3, 3, in, out]; stride 1, padded with one zero all around; channels
// are multiples of 4. A piece of the output has the same bits whatever the others are.

/**
 * Bytes that the transformed pieces of a block of tiles may take: well inside a core's second
 * cache, unless the filter, which is read once a block, fills that itself.
 */
const BLOCK_BYTES: i32 = 400_000;

const A1: f32 = 0.75;
const B1: f32 = 1.5;
const A2: f32 = A1 * A1;
const B2: f32 = B1 * B1;
const A2_B2: f32 = A2 * B2;
const A2_PLUS_B2: f32 = A2 + B2;
/** Of G: at zero, at +-a and at +-b. */
const G0: f32 = 1 / A2_B2;
const GA: f32 = 1 / (2 * A2 * (A2 - B2));
const GB: f32 = 1 / (2 * B2 * (B2 - A2));

/** Bytes of a 6x6 piece of 4 channels. */
const PIECE: usize = 36 * 16;
/** Bytes in front of the scratch: constants, then a half transformed piece. */
const CONSTANTS: usize = 64;

/** A constant that the compiler does not know: it would make known ones anew at each use. */
// @ts-ignore: decorator
@inline
function opaque(scratch: usize, value: f32): v128 {
  store<f32>(scratch, value);
  return v128.load32_splat(scratch);
}

// @ts-ignore: decorator
@inline
function padded(channels: i32): i32 {
  return (channels + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
}

function tilesInBlock(cin: i32, cout: i32): i32 {
  const out = padded(cout), filterBytes = 36 * 4 * cin * out;
  const bytes = max(BLOCK_BYTES, filterBytes / 3 * 4);
  return max(TILE_ROWS, bytes / (36 * 4 * (cin + out)) / TILE_ROWS * TILE_ROWS);
}

/**
 * Bytes from the tiles of a position to those of the next: an odd number of cache lines, or the
 * 36 places of a piece would compete for few sets of the first cache.
 */
// @ts-ignore: decorator
@inline
function stepOf(tiles: i32, bytes: usize): usize {
  return ((<usize>tiles * bytes + 63) / 64 | 1) * 64;
}

/** How many numbers of scratch {@link winograd} and {@link winogradFilterGradient} need. */
export function winogradScratch(cin: i32, cout: i32): i32 {
  const out = padded(cout), tiles = tilesInBlock(cin, cout);
  return <i32>(CONSTANTS + PIECE) / 4 + 2 * out + 6 * max(cin, out) + 36 * cin * out +
    36 * (tiles * (cin + out) + 2 * 32);
}

/**
 * The convolution of x [n, h, w, cin] with a filter [3, 3, cin, cout], plus bias and
 * residual, through ReLU.
 *
 * @param turn 1: the filter lies as [3, 3, cout, cin] and is turned by 180 degrees, which
 *   makes of a convolution its gradient for the input.
 * @param bias [cout], or 0.
 * @param residual [n, h, w, cout], or 0.
 * @param relu 1 keeps what is positive, and NaN.
 * @param y [n, h, w, cout].
 * @param scratch {@link winogradScratch} numbers.
 */
export function winograd(
  n: i32,
  h: i32,
  w: i32,
  cin: i32,
  cout: i32,
  x: usize,
  filter: usize,
  turn: i32,
  bias: usize,
  residual: usize,
  relu: i32,
  y: usize,
  scratch: usize,
): void {
  const out = padded(cout), tiles = tilesInBlock(cin, cout);
  const inBytes = <usize>cin * 4, outBytes = <usize>out * 4;
  const half = scratch + CONSTANTS;
  const zeros = half + PIECE;
  const offsets = zeros + outBytes;
  const none = offsets + outBytes;
  const u = none + 6 * inBytes;
  const v = u + 36 * <usize>cin * outBytes;
  const m = v + 36 * stepOf(tiles, inBytes);
  memory.fill(zeros, 0, 2 * outBytes + 6 * inBytes);
  if (bias) memory.copy(offsets, bias, <usize>cout * 4);
  transformFilter(filter, cin, cout, turn, u, scratch);
  const apart = residual ? residual - y : 0;

  const down = (h + 3) / 4, across = (w + 3) / 4;
  const all = n * down * across;
  for (let first = 0; first < all; first += tiles) {
    const count = min(tiles, all - first);
    const vStep = stepOf(count, inBytes), mStep = stepOf(count, outBytes);
    for (let t = 0; t < count; t++) {
      const tile = first + t, image = tile / (down * across), place = tile % (down * across);
      const row = place / across * 4 - 1, column = place % across * 4 - 1;
      const from = x + <usize>image * <usize>h * <usize>w * inBytes;
      transformInput(from, h, w, row, column, cin, none, v + <usize>t * inBytes, vStep, scratch);
    }
    for (let position: usize = 0; position < 36; position++) {
      const a = v + position * vStep, b = u + position * <usize>cin * outBytes;
      const c = m + position * mStep;
      for (let panel: usize = 0; panel < outBytes; panel += TILE_COLUMNS * 4) {
        for (let t = 0; t < count; t += TILE_ROWS) {
          tileOfRows(
            min(count - t, TILE_ROWS),
            cin,
            a + <usize>t * inBytes,
            inBytes,
            b + panel,
            outBytes,
            zeros,
            c + <usize>t * outBytes + panel,
            outBytes,
            0,
            0,
          );
        }
      }
    }
    for (let t = 0; t < count; t++) {
      const tile = first + t, image = tile / (down * across), place = tile % (down * across);
      const row = place / across * 4, column = place % across * 4;
      const to = y + <usize>image * <usize>h * <usize>w * <usize>cout * 4;
      const from = m + <usize>t * outBytes;
      transformOutput(from, mStep, offsets, apart, relu, to, h, w, row, column, cout, scratch);
    }
  }
}

/**
 * The gradient of the convolution for its filter, dw [3, 3, cin, cout], from its input
 * x [n, h, w, cin] and dy [n, h, w, cout].
 *
 * @param scratch {@link winogradScratch} numbers.
 */
export function winogradFilterGradient(
  n: i32,
  h: i32,
  w: i32,
  cin: i32,
  cout: i32,
  x: usize,
  dy: usize,
  dw: usize,
  scratch: usize,
): void {
  const out = padded(cout), tiles = tilesInBlock(cin, cout);
  const inBytes = <usize>cin * 4, outBytes = <usize>out * 4;
  const half = scratch + CONSTANTS;
  const zeros = half + PIECE;
  const none = zeros + outBytes;
  const sums = none + 6 * max(inBytes, outBytes);
  const v = sums + 36 * <usize>cin * outBytes;
  const m = v + 36 * stepOf(tiles, inBytes);
  memory.fill(zeros, 0, outBytes + 6 * max(inBytes, outBytes));
  memory.fill(sums, 0, 36 * <usize>cin * outBytes);
  if (out != cout) memory.fill(m, 0, 36 * stepOf(tiles, outBytes));

  const down = (h + 3) / 4, across = (w + 3) / 4;
  const all = n * down * across;
  for (let first = 0; first < all; first += tiles) {
    const count = min(tiles, all - first);
    const vStep = stepOf(count, inBytes), mStep = stepOf(count, outBytes);
    for (let t = 0; t < count; t++) {
      const tile = first + t, image = tile / (down * across), place = tile % (down * across);
      const row = place / across * 4, column = place % across * 4;
      const pixels = <usize>image * <usize>h * <usize>w;
      const xFrom = x + pixels * inBytes, dyFrom = dy + pixels * <usize>cout * 4;
      const vTo = v + <usize>t * inBytes, mTo = m + <usize>t * outBytes;
      transformInput(xFrom, h, w, row - 1, column - 1, cin, none, vTo, vStep, scratch);
      transformCotangent(dyFrom, h, w, row, column, cout, none, mTo, mStep, scratch);
    }
    for (let position: usize = 0; position < 36; position++) {
      const a = v + position * vStep, b = m + position * mStep;
      const c = sums + position * <usize>cin * outBytes;
      for (let panel: usize = 0; panel < outBytes; panel += TILE_COLUMNS * 4) {
        for (let i = 0; i < cin; i += TILE_ROWS) {
          tileOfColumns(
            min(cin - i, TILE_ROWS),
            count,
            a + <usize>i * 4,
            inBytes,
            b + panel,
            outBytes,
            zeros,
            c + <usize>i * outBytes + panel,
            outBytes,
            ADD,
            0,
          );
        }
      }
    }
  }
  transformSums(sums, cin, cout, dw, scratch);
}

/** U [36, cin, padded cout] = G g Gt. */
function transformFilter(
  filter: usize,
  cin: i32,
  cout: i32,
  turn: i32,
  u: usize,
  scratch: usize,
): void {
  const half = scratch + CONSTANTS, piece = half + 288;
  const outBytes = <usize>padded(cout) * 4;
  const step = <usize>cin * outBytes;
  memory.fill(u, 0, 36 * step);
  for (let i: usize = 0; i < <usize>cin; i++) {
    for (let o: usize = 0; o < <usize>cout; o += 4) {
      for (let tap: usize = 0; tap < 9; tap++) {
        let values: v128;
        if (turn) {
          const from = filter + (((8 - tap) * <usize>cout + o) * <usize>cin + i) * 4;
          const next = <usize>cin * 4;
          values = v128.load32_splat(from);
          values = f32x4.replace_lane(values, 1, load<f32>(from + next));
          values = f32x4.replace_lane(values, 2, load<f32>(from + 2 * next));
          values = f32x4.replace_lane(values, 3, load<f32>(from + 3 * next));
        } else {
          values = v128.load(filter + ((tap * <usize>cin + i) * <usize>cout + o) * 4);
        }
        v128.store(piece + tap * 16, values);
      }
      for (let column: usize = 0; column < 48; column += 16) {
        expand3(piece + column, 48, half + column, 48);
      }
      const to = u + i * outBytes + o * 4;
      for (let row: usize = 0; row < 6; row++) {
        expand3(half + row * 48, 16, to + row * 6 * step, step);
      }
    }
  }
}

/** Six of three by G. */
function expand3(from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const g0 = v128.load(from), g1 = v128.load(from + fromStep);
  const g2 = v128.load(from + 2 * fromStep);
  v128.store(to, f32x4.mul(f32x4.splat(G0), g0));
  let even = f32x4.mul(f32x4.splat(GA), multiplyAdd(f32x4.splat(A2), g2, g0));
  let odd = f32x4.mul(f32x4.splat(GA * A1), g1);
  v128.store(to + toStep, f32x4.add(even, odd));
  v128.store(to + 2 * toStep, f32x4.sub(even, odd));
  even = f32x4.mul(f32x4.splat(GB), multiplyAdd(f32x4.splat(B2), g2, g0));
  odd = f32x4.mul(f32x4.splat(GB * B1), g1);
  v128.store(to + 3 * toStep, f32x4.add(even, odd));
  v128.store(to + 4 * toStep, f32x4.sub(even, odd));
  v128.store(to + 5 * toStep, g2);
}

/**
 * V [36][tile, cin] = Bt d B of the piece at a row and a column, which may lie outside.
 *
 * @param none Zeros, 6 times cin numbers.
 */
function transformInput(
  image: usize,
  h: i32,
  w: i32,
  row: i32,
  column: i32,
  cin: i32,
  none: usize,
  v: usize,
  vStep: usize,
  scratch: usize,
): void {
  const bytes = <usize>cin * 4, rowStep = <usize>w * bytes;
  const left = <usize>max(0, -column) * 16, right = <usize>min(6, w - column) * 16;
  // Rows outside are read from zeros, columns outside not at all.
  let r0 = image + <usize>(row * w + column) * bytes;
  let r1 = r0 + rowStep, r2 = r1 + rowStep, r3 = r2 + rowStep, r4 = r3 + rowStep;
  let r5 = r4 + rowStep;
  if (row < 0) r0 = none;
  if (row + 1 >= h) r1 = none;
  if (row + 2 >= h) r2 = none;
  if (row + 3 >= h) r3 = none;
  if (row + 4 >= h) r4 = none;
  if (row + 5 >= h) r5 = none;
  const half = scratch + CONSTANTS;
  const a1 = opaque(scratch, A1), b1 = opaque(scratch, B1);
  const a2 = opaque(scratch, A2), b2 = opaque(scratch, B2);
  const product = opaque(scratch, A2_B2), sum = opaque(scratch, A2_PLUS_B2);
  for (let channel: usize = 0; channel < bytes; channel += 16, v += 16) {
    let at = channel;
    for (let j: usize = 0; j < 96; j += 16, at += bytes) {
      const to = half + j;
      if (j < left || j >= right) {
        const zero = f32x4.splat(0);
        v128.store(to, zero);
        v128.store(to, zero, 96);
        v128.store(to, zero, 192);
        v128.store(to, zero, 288);
        v128.store(to, zero, 384);
        v128.store(to, zero, 480);
        continue;
      }
      const d0 = v128.load(r0 + at), d1 = v128.load(r1 + at), d2 = v128.load(r2 + at);
      const d3 = v128.load(r3 + at), d4 = v128.load(r4 + at), d5 = v128.load(r5 + at);
      v128.store(to, multiplyAdd(product, d0, multiplySubtract(sum, d2, d4)));
      let even = multiplySubtract(b2, d2, d4), odd = multiplySubtract(b2, d1, d3);
      v128.store(to, multiplyAdd(a1, odd, even), 96);
      v128.store(to, multiplySubtract(a1, odd, even), 192);
      even = multiplySubtract(a2, d2, d4);
      odd = multiplySubtract(a2, d1, d3);
      v128.store(to, multiplyAdd(b1, odd, even), 288);
      v128.store(to, multiplySubtract(b1, odd, even), 384);
      v128.store(to, multiplyAdd(product, d1, multiplySubtract(sum, d3, d5)), 480);
    }
    let write = v;
    let piece = half;
    for (let i = 0; i < 6; i++, piece += 96) {
      const d0 = v128.load(piece), d1 = v128.load(piece, 16), d2 = v128.load(piece, 32);
      const d3 = v128.load(piece, 48), d4 = v128.load(piece, 64), d5 = v128.load(piece, 80);
      v128.store(write, multiplyAdd(product, d0, multiplySubtract(sum, d2, d4)));
      let even = multiplySubtract(b2, d2, d4), odd = multiplySubtract(b2, d1, d3);
      write += vStep;
      v128.store(write, multiplyAdd(a1, odd, even));
      write += vStep;
      v128.store(write, multiplySubtract(a1, odd, even));
      even = multiplySubtract(a2, d2, d4);
      odd = multiplySubtract(a2, d1, d3);
      write += vStep;
      v128.store(write, multiplyAdd(b1, odd, even));
      write += vStep;
      v128.store(write, multiplySubtract(b1, odd, even));
      write += vStep;
      v128.store(write, multiplyAdd(product, d1, multiplySubtract(sum, d3, d5)));
      write += vStep;
    }
  }
}

// @ts-ignore: decorator
@inline
function finish(y: usize, value: v128, floor: v128, apart: usize): void {
  if (apart) value = f32x4.add(value, v128.load(y + apart));
  v128.store(y, f32x4.pmax(value, floor));
}

/**
 * y = At m A, plus bias, through ReLU; rows and columns outside the image are dropped.
 *
 * @param apart How many bytes behind each place of y lies what is added to it; 0: nothing.
 */
function transformOutput(
  from: usize,
  mStep: usize,
  bias: usize,
  apart: usize,
  relu: i32,
  image: usize,
  h: i32,
  w: i32,
  row: i32,
  column: i32,
  cout: i32,
  scratch: usize,
): void {
  const bytes = <usize>cout * 4, rowStep = <usize>w * bytes;
  const rows = min(4, h - row), columns = min(4, w - column);
  const half = scratch + CONSTANTS;
  const a1 = opaque(scratch, A1), b1 = opaque(scratch, B1);
  const a2 = opaque(scratch, A2), b2 = opaque(scratch, B2);
  const a3 = opaque(scratch, A1 * A2), b3 = opaque(scratch, B1 * B2);
  // Less than every number, or zero: what the outputs must exceed.
  const floor = opaque(scratch, relu ? 0 : -Infinity);
  let y = image + <usize>row * rowStep + <usize>column * bytes;
  const end = y + bytes;
  for (; y < end; y += 16, from += 16, bias += 16) {
    let read = from, to = half;
    const next = 6 * mStep;
    for (let j = 0; j < 6; j++, read += mStep, to += 16) {
      const p1 = read + next, p2 = p1 + next, p3 = p2 + next, p4 = p3 + next;
      const m1 = v128.load(p1), m2 = v128.load(p2), m3 = v128.load(p3), m4 = v128.load(p4);
      const evenA = f32x4.add(m1, m2), oddA = f32x4.sub(m1, m2);
      const evenB = f32x4.add(m3, m4), oddB = f32x4.sub(m3, m4);
      v128.store(to, f32x4.add(v128.load(read), f32x4.add(evenA, evenB)));
      v128.store(to, multiplyAdd(a1, oddA, f32x4.mul(b1, oddB)), 96);
      v128.store(to, multiplyAdd(a2, evenA, f32x4.mul(b2, evenB)), 192);
      const last = v128.load(p4 + next);
      v128.store(to, multiplyAdd(a3, oddA, multiplyAdd(b3, oddB, last)), 288);
    }
    read = half;
    let write = y;
    const offset = v128.load(bias);
    for (let i = 0; i < rows; i++, read += 96, write += rowStep) {
      const m1 = v128.load(read, 16), m2 = v128.load(read, 32);
      const m3 = v128.load(read, 48), m4 = v128.load(read, 64);
      const evenA = f32x4.add(m1, m2), oddA = f32x4.sub(m1, m2);
      const evenB = f32x4.add(m3, m4), oddB = f32x4.sub(m3, m4);
      let value = f32x4.add(f32x4.add(offset, v128.load(read)), f32x4.add(evenA, evenB));
      finish(write, value, floor, apart);
      if (columns == 1) continue;
      value = multiplyAdd(a1, oddA, multiplyAdd(b1, oddB, offset));
      let at = write + bytes;
      finish(at, value, floor, apart);
      if (columns == 2) continue;
      value = multiplyAdd(a2, evenA, multiplyAdd(b2, evenB, offset));
      at += bytes;
      finish(at, value, floor, apart);
      if (columns == 3) continue;
      const last = f32x4.add(offset, v128.load(read, 80));
      value = multiplyAdd(a3, oddA, multiplyAdd(b3, oddB, last));
      at += bytes;
      finish(at, value, floor, apart);
    }
  }
}

/**
 * M [36][tile, padded cout] = A dy At of the 4x4 piece at a row and a column, which may reach out.
 *
 * @param none Zeros, 4 times cout numbers.
 */
function transformCotangent(
  image: usize,
  h: i32,
  w: i32,
  row: i32,
  column: i32,
  cout: i32,
  none: usize,
  m: usize,
  mStep: usize,
  scratch: usize,
): void {
  const bytes = <usize>cout * 4, rowStep = <usize>w * bytes;
  const right = <usize>min(4, w - column) * 16;
  const r0 = image + <usize>(row * w + column) * bytes;
  let r1 = r0 + rowStep, r2 = r1 + rowStep, r3 = r2 + rowStep;
  if (row + 1 >= h) r1 = none;
  if (row + 2 >= h) r2 = none;
  if (row + 3 >= h) r3 = none;
  const half = scratch + CONSTANTS;
  const a1 = opaque(scratch, A1), b1 = opaque(scratch, B1);
  const a2 = opaque(scratch, A2), b2 = opaque(scratch, B2);
  for (let channel: usize = 0; channel < bytes; channel += 16, m += 16) {
    let at = channel;
    for (let j: usize = 0; j < 64; j += 16, at += bytes) {
      const to = half + j;
      let d0 = f32x4.splat(0), d1 = d0, d2 = d0, d3 = d0;
      if (j < right) {
        d0 = v128.load(r0 + at);
        d1 = v128.load(r1 + at);
        d2 = v128.load(r2 + at);
        d3 = v128.load(r3 + at);
      }
      v128.store(to, d0);
      let even = multiplyAdd(a2, d2, d0), odd = multiplyAdd(a2, d3, d1);
      v128.store(to, multiplyAdd(a1, odd, even), 64);
      v128.store(to, multiplySubtract(a1, odd, even), 128);
      even = multiplyAdd(b2, d2, d0);
      odd = multiplyAdd(b2, d3, d1);
      v128.store(to, multiplyAdd(b1, odd, even), 192);
      v128.store(to, multiplySubtract(b1, odd, even), 256);
      v128.store(to, d3, 320);
    }
    let write = m;
    let piece = half;
    for (let i = 0; i < 6; i++, piece += 64) {
      const d0 = v128.load(piece), d1 = v128.load(piece, 16);
      const d2 = v128.load(piece, 32), d3 = v128.load(piece, 48);
      v128.store(write, d0);
      let even = multiplyAdd(a2, d2, d0), odd = multiplyAdd(a2, d3, d1);
      write += mStep;
      v128.store(write, multiplyAdd(a1, odd, even));
      write += mStep;
      v128.store(write, multiplySubtract(a1, odd, even));
      even = multiplyAdd(b2, d2, d0);
      odd = multiplyAdd(b2, d3, d1);
      write += mStep;
      v128.store(write, multiplyAdd(b1, odd, even));
      write += mStep;
      v128.store(write, multiplySubtract(b1, odd, even));
      write += mStep;
      v128.store(write, d3);
      write += mStep;
    }
  }
}

/** dw = Gt sums G, of sums [36, cin, padded cout]. */
function transformSums(sums: usize, cin: i32, cout: i32, dw: usize, scratch: usize): void {
  const half = scratch + CONSTANTS;
  const outBytes = <usize>padded(cout) * 4;
  const step = <usize>cin * outBytes, tap = <usize>cin * <usize>cout * 4;
  for (let i: usize = 0; i < <usize>cin; i++) {
    for (let o: usize = 0; o < <usize>cout; o += 4) {
      const from = sums + i * outBytes + o * 4;
      for (let column: usize = 0; column < 6; column++) {
        reduce3(from + column * step, 6 * step, half + column * 16, 96);
      }
      const to = dw + (i * <usize>cout + o) * 4;
      for (let row: usize = 0; row < 3; row++) {
        reduce3(half + row * 96, 16, to + row * 3 * tap, tap);
      }
    }
  }
}

/** Three of six by Gt. */
function reduce3(from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const s0 = v128.load(from);
  const s1 = v128.load(from + fromStep), s2 = v128.load(from + 2 * fromStep);
  const s3 = v128.load(from + 3 * fromStep), s4 = v128.load(from + 4 * fromStep);
  const evenA = f32x4.mul(f32x4.splat(GA), f32x4.add(s1, s2));
  const oddA = f32x4.mul(f32x4.splat(GA * A1), f32x4.sub(s1, s2));
  const evenB = f32x4.mul(f32x4.splat(GB), f32x4.add(s3, s4));
  const oddB = f32x4.mul(f32x4.splat(GB * B1), f32x4.sub(s3, s4));
  v128.store(to, multiplyAdd(f32x4.splat(G0), s0, f32x4.add(evenA, evenB)));
  v128.store(to + toStep, f32x4.add(oddA, oddB));
  const last = v128.load(from + 5 * fromStep);
  const even = multiplyAdd(f32x4.splat(A2), evenA, multiplyAdd(f32x4.splat(B2), evenB, last));
  v128.store(to + 2 * toStep, even);
}
