import { LANES } from "../../../../ops/mlp_field/net.layout.part.as";
import { COLUMN_BYTES, Job } from "../job.layout.part.as";
import { Scratch } from "./scratch.part.as";

/** Arithmetic on the float64 states of groups, and copies from and to the problem's rows. */

/** out = base + h * sum of weights(part, i) * slopes[i] for i < count; without the base if its address is 0. */
export function combine(
  job: Job,
  base: usize,
  h: f64,
  part: i32,
  count: i32,
  slopes: usize,
  stride: usize,
  bytes: usize,
  out: usize,
): void {
  const weights = job.tableau + <usize>(part * job.stages) * 8;
  combineWith(weights, base, h, count, slopes, stride, bytes, out);
}

export function combineWith(
  weights: usize,
  base: usize,
  h: f64,
  count: i32,
  slopes: usize,
  stride: usize,
  bytes: usize,
  out: usize,
): void {
  const scale = f64x2.splat(h);
  for (let i: usize = 0; i < bytes; i += COLUMN_BYTES) {
    let a = f64x2.splat(0), b = a, c = a, d = a;
    let slope = slopes + i;
    for (let j = 0; j < count; j++, slope += stride) {
      const w = load<f64>(weights + <usize>j * 8);
      if (w == 0) continue;
      const v = f64x2.splat(w);
      a = f64x2.add(a, f64x2.mul(v, v128.load(slope)));
      b = f64x2.add(b, f64x2.mul(v, v128.load(slope, 16)));
      c = f64x2.add(c, f64x2.mul(v, v128.load(slope, 32)));
      d = f64x2.add(d, f64x2.mul(v, v128.load(slope, 48)));
    }
    a = f64x2.mul(a, scale);
    b = f64x2.mul(b, scale);
    c = f64x2.mul(c, scale);
    d = f64x2.mul(d, scale);
    if (base) {
      a = f64x2.add(v128.load(base + i), a);
      b = f64x2.add(v128.load(base + i, 16), b);
      c = f64x2.add(v128.load(base + i, 32), c);
      d = f64x2.add(v128.load(base + i, 48), d);
    }
    v128.store(out + i, b, 16);
    v128.store(out + i, a);
    v128.store(out + i, d, 48);
    v128.store(out + i, c, 32);
  }
}

/**
 * Error norm of a group: the maximum over the state's parts of the root mean square of
 * value / (atol + rtol * max(|reference|, |other|)); NaN if any number is not finite. The energies,
 * on which nothing depends, do not count.
 */
export function norm(
  job: Job,
  s: Scratch,
  rows: i32,
  value: usize,
  reference: usize,
  other: usize,
  rtol: f64,
  atol: f64,
): f64 {
  const dims = job.dims, width = job.width;
  const tile = <usize>width * COLUMN_BYTES;
  const half = job.adjoint ? width / 2 : width;
  const counted = job.energies ? dims + 1 : half;
  let norm: f64 = 0;
  for (let first = 0, columns = 0; first < width; first += columns) {
    if (first % half == counted) {
      columns = half - counted;
      continue;
    }
    columns = min(dims, counted - first % half);
    let total: f64 = 0;
    for (let row = 0; row < rows; row++) {
      let at = <usize>(row / LANES) * tile + <usize>(row % LANES) * 8 + <usize>first * COLUMN_BYTES;
      let sum: f64 = 0;
      for (let column = 0; column < columns; column++) {
        const largest = max<f64>(
          Math.abs(load<f64>(reference + at)),
          Math.abs(load<f64>(other + at)),
        );
        const scaled = load<f64>(value + at) / (atol + rtol * largest);
        // An infinite state would scale every error to zero.
        sum += largest < Infinity ? scaled * scaled : NaN;
        at += COLUMN_BYTES;
      }
      total += sum < Infinity ? sum : NaN;
    }
    norm = max<f64>(norm, Math.sqrt(total / <f64>(rows * columns)));
  }
  return norm;
}

/** Converts the float64 columns of a tile's positions to a float32 plane [dims]. */
export function narrow(state: usize, dims: i32, plane: usize): void {
  for (let i = 0; i < dims * LANES; i++) {
    store<f32>(plane, <f32>load<f64>(state));
    state += 8;
    plane += 4;
  }
}

/** Copies the problem's float32 rows [rows, columns] to a group's tiles of `width` columns; unused SIMD lanes are zero. */
export function gatherRows(
  from: usize,
  rows: i32,
  columns: i32,
  to: usize,
  bytes: usize,
  isDouble: bool,
): void {
  memory.fill(to, 0, bytes);
  for (let row = 0; row < rows; row++) {
    const place = (row / LANES) * columns * LANES + row % LANES;
    for (let column = 0; column < columns; column++) {
      const value = load<f32>(from);
      const at = <usize>(place + column * LANES);
      if (isDouble) store<f64>(to + at * 8, <f64>value);
      else store<f32>(to + at * 4, value);
      from += 4;
    }
  }
}

/** Copies a group's states to the problem's float32 rows. */
export function scatterRows(state: usize, rows: i32, columns: i32, to: usize): void {
  for (let row = 0; row < rows; row++) {
    const place = (row / LANES) * columns * LANES + row % LANES;
    for (let column = 0; column < columns; column++) {
      store<f32>(to, <f32>load<f64>(state + <usize>(place + column * LANES) * 8));
      to += 4;
    }
  }
}
