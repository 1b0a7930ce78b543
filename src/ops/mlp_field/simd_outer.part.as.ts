import { multiplyAdd } from "../simd/multiply_add.part.as";
import { LANE_BYTES, PAIR_BYTES } from "./net.layout.part.as";

/**
 * Outer products of planes, summed over their rows and over many pairs: the gradients of weights.
 *
 * Each number is the sum of two chains, over the lower and the upper four rows of all pairs,
 * reduced over lanes at the end. This order is the same in all tiles, so the bits do not depend on
 * tiling.
 */

/**
 * out[i, j] += sum over the pairs and the eight rows of left[i] right[j], for planes of any two sizes:
 * features `firstLeft` to `endLeft` of the left ones, and `first` to `last` of the right ones. The
 * first of either is even.
 *
 * @param wide 1: faster with 256-bit vectors; the bits are the same.
 * @param pairs List of addresses of a left and a right plane, up to `end`.
 * @param row Bytes per row of `out`.
 * @param sums Scratch of OUTER_BYTES.
 */
export function addOuterBlock(
  wide: i32,
  pairs: usize,
  end: usize,
  firstLeft: i32,
  endLeft: i32,
  first: i32,
  last: i32,
  row: usize,
  out: usize,
  sums: usize,
): void {
  let i = firstLeft;
  for (; i + 2 <= endLeft; i += 2) {
    const left = <usize>i * LANE_BYTES;
    const to = out + <usize>i * row;
    let j = first;
    if (wide) {
      for (; j + 6 <= last; j += 6) {
        const right = <usize>j * LANE_BYTES, at = to + <usize>j * 4;
        wideOuter2x6(pairs, end, left, right, sums);
        addSixOf(sums, at);
        addSixOf(sums + 192, at + row);
      }
    } else {
      for (; j + 6 <= last; j += 6) {
        const right = <usize>j * LANE_BYTES, at = to + <usize>j * 4;
        halfOuter2x6(pairs, end, left, right, sums, 0, 0);
        halfOuter2x6(pairs, end, left + 16, right + 16, sums, at, row);
      }
    }
    for (; j + 4 <= last; j += 4) {
      const right = <usize>j * LANE_BYTES, at = to + <usize>j * 4;
      if (wide) wideOuter2x4(pairs, end, left, right, sums);
      else {
        halfOuter2x4(pairs, end, left, right, sums);
        halfOuter2x4(pairs, end, left + 16, right + 16, sums + 16);
      }
      addFour(sums, at);
      addFour(sums + 128, at + row);
    }
    for (; j + 2 <= last; j += 2) {
      outer2x2(pairs, end, left, <usize>j * LANE_BYTES, to + <usize>j * 4, row);
    }
    if (j < last) {
      const right = <usize>j * LANE_BYTES, at = to + <usize>j * 4;
      outer1x1(pairs, end, left, right, at);
      outer1x1(pairs, end, left + LANE_BYTES, right, at + row);
    }
  }
  if (i == endLeft) return;
  for (let j = first; j < last; j++) {
    const at = out + <usize>i * row + <usize>j * 4;
    outer1x1(pairs, end, <usize>i * LANE_BYTES, <usize>j * LANE_BYTES, at);
  }
}

/** Sums of the lanes of four vectors. */
// @ts-ignore: decorator
@inline
function laneSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(
    v128.shuffle<f32>(a, b, 0, 4, 1, 5),
    v128.shuffle<f32>(a, b, 2, 6, 3, 7),
  );
  const cd = f32x4.add(
    v128.shuffle<f32>(c, d, 0, 4, 1, 5),
    v128.shuffle<f32>(c, d, 2, 6, 3, 7),
  );
  return f32x4.add(
    v128.shuffle<f32>(ab, cd, 0, 1, 4, 5),
    v128.shuffle<f32>(ab, cd, 2, 3, 6, 7),
  );
}

/** Adds the totals of four runs of eight sums to four numbers. */
// @ts-ignore: decorator
@inline
function addFour(sums: usize, out: usize): void {
  const totals = laneSums(
    f32x4.add(v128.load(sums), v128.load(sums, 16)),
    f32x4.add(v128.load(sums, 32), v128.load(sums, 48)),
    f32x4.add(v128.load(sums, 64), v128.load(sums, 80)),
    f32x4.add(v128.load(sums, 96), v128.load(sums, 112)),
  );
  v128.store(out, f32x4.add(v128.load(out), totals));
}

/** Adds the totals of six runs of eight sums to six numbers. */
// @ts-ignore: decorator
@inline
function addSixOf(sums: usize, out: usize): void {
  addFour(sums, out);
  const four = f32x4.add(v128.load(sums, 128), v128.load(sums, 144));
  const five = f32x4.add(v128.load(sums, 160), v128.load(sums, 176));
  const two = laneSums(four, five, four, five);
  store<f32>(out, load<f32>(out, 16) + f32x4.extract_lane(two, 0), 16);
  store<f32>(out, load<f32>(out, 20) + f32x4.extract_lane(two, 1), 20);
}

/**
 * Sums over four of the eight rows: twelve sums fill the registers of x86-64.
 *
 * @param sums [2 * 6][4]: output if `out` is 0; otherwise the sums of the other rows, and the
 *   totals are added to `out`.
 */
function halfOuter2x6(
  pairs: usize,
  end: usize,
  left: usize,
  right: usize,
  sums: usize,
  out: usize,
  row: usize,
): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
  let c04 = f32x4.splat(0), c05 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
  let c14 = f32x4.splat(0), c15 = f32x4.splat(0);
  for (; pairs < end; pairs += PAIR_BYTES) {
    const l = <usize>load<u32>(pairs) + left, r = <usize>load<u32>(pairs, 4) + right;
    const l0 = v128.load(l), l1 = v128.load(l, 32);
    let r0 = v128.load(r);
    c00 = multiplyAdd(l0, r0, c00);
    c10 = multiplyAdd(l1, r0, c10);
    r0 = v128.load(r, 32);
    c01 = multiplyAdd(l0, r0, c01);
    c11 = multiplyAdd(l1, r0, c11);
    r0 = v128.load(r, 64);
    c02 = multiplyAdd(l0, r0, c02);
    c12 = multiplyAdd(l1, r0, c12);
    r0 = v128.load(r, 96);
    c03 = multiplyAdd(l0, r0, c03);
    c13 = multiplyAdd(l1, r0, c13);
    r0 = v128.load(r, 128);
    c04 = multiplyAdd(l0, r0, c04);
    c14 = multiplyAdd(l1, r0, c14);
    r0 = v128.load(r, 160);
    c05 = multiplyAdd(l0, r0, c05);
    c15 = multiplyAdd(l1, r0, c15);
  }
  if (!out) {
    v128.store(sums, c01, 16);
    v128.store(sums, c00);
    v128.store(sums, c03, 48);
    v128.store(sums, c02, 32);
    v128.store(sums, c05, 80);
    v128.store(sums, c04, 64);
    v128.store(sums, c11, 112);
    v128.store(sums, c10, 96);
    v128.store(sums, c13, 144);
    v128.store(sums, c12, 128);
    v128.store(sums, c15, 176);
    v128.store(sums, c14, 160);
    return;
  }
  c00 = f32x4.add(v128.load(sums), c00);
  c01 = f32x4.add(v128.load(sums, 16), c01);
  c02 = f32x4.add(v128.load(sums, 32), c02);
  c03 = f32x4.add(v128.load(sums, 48), c03);
  c04 = f32x4.add(v128.load(sums, 64), c04);
  c05 = f32x4.add(v128.load(sums, 80), c05);
  c10 = f32x4.add(v128.load(sums, 96), c10);
  c11 = f32x4.add(v128.load(sums, 112), c11);
  c12 = f32x4.add(v128.load(sums, 128), c12);
  c13 = f32x4.add(v128.load(sums, 144), c13);
  c14 = f32x4.add(v128.load(sums, 160), c14);
  c15 = f32x4.add(v128.load(sums, 176), c15);
  addSix(out, laneSums(c00, c01, c02, c03), laneSums(c04, c05, c04, c05));
  addSix(out + row, laneSums(c10, c11, c12, c13), laneSums(c14, c15, c14, c15));
}

/** Adds four numbers and two. */
// @ts-ignore: decorator
@inline
function addSix(out: usize, four: v128, two: v128): void {
  v128.store(out, f32x4.add(v128.load(out), four));
  store<f32>(out, load<f32>(out, 16) + f32x4.extract_lane(two, 0), 16);
  store<f32>(out, load<f32>(out, 20) + f32x4.extract_lane(two, 1), 20);
}

/** The 2 x 4 case, [2 * 4][8] of which it fills half: the remainder of sixes for widths like 64. */
function halfOuter2x4(pairs: usize, end: usize, left: usize, right: usize, sums: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
  for (; pairs < end; pairs += PAIR_BYTES) {
    const l = <usize>load<u32>(pairs) + left, r = <usize>load<u32>(pairs, 4) + right;
    const l0 = v128.load(l), l1 = v128.load(l, 32);
    let r0 = v128.load(r);
    c00 = multiplyAdd(l0, r0, c00);
    c10 = multiplyAdd(l1, r0, c10);
    r0 = v128.load(r, 32);
    c01 = multiplyAdd(l0, r0, c01);
    c11 = multiplyAdd(l1, r0, c11);
    r0 = v128.load(r, 64);
    c02 = multiplyAdd(l0, r0, c02);
    c12 = multiplyAdd(l1, r0, c12);
    r0 = v128.load(r, 96);
    c03 = multiplyAdd(l0, r0, c03);
    c13 = multiplyAdd(l1, r0, c13);
  }
  v128.store(sums, c00);
  v128.store(sums, c01, 32);
  v128.store(sums, c02, 64);
  v128.store(sums, c03, 96);
  v128.store(sums, c10, 128);
  v128.store(sums, c11, 160);
  v128.store(sums, c12, 192);
  v128.store(sums, c13, 224);
}

/**
 * Sums over all eight rows, [2 * 4][8]: eight of 256 bits where V8 pairs vectors, starting at
 * stores.
 */
function wideOuter2x4(pairs: usize, end: usize, left: usize, right: usize, sums: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
  let d00 = f32x4.splat(0), d01 = f32x4.splat(0), d02 = f32x4.splat(0), d03 = f32x4.splat(0);
  let d10 = f32x4.splat(0), d11 = f32x4.splat(0), d12 = f32x4.splat(0), d13 = f32x4.splat(0);
  for (; pairs < end; pairs += PAIR_BYTES) {
    const l = <usize>load<u32>(pairs) + left, r = <usize>load<u32>(pairs, 4) + right;
    const l0 = v128.load(l), m0 = v128.load(l, 16), l1 = v128.load(l, 32), m1 = v128.load(l, 48);
    let r0 = v128.load(r), q0 = v128.load(r, 16);
    c00 = multiplyAdd(l0, r0, c00);
    d00 = multiplyAdd(m0, q0, d00);
    c10 = multiplyAdd(l1, r0, c10);
    d10 = multiplyAdd(m1, q0, d10);
    r0 = v128.load(r, 32);
    q0 = v128.load(r, 48);
    c01 = multiplyAdd(l0, r0, c01);
    d01 = multiplyAdd(m0, q0, d01);
    c11 = multiplyAdd(l1, r0, c11);
    d11 = multiplyAdd(m1, q0, d11);
    r0 = v128.load(r, 64);
    q0 = v128.load(r, 80);
    c02 = multiplyAdd(l0, r0, c02);
    d02 = multiplyAdd(m0, q0, d02);
    c12 = multiplyAdd(l1, r0, c12);
    d12 = multiplyAdd(m1, q0, d12);
    r0 = v128.load(r, 96);
    q0 = v128.load(r, 112);
    c03 = multiplyAdd(l0, r0, c03);
    d03 = multiplyAdd(m0, q0, d03);
    c13 = multiplyAdd(l1, r0, c13);
    d13 = multiplyAdd(m1, q0, d13);
  }
  v128.store(sums, d00, 16);
  v128.store(sums, c00);
  v128.store(sums, d01, 48);
  v128.store(sums, c01, 32);
  v128.store(sums, d02, 80);
  v128.store(sums, c02, 64);
  v128.store(sums, d03, 112);
  v128.store(sums, c03, 96);
  v128.store(sums, d10, 144);
  v128.store(sums, c10, 128);
  v128.store(sums, d11, 176);
  v128.store(sums, c11, 160);
  v128.store(sums, d12, 208);
  v128.store(sums, c12, 192);
  v128.store(sums, d13, 240);
  v128.store(sums, c13, 224);
}

/** The 2 x 6 case over all eight rows, [2 * 6][8]: twelve sums of 256 bits fill the registers. */
function wideOuter2x6(pairs: usize, end: usize, left: usize, right: usize, sums: usize): void {
  const zero = f32x4.splat(0);
  let c00 = zero, c01 = zero, c02 = zero, c03 = zero, c04 = zero, c05 = zero;
  let c10 = zero, c11 = zero, c12 = zero, c13 = zero, c14 = zero, c15 = zero;
  let d00 = zero, d01 = zero, d02 = zero, d03 = zero, d04 = zero, d05 = zero;
  let d10 = zero, d11 = zero, d12 = zero, d13 = zero, d14 = zero, d15 = zero;
  for (; pairs < end; pairs += PAIR_BYTES) {
    const l = <usize>load<u32>(pairs) + left, r = <usize>load<u32>(pairs, 4) + right;
    const l0 = v128.load(l), m0 = v128.load(l, 16), l1 = v128.load(l, 32), m1 = v128.load(l, 48);
    let r0 = v128.load(r), q0 = v128.load(r, 16);
    c00 = multiplyAdd(l0, r0, c00);
    d00 = multiplyAdd(m0, q0, d00);
    c10 = multiplyAdd(l1, r0, c10);
    d10 = multiplyAdd(m1, q0, d10);
    r0 = v128.load(r, 32);
    q0 = v128.load(r, 48);
    c01 = multiplyAdd(l0, r0, c01);
    d01 = multiplyAdd(m0, q0, d01);
    c11 = multiplyAdd(l1, r0, c11);
    d11 = multiplyAdd(m1, q0, d11);
    r0 = v128.load(r, 64);
    q0 = v128.load(r, 80);
    c02 = multiplyAdd(l0, r0, c02);
    d02 = multiplyAdd(m0, q0, d02);
    c12 = multiplyAdd(l1, r0, c12);
    d12 = multiplyAdd(m1, q0, d12);
    r0 = v128.load(r, 96);
    q0 = v128.load(r, 112);
    c03 = multiplyAdd(l0, r0, c03);
    d03 = multiplyAdd(m0, q0, d03);
    c13 = multiplyAdd(l1, r0, c13);
    d13 = multiplyAdd(m1, q0, d13);
    r0 = v128.load(r, 128);
    q0 = v128.load(r, 144);
    c04 = multiplyAdd(l0, r0, c04);
    d04 = multiplyAdd(m0, q0, d04);
    c14 = multiplyAdd(l1, r0, c14);
    d14 = multiplyAdd(m1, q0, d14);
    r0 = v128.load(r, 160);
    q0 = v128.load(r, 176);
    c05 = multiplyAdd(l0, r0, c05);
    d05 = multiplyAdd(m0, q0, d05);
    c15 = multiplyAdd(l1, r0, c15);
    d15 = multiplyAdd(m1, q0, d15);
  }
  v128.store(sums, d00, 16);
  v128.store(sums, c00);
  v128.store(sums, d01, 48);
  v128.store(sums, c01, 32);
  v128.store(sums, d02, 80);
  v128.store(sums, c02, 64);
  v128.store(sums, d03, 112);
  v128.store(sums, c03, 96);
  v128.store(sums, d04, 144);
  v128.store(sums, c04, 128);
  v128.store(sums, d05, 176);
  v128.store(sums, c05, 160);
  v128.store(sums, d10, 208);
  v128.store(sums, c10, 192);
  v128.store(sums, d11, 240);
  v128.store(sums, c11, 224);
  v128.store(sums, d12, 272);
  v128.store(sums, c12, 256);
  v128.store(sums, d13, 304);
  v128.store(sums, c13, 288);
  v128.store(sums, d14, 336);
  v128.store(sums, c14, 320);
  v128.store(sums, d15, 368);
  v128.store(sums, c15, 352);
}

function outer2x2(pairs: usize, end: usize, left: usize, right: usize, out: usize, row: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let d00 = f32x4.splat(0), d01 = f32x4.splat(0), d10 = f32x4.splat(0), d11 = f32x4.splat(0);
  for (; pairs < end; pairs += PAIR_BYTES) {
    const l = <usize>load<u32>(pairs) + left, r = <usize>load<u32>(pairs, 4) + right;
    let l0 = v128.load(l), l1 = v128.load(l, 32);
    let r0 = v128.load(r);
    c00 = multiplyAdd(l0, r0, c00);
    c10 = multiplyAdd(l1, r0, c10);
    r0 = v128.load(r, 32);
    c01 = multiplyAdd(l0, r0, c01);
    c11 = multiplyAdd(l1, r0, c11);
    l0 = v128.load(l, 16);
    l1 = v128.load(l, 48);
    r0 = v128.load(r, 16);
    d00 = multiplyAdd(l0, r0, d00);
    d10 = multiplyAdd(l1, r0, d10);
    r0 = v128.load(r, 48);
    d01 = multiplyAdd(l0, r0, d01);
    d11 = multiplyAdd(l1, r0, d11);
  }
  const totals = laneSums(
    f32x4.add(c00, d00),
    f32x4.add(c01, d01),
    f32x4.add(c10, d10),
    f32x4.add(c11, d11),
  );
  store<f32>(out, load<f32>(out) + f32x4.extract_lane(totals, 0));
  store<f32>(out, load<f32>(out, 4) + f32x4.extract_lane(totals, 1), 4);
  store<f32>(out + row, load<f32>(out + row) + f32x4.extract_lane(totals, 2));
  store<f32>(out + row, load<f32>(out + row, 4) + f32x4.extract_lane(totals, 3), 4);
}

/** The remainder of odd sizes. */
function outer1x1(pairs: usize, end: usize, left: usize, right: usize, out: usize): void {
  let c = f32x4.splat(0), d = f32x4.splat(0);
  for (; pairs < end; pairs += PAIR_BYTES) {
    const l = <usize>load<u32>(pairs) + left, r = <usize>load<u32>(pairs, 4) + right;
    c = multiplyAdd(v128.load(l), v128.load(r), c);
    d = multiplyAdd(v128.load(l, 16), v128.load(r, 16), d);
  }
  const total = f32x4.add(c, d), totals = laneSums(total, total, total, total);
  store<f32>(out, load<f32>(out) + f32x4.extract_lane(totals, 0));
}
