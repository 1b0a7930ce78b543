import { multiplyAdd } from "../simd/multiply_add.part.as";
import { LANE_BYTES, LANES, OUTER_BYTES, PAIR_BYTES, PANEL_BYTES } from "./net.layout.part.as";

/**
 * Sums of outer products as a matrix product: the rows of all pairs are the inner dimension, and the
 * right planes are transposed to panels of sixteen features, so that sums need no reduction over
 * lanes (with sixteen pairs the reduction took a third of the time).
 *
 * Each number is one chain over the rows of all pairs in order, then added to the result. All tiles
 * sum in this order, so the bits do not depend on tiling.
 */

/** Features of a panel. */
export const COLUMNS: i32 = 16;

/** Scratch bytes of {@link addProducts}; as counted in simd_sizes.ts. */
export function productBytes(size: i32, pairs: i32): u64 {
  const panels = <u64>((size + COLUMNS - 1) / COLUMNS);
  return OUTER_BYTES + <u64>pairs * LANES * (panels * <u64>PANEL_BYTES + 4);
}

/**
 * out[i, j] += sum over the pairs and the eight rows of left[i] right[j].
 *
 * @param wide 1: faster with 256-bit vectors; the bits are the same.
 * @param pairs List of addresses of a left plane [lefts] and a right plane [rights], up to `end`. Behind a
 *   plane of an odd number of features there are 32 bytes, which may hold anything.
 * @param out [lefts, rights] row-major.
 * @param spare Scratch of {@link productBytes}.
 */
export function addProducts(
  wide: i32,
  pairs: usize,
  end: usize,
  lefts: i32,
  rights: i32,
  out: usize,
  spare: usize,
): void {
  const row = <usize>rights * 4;
  const rows = (end - pairs) / PAIR_BYTES * LANES, bytes = rows * PANEL_BYTES;
  const list = spare + OUTER_BYTES, endList = list + rows * 4;
  let panel = endList;
  transpose(pairs, end, (rights + 1) & ~1, list, panel, bytes);
  for (let first = 0; first < rights; first += COLUMNS) {
    const at = out + <usize>first * 4;
    addPanel(wide, list, endList, 0, lefts, panel, rights - first, at, row, spare);
    panel += bytes;
  }
}

/**
 * A panel of {@link addProducts}.
 *
 * @param lefts List, up to `endLefts`, of the address of each row in its left plane.
 * @param firstLeft, endLeft Range of left features; the first is even.
 * @param columns Features of the panel and of those behind it.
 * @param out Of left feature 0 and the panel's first.
 * @param row Bytes per left feature of `out`.
 * @param spare Scratch of OUTER_BYTES.
 */
export function addPanel(
  wide: i32,
  lefts: usize,
  endLefts: usize,
  firstLeft: i32,
  endLeft: i32,
  panel: usize,
  columns: i32,
  out: usize,
  row: usize,
  spare: usize,
): void {
  for (let i = firstLeft; i < endLeft;) {
    const count = endLeft - i, tile = count >= 6 ? 6 : count >= 4 ? 4 : 2;
    const left = <usize>i * LANE_BYTES, at = out + <usize>i * row;
    if (columns >= COLUMNS && count >= tile) addTile(wide, tile, lefts, endLefts, left, panel, at, row);
    else {
      memory.fill(spare, 0, OUTER_BYTES);
      addTile(wide, tile, lefts, endLefts, left, panel, spare, PANEL_BYTES);
      addPart(spare, min(tile, count), min(columns, COLUMNS), at, row);
    }
    i += tile;
  }
}

/**
 * A tile of `rows` left features, 6, 4 or 2, and all features of a panel.
 *
 * @param lefts List, up to `end`, of the addresses of a row in its left plane.
 * @param left Byte offset of the tile's first feature in a plane.
 */
function addTile(
  wide: i32,
  rows: i32,
  lefts: usize,
  end: usize,
  left: usize,
  panel: usize,
  out: usize,
  row: usize,
): void {
  if (wide) {
    if (rows == 6) wideRows6(lefts, end, left, panel, out, row);
    else if (rows == 4) wideRows4(lefts, end, left, panel, out, row);
    else wideRows2(lefts, end, left, panel, out, row);
    return;
  }
  for (let half = 0; half < 2; half++) {
    if (rows == 6) rows6(lefts, end, left, panel, out, row);
    else {
      rows2(lefts, end, left, panel, out, row);
      if (rows == 4) rows2(lefts, end, left + 2 * LANE_BYTES, panel, out + 2 * row, row);
    }
    panel += 32;
    out += 32;
  }
}

/** Adds the first `columns` of a tile's sums, [rows][16], to the result. */
function addPart(sums: usize, rows: i32, columns: i32, out: usize, row: usize): void {
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < <usize>columns * 4; j += 4) {
      store<f32>(out + j, load<f32>(out + j) + load<f32>(sums + j));
    }
    sums += PANEL_BYTES;
    out += row;
  }
}

/**
 * Transposes the right planes to panels, [panel][pair][8 rows][16 features], where missing features
 * are 0, and lists the address of each row in its left plane.
 *
 * @param bytes Bytes per panel.
 */
function transpose(
  pairs: usize,
  end: usize,
  size: i32,
  lefts: usize,
  panels: usize,
  bytes: usize,
): void {
  for (; pairs < end; pairs += PAIR_BYTES) {
    const left = <usize>load<u32>(pairs);
    for (let row: usize = 0; row < LANE_BYTES; row += 4) {
      store<u32>(lefts, <u32>(left + row));
      lefts += 4;
    }
    transposePlane(<usize>load<u32>(pairs, 4), size, panels, bytes);
    panels += LANES * PANEL_BYTES;
  }
}

/**
 * Writes eight rows of all panels, whose missing features are 0.
 *
 * @param plane [size].
 * @param bytes Bytes per panel.
 */
export function transposePlane(plane: usize, size: i32, panel: usize, bytes: usize): void {
  for (let features = size; features > 0; features -= COLUMNS) {
    for (let column = 0; column < COLUMNS; column += 4) {
      transposeFour(plane, features - column, panel + <usize>column * 4);
      plane += 4 * LANE_BYTES;
    }
    panel += bytes;
  }
}

/** Writes four features of eight rows as four columns of a panel. */
// @ts-ignore: decorator
@inline
function transposeFour(plane: usize, features: i32, panel: usize): void {
  const zero = f32x4.splat(0);
  for (let half: usize = 0; half < LANE_BYTES; half += 16) {
    let a = zero, b = zero, c = zero, d = zero;
    if (features >= 2) {
      a = v128.load(plane);
      b = v128.load(plane, 32);
    }
    if (features >= 4) {
      c = v128.load(plane, 64);
      d = v128.load(plane, 96);
    }
    const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(panel, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
    v128.store(panel, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 64);
    v128.store(panel, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 128);
    v128.store(panel, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 192);
    plane += 16;
    panel += 4 * PANEL_BYTES;
  }
}

/** Adds sums to a row; V8 pairs vectors only if no store is between their loads. */
// @ts-ignore: decorator
@inline
function addWide(out: usize, a: v128, b: v128, c: v128, d: v128): void {
  a = f32x4.add(v128.load(out), a);
  b = f32x4.add(v128.load(out, 16), b);
  c = f32x4.add(v128.load(out, 32), c);
  d = f32x4.add(v128.load(out, 48), d);
  v128.store(out, b, 16);
  v128.store(out, a);
  v128.store(out, d, 48);
  v128.store(out, c, 32);
}

// @ts-ignore: decorator
@inline
function addNarrow(out: usize, a: v128, b: v128): void {
  v128.store(out, f32x4.add(v128.load(out, 16), b), 16);
  v128.store(out, f32x4.add(v128.load(out), a));
}

/** The 6 x 16 case: twelve sums of 256 bits fill the registers. */
function wideRows6(lefts: usize, end: usize, left: usize, panel: usize, out: usize, row: usize): void {
  const zero = f32x4.splat(0);
  let a0 = zero, b0 = zero, c0 = zero, d0 = zero;
  let a1 = zero, b1 = zero, c1 = zero, d1 = zero;
  let a2 = zero, b2 = zero, c2 = zero, d2 = zero;
  let a3 = zero, b3 = zero, c3 = zero, d3 = zero;
  let a4 = zero, b4 = zero, c4 = zero, d4 = zero;
  let a5 = zero, b5 = zero, c5 = zero, d5 = zero;
  for (; lefts < end; lefts += 4) {
    const l = <usize>load<u32>(lefts) + left;
    const p0 = v128.load(panel), p1 = v128.load(panel, 16);
    const p2 = v128.load(panel, 32), p3 = v128.load(panel, 48);
    let s = v128.load32_splat(l);
    a0 = multiplyAdd(s, p0, a0);
    b0 = multiplyAdd(s, p1, b0);
    c0 = multiplyAdd(s, p2, c0);
    d0 = multiplyAdd(s, p3, d0);
    s = v128.load32_splat(l, 32);
    a1 = multiplyAdd(s, p0, a1);
    b1 = multiplyAdd(s, p1, b1);
    c1 = multiplyAdd(s, p2, c1);
    d1 = multiplyAdd(s, p3, d1);
    s = v128.load32_splat(l, 64);
    a2 = multiplyAdd(s, p0, a2);
    b2 = multiplyAdd(s, p1, b2);
    c2 = multiplyAdd(s, p2, c2);
    d2 = multiplyAdd(s, p3, d2);
    s = v128.load32_splat(l, 96);
    a3 = multiplyAdd(s, p0, a3);
    b3 = multiplyAdd(s, p1, b3);
    c3 = multiplyAdd(s, p2, c3);
    d3 = multiplyAdd(s, p3, d3);
    s = v128.load32_splat(l, 128);
    a4 = multiplyAdd(s, p0, a4);
    b4 = multiplyAdd(s, p1, b4);
    c4 = multiplyAdd(s, p2, c4);
    d4 = multiplyAdd(s, p3, d4);
    s = v128.load32_splat(l, 160);
    a5 = multiplyAdd(s, p0, a5);
    b5 = multiplyAdd(s, p1, b5);
    c5 = multiplyAdd(s, p2, c5);
    d5 = multiplyAdd(s, p3, d5);
    panel += PANEL_BYTES;
  }
  addWide(out, a0, b0, c0, d0);
  out += row;
  addWide(out, a1, b1, c1, d1);
  out += row;
  addWide(out, a2, b2, c2, d2);
  out += row;
  addWide(out, a3, b3, c3, d3);
  out += row;
  addWide(out, a4, b4, c4, d4);
  out += row;
  addWide(out, a5, b5, c5, d5);
}

/** The 4 x 16 case: the remainder of sixes. */
function wideRows4(lefts: usize, end: usize, left: usize, panel: usize, out: usize, row: usize): void {
  const zero = f32x4.splat(0);
  let a0 = zero, b0 = zero, c0 = zero, d0 = zero;
  let a1 = zero, b1 = zero, c1 = zero, d1 = zero;
  let a2 = zero, b2 = zero, c2 = zero, d2 = zero;
  let a3 = zero, b3 = zero, c3 = zero, d3 = zero;
  for (; lefts < end; lefts += 4) {
    const l = <usize>load<u32>(lefts) + left;
    const p0 = v128.load(panel), p1 = v128.load(panel, 16);
    const p2 = v128.load(panel, 32), p3 = v128.load(panel, 48);
    let s = v128.load32_splat(l);
    a0 = multiplyAdd(s, p0, a0);
    b0 = multiplyAdd(s, p1, b0);
    c0 = multiplyAdd(s, p2, c0);
    d0 = multiplyAdd(s, p3, d0);
    s = v128.load32_splat(l, 32);
    a1 = multiplyAdd(s, p0, a1);
    b1 = multiplyAdd(s, p1, b1);
    c1 = multiplyAdd(s, p2, c1);
    d1 = multiplyAdd(s, p3, d1);
    s = v128.load32_splat(l, 64);
    a2 = multiplyAdd(s, p0, a2);
    b2 = multiplyAdd(s, p1, b2);
    c2 = multiplyAdd(s, p2, c2);
    d2 = multiplyAdd(s, p3, d2);
    s = v128.load32_splat(l, 96);
    a3 = multiplyAdd(s, p0, a3);
    b3 = multiplyAdd(s, p1, b3);
    c3 = multiplyAdd(s, p2, c3);
    d3 = multiplyAdd(s, p3, d3);
    panel += PANEL_BYTES;
  }
  addWide(out, a0, b0, c0, d0);
  out += row;
  addWide(out, a1, b1, c1, d1);
  out += row;
  addWide(out, a2, b2, c2, d2);
  out += row;
  addWide(out, a3, b3, c3, d3);
}

/** The 2 x 16 case: the remainder of sixes. */
function wideRows2(lefts: usize, end: usize, left: usize, panel: usize, out: usize, row: usize): void {
  const zero = f32x4.splat(0);
  let a0 = zero, b0 = zero, c0 = zero, d0 = zero;
  let a1 = zero, b1 = zero, c1 = zero, d1 = zero;
  for (; lefts < end; lefts += 4) {
    const l = <usize>load<u32>(lefts) + left;
    const p0 = v128.load(panel), p1 = v128.load(panel, 16);
    const p2 = v128.load(panel, 32), p3 = v128.load(panel, 48);
    let s = v128.load32_splat(l);
    a0 = multiplyAdd(s, p0, a0);
    b0 = multiplyAdd(s, p1, b0);
    c0 = multiplyAdd(s, p2, c0);
    d0 = multiplyAdd(s, p3, d0);
    s = v128.load32_splat(l, 32);
    a1 = multiplyAdd(s, p0, a1);
    b1 = multiplyAdd(s, p1, b1);
    c1 = multiplyAdd(s, p2, c1);
    d1 = multiplyAdd(s, p3, d1);
    panel += PANEL_BYTES;
  }
  addWide(out, a0, b0, c0, d0);
  out += row;
  addWide(out, a1, b1, c1, d1);
}

/** The 6 x 8 case for vectors of 128 bits: twelve sums. */
function rows6(lefts: usize, end: usize, left: usize, panel: usize, out: usize, row: usize): void {
  const zero = f32x4.splat(0);
  let a0 = zero, b0 = zero;
  let a1 = zero, b1 = zero;
  let a2 = zero, b2 = zero;
  let a3 = zero, b3 = zero;
  let a4 = zero, b4 = zero;
  let a5 = zero, b5 = zero;
  for (; lefts < end; lefts += 4) {
    const l = <usize>load<u32>(lefts) + left;
    const p0 = v128.load(panel), p1 = v128.load(panel, 16);
    let s = v128.load32_splat(l);
    a0 = multiplyAdd(s, p0, a0);
    b0 = multiplyAdd(s, p1, b0);
    s = v128.load32_splat(l, 32);
    a1 = multiplyAdd(s, p0, a1);
    b1 = multiplyAdd(s, p1, b1);
    s = v128.load32_splat(l, 64);
    a2 = multiplyAdd(s, p0, a2);
    b2 = multiplyAdd(s, p1, b2);
    s = v128.load32_splat(l, 96);
    a3 = multiplyAdd(s, p0, a3);
    b3 = multiplyAdd(s, p1, b3);
    s = v128.load32_splat(l, 128);
    a4 = multiplyAdd(s, p0, a4);
    b4 = multiplyAdd(s, p1, b4);
    s = v128.load32_splat(l, 160);
    a5 = multiplyAdd(s, p0, a5);
    b5 = multiplyAdd(s, p1, b5);
    panel += PANEL_BYTES;
  }
  addNarrow(out, a0, b0);
  out += row;
  addNarrow(out, a1, b1);
  out += row;
  addNarrow(out, a2, b2);
  out += row;
  addNarrow(out, a3, b3);
  out += row;
  addNarrow(out, a4, b4);
  out += row;
  addNarrow(out, a5, b5);
}

/** The remainder of sixes. */
function rows2(lefts: usize, end: usize, left: usize, panel: usize, out: usize, row: usize): void {
  const zero = f32x4.splat(0);
  let a0 = zero, b0 = zero;
  let a1 = zero, b1 = zero;
  for (; lefts < end; lefts += 4) {
    const l = <usize>load<u32>(lefts) + left;
    const p0 = v128.load(panel), p1 = v128.load(panel, 16);
    let s = v128.load32_splat(l);
    a0 = multiplyAdd(s, p0, a0);
    b0 = multiplyAdd(s, p1, b0);
    s = v128.load32_splat(l, 32);
    a1 = multiplyAdd(s, p0, a1);
    b1 = multiplyAdd(s, p1, b1);
    panel += PANEL_BYTES;
  }
  addNarrow(out, a0, b0);
  out += row;
  addNarrow(out, a1, b1);
}
