import { multiplyAdd } from "../simd/multiply_add.part.as";
import { LANE_BYTES } from "./net.layout.part.as";

/**
 * Products over planes. A plane holds features of eight rows, [features][8] float32: the rows are
 * the lanes of two vectors, so that only rows need padding and sums over features stay in their
 * lane. A row's bits therefore do not depend on other rows.
 */

/** Outputs computed together; twelve sums fill the registers of x86-64. */
const OUTPUTS: i32 = 6;

/**
 * Number of outputs in the next tile of {@link multiply}, with `left` of `outputs` to go. Eight behind
 * a multiple of twelve, as of widths 32 and 128, are two fours: two outputs alone take as long as six.
 */
function tileOutputs(left: i32, outputs: i32): i32 {
  if (left == 8 && outputs % WIDE_OUTPUTS == 8) return 4;
  return left >= OUTPUTS ? OUTPUTS : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

/**
 * Packs a matrix for {@link multiply}: by tile of outputs, within each tile by input.
 *
 * @param w Entry (input, output) is at w + input * inputBytes + output * outputBytes.
 * @returns The end of `packed`.
 */
export function pack(
  w: usize,
  inputs: i32,
  outputs: i32,
  inputBytes: usize,
  outputBytes: usize,
  packed: usize,
): usize {
  packPart(w, inputs, outputs, inputBytes, outputBytes, packed, 0, inputs, 0, outputs);
  return packed + <usize>(inputs * outputs) * 4;
}

/**
 * Packs part of a matrix, as {@link pack} does.
 *
 * @param firstInput, endInput Range of inputs.
 * @param firstOutput, endOutput Range of outputs; it begins and ends with a tile.
 */
export function packPart(
  w: usize,
  inputs: i32,
  outputs: i32,
  inputBytes: usize,
  outputBytes: usize,
  packed: usize,
  firstInput: i32,
  endInput: i32,
  firstOutput: i32,
  endOutput: i32,
): void {
  for (let first = firstOutput; first < endOutput;) {
    const width = tileOutputs(outputs - first, outputs);
    let to = packed + <usize>(first * inputs + firstInput * width) * 4;
    let input = firstInput;
    if (inputBytes == 4 && width == OUTPUTS) {
      for (; input + 4 <= endInput; input += 4, to += 96) {
        packFourInputs(w + <usize>input * 4 + <usize>first * outputBytes, outputBytes, to);
      }
    }
    for (; input < endInput; input++) {
      let from = w + <usize>input * inputBytes + <usize>first * outputBytes;
      if (outputBytes == 4 && width == OUTPUTS) {
        v128.store(to, v128.load(from));
        store<u64>(to, load<u64>(from, 16), 16);
        to += <usize>OUTPUTS * 4;
        continue;
      }
      for (let output = 0; output < width; output++) {
        store<f32>(to, load<f32>(from));
        from += outputBytes;
        to += 4;
      }
    }
    first += width;
  }
}

/** Packs four inputs, adjacent in memory, of six outputs: a transposition. */
function packFourInputs(from: usize, row: usize, to: usize): void {
  const a = v128.load(from), b = v128.load(from + row);
  const c = v128.load(from + 2 * row), d = v128.load(from + 3 * row);
  const e = v128.load(from + 4 * row), f = v128.load(from + 5 * row);
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  const ef0 = v128.shuffle<f32>(e, f, 0, 4, 1, 5), ef1 = v128.shuffle<f32>(e, f, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store64_lane(to, ef0, 0, 16);
  v128.store(to, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 24);
  v128.store64_lane(to, ef0, 1, 40);
  v128.store(to, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 48);
  v128.store64_lane(to, ef1, 0, 64);
  v128.store(to, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 72);
  v128.store64_lane(to, ef1, 1, 88);
}

/**
 * out[o] = bias[o] + sum over i of w[i, o] x[i], for eight rows.
 *
 * @param wide 1: wide tiles, with the same bits.
 * @param w From {@link pack}.
 * @param x Plane [inputs].
 * @param bias [outputs], the same for all rows.
 * @param out Plane [outputs]; not `x`.
 */
export function multiply(
  wide: i32,
  w: usize,
  inputs: i32,
  outputs: i32,
  x: usize,
  bias: usize,
  out: usize,
): void {
  let left = outputs;
  while (left > 0) {
    const next = tileOutputs(left, outputs);
    const width = !wide ? next : left >= WIDE_OUTPUTS ? WIDE_OUTPUTS : left == 8 && next == 4 ? 8 : next;
    if (width == WIDE_OUTPUTS) wideTile(w, inputs, x, bias, out);
    else if (width == 8) wideTile8(w, inputs, x, bias, out);
    else if (width == OUTPUTS) tile6(w, inputs, x, bias, out);
    else if (width == 4) tile4(w, inputs, x, bias, out);
    else if (width == 2) tile2(w, inputs, x, bias, out);
    else tile1(w, inputs, x, bias, out);
    left -= width;
    w += <usize>(width * inputs) * 4;
    bias += <usize>width * 4;
    out += <usize>width * LANE_BYTES;
  }
}

/** {@link multiply} for two planes, loading each weight once; the bits are the same. */
export function multiplyPair(
  wide: i32,
  w: usize,
  inputs: i32,
  outputs: i32,
  x: usize,
  y: usize,
  bias: usize,
  xOut: usize,
  yOut: usize,
): void {
  if (!wide) {
    multiply(0, w, inputs, outputs, x, bias, xOut);
    multiply(0, w, inputs, outputs, y, bias, yOut);
    return;
  }
  let left = outputs;
  for (; tileOutputs(left, outputs) == OUTPUTS; left -= OUTPUTS) {
    pairOfTiles6(w, inputs, x, y, bias, xOut, yOut);
    w += <usize>(OUTPUTS * inputs) * 4;
    bias += <usize>OUTPUTS * 4;
    xOut += <usize>OUTPUTS * LANE_BYTES;
    yOut += <usize>OUTPUTS * LANE_BYTES;
  }
  for (; left >= 4; left -= 4) {
    pairOfTiles4(w, inputs, x, y, bias, xOut, yOut);
    w += <usize>(4 * inputs) * 4;
    bias += 16;
    xOut += 4 * LANE_BYTES;
    yOut += 4 * LANE_BYTES;
  }
  if (left >= 2) {
    pairOfTiles2(w, inputs, x, y, bias, xOut, yOut);
    w += <usize>(2 * inputs) * 4;
    bias += 8;
    xOut += 2 * LANE_BYTES;
    yOut += 2 * LANE_BYTES;
    left -= 2;
  }
  if (left > 0) pairOfTiles1(w, inputs, x, y, bias, xOut, yOut);
}

/** A tile for two planes: twelve chains of 256-bit sums. */
function pairOfTiles6(
  w: usize,
  inputs: i32,
  x: usize,
  y: usize,
  bias: usize,
  xOut: usize,
  yOut: usize,
): void {
  let a0 = v128.load32_splat(bias), b0 = a0, c0 = a0, d0 = a0;
  let a1 = v128.load32_splat(bias, 4), b1 = a1, c1 = a1, d1 = a1;
  let a2 = v128.load32_splat(bias, 8), b2 = a2, c2 = a2, d2 = a2;
  let a3 = v128.load32_splat(bias, 12), b3 = a3, c3 = a3, d3 = a3;
  let a4 = v128.load32_splat(bias, 16), b4 = a4, c4 = a4, d4 = a4;
  let a5 = v128.load32_splat(bias, 20), b5 = a5, c5 = a5, d5 = a5;
  const end = x + <usize>inputs * LANE_BYTES;
  while (x < end) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    const y0 = v128.load(y), y1 = v128.load(y, 16);
    let s = v128.load32_splat(w);
    a0 = multiplyAdd(s, x0, a0);
    b0 = multiplyAdd(s, x1, b0);
    c0 = multiplyAdd(s, y0, c0);
    d0 = multiplyAdd(s, y1, d0);
    s = v128.load32_splat(w, 4);
    a1 = multiplyAdd(s, x0, a1);
    b1 = multiplyAdd(s, x1, b1);
    c1 = multiplyAdd(s, y0, c1);
    d1 = multiplyAdd(s, y1, d1);
    s = v128.load32_splat(w, 8);
    a2 = multiplyAdd(s, x0, a2);
    b2 = multiplyAdd(s, x1, b2);
    c2 = multiplyAdd(s, y0, c2);
    d2 = multiplyAdd(s, y1, d2);
    s = v128.load32_splat(w, 12);
    a3 = multiplyAdd(s, x0, a3);
    b3 = multiplyAdd(s, x1, b3);
    c3 = multiplyAdd(s, y0, c3);
    d3 = multiplyAdd(s, y1, d3);
    s = v128.load32_splat(w, 16);
    a4 = multiplyAdd(s, x0, a4);
    b4 = multiplyAdd(s, x1, b4);
    c4 = multiplyAdd(s, y0, c4);
    d4 = multiplyAdd(s, y1, d4);
    s = v128.load32_splat(w, 20);
    a5 = multiplyAdd(s, x0, a5);
    b5 = multiplyAdd(s, x1, b5);
    c5 = multiplyAdd(s, y0, c5);
    d5 = multiplyAdd(s, y1, d5);
    x += LANE_BYTES;
    y += LANE_BYTES;
    w += 24;
  }
  v128.store(xOut, b0, 16);
  v128.store(xOut, a0);
  v128.store(xOut, b1, 48);
  v128.store(xOut, a1, 32);
  v128.store(xOut, b2, 80);
  v128.store(xOut, a2, 64);
  v128.store(xOut, b3, 112);
  v128.store(xOut, a3, 96);
  v128.store(xOut, b4, 144);
  v128.store(xOut, a4, 128);
  v128.store(xOut, b5, 176);
  v128.store(xOut, a5, 160);
  v128.store(yOut, d0, 16);
  v128.store(yOut, c0);
  v128.store(yOut, d1, 48);
  v128.store(yOut, c1, 32);
  v128.store(yOut, d2, 80);
  v128.store(yOut, c2, 64);
  v128.store(yOut, d3, 112);
  v128.store(yOut, c3, 96);
  v128.store(yOut, d4, 144);
  v128.store(yOut, c4, 128);
  v128.store(yOut, d5, 176);
  v128.store(yOut, c5, 160);
}

/** The remainder of widths like 64 in {@link multiplyPair}. */
function pairOfTiles4(
  w: usize,
  inputs: i32,
  x: usize,
  y: usize,
  bias: usize,
  xOut: usize,
  yOut: usize,
): void {
  let a0 = v128.load32_splat(bias), b0 = a0, c0 = a0, d0 = a0;
  let a1 = v128.load32_splat(bias, 4), b1 = a1, c1 = a1, d1 = a1;
  let a2 = v128.load32_splat(bias, 8), b2 = a2, c2 = a2, d2 = a2;
  let a3 = v128.load32_splat(bias, 12), b3 = a3, c3 = a3, d3 = a3;
  const end = x + <usize>inputs * LANE_BYTES;
  while (x < end) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    const y0 = v128.load(y), y1 = v128.load(y, 16);
    let s = v128.load32_splat(w);
    a0 = multiplyAdd(s, x0, a0);
    b0 = multiplyAdd(s, x1, b0);
    c0 = multiplyAdd(s, y0, c0);
    d0 = multiplyAdd(s, y1, d0);
    s = v128.load32_splat(w, 4);
    a1 = multiplyAdd(s, x0, a1);
    b1 = multiplyAdd(s, x1, b1);
    c1 = multiplyAdd(s, y0, c1);
    d1 = multiplyAdd(s, y1, d1);
    s = v128.load32_splat(w, 8);
    a2 = multiplyAdd(s, x0, a2);
    b2 = multiplyAdd(s, x1, b2);
    c2 = multiplyAdd(s, y0, c2);
    d2 = multiplyAdd(s, y1, d2);
    s = v128.load32_splat(w, 12);
    a3 = multiplyAdd(s, x0, a3);
    b3 = multiplyAdd(s, x1, b3);
    c3 = multiplyAdd(s, y0, c3);
    d3 = multiplyAdd(s, y1, d3);
    x += LANE_BYTES;
    y += LANE_BYTES;
    w += 16;
  }
  v128.store(xOut, b0, 16);
  v128.store(xOut, a0);
  v128.store(xOut, b1, 48);
  v128.store(xOut, a1, 32);
  v128.store(xOut, b2, 80);
  v128.store(xOut, a2, 64);
  v128.store(xOut, b3, 112);
  v128.store(xOut, a3, 96);
  v128.store(yOut, d0, 16);
  v128.store(yOut, c0);
  v128.store(yOut, d1, 48);
  v128.store(yOut, c1, 32);
  v128.store(yOut, d2, 80);
  v128.store(yOut, c2, 64);
  v128.store(yOut, d3, 112);
  v128.store(yOut, c3, 96);
}

/** The remainder of few dimensions in {@link multiplyPair}: its chains are fewer than a multiplier's cycles. */
function pairOfTiles2(
  w: usize,
  inputs: i32,
  x: usize,
  y: usize,
  bias: usize,
  xOut: usize,
  yOut: usize,
): void {
  let a0 = v128.load32_splat(bias), b0 = a0, c0 = a0, d0 = a0;
  let a1 = v128.load32_splat(bias, 4), b1 = a1, c1 = a1, d1 = a1;
  const end = x + <usize>inputs * LANE_BYTES;
  while (x < end) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    const y0 = v128.load(y), y1 = v128.load(y, 16);
    let s = v128.load32_splat(w);
    a0 = multiplyAdd(s, x0, a0);
    b0 = multiplyAdd(s, x1, b0);
    c0 = multiplyAdd(s, y0, c0);
    d0 = multiplyAdd(s, y1, d0);
    s = v128.load32_splat(w, 4);
    a1 = multiplyAdd(s, x0, a1);
    b1 = multiplyAdd(s, x1, b1);
    c1 = multiplyAdd(s, y0, c1);
    d1 = multiplyAdd(s, y1, d1);
    x += LANE_BYTES;
    y += LANE_BYTES;
    w += 8;
  }
  v128.store(xOut, b0, 16);
  v128.store(xOut, a0);
  v128.store(xOut, b1, 48);
  v128.store(xOut, a1, 32);
  v128.store(yOut, d0, 16);
  v128.store(yOut, c0);
  v128.store(yOut, d1, 48);
  v128.store(yOut, c1, 32);
}

/** The remainder of odd dimensions in {@link multiplyPair}. */
function pairOfTiles1(
  w: usize,
  inputs: i32,
  x: usize,
  y: usize,
  bias: usize,
  xOut: usize,
  yOut: usize,
): void {
  let a = v128.load32_splat(bias), b = a, c = a, d = a;
  const end = x + <usize>inputs * LANE_BYTES;
  while (x < end) {
    const x0 = v128.load(x), x1 = v128.load(x, 16);
    const y0 = v128.load(y), y1 = v128.load(y, 16);
    const s = v128.load32_splat(w);
    a = multiplyAdd(s, x0, a);
    b = multiplyAdd(s, x1, b);
    c = multiplyAdd(s, y0, c);
    d = multiplyAdd(s, y1, d);
    x += LANE_BYTES;
    y += LANE_BYTES;
    w += 4;
  }
  v128.store(xOut, b, 16);
  v128.store(xOut, a);
  v128.store(yOut, d, 16);
  v128.store(yOut, c);
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
  v128.store(out, b0, 16);
  v128.store(out, a0);
  v128.store(out, b1, 48);
  v128.store(out, a1, 32);
  v128.store(out, b2, 80);
  v128.store(out, a2, 64);
  v128.store(out, b3, 112);
  v128.store(out, a3, 96);
  v128.store(out, b4, 144);
  v128.store(out, a4, 128);
  v128.store(out, b5, 176);
  v128.store(out, a5, 160);
}

/** Outputs computed together with 256-bit vectors: two tiles of {@link pack}. */
const WIDE_OUTPUTS: i32 = 2 * OUTPUTS;

/** {@link tile6} for twice as many outputs: two multipliers need twelve chains of 256-bit sums. */
function wideTile(w: usize, inputs: i32, x: usize, bias: usize, out: usize): void {
  let a0 = v128.load32_splat(bias), b0 = a0;
  let a1 = v128.load32_splat(bias, 4), b1 = a1;
  let a2 = v128.load32_splat(bias, 8), b2 = a2;
  let a3 = v128.load32_splat(bias, 12), b3 = a3;
  let a4 = v128.load32_splat(bias, 16), b4 = a4;
  let a5 = v128.load32_splat(bias, 20), b5 = a5;
  let a6 = v128.load32_splat(bias, 24), b6 = a6;
  let a7 = v128.load32_splat(bias, 28), b7 = a7;
  let a8 = v128.load32_splat(bias, 32), b8 = a8;
  let a9 = v128.load32_splat(bias, 36), b9 = a9;
  let a10 = v128.load32_splat(bias, 40), b10 = a10;
  let a11 = v128.load32_splat(bias, 44), b11 = a11;
  const end = x + <usize>inputs * LANE_BYTES;
  const next = <usize>(OUTPUTS * inputs) * 4;
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
    s = v128.load32_splat(w + next);
    a6 = multiplyAdd(s, x0, a6);
    b6 = multiplyAdd(s, x1, b6);
    s = v128.load32_splat(w + next, 4);
    a7 = multiplyAdd(s, x0, a7);
    b7 = multiplyAdd(s, x1, b7);
    s = v128.load32_splat(w + next, 8);
    a8 = multiplyAdd(s, x0, a8);
    b8 = multiplyAdd(s, x1, b8);
    s = v128.load32_splat(w + next, 12);
    a9 = multiplyAdd(s, x0, a9);
    b9 = multiplyAdd(s, x1, b9);
    s = v128.load32_splat(w + next, 16);
    a10 = multiplyAdd(s, x0, a10);
    b10 = multiplyAdd(s, x1, b10);
    s = v128.load32_splat(w + next, 20);
    a11 = multiplyAdd(s, x0, a11);
    b11 = multiplyAdd(s, x1, b11);
    x += LANE_BYTES;
    w += 24;
  }
  v128.store(out, b0, 16);
  v128.store(out, a0);
  v128.store(out, b1, 48);
  v128.store(out, a1, 32);
  v128.store(out, b2, 80);
  v128.store(out, a2, 64);
  v128.store(out, b3, 112);
  v128.store(out, a3, 96);
  v128.store(out, b4, 144);
  v128.store(out, a4, 128);
  v128.store(out, b5, 176);
  v128.store(out, a5, 160);
  v128.store(out, b6, 208);
  v128.store(out, a6, 192);
  v128.store(out, b7, 240);
  v128.store(out, a7, 224);
  v128.store(out, b8, 272);
  v128.store(out, a8, 256);
  v128.store(out, b9, 304);
  v128.store(out, a9, 288);
  v128.store(out, b10, 336);
  v128.store(out, a10, 320);
  v128.store(out, b11, 368);
  v128.store(out, a11, 352);
}

/** Two tiles of four. */
function wideTile8(w: usize, inputs: i32, x: usize, bias: usize, out: usize): void {
  let a0 = v128.load32_splat(bias), b0 = a0;
  let a1 = v128.load32_splat(bias, 4), b1 = a1;
  let a2 = v128.load32_splat(bias, 8), b2 = a2;
  let a3 = v128.load32_splat(bias, 12), b3 = a3;
  let a4 = v128.load32_splat(bias, 16), b4 = a4;
  let a5 = v128.load32_splat(bias, 20), b5 = a5;
  let a6 = v128.load32_splat(bias, 24), b6 = a6;
  let a7 = v128.load32_splat(bias, 28), b7 = a7;
  const end = x + <usize>inputs * LANE_BYTES;
  const next = <usize>(4 * inputs) * 4;
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
    s = v128.load32_splat(w + next);
    a4 = multiplyAdd(s, x0, a4);
    b4 = multiplyAdd(s, x1, b4);
    s = v128.load32_splat(w + next, 4);
    a5 = multiplyAdd(s, x0, a5);
    b5 = multiplyAdd(s, x1, b5);
    s = v128.load32_splat(w + next, 8);
    a6 = multiplyAdd(s, x0, a6);
    b6 = multiplyAdd(s, x1, b6);
    s = v128.load32_splat(w + next, 12);
    a7 = multiplyAdd(s, x0, a7);
    b7 = multiplyAdd(s, x1, b7);
    x += LANE_BYTES;
    w += 16;
  }
  v128.store(out, b0, 16);
  v128.store(out, a0);
  v128.store(out, b1, 48);
  v128.store(out, a1, 32);
  v128.store(out, b2, 80);
  v128.store(out, a2, 64);
  v128.store(out, b3, 112);
  v128.store(out, a3, 96);
  v128.store(out, b4, 144);
  v128.store(out, a4, 128);
  v128.store(out, b5, 176);
  v128.store(out, a5, 160);
  v128.store(out, b6, 208);
  v128.store(out, a6, 192);
  v128.store(out, b7, 240);
  v128.store(out, a7, 224);
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
  v128.store(out, b0, 16);
  v128.store(out, a0);
  v128.store(out, b1, 48);
  v128.store(out, a1, 32);
  v128.store(out, b2, 80);
  v128.store(out, a2, 64);
  v128.store(out, b3, 112);
  v128.store(out, a3, 96);
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
  v128.store(out, b0, 16);
  v128.store(out, a0);
  v128.store(out, b1, 48);
  v128.store(out, a1, 32);
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
  v128.store(out, b0, 16);
  v128.store(out, a0);
}

/** Sums the eight lanes. */
export function sumOfLanes(at: usize): f32 {
  const half = f32x4.add(v128.load(at), v128.load(at, 16));
  return (f32x4.extract_lane(half, 0) + f32x4.extract_lane(half, 1)) +
    (f32x4.extract_lane(half, 2) + f32x4.extract_lane(half, 3));
}
