import {
  ADD,
  columnsOfTile,
  RELU,
  tileOfColumns,
  tileOfRows,
} from "../simd/gemm_tile.part.as";
import { TILE_COLUMNS, TILE_ROWS, WIDE_COLUMNS } from "../simd/tile.layout.part.as";
import { widePanel } from "../simd/wide_panel.part.as";
import { copyRows, pack, ROW_IN_PLACE } from "../simd/gemm_panels.part.as";
import { BLOCK_NUMBERS, BLOCK_PIXELS } from "./conv.layout.part.as";

// Convolutions of any size and stride as matrix products (im2col): for one block of output pixels
// at a time, their inputs are unfolded to [pixels, kh * kw * cin].
//
// Images are NHWC, filters [kh, kw, in, out]. The bits of an output pixel do not depend on other
// pixels.

// @ts-ignore: decorator
@inline
function pixelsInBlock(taps: i32): i32 {
  return max(TILE_ROWS, min(BLOCK_PIXELS, BLOCK_NUMBERS / taps) / TILE_ROWS * TILE_ROWS);
}

// @ts-ignore: decorator
@inline
function padded(channels: i32): i32 {
  return (channels + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
}

/** Scratch size in numbers for {@link conv} and {@link convFilterGradient}. */
export function convScratch(taps: i32, cout: i32): i32 {
  const out = padded(cout), pixels = pixelsInBlock(taps);
  // Four more, since a short run is written as one vector.
  return out + TILE_ROWS * TILE_COLUMNS + max(taps, pixels) * out + pixels * taps + 4;
}

/**
 * The convolution of x [n, h, w, cin] with a filter [kh, kw, cin, cout], plus bias, through ReLU.
 *
 * @param wide 1: wide tiles, with the same bits.
 * @param sh, sw Strides.
 * @param ph, pw Rows of zeros above and columns of zeros to the left.
 * @param bias [cout], or 0.
 * @param relu 1: ReLU, which keeps NaN.
 * @param y [n, oh, ow, cout].
 * @param scratch {@link convScratch} numbers.
 */
export function conv(
  wide: i32,
  n: i32,
  h: i32,
  w: i32,
  cin: i32,
  kh: i32,
  kw: i32,
  oh: i32,
  ow: i32,
  cout: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  x: usize,
  filter: usize,
  bias: usize,
  relu: i32,
  y: usize,
  scratch: usize,
): void {
  const taps = kh * kw * cin, out = padded(cout), pixels = pixelsInBlock(taps);
  const outBytes = <usize>cout * 4, width: usize = TILE_COLUMNS * 4;
  const start = scratch;
  const edge = start + <usize>out * 4;
  const packed = edge + TILE_ROWS * width;
  const unfolded = packed + <usize>(max(taps, pixels) * out) * 4;
  memory.fill(start, 0, <usize>out * 4);
  if (bias) memory.copy(start, bias, outBytes);
  let b = filter, bRow = outBytes, bPanel = width;
  if (out != cout || cout > ROW_IN_PLACE) {
    pack(filter, outBytes, taps, cout, packed);
    b = packed;
    bRow = width;
    bPanel = <usize>taps * width;
  }
  const aRow = <usize>taps * 4;
  const mode = relu ? RELU : 0;
  const all = n * oh * ow;
  for (let first = 0; first < all; first += pixels) {
    const count = min(pixels, all - first);
    unfold(h, w, cin, kh, kw, oh, ow, sh, sw, ph, pw, x, first, count, unfolded);
    let columns = 0;
    for (let column = 0; column < cout; column += columns) {
      columns = columnsOfTile(wide, cout - column);
      const panel = b + <usize>(column / TILE_COLUMNS) * bPanel;
      const begin = start + <usize>column * 4;
      if (columns == WIDE_COLUMNS) {
        const c = y + <usize>first * outBytes + <usize>column * 4;
        widePanel(count, taps, unfolded, aRow, 4, panel, bRow, bPanel, begin, c, outBytes, mode, 0);
        continue;
      }
      for (let t = 0; t < count; t += TILE_ROWS) {
        const rows = min(TILE_ROWS, count - t);
        const a = unfolded + <usize>t * aRow;
        const c = y + <usize>(first + t) * outBytes + <usize>column * 4;
        if (columns == TILE_COLUMNS) {
          tileOfRows(rows, taps, a, aRow, panel, bRow, begin, c, outBytes, mode, 0);
        } else {
          tileOfRows(rows, taps, a, aRow, panel, bRow, begin, edge, width, mode, 0);
          copyRows(c, outBytes, edge, width, rows, columns);
        }
      }
    }
  }
}

/**
 * The gradient of {@link conv} with respect to its filter, dw [kh, kw, cin, cout], from its input
 * x [n, h, w, cin] and dy [n, oh, ow, cout].
 *
 * @param scratch {@link convScratch} numbers.
 */
export function convFilterGradient(
  wide: i32,
  n: i32,
  h: i32,
  w: i32,
  cin: i32,
  kh: i32,
  kw: i32,
  oh: i32,
  ow: i32,
  cout: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  x: usize,
  dy: usize,
  dw: usize,
  scratch: usize,
): void {
  const taps = kh * kw * cin, out = padded(cout), pixels = pixelsInBlock(taps);
  const outBytes = <usize>cout * 4, width: usize = TILE_COLUMNS * 4;
  const start = scratch;
  const edge = start + <usize>out * 4;
  const packed = edge + TILE_ROWS * width;
  const unfolded = packed + <usize>(max(taps, pixels) * out) * 4;
  memory.fill(start, 0, <usize>out * 4);
  memory.fill(dw, 0, <usize>taps * outBytes);
  const inPlace = out == cout && cout <= ROW_IN_PLACE;
  const all = n * oh * ow;
  for (let first = 0; first < all; first += pixels) {
    const count = min(pixels, all - first);
    unfold(h, w, cin, kh, kw, oh, ow, sh, sw, ph, pw, x, first, count, unfolded);
    let b = dy + <usize>first * outBytes, bRow = outBytes, bPanel = width;
    if (!inPlace) {
      pack(b, outBytes, count, cout, packed);
      b = packed;
      bRow = width;
      bPanel = <usize>count * width;
    }
    const aColumn = <usize>taps * 4;
    let columns = 0;
    for (let column = 0; column < cout; column += columns) {
      columns = columnsOfTile(wide, cout - column);
      const panel = b + <usize>(column / TILE_COLUMNS) * bPanel;
      if (columns == WIDE_COLUMNS) {
        const c = dw + <usize>column * 4;
        widePanel(
          taps,
          count,
          unfolded,
          4,
          aColumn,
          panel,
          bRow,
          bPanel,
          start,
          c,
          outBytes,
          ADD,
          0,
        );
        continue;
      }
      for (let tap = 0; tap < taps; tap += TILE_ROWS) {
        const rows = min(TILE_ROWS, taps - tap);
        const a = unfolded + <usize>tap * 4;
        const c = dw + <usize>tap * outBytes + <usize>column * 4;
        if (columns == TILE_COLUMNS) {
          tileOfColumns(rows, count, a, aColumn, panel, bRow, start, c, outBytes, ADD, 0);
        } else {
          copyRows(edge, width, c, outBytes, rows, columns);
          tileOfColumns(rows, count, a, aColumn, panel, bRow, start, edge, width, ADD, 0);
          copyRows(c, outBytes, edge, width, rows, columns);
        }
      }
    }
  }
}

/** Scratch size in numbers for {@link convNarrow}. */
export function convNarrowScratch(pixels: i32, cin: i32, products: i32): i32 {
  return padded(products) + (pixels + cin) * padded(products);
}

/**
 * {@link conv} with stride 1 to so few channels that a tile would be mostly empty: multiplies each
 * pixel with all taps of the filter, [h w, kh kw cout], and sums those that contribute to each
 * output.
 *
 * @param scratch {@link convNarrowScratch} numbers of `h * w` pixels, `kh * kw * cout` products.
 */
export function convNarrow(
  wide: i32,
  n: i32,
  h: i32,
  w: i32,
  cin: i32,
  kh: i32,
  kw: i32,
  oh: i32,
  ow: i32,
  cout: i32,
  ph: i32,
  pw: i32,
  x: usize,
  filter: usize,
  bias: usize,
  relu: i32,
  y: usize,
  scratch: usize,
): void {
  const products = kh * kw * cout, out = padded(products), pixels = h * w;
  const outBytes = <usize>out * 4, inBytes = <usize>cin * 4;
  const start = scratch;
  const b = start + outBytes;
  const z = b + <usize>cin * outBytes;
  memory.fill(start, 0, outBytes);
  memory.fill(b, 0, <usize>cin * outBytes);
  for (let tap = 0; tap < kh * kw; tap++) {
    for (let i = 0; i < cin; i++) {
      const from = filter + <usize>((tap * cin + i) * cout) * 4;
      copy(
        b + <usize>i * outBytes + <usize>(tap * cout) * 4,
        b + <usize>i * outBytes + <usize>((tap + 1) * cout) * 4,
        from,
      );
    }
  }
  for (let image = 0; image < n; image++, x += <usize>pixels * inBytes) {
    let columns = 0;
    for (let first = 0; first < out; first += columns) {
      columns = columnsOfTile(wide, out - first);
      const column = <usize>first * 4, next: usize = TILE_COLUMNS * 4;
      if (columns == WIDE_COLUMNS) {
        const c = z + column;
        widePanel(pixels, cin, x, inBytes, 4, b + column, outBytes, next, start, c, outBytes, 0, 0);
        continue;
      }
      for (let t = 0; t < pixels; t += TILE_ROWS) {
        const rows = min(TILE_ROWS, pixels - t);
        const a = x + <usize>t * inBytes, c = z + <usize>t * outBytes + column;
        tileOfRows(rows, cin, a, inBytes, b + column, outBytes, start, c, outBytes, 0, 0);
      }
    }
    const isPlane3x3 = kh == 3 && kw == 3 && cout == 1;
    for (let row = 0; row < oh; row++) {
      const isRowInside = row >= ph && row - ph + 3 <= h;
      for (let column = 0; column < ow; column++) {
        if (isPlane3x3 && isRowInside && column >= pw && column - pw + 3 <= w) {
          const begin: f32 = bias ? load<f32>(bias) : 0;
          const at = z + <usize>((row - ph) * w + column - pw) * outBytes;
          const sum = nineTaps(begin, at, outBytes, <usize>w * outBytes);
          store<f32>(y, relu && sum < 0 ? 0 : sum);
          y += 4;
          continue;
        }
        for (let o = 0; o < cout; o++, y += 4) {
          let sum: f32 = bias ? load<f32>(bias + <usize>o * 4) : 0;
          for (let i = max(0, ph - row); i < min(kh, h + ph - row); i++) {
            const first = (row + i - ph) * w - pw + column;
            for (let j = max(0, pw - column); j < min(kw, w + pw - column); j++) {
              sum += load<f32>(z + <usize>((first + j) * out + (i * kw + j) * cout + o) * 4);
            }
          }
          store<f32>(y, relu && sum < 0 ? 0 : sum);
        }
      }
    }
  }
}

/** `sum` plus the products of a 3x3 filter's taps, for three pixels in each of three rows. */
// @ts-ignore: decorator
@inline
function nineTaps(sum: f32, at: usize, pixel: usize, row: usize): f32 {
  const second = at + row, third = second + row;
  sum += load<f32>(at);
  sum += load<f32>(at + pixel, 4);
  sum += load<f32>(at + 2 * pixel, 8);
  sum += load<f32>(second, 12);
  sum += load<f32>(second + pixel, 16);
  sum += load<f32>(second + 2 * pixel, 20);
  sum += load<f32>(third, 24);
  sum += load<f32>(third + pixel, 28);
  return sum + load<f32>(third + 2 * pixel, 32);
}

/** Inputs of `count` output pixels, [count, kh, kw, cin]; zero outside the image. */
function unfold(
  h: i32,
  w: i32,
  cin: i32,
  kh: i32,
  kw: i32,
  oh: i32,
  ow: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  x: usize,
  first: i32,
  count: i32,
  to: usize,
): void {
  const inBytes = <usize>cin * 4, rowBytes = <usize>w * inBytes, runBytes = <usize>kw * inBytes;
  const place = first % (oh * ow), isShort = runBytes <= 16;
  let image = x + <usize>(first / (oh * ow)) * <usize>h * rowBytes;
  let row = place / ow, column = place % ow;
  for (let pixel = 0; pixel < count; pixel++) {
    const top = row * sh - ph, left = column * sw - pw;
    const from = max(left, 0), end = min(left + kw, w);
    const isInside = from == left && end == left + kw;
    for (let i = top; i < top + kh; i++) {
      const next = to + runBytes;
      if (i < 0 || i >= h || from >= end) {
        zero(to, next);
      } else if (isInside && isShort) {
        // Writes past the run are overwritten by the next run or unused.
        v128.store(to, v128.load(image + <usize>i * rowBytes + <usize>left * inBytes));
      } else {
        const body = to + <usize>(from - left) * inBytes;
        const tail = body + <usize>(end - from) * inBytes;
        zero(to, body);
        copy(body, tail, image + <usize>i * rowBytes + <usize>from * inBytes);
        zero(tail, next);
      }
      to = next;
    }
    if (++column == ow) {
      column = 0;
      if (++row == oh) {
        row = 0;
        image += <usize>h * rowBytes;
      }
    }
  }
}

// Loops, because memory.copy costs more than these short copies.

function zero(to: usize, end: usize): void {
  const none = f32x4.splat(0);
  for (; to + 16 <= end; to += 16) v128.store(to, none);
  for (; to < end; to += 4) store<f32>(to, 0);
}

function copy(to: usize, end: usize, from: usize): void {
  for (; to + 16 <= end; to += 16, from += 16) v128.store(to, v128.load(from));
  for (; to < end; to += 4, from += 4) store<f32>(to, load<f32>(from));
}
