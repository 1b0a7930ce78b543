import { multiplyAdd } from "../../runtime/simd/multiply_add.part.as";

/**
 * Products over planes. A plane holds some features of eight rows, [features][8] float32: the
 * rows are the lanes of two vectors, so that nothing is padded but rows, and every sum over
 * features stays in its lane: a row's bits do not depend on its neighbours.
 */

/** Rows of a tile: the lanes of two vectors. */
export const LANES: i32 = 8;
/** From one feature of a plane to the next. */
export const LANE_BYTES: usize = 32;

/** Outputs that are computed together; twelve sums fill the registers of x86-64. */
const OUTPUTS: i32 = 6;

/** How many of the outputs that are `left` the next tile of {@link multiply} takes. */
function tileOutputs(left: i32): i32 {
  return left >= OUTPUTS ? OUTPUTS : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

/**
 * Packs a matrix for {@link multiply}: tile after tile of outputs, in each tile input after input.
 *
 * @param w Entry (input, output) lies at w + input * inputBytes + output * outputBytes.
 * @returns The first byte behind `packed`.
 */
export function pack(
  w: usize,
  inputs: i32,
  outputs: i32,
  inputBytes: usize,
  outputBytes: usize,
  packed: usize,
): usize {
  for (let first = 0; first < outputs;) {
    const width = tileOutputs(outputs - first);
    for (let input = 0; input < inputs; input++) {
      let from = w + <usize>input * inputBytes + <usize>first * outputBytes;
      for (let output = 0; output < width; output++) {
        store<f32>(packed, load<f32>(from));
        from += outputBytes;
        packed += 4;
      }
    }
    first += width;
  }
  return packed;
}

/**
 * out[o] = bias[o] + sum over i of w[i, o] x[i], for eight rows.
 *
 * @param w From {@link pack}.
 * @param x Plane [inputs].
 * @param bias [outputs], the same for all rows.
 * @param out Plane [outputs]; not `x`.
 */
export function multiply(
  w: usize,
  inputs: i32,
  outputs: i32,
  x: usize,
  bias: usize,
  out: usize,
): void {
  let left = outputs;
  while (left > 0) {
    const width = tileOutputs(left);
    if (width == OUTPUTS) tile6(w, inputs, x, bias, out);
    else if (width == 4) tile4(w, inputs, x, bias, out);
    else if (width == 2) tile2(w, inputs, x, bias, out);
    else tile1(w, inputs, x, bias, out);
    left -= width;
    w += <usize>(width * inputs) * 4;
    bias += <usize>width * 4;
    out += <usize>width * LANE_BYTES;
  }
}

function tile6(w: usize, inputs: i32, x: usize, bias: usize, out: usize): void {
  let a0 = v128.load32_splat(bias), b0 = a0;
  let a1 = v128.load32_splat(bias, 4), b1 = a1;
  let a2 = v128.load32_splat(bias, 8), b2 = a2;
  let a3 = v128.load32_splat(bias, 12), b3 = a3;
  let a4 = v128.load32_splat(bias, 16), b4 = a4;
  let a5 = v128.load32_splat(bias, 20), b5 = a5;
  const end = x + <usize>inputs * LANE_BYTES;
  while (x < end) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    let s = v128.load32_splat(w);
    a0 = multiplyAdd(s, x0, a0);
    b0 = multiplyAdd(s, x1, b0);
    s = v128.load32_splat(w, 4);
    a1 = multiplyAdd(s, x0, a1);
    b1 = multiplyAdd(s, x1, b1);
    s = v128.load32_splat(w, 8);
    a2 = multiplyAdd(s, x0, a2);
    b2 = multiplyAdd(s, x1, b2);
    s = v128.load32_splat(w, 12);
    a3 = multiplyAdd(s, x0, a3);
    b3 = multiplyAdd(s, x1, b3);
    s = v128.load32_splat(w, 16);
    a4 = multiplyAdd(s, x0, a4);
    b4 = multiplyAdd(s, x1, b4);
    s = v128.load32_splat(w, 20);
    a5 = multiplyAdd(s, x0, a5);
    b5 = multiplyAdd(s, x1, b5);
    x += LANE_BYTES;
    w += 24;
  }
  v128.store(out, a0);
  v128.store(out, b0, 16);
  v128.store(out, a1, 32);
  v128.store(out, b1, 48);
  v128.store(out, a2, 64);
  v128.store(out, b2, 80);
  v128.store(out, a3, 96);
  v128.store(out, b3, 112);
  v128.store(out, a4, 128);
  v128.store(out, b4, 144);
  v128.store(out, a5, 160);
  v128.store(out, b5, 176);
}

function tile4(w: usize, inputs: i32, x: usize, bias: usize, out: usize): void {
  let a0 = v128.load32_splat(bias), b0 = a0;
  let a1 = v128.load32_splat(bias, 4), b1 = a1;
  let a2 = v128.load32_splat(bias, 8), b2 = a2;
  let a3 = v128.load32_splat(bias, 12), b3 = a3;
  const end = x + <usize>inputs * LANE_BYTES;
  while (x < end) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    let s = v128.load32_splat(w);
    a0 = multiplyAdd(s, x0, a0);
    b0 = multiplyAdd(s, x1, b0);
    s = v128.load32_splat(w, 4);
    a1 = multiplyAdd(s, x0, a1);
    b1 = multiplyAdd(s, x1, b1);
    s = v128.load32_splat(w, 8);
    a2 = multiplyAdd(s, x0, a2);
    b2 = multiplyAdd(s, x1, b2);
    s = v128.load32_splat(w, 12);
    a3 = multiplyAdd(s, x0, a3);
    b3 = multiplyAdd(s, x1, b3);
    x += LANE_BYTES;
    w += 16;
  }
  v128.store(out, a0);
  v128.store(out, b0, 16);
  v128.store(out, a1, 32);
  v128.store(out, b1, 48);
  v128.store(out, a2, 64);
  v128.store(out, b2, 80);
  v128.store(out, a3, 96);
  v128.store(out, b3, 112);
}

function tile2(w: usize, inputs: i32, x: usize, bias: usize, out: usize): void {
  let a0 = v128.load32_splat(bias), b0 = a0;
  let a1 = v128.load32_splat(bias, 4), b1 = a1;
  const end = x + <usize>inputs * LANE_BYTES;
  while (x < end) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    let s = v128.load32_splat(w);
    a0 = multiplyAdd(s, x0, a0);
    b0 = multiplyAdd(s, x1, b0);
    s = v128.load32_splat(w, 4);
    a1 = multiplyAdd(s, x0, a1);
    b1 = multiplyAdd(s, x1, b1);
    x += LANE_BYTES;
    w += 8;
  }
  v128.store(out, a0);
  v128.store(out, b0, 16);
  v128.store(out, a1, 32);
  v128.store(out, b1, 48);
}

function tile1(w: usize, inputs: i32, x: usize, bias: usize, out: usize): void {
  let a0 = v128.load32_splat(bias), b0 = a0;
  const end = x + <usize>inputs * LANE_BYTES;
  while (x < end) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    let s = v128.load32_splat(w);
    a0 = multiplyAdd(s, x0, a0);
    b0 = multiplyAdd(s, x1, b0);
    x += LANE_BYTES;
    w += 4;
  }
  v128.store(out, a0);
  v128.store(out, b0, 16);
}

/** Features of the right planes that are met by all left ones before the next: so they stay in the first cache. */
const BLOCK: i32 = 64;

/** Bytes of a pair of addresses in the list that {@link addOuterProducts} takes. */
export const PAIR_BYTES: usize = 8;

/**
 * out[i, j] += sum over the pairs and the eight rows of left[i] right[j].
 *
 * @param pairs Addresses of a left and a right plane [size], from here to `end`.
 * @param size Even.
 * @param out [size, size] row-major.
 */
export function addOuterProducts(pairs: usize, end: usize, size: i32, out: usize): void {
  const row = <usize>size * 4;
  for (let block = 0; block < size; block += BLOCK) {
    const blockEnd = min(block + BLOCK, size);
    for (let i = 0; i < size; i += 2) {
      const left = <usize>i * LANE_BYTES;
      const to = out + <usize>i * row;
      let j = block;
      for (; j + 4 <= blockEnd; j += 4) {
        outer2x4(pairs, end, left, <usize>j * LANE_BYTES, to + <usize>j * 4, row);
      }
      if (j < blockEnd) {
        outer2x2(pairs, end, left, <usize>j * LANE_BYTES, to + <usize>j * 4, row);
      }
    }
  }
}

/** The sum of each vector's lanes. */
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

// @ts-ignore: decorator
@inline
function addTo(out: usize, sum: v128): void {
  v128.store(out, f32x4.add(v128.load(out), sum));
}

/** The sum of eight lanes. */
export function sumOfLanes(at: usize): f32 {
  const half = f32x4.add(v128.load(at), v128.load(at, 16));
  return (f32x4.extract_lane(half, 0) + f32x4.extract_lane(half, 1)) +
    (f32x4.extract_lane(half, 2) + f32x4.extract_lane(half, 3));
}

function outer2x4(pairs: usize, end: usize, left: usize, right: usize, out: usize, row: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
  for (; pairs < end; pairs += PAIR_BYTES) {
    const l = <usize>load<u32>(pairs) + left, r = <usize>load<u32>(pairs, 4) + right;
    let l0 = v128.load(l, 0), l1 = v128.load(l, 32);
    let r0 = v128.load(r, 0);
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
    l0 = v128.load(l, 16);
    l1 = v128.load(l, 48);
    r0 = v128.load(r, 16);
    c00 = multiplyAdd(l0, r0, c00);
    c10 = multiplyAdd(l1, r0, c10);
    r0 = v128.load(r, 48);
    c01 = multiplyAdd(l0, r0, c01);
    c11 = multiplyAdd(l1, r0, c11);
    r0 = v128.load(r, 80);
    c02 = multiplyAdd(l0, r0, c02);
    c12 = multiplyAdd(l1, r0, c12);
    r0 = v128.load(r, 112);
    c03 = multiplyAdd(l0, r0, c03);
    c13 = multiplyAdd(l1, r0, c13);
  }
  addTo(out, laneSums(c00, c01, c02, c03));
  addTo(out + row, laneSums(c10, c11, c12, c13));
}

function outer2x2(pairs: usize, end: usize, left: usize, right: usize, out: usize, row: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  for (; pairs < end; pairs += PAIR_BYTES) {
    const l = <usize>load<u32>(pairs) + left, r = <usize>load<u32>(pairs, 4) + right;
    let l0 = v128.load(l, 0), l1 = v128.load(l, 32);
    let r0 = v128.load(r, 0);
    c00 = multiplyAdd(l0, r0, c00);
    c10 = multiplyAdd(l1, r0, c10);
    r0 = v128.load(r, 32);
    c01 = multiplyAdd(l0, r0, c01);
    c11 = multiplyAdd(l1, r0, c11);
    l0 = v128.load(l, 16);
    l1 = v128.load(l, 48);
    r0 = v128.load(r, 16);
    c00 = multiplyAdd(l0, r0, c00);
    c10 = multiplyAdd(l1, r0, c10);
    r0 = v128.load(r, 48);
    c01 = multiplyAdd(l0, r0, c01);
    c11 = multiplyAdd(l1, r0, c11);
  }
  const zero = f32x4.splat(0);
  const s0 = laneSums(c00, c01, zero, zero);
  store<f32>(out, load<f32>(out) + f32x4.extract_lane(s0, 0));
  store<f32>(out, load<f32>(out, 4) + f32x4.extract_lane(s0, 1), 4);
  const s1 = laneSums(c10, c11, zero, zero);
  store<f32>(out + row, load<f32>(out + row) + f32x4.extract_lane(s1, 0));
  store<f32>(out + row, load<f32>(out + row, 4) + f32x4.extract_lane(s1, 1), 4);
}
