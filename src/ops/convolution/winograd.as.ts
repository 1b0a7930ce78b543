import { ADD, columnsOfTile, tileOfColumns, tileOfRows } from "../simd/gemm_tile.part.as";
import { widePanel } from "../simd/wide_panel.part.as";
import { TILE_COLUMNS, TILE_ROWS, WIDE_COLUMNS } from "../simd/tile.layout.part.as";
import { multiplyAdd, multiplySubtract } from "../simd/multiply_add.part.as";
import { BLOCK_BYTES, CHUNK, CONSTANTS, PIECE, WIDTH } from "./winograd.layout.part.as";

// Winograd's F(4x4, 3x3): 36 products for 16 outputs, where the definition has 144.
//
//   y = At [(G g Gt) * (Bt d B)] A,   dg = Gt [sum over tiles of (A dy At) * (Bt d B)] G
//
// with d a 6x6 patch of the padded input, g the filter, y a 4x4 patch of the output, and the
// product * summed over channels: 36 matrix products, one per position of the transformed patch.
//
// Source: Lavin & Gray 2015, Fast Algorithms for Convolutional Neural Networks; matrices by
// Toom-Cook interpolation at the points 0, +-3/4, +-3/2 and infinity. With these the float32 error
// is twice that of the direct sum, with the usual 0, +-1, +-2 ten times (measured over 32
// channels). All constants are exact.
//
// Images are NHWC, filters [3, 3, in, out]; stride 1, zero padding of one; channels are multiples
// of 4, and at least 8. The bits of an output patch do not depend on other patches.

const A1: f32 = 0.75;
const B1: f32 = 1.5;
const A2: f32 = A1 * A1;
const B2: f32 = B1 * B1;
const A2_B2: f32 = A2 * B2;
const A2_PLUS_B2: f32 = A2 + B2;
/** Coefficients of G at zero, at +-a and at +-b. */
const G0: f32 = 1 / A2_B2;
const GA: f32 = 1 / (2 * A2 * (A2 - B2));
const GB: f32 = 1 / (2 * B2 * (B2 - A2));

/**
 * Offset of a chunk's last channels, given its first byte within a pixel; may overlap the ones
 * before.
 */
// @ts-ignore: decorator
@inline
function lastOf(begin: usize, bytes: usize): usize {
  return min(CHUNK, bytes - begin) - WIDTH;
}

/** Writes the constants of the transforms: V8 rematerialises vector constants, so load them. */
function storeConstants(at: usize): void {
  store<f32>(at, A1);
  store<f32>(at, B1, 4);
  store<f32>(at, A2, 8);
  store<f32>(at, B2, 12);
  store<f32>(at, A1 * A2, 16);
  store<f32>(at, B1 * B2, 20);
  store<f32>(at, A2_B2, 24);
  store<f32>(at, A2_PLUS_B2, 28);
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
 * Stride in bytes between transformed positions of so many rows: an odd number of cache lines, or
 * the 36 positions of a patch would compete for a few sets of the L1 cache.
 */
// @ts-ignore: decorator
@inline
function stepOf(rows: i32, bytes: usize): usize {
  return ((<usize>rows * bytes + 63) / 64 | 1) * 64;
}

/** Scratch size in numbers of {@link winograd} and {@link winogradFilterGradient}. */
export function winogradScratch(cin: i32, cout: i32): i32 {
  const out = padded(cout), tiles = tilesInBlock(cin, cout);
  return <i32>(CONSTANTS + PIECE) / 4 + 2 * out + 6 * max(cin, out) + 36 * (cin * out + 32) +
    36 * (tiles * (cin + out) + 2 * 32);
}

/** Bytes of a filter transformed by {@link winogradFilter}. */
export function winogradFilterBytes(cin: i32, cout: i32): i32 {
  return 36 * <i32>stepOf(cin, <usize>padded(cout) * 4);
}

/**
 * The convolution of x [n, h, w, cin] with a filter [3, 3, cin, cout], plus bias and
 * residual, through ReLU.
 *
 * @param wide 1: wide tiles, with the same bits.
 * @param u The filter transformed by {@link winogradFilter}.
 * @param bias [cout], or 0.
 * @param residual [n, h, w, cout], or 0.
 * @param relu 1: ReLU, which keeps NaN.
 * @param y [n, h, w, cout].
 * @param scratch {@link winogradScratch} numbers.
 */
export function winograd(
  wide: i32,
  n: i32,
  h: i32,
  w: i32,
  cin: i32,
  cout: i32,
  x: usize,
  u: usize,
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
  const v = none + 6 * inBytes;
  const m = v + 36 * stepOf(tiles, inBytes);
  const uStep = stepOf(cin, outBytes);
  storeConstants(scratch);
  memory.fill(zeros, 0, 2 * outBytes + 6 * inBytes);
  if (bias) memory.copy(offsets, bias, <usize>cout * 4);
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
      const a = v + position * vStep, b = u + position * uStep;
      const c = m + position * mStep;
      let columns = 0;
      for (let first = 0; first < out; first += columns) {
        columns = columnsOfTile(wide, out - first);
        const bTile = b + <usize>first * 4;
        if (columns == WIDE_COLUMNS) {
          widePanel(
            count,
            cin,
            a,
            inBytes,
            4,
            bTile,
            outBytes,
            TILE_COLUMNS * 4,
            zeros,
            c + <usize>first * 4,
            outBytes,
            0,
            0,
          );
          continue;
        }
        for (let t = 0; t < count; t += TILE_ROWS) {
          const rows = min(count - t, TILE_ROWS);
          const aTile = a + <usize>t * inBytes;
          const cTile = c + <usize>t * outBytes + <usize>first * 4;
          tileOfRows(rows, cin, aTile, inBytes, bTile, outBytes, zeros, cTile, outBytes, 0, 0);
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
 * The gradient of the convolution with respect to its filter, dw [3, 3, cin, cout], from its input
 * x [n, h, w, cin] and dy [n, h, w, cout].
 *
 * @param scratch {@link winogradScratch} numbers.
 */
export function winogradFilterGradient(
  wide: i32,
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
  const sumsStep = stepOf(cin, outBytes);
  const v = sums + 36 * sumsStep;
  const m = v + 36 * stepOf(tiles, inBytes);
  storeConstants(scratch);
  memory.fill(zeros, 0, outBytes + 6 * max(inBytes, outBytes));
  if (out != cout) memory.fill(m, 0, 36 * stepOf(tiles, outBytes));

  const down = (h + 3) / 4, across = (w + 3) / 4;
  const all = n * down * across;
  for (let first = 0; first < all; first += tiles) {
    const count = min(tiles, all - first);
    const vStep = stepOf(count, inBytes), mStep = stepOf(count, outBytes);
    const mode = first == 0 ? 0 : ADD;
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
      const c = sums + position * sumsStep;
      let columns = 0;
      for (let first = 0; first < out; first += columns) {
        columns = columnsOfTile(wide, out - first);
        const bTile = b + <usize>first * 4;
        if (columns == WIDE_COLUMNS) {
          widePanel(
            cin,
            count,
            a,
            4,
            inBytes,
            bTile,
            outBytes,
            TILE_COLUMNS * 4,
            zeros,
            c + <usize>first * 4,
            outBytes,
            mode,
            0,
          );
          continue;
        }
        for (let i = 0; i < cin; i += TILE_ROWS) {
          const rows = min(cin - i, TILE_ROWS);
          const aTile = a + <usize>i * 4;
          const cTile = c + <usize>i * outBytes + <usize>first * 4;
          tileOfColumns(
            rows,
            count,
            aTile,
            inBytes,
            bTile,
            outBytes,
            zeros,
            cTile,
            outBytes,
            mode,
            0,
          );
        }
      }
    }
  }
  transformSums(sums, cin, cout, dw, scratch);
}

/**
 * U [36][some of cin, padded cout] = G g Gt of a filter [3, 3, cin, cout] with a stride of
 * {@link winogradFilterBytes} / 36, for {@link winograd}.
 *
 * @param first, count Range of input channels.
 * @param turn 1: the filter is stored as [3, 3, cout, cin] and rotated by 180 degrees, which turns
 *   the convolution into its gradient with respect to the input.
 * @param u Address of the whole transformed filter.
 * @param scratch FILTER_SCRATCH_BYTES.
 */
export function winogradFilter(
  first: i32,
  count: i32,
  cin: i32,
  cout: i32,
  filter: usize,
  turn: i32,
  u: usize,
  scratch: usize,
): void {
  const half = scratch, piece = half + 18 * WIDTH;
  const bytes = <usize>cout * 4, outBytes = <usize>padded(cout) * 4;
  const step = stepOf(cin, outBytes), last = bytes - WIDTH;
  const from = filter, next = <usize>cin * 4;
  for (let i = <usize>first; i < <usize>(first + count); i++) {
    const row = u + i * outBytes;
    if (outBytes != bytes) {
      for (let position: usize = 0; position < 36; position++) {
        memory.fill(row + position * step + bytes, 0, outBytes - bytes);
      }
    }
    for (let o: usize = 0;; o = min(o + WIDTH, last)) {
      for (let tap: usize = 0; tap < 9; tap++) {
        const to = piece + tap * WIDTH;
        if (turn) {
          const taps = from + (8 - tap) * bytes * <usize>cin + i * 4;
          for (let lane: usize = 0; lane < 8; lane++) {
            store<f32>(to + lane * 4, load<f32>(taps + (o / 4 + lane) * next));
          }
        } else {
          const taps = from + (tap * <usize>cin + i) * bytes + o;
          v128.store(to, v128.load(taps, 16), 16);
          v128.store(to, v128.load(taps));
        }
      }
      for (let column: usize = 0; column < 3 * WIDTH; column += WIDTH) {
        expand3(piece + column, 3 * WIDTH, half + column, 3 * WIDTH);
      }
      for (let line: usize = 0; line < 6; line++) {
        expand3(half + line * 3 * WIDTH, WIDTH, row + o + line * 6 * step, step);
      }
      if (o == last) break;
    }
  }
}

/** Multiplies three rows by G to six, for 8 channels. */
function expand3(from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const from1 = from + fromStep, from2 = from1 + fromStep;
  const to1 = to + toStep, to2 = to1 + toStep, to3 = to2 + toStep, to4 = to3 + toStep;
  const g0 = v128.load(from), h0 = v128.load(from, 16);
  const g1 = v128.load(from1), h1 = v128.load(from1, 16);
  const g2 = v128.load(from2), h2 = v128.load(from2, 16);
  v128.store(to, f32x4.mul(f32x4.splat(G0), h0), 16);
  v128.store(to, f32x4.mul(f32x4.splat(G0), g0));
  let even = f32x4.mul(f32x4.splat(GA), multiplyAdd(f32x4.splat(A2), g2, g0));
  let evenH = f32x4.mul(f32x4.splat(GA), multiplyAdd(f32x4.splat(A2), h2, h0));
  let odd = f32x4.mul(f32x4.splat(GA * A1), g1);
  let oddH = f32x4.mul(f32x4.splat(GA * A1), h1);
  v128.store(to1, f32x4.add(evenH, oddH), 16);
  v128.store(to1, f32x4.add(even, odd));
  v128.store(to2, f32x4.sub(evenH, oddH), 16);
  v128.store(to2, f32x4.sub(even, odd));
  even = f32x4.mul(f32x4.splat(GB), multiplyAdd(f32x4.splat(B2), g2, g0));
  evenH = f32x4.mul(f32x4.splat(GB), multiplyAdd(f32x4.splat(B2), h2, h0));
  odd = f32x4.mul(f32x4.splat(GB * B1), g1);
  oddH = f32x4.mul(f32x4.splat(GB * B1), h1);
  v128.store(to3, f32x4.add(evenH, oddH), 16);
  v128.store(to3, f32x4.add(even, odd));
  v128.store(to4, f32x4.sub(evenH, oddH), 16);
  v128.store(to4, f32x4.sub(even, odd));
  v128.store(to4 + toStep, h2, 16);
  v128.store(to4 + toStep, g2);
}

/**
 * V [36][tile, cin] = Bt d B of the patch at a row and a column, which may lie outside.
 *
 * @param none 6 * cin zeros.
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
  // Rows outside the image are read from `none`; columns outside are not read.
  let r0 = image + <usize>(row * w + column) * bytes;
  let r1 = r0 + rowStep, r2 = r1 + rowStep, r3 = r2 + rowStep, r4 = r3 + rowStep;
  let r5 = r4 + rowStep;
  if (row < 0) r0 = none;
  if (row + 1 >= h) r1 = none;
  if (row + 2 >= h) r2 = none;
  if (row + 3 >= h) r3 = none;
  if (row + 4 >= h) r4 = none;
  if (row + 5 >= h) r5 = none;
  const left = max(0, -column), right = min(6, w - column);
  const half = scratch + CONSTANTS;
  const a1 = v128.load32_splat(scratch), b1 = v128.load32_splat(scratch, 4);
  const a2 = v128.load32_splat(scratch, 8), b2 = v128.load32_splat(scratch, 12);
  const product = v128.load32_splat(scratch, 24), sum = v128.load32_splat(scratch, 28);
  for (let chunk: usize = 0; chunk < bytes; chunk += CHUNK) {
    const begin = min(chunk, bytes - WIDTH), last = lastOf(begin, bytes);
    let from = begin, to = half;
    for (let j = 0; j < 6; j++, from += bytes, to += CHUNK) {
      if (j < left || j >= right) {
        for (let i: usize = 0; i < 36 * CHUNK; i += 6 * CHUNK) {
          memory.fill(to + i, 0, CHUNK);
        }
        continue;
      }
      for (let c: usize = 0;; c = min(c + WIDTH, last)) {
        const at = from + c, write = to + c;
        const d0 = v128.load(r0 + at), e0 = v128.load(r0 + at, 16);
        const d1 = v128.load(r1 + at), e1 = v128.load(r1 + at, 16);
        const d2 = v128.load(r2 + at), e2 = v128.load(r2 + at, 16);
        const d3 = v128.load(r3 + at), e3 = v128.load(r3 + at, 16);
        const d4 = v128.load(r4 + at), e4 = v128.load(r4 + at, 16);
        const d5 = v128.load(r5 + at), e5 = v128.load(r5 + at, 16);
        v128.store(write, multiplyAdd(product, e0, multiplySubtract(sum, e2, e4)), 16);
        v128.store(write, multiplyAdd(product, d0, multiplySubtract(sum, d2, d4)));
        v128.store(write, multiplyAdd(product, e1, multiplySubtract(sum, e3, e5)), 3856);
        v128.store(write, multiplyAdd(product, d1, multiplySubtract(sum, d3, d5)), 3840);
        let even = multiplySubtract(b2, d2, d4), odd = multiplySubtract(b2, d1, d3);
        let evenE = multiplySubtract(b2, e2, e4), oddE = multiplySubtract(b2, e1, e3);
        v128.store(write, multiplyAdd(a1, oddE, evenE), 784);
        v128.store(write, multiplyAdd(a1, odd, even), 768);
        v128.store(write, multiplySubtract(a1, oddE, evenE), 1552);
        v128.store(write, multiplySubtract(a1, odd, even), 1536);
        even = multiplySubtract(a2, d2, d4);
        odd = multiplySubtract(a2, d1, d3);
        evenE = multiplySubtract(a2, e2, e4);
        oddE = multiplySubtract(a2, e1, e3);
        v128.store(write, multiplyAdd(b1, oddE, evenE), 2320);
        v128.store(write, multiplyAdd(b1, odd, even), 2304);
        v128.store(write, multiplySubtract(b1, oddE, evenE), 3088);
        v128.store(write, multiplySubtract(b1, odd, even), 3072);
        if (c == last) break;
      }
    }
    let read = half;
    to = v + begin;
    for (let i = 0; i < 6; i++, read += 6 * CHUNK) {
      const to1 = to + vStep, to2 = to1 + vStep, to3 = to2 + vStep, to4 = to3 + vStep;
      const to5 = to4 + vStep;
      for (let c: usize = 0;; c = min(c + WIDTH, last)) {
        const piece = read + c;
        const d0 = v128.load(piece), e0 = v128.load(piece, 16);
        const d1 = v128.load(piece, 128), e1 = v128.load(piece, 144);
        const d2 = v128.load(piece, 256), e2 = v128.load(piece, 272);
        const d3 = v128.load(piece, 384), e3 = v128.load(piece, 400);
        const d4 = v128.load(piece, 512), e4 = v128.load(piece, 528);
        const d5 = v128.load(piece, 640), e5 = v128.load(piece, 656);
        v128.store(to + c, multiplyAdd(product, e0, multiplySubtract(sum, e2, e4)), 16);
        v128.store(to + c, multiplyAdd(product, d0, multiplySubtract(sum, d2, d4)));
        v128.store(to5 + c, multiplyAdd(product, e1, multiplySubtract(sum, e3, e5)), 16);
        v128.store(to5 + c, multiplyAdd(product, d1, multiplySubtract(sum, d3, d5)));
        let even = multiplySubtract(b2, d2, d4), odd = multiplySubtract(b2, d1, d3);
        let evenE = multiplySubtract(b2, e2, e4), oddE = multiplySubtract(b2, e1, e3);
        v128.store(to1 + c, multiplyAdd(a1, oddE, evenE), 16);
        v128.store(to1 + c, multiplyAdd(a1, odd, even));
        v128.store(to2 + c, multiplySubtract(a1, oddE, evenE), 16);
        v128.store(to2 + c, multiplySubtract(a1, odd, even));
        even = multiplySubtract(a2, d2, d4);
        odd = multiplySubtract(a2, d1, d3);
        evenE = multiplySubtract(a2, e2, e4);
        oddE = multiplySubtract(a2, e1, e3);
        v128.store(to3 + c, multiplyAdd(b1, oddE, evenE), 16);
        v128.store(to3 + c, multiplyAdd(b1, odd, even));
        v128.store(to4 + c, multiplySubtract(b1, oddE, evenE), 16);
        v128.store(to4 + c, multiplySubtract(b1, odd, even));
        if (c == last) break;
      }
      to = to5 + vStep;
    }
  }
}

// @ts-ignore: decorator
@inline
function finish(y: usize, s: v128, t: v128, floor: v128, apart: usize): void {
  if (apart) {
    s = f32x4.add(s, v128.load(y + apart));
    t = f32x4.add(t, v128.load(y + apart, 16));
  }
  v128.store(y, f32x4.pmax(t, floor), 16);
  v128.store(y, f32x4.pmax(s, floor));
}

/**
 * y = At m A, plus bias, through ReLU; rows and columns outside the image are dropped.
 *
 * @param apart Byte offset from each element of y to the residual added to it; 0 for none.
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
  const half = scratch + CONSTANTS, column6 = 6 * mStep;
  const a1 = v128.load32_splat(scratch), b1 = v128.load32_splat(scratch, 4);
  const a2 = v128.load32_splat(scratch, 8), b2 = v128.load32_splat(scratch, 12);
  const a3 = v128.load32_splat(scratch, 16), b3 = v128.load32_splat(scratch, 20);
  // Lower bound of the outputs: zero with ReLU, else minus infinity.
  const floor = f32x4.splat(relu ? 0 : -Infinity);
  for (let chunk: usize = 0; chunk < bytes; chunk += CHUNK) {
    const begin = min(chunk, bytes - WIDTH), last = lastOf(begin, bytes);
    let read = from + begin, to = half;
    for (let j = 0; j < 6; j++, read += mStep, to += CHUNK) {
      const from1 = read + column6, from2 = from1 + column6, from3 = from2 + column6;
      const from4 = from3 + column6, from5 = from4 + column6;
      for (let c: usize = 0;; c = min(c + WIDTH, last)) {
        const m0 = v128.load(read + c), n0 = v128.load(read + c, 16);
        const m1 = v128.load(from1 + c), n1 = v128.load(from1 + c, 16);
        const m2 = v128.load(from2 + c), n2 = v128.load(from2 + c, 16);
        const m3 = v128.load(from3 + c), n3 = v128.load(from3 + c, 16);
        const m4 = v128.load(from4 + c), n4 = v128.load(from4 + c, 16);
        const m5 = v128.load(from5 + c), n5 = v128.load(from5 + c, 16);
        const evenA = f32x4.add(m1, m2), oddA = f32x4.sub(m1, m2);
        const evenB = f32x4.add(m3, m4), oddB = f32x4.sub(m3, m4);
        const evenC = f32x4.add(n1, n2), oddC = f32x4.sub(n1, n2);
        const evenD = f32x4.add(n3, n4), oddD = f32x4.sub(n3, n4);
        const write = to + c;
        v128.store(write, f32x4.add(n0, f32x4.add(evenC, evenD)), 16);
        v128.store(write, f32x4.add(m0, f32x4.add(evenA, evenB)));
        v128.store(write, multiplyAdd(a1, oddC, f32x4.mul(b1, oddD)), 784);
        v128.store(write, multiplyAdd(a1, oddA, f32x4.mul(b1, oddB)), 768);
        v128.store(write, multiplyAdd(a2, evenC, f32x4.mul(b2, evenD)), 1552);
        v128.store(write, multiplyAdd(a2, evenA, f32x4.mul(b2, evenB)), 1536);
        v128.store(write, multiplyAdd(a3, oddC, multiplyAdd(b3, oddD, n5)), 2320);
        v128.store(write, multiplyAdd(a3, oddA, multiplyAdd(b3, oddB, m5)), 2304);
        if (c == last) break;
      }
    }
    read = half;
    let y = image + <usize>row * rowStep + <usize>column * bytes + begin;
    for (let i = 0; i < rows; i++, read += 6 * CHUNK, y += rowStep) {
      const y1 = y + bytes, y2 = y1 + bytes, y3 = y2 + bytes;
      for (let c: usize = 0;; c = min(c + WIDTH, last)) {
        const piece = read + c;
        const m1 = v128.load(piece, 128), n1 = v128.load(piece, 144);
        const m2 = v128.load(piece, 256), n2 = v128.load(piece, 272);
        const m3 = v128.load(piece, 384), n3 = v128.load(piece, 400);
        const m4 = v128.load(piece, 512), n4 = v128.load(piece, 528);
        const offset = v128.load(bias + begin + c), offsetN = v128.load(bias + begin + c, 16);
        const evenA = f32x4.add(m1, m2), oddA = f32x4.sub(m1, m2);
        const evenB = f32x4.add(m3, m4), oddB = f32x4.sub(m3, m4);
        const evenC = f32x4.add(n1, n2), oddC = f32x4.sub(n1, n2);
        const evenD = f32x4.add(n3, n4), oddD = f32x4.sub(n3, n4);
        let s = f32x4.add(f32x4.add(offset, v128.load(piece)), f32x4.add(evenA, evenB));
        let t = f32x4.add(f32x4.add(offsetN, v128.load(piece, 16)), f32x4.add(evenC, evenD));
        finish(y + c, s, t, floor, apart);
        if (columns > 1) {
          s = multiplyAdd(a1, oddA, multiplyAdd(b1, oddB, offset));
          t = multiplyAdd(a1, oddC, multiplyAdd(b1, oddD, offsetN));
          finish(y1 + c, s, t, floor, apart);
        }
        if (columns > 2) {
          s = multiplyAdd(a2, evenA, multiplyAdd(b2, evenB, offset));
          t = multiplyAdd(a2, evenC, multiplyAdd(b2, evenD, offsetN));
          finish(y2 + c, s, t, floor, apart);
        }
        if (columns > 3) {
          const m5 = f32x4.add(offset, v128.load(piece, 640));
          const n5 = f32x4.add(offsetN, v128.load(piece, 656));
          s = multiplyAdd(a3, oddA, multiplyAdd(b3, oddB, m5));
          t = multiplyAdd(a3, oddC, multiplyAdd(b3, oddD, n5));
          finish(y3 + c, s, t, floor, apart);
        }
        if (c == last) break;
      }
    }
  }
}

/**
 * M [36][tile, padded cout] = A dy At of the 4x4 patch at a row and a column, which may extend
 * beyond the image.
 *
 * @param none 4 * cout zeros.
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
  const r0 = image + <usize>(row * w + column) * bytes;
  let r1 = r0 + rowStep, r2 = r1 + rowStep, r3 = r2 + rowStep;
  if (row + 1 >= h) r1 = none;
  if (row + 2 >= h) r2 = none;
  if (row + 3 >= h) r3 = none;
  const right = min(4, w - column);
  const half = scratch + CONSTANTS;
  const a1 = v128.load32_splat(scratch), b1 = v128.load32_splat(scratch, 4);
  const a2 = v128.load32_splat(scratch, 8), b2 = v128.load32_splat(scratch, 12);
  for (let chunk: usize = 0; chunk < bytes; chunk += CHUNK) {
    const begin = min(chunk, bytes - WIDTH), last = lastOf(begin, bytes);
    let from = begin, to = half;
    for (let j = 0; j < 4; j++, from += bytes, to += CHUNK) {
      if (j >= right) {
        for (let i: usize = 0; i < 24 * CHUNK; i += 4 * CHUNK) {
          memory.fill(to + i, 0, CHUNK);
        }
        continue;
      }
      for (let c: usize = 0;; c = min(c + WIDTH, last)) {
        const at = from + c, write = to + c;
        const d0 = v128.load(r0 + at), e0 = v128.load(r0 + at, 16);
        const d1 = v128.load(r1 + at), e1 = v128.load(r1 + at, 16);
        const d2 = v128.load(r2 + at), e2 = v128.load(r2 + at, 16);
        const d3 = v128.load(r3 + at), e3 = v128.load(r3 + at, 16);
        v128.store(write, e0, 16);
        v128.store(write, d0);
        v128.store(write, e3, 2576);
        v128.store(write, d3, 2560);
        let even = multiplyAdd(a2, d2, d0), odd = multiplyAdd(a2, d3, d1);
        let evenE = multiplyAdd(a2, e2, e0), oddE = multiplyAdd(a2, e3, e1);
        v128.store(write, multiplyAdd(a1, oddE, evenE), 528);
        v128.store(write, multiplyAdd(a1, odd, even), 512);
        v128.store(write, multiplySubtract(a1, oddE, evenE), 1040);
        v128.store(write, multiplySubtract(a1, odd, even), 1024);
        even = multiplyAdd(b2, d2, d0);
        odd = multiplyAdd(b2, d3, d1);
        evenE = multiplyAdd(b2, e2, e0);
        oddE = multiplyAdd(b2, e3, e1);
        v128.store(write, multiplyAdd(b1, oddE, evenE), 1552);
        v128.store(write, multiplyAdd(b1, odd, even), 1536);
        v128.store(write, multiplySubtract(b1, oddE, evenE), 2064);
        v128.store(write, multiplySubtract(b1, odd, even), 2048);
        if (c == last) break;
      }
    }
    let read = half;
    to = m + begin;
    for (let i = 0; i < 6; i++, read += 4 * CHUNK) {
      const to1 = to + mStep, to2 = to1 + mStep, to3 = to2 + mStep, to4 = to3 + mStep;
      const to5 = to4 + mStep;
      for (let c: usize = 0;; c = min(c + WIDTH, last)) {
        const piece = read + c;
        const d0 = v128.load(piece), e0 = v128.load(piece, 16);
        const d1 = v128.load(piece, 128), e1 = v128.load(piece, 144);
        const d2 = v128.load(piece, 256), e2 = v128.load(piece, 272);
        const d3 = v128.load(piece, 384), e3 = v128.load(piece, 400);
        v128.store(to + c, e0, 16);
        v128.store(to + c, d0);
        v128.store(to5 + c, e3, 16);
        v128.store(to5 + c, d3);
        let even = multiplyAdd(a2, d2, d0), odd = multiplyAdd(a2, d3, d1);
        let evenE = multiplyAdd(a2, e2, e0), oddE = multiplyAdd(a2, e3, e1);
        v128.store(to1 + c, multiplyAdd(a1, oddE, evenE), 16);
        v128.store(to1 + c, multiplyAdd(a1, odd, even));
        v128.store(to2 + c, multiplySubtract(a1, oddE, evenE), 16);
        v128.store(to2 + c, multiplySubtract(a1, odd, even));
        even = multiplyAdd(b2, d2, d0);
        odd = multiplyAdd(b2, d3, d1);
        evenE = multiplyAdd(b2, e2, e0);
        oddE = multiplyAdd(b2, e3, e1);
        v128.store(to3 + c, multiplyAdd(b1, oddE, evenE), 16);
        v128.store(to3 + c, multiplyAdd(b1, odd, even));
        v128.store(to4 + c, multiplySubtract(b1, oddE, evenE), 16);
        v128.store(to4 + c, multiplySubtract(b1, odd, even));
        if (c == last) break;
      }
      to = to5 + mStep;
    }
  }
}

/** dw = Gt s G for the sums s [36][cin, padded cout]. */
function transformSums(sums: usize, cin: i32, cout: i32, dw: usize, scratch: usize): void {
  const half = scratch + CONSTANTS;
  const bytes = <usize>cout * 4, outBytes = <usize>padded(cout) * 4;
  const step = stepOf(cin, outBytes), tap = <usize>cin * bytes, last = bytes - WIDTH;
  for (let i: usize = 0; i < <usize>cin; i++) {
    for (let o: usize = 0;; o = min(o + WIDTH, last)) {
      const from = sums + i * outBytes + o;
      for (let column: usize = 0; column < 6; column++) {
        reduce3(from + column * step, 6 * step, half + column * WIDTH, 6 * WIDTH);
      }
      const to = dw + i * bytes + o;
      for (let row: usize = 0; row < 3; row++) {
        reduce3(half + row * 6 * WIDTH, WIDTH, to + row * 3 * tap, tap);
      }
      if (o == last) break;
    }
  }
}

/** Multiplies six rows by Gt to three, for 8 channels. */
function reduce3(from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const from1 = from + fromStep, from2 = from1 + fromStep, from3 = from2 + fromStep;
  const from4 = from3 + fromStep, from5 = from4 + fromStep;
  const to1 = to + toStep, to2 = to1 + toStep;
  const s0 = v128.load(from), t0 = v128.load(from, 16);
  const s1 = v128.load(from1), t1 = v128.load(from1, 16);
  const s2 = v128.load(from2), t2 = v128.load(from2, 16);
  const s3 = v128.load(from3), t3 = v128.load(from3, 16);
  const s4 = v128.load(from4), t4 = v128.load(from4, 16);
  const s5 = v128.load(from5), t5 = v128.load(from5, 16);
  const evenA = f32x4.mul(f32x4.splat(GA), f32x4.add(s1, s2));
  const evenC = f32x4.mul(f32x4.splat(GA), f32x4.add(t1, t2));
  const oddA = f32x4.mul(f32x4.splat(GA * A1), f32x4.sub(s1, s2));
  const oddC = f32x4.mul(f32x4.splat(GA * A1), f32x4.sub(t1, t2));
  const evenB = f32x4.mul(f32x4.splat(GB), f32x4.add(s3, s4));
  const evenD = f32x4.mul(f32x4.splat(GB), f32x4.add(t3, t4));
  const oddB = f32x4.mul(f32x4.splat(GB * B1), f32x4.sub(s3, s4));
  const oddD = f32x4.mul(f32x4.splat(GB * B1), f32x4.sub(t3, t4));
  v128.store(to, multiplyAdd(f32x4.splat(G0), t0, f32x4.add(evenC, evenD)), 16);
  v128.store(to, multiplyAdd(f32x4.splat(G0), s0, f32x4.add(evenA, evenB)));
  v128.store(to1, f32x4.add(oddC, oddD), 16);
  v128.store(to1, f32x4.add(oddA, oddB));
  const even = multiplyAdd(f32x4.splat(A2), evenA, multiplyAdd(f32x4.splat(B2), evenB, s5));
  const evenT = multiplyAdd(f32x4.splat(A2), evenC, multiplyAdd(f32x4.splat(B2), evenD, t5));
  v128.store(to2, evenT, 16);
  v128.store(to2, even);
}
