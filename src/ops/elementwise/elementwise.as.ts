import { exp, sigmoid, storeSigmoidConstants } from "../simd/exp.part.as";

// Operations in one pass over their tensors, limited by memory bandwidth.

/** Rows summed in float32 before they join the float64 totals. */
const ROWS: i32 = 64;

/**
 * dx = dy where y > 0, else 0, [outer, count, inner]: a ReLU's gradient from its output; and its
 * sums over the middle axis, [outer, inner], added in the order of {@link sumMiddle}.
 *
 * @param scratch 3 * inner numbers.
 */
export function reluGradient(
  outer: i32,
  count: i32,
  inner: i32,
  dy: usize,
  y: usize,
  dx: usize,
  sums: usize,
  scratch: usize,
): void {
  const zero = f32x4.splat(0);
  const bytes = <usize>inner * 4, pairs = bytes & ~31, chunkSums = scratch + 2 * bytes;
  for (let o = 0; o < outer; o++, sums += bytes) {
    memory.fill(scratch, 0, 2 * bytes);
    for (let first = 0; first < count; first += ROWS) {
      memory.fill(chunkSums, 0, bytes);
      // Row by row, with the sums in memory: column by column takes half as long again.
      for (const end = dx + <usize>min(ROWS, count - first) * bytes; dx < end;) {
        let sum = chunkSums;
        // Two adjacent vectors, which V8 packs into one of 256 bits.
        for (const rowEnd = dx + pairs; dx < rowEnd; dx += 32, dy += 32, y += 32, sum += 32) {
          const da = v128.and(v128.load(dy), f32x4.gt(v128.load(y), zero));
          const db = v128.and(v128.load(dy, 16), f32x4.gt(v128.load(y, 16), zero));
          const a = f32x4.add(v128.load(sum), da), b = f32x4.add(v128.load(sum, 16), db);
          v128.store(dx, db, 16);
          v128.store(dx, da);
          v128.store(sum, b, 16);
          v128.store(sum, a);
        }
        for (let column = pairs; column < bytes; column += 4) {
          const d = load<f32>(y) > 0 ? load<f32>(dy) : 0;
          store<f32>(dx, d);
          store<f32>(sum, load<f32>(sum) + d);
          dx += 4, dy += 4, y += 4, sum += 4;
        }
      }
      for (let column: usize = 0; column < bytes; column += 4) {
        const total = scratch + 2 * column;
        store<f64>(total, load<f64>(total) + <f64>load<f32>(chunkSums + column));
      }
    }
    for (let column: usize = 0; column < bytes; column += 4) {
      store<f32>(sums + column, <f32>load<f64>(scratch + 2 * column));
    }
  }
}

/** out = scale * (2 * (a - b)): the gradient of scale * sum of (a - b)^2 with respect to a. */
export function squaredErrorGradient(
  count: i32,
  scale: f32,
  a: usize,
  b: usize,
  out: usize,
): void {
  const factor = f32x4.splat(scale);
  const end = out + <usize>count * 4, vectorsEnd = out + <usize>(count & ~3) * 4;
  for (; out < vectorsEnd; out += 16, a += 16, b += 16) {
    const difference = f32x4.sub(v128.load(a), v128.load(b));
    v128.store(out, f32x4.mul(factor, f32x4.add(difference, difference)));
  }
  for (; out < end; out += 4, a += 4, b += 4) {
    const difference = load<f32>(a) - load<f32>(b);
    store<f32>(out, scale * (difference + difference));
  }
}

/** out = a + b. */
export function addOf(count: i32, a: usize, b: usize, out: usize): void {
  const end = out + <usize>count * 4, pairsEnd = out + <usize>(count & ~7) * 4;
  for (; out < pairsEnd; out += 32, a += 32, b += 32) {
    const first = f32x4.add(v128.load(a), v128.load(b));
    const second = f32x4.add(v128.load(a, 16), v128.load(b, 16));
    v128.store(out, second, 16);
    v128.store(out, first);
  }
  for (; out < end; out += 4, a += 4, b += 4) store<f32>(out, load<f32>(a) + load<f32>(b));
}

/**
 * out [rows, width, c] = scale * sums of x [2 rows, 2 width, c] over 2x2 pixels.
 *
 * @param c A multiple of 4.
 */
export function sumOfFour(
  rows: i32,
  width: i32,
  c: i32,
  scale: f32,
  x: usize,
  out: usize,
): void {
  const bytes = <usize>c * 4, row = 2 * <usize>width * bytes, factor = f32x4.splat(scale);
  for (let r = 0; r < rows; r++, x += row) {
    for (let column = 0; column < width; column++, x += bytes) {
      for (const end = x + bytes; x < end; x += 16, out += 16) {
        const below = x + row;
        const left = f32x4.add(v128.load(x), v128.load(below));
        const right = f32x4.add(v128.load(x + bytes), v128.load(below + bytes));
        v128.store(out, f32x4.mul(factor, f32x4.add(left, right)));
      }
    }
  }
}

/**
 * out [2 rows, 2 width, c] = scale * x [rows, width, c], with each pixel repeated four times.
 *
 * @param c A multiple of 4.
 */
export function fourTimes(
  rows: i32,
  width: i32,
  c: i32,
  scale: f32,
  x: usize,
  out: usize,
): void {
  const bytes = <usize>c * 4, row = 2 * <usize>width * bytes, factor = f32x4.splat(scale);
  for (let r = 0; r < rows; r++, out += row) {
    for (let column = 0; column < width; column++, out += bytes) {
      for (const end = out + bytes; out < end; x += 16, out += 16) {
        const value = f32x4.mul(factor, v128.load(x)), below = out + row;
        v128.store(out, value);
        v128.store(out + bytes, value);
        v128.store(below, value);
        v128.store(below + bytes, value);
      }
    }
  }
}

/**
 * to += x, through ReLU.
 *
 * @param relu 1: ReLU, which keeps NaN.
 */
export function addTo(count: i32, x: usize, relu: i32, to: usize): void {
  const floor = f32x4.splat(relu ? 0 : -Infinity);
  const end = to + <usize>count * 4, vectorsEnd = to + <usize>(count & ~3) * 4;
  for (; to < vectorsEnd; to += 16, x += 16) {
    v128.store(to, f32x4.pmax(f32x4.add(v128.load(to), v128.load(x)), floor));
  }
  for (; to < end; to += 4, x += 4) {
    const sum = f32x4.add(v128.load32_splat(to), v128.load32_splat(x));
    store<f32>(to, f32x4.extract_lane(f32x4.pmax(sum, floor), 0));
  }
}

/**
 * out [outer, inner] = scale * sums of x [outer, count, inner] over its middle axis.
 *
 * @param totals Scratch of 2 * inner numbers of 8 bytes.
 */
export function sumMiddle(
  outer: i32,
  count: i32,
  inner: i32,
  scale: f64,
  x: usize,
  out: usize,
  totals: usize,
): void {
  const bytes = <usize>inner * 4, vectors = <usize>(inner & ~3) * 4;
  for (let o = 0; o < outer; o++, out += bytes) {
    memory.fill(totals, 0, 2 * bytes);
    for (let first = 0; first < count; first += ROWS) {
      const rows = min(ROWS, count - first);
      const end = x + <usize>rows * bytes;
      let column: usize = 0;
      // Eight sums at a time, to hide the latency of the additions.
      for (; column + 128 <= vectors; column += 128) {
        let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        for (let at = x + column; at < end; at += bytes) {
          s0 = f32x4.add(s0, v128.load(at));
          s1 = f32x4.add(s1, v128.load(at, 16));
          s2 = f32x4.add(s2, v128.load(at, 32));
          s3 = f32x4.add(s3, v128.load(at, 48));
          s4 = f32x4.add(s4, v128.load(at, 64));
          s5 = f32x4.add(s5, v128.load(at, 80));
          s6 = f32x4.add(s6, v128.load(at, 96));
          s7 = f32x4.add(s7, v128.load(at, 112));
        }
        const total = totals + 2 * column;
        addToTotals(total, s0);
        addToTotals(total + 32, s1);
        addToTotals(total + 64, s2);
        addToTotals(total + 96, s3);
        addToTotals(total + 128, s4);
        addToTotals(total + 160, s5);
        addToTotals(total + 192, s6);
        addToTotals(total + 224, s7);
      }
      for (; column < vectors; column += 16) {
        let sum = f32x4.splat(0);
        for (let at = x + column; at < end; at += bytes) sum = f32x4.add(sum, v128.load(at));
        addToTotals(totals + 2 * column, sum);
      }
      for (; column < bytes; column += 4) {
        let sum: f32 = 0;
        for (let at = x + column; at < end; at += bytes) sum += load<f32>(at);
        const total = totals + 2 * column;
        store<f64>(total, load<f64>(total) + <f64>sum);
      }
      x = end;
    }
    for (let column: usize = 0; column < bytes; column += 4) {
      store<f32>(out + column, <f32>(scale * load<f64>(totals + 2 * column)));
    }
  }
}

/** Adds four float32 values to four float64 values. */
// @ts-ignore: decorator
@inline
function addToTotals(at: usize, sum: v128): void {
  const high = v128.shuffle<f32>(sum, sum, 2, 3, 2, 3);
  v128.store(at, f64x2.add(v128.load(at, 16), f64x2.promote_low_f32x4(high)), 16);
  v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(sum)));
}

/** out [outer] = scale * sums of x [outer, count] over its last axis. */
export function sumLast(outer: i32, count: i32, scale: f64, x: usize, out: usize): void {
  const chunk: usize = 16 * <usize>ROWS;
  for (let o = 0; o < outer; o++, out += 4) {
    const end = x + <usize>count * 4, vectorsEnd = x + <usize>(count & ~3) * 4;
    let total: f64 = 0;
    while (x < vectorsEnd) {
      const chunkEnd = min(x + chunk, vectorsEnd);
      let sum = f32x4.splat(0);
      for (; x < chunkEnd; x += 16) sum = f32x4.add(sum, v128.load(x));
      total += <f64>f32x4.extract_lane(sum, 0) + <f64>f32x4.extract_lane(sum, 1) +
        <f64>f32x4.extract_lane(sum, 2) + <f64>f32x4.extract_lane(sum, 3);
    }
    for (; x < end; x += 4) total += <f64>load<f32>(x);
    store<f32>(out, <f32>(scale * total));
  }
}

/** out = exp(x). */
export function expOf(count: i32, x: usize, out: usize): void {
  const end = out + <usize>count * 4, vectorsEnd = out + <usize>(count & ~3) * 4;
  for (; out < vectorsEnd; out += 16, x += 16) v128.store(out, exp(v128.load(x)));
  for (; out < end; out += 4, x += 4) {
    store<f32>(out, f32x4.extract_lane(exp(v128.load32_splat(x)), 0));
  }
}

/**
 * out = 1 / (1 + exp(-x)).
 *
 * @param constants Scratch of 16 numbers.
 */
export function sigmoidOf(count: i32, x: usize, out: usize, constants: usize): void {
  storeSigmoidConstants(constants);
  const end = out + <usize>count * 4, vectorsEnd = out + <usize>(count & ~3) * 4;
  for (; out < vectorsEnd; out += 16, x += 16) {
    v128.store(out, sigmoid(v128.load(x), constants));
  }
  for (; out < end; out += 4, x += 4) {
    store<f32>(out, f32x4.extract_lane(sigmoid(v128.load32_splat(x), constants), 0));
  }
}

/**
 * Copies `count` runs of `bytes` bytes, a multiple of four, with a stride in bytes on each side.
 */
export function copyRuns(
  count: i32,
  bytes: usize,
  from: usize,
  fromStep: usize,
  to: usize,
  toStep: usize,
): void {
  for (let i = 0; i < count; i++, from += fromStep, to += toStep) {
    if (bytes > 1024) {
      memory.copy(to, from, bytes);
      continue;
    }
    // A call of memory.copy would cost more than these loops.
    let at = from, write = to;
    const vectorsEnd = to + (bytes & ~15), end = to + bytes;
    for (; write < vectorsEnd; write += 16, at += 16) v128.store(write, v128.load(at));
    for (; write < end; write += 4, at += 4) store<f32>(write, load<f32>(at));
  }
}
