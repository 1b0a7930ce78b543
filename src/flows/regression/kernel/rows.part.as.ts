import {
  activateFromInput,
  multiplyTiles,
  planeBytes,
} from "../../../ops/mlp_field/simd.part.as";
import { pullBackLayers } from "../../../ops/mlp_field/simd_pull_back.part.as";
import { LANE_BYTES, LANES, Net } from "../../../ops/mlp_field/net.layout.part.as";
import { PATH_NUMBERS, Regression } from "../regression.layout.part.as";
import { drawRows } from "./draws.part.as";
import { addEmbedding } from "./embedding.part.as";
import { panelTile } from "./gradients.part.as";
import { cotangentsOf, outputOf, pointsOf, Scratch, tileAt } from "./scratch.part.as";

/** Forward and backward over tiles of rows: everything but the gradients of the weights. */

/**
 * Leaves the planes of one or two neighbouring tiles for the outer products, and their sums of squared
 * errors.
 */
export function takeTiles(job: Regression, s: Scratch, first: i32, tiles: i32): void {
  const net: Net = job;
  const dims = net.dims, hidden = net.hidden, plane = planeBytes(net);
  const stride = <usize>job.tileBytes, narrow = <usize>dims * LANE_BYTES;
  const act = tileAt(job, first);
  const alpha1 = cotangentsOf(net, act), x = pointsOf(net, act), a = outputOf(net, act);
  if (job.draws) {
    drawRows(job, first * LANES, min(tiles * LANES, job.rows - first * LANES), s.words);
  }
  const numbers = job.path + <usize>(job.step * PATH_NUMBERS * job.rows) * 4;
  for (let i = 0; i < tiles; i++) {
    const row = (first + i) * LANES, rows = min(LANES, job.rows - row);
    const offset = <usize>i * stride;
    gather(job, numbers, row, rows, x + offset, a + offset);
  }
  multiplyTiles(net, tiles, net.w0, dims, hidden, x, stride, net.b0, act, stride);
  for (let i = 0; i < tiles; i++) {
    const row = (first + i) * LANES, rows = min(LANES, job.rows - row);
    addEmbedding(net, numbers + <usize>row * 4, rows, s.spare, act + <usize>i * stride);
  }
  activateFromInput(net, tiles, stride, act);
  const h3 = act + 2 * plane;
  multiplyTiles(net, tiles, net.w3, hidden, dims, h3, stride, net.b3, s.f, narrow);
  if (job.rowLosses) {
    for (let i = 0; i < tiles; i++) {
      rowErrors(job, s.f + <usize>i * narrow, a + <usize>i * stride, (first + i) * LANES);
    }
    return;
  }
  for (let i = 0; i < tiles; i++) {
    const rows = min(LANES, job.rows - (first + i) * LANES);
    const sum = errorCotangents(job, s.f + <usize>i * narrow, a + <usize>i * stride, rows);
    store<f64>(job.tileLosses + <usize>(first + i) * 8, sum);
  }
  const alpha2 = alpha1 + plane, alpha3 = alpha2 + plane;
  pullBackLayers(net, tiles, stride, act, stride, a, alpha1, alpha2, alpha3, 0, 0, 0, s.spare, plane);
  for (let i = 0; i < tiles; i++) panelTile(job, first + i);
}

/** Writes x_t and the target of each row, as in paths/path.ts; zeros in lanes without a row. */
function gather(job: Regression, numbers: usize, first: i32, rows: i32, x: usize, target: usize): void {
  const dims = job.dims;
  const stride = <usize>job.rows * 4;
  if (rows < LANES) {
    memory.fill(x, 0, <usize>dims * LANE_BYTES);
    memory.fill(target, 0, <usize>dims * LANE_BYTES);
  }
  const offset = <usize>((job.step * job.rows + first) * dims) * 4;
  let x1 = job.x1 + offset, x0 = job.x0 + offset;
  numbers += <usize>first * 4;
  for (let row = 0; row < rows; row++) {
    const alpha = load<f32>(numbers + stride), sigma = load<f32>(numbers + 2 * stride);
    const dAlpha = load<f32>(numbers + 3 * stride), dSigma = load<f32>(numbers + 4 * stride);
    let at = <usize>row * 4;
    for (let d = 0; d < dims; d++) {
      const data = load<f32>(x1), noise = load<f32>(x0);
      store<f32>(x + at, alpha * data + sigma * noise);
      store<f32>(target + at, dAlpha * data + dSigma * noise);
      x1 += 4;
      x0 += 4;
      at += LANE_BYTES;
    }
    numbers += 4;
  }
}

/**
 * Replaces the targets by the cotangents of the velocities, 2 (f - target) / (rows dims), and returns
 * the sum of the squared errors.
 */
function errorCotangents(job: Regression, f: usize, target: usize, rows: i32): f64 {
  const dims = job.dims;
  const scale: f32 = 2 / (<f32>job.rows * <f32>dims);
  let sum: f64 = 0;
  for (let d = 0; d < dims; d++) {
    for (let lane = 0; lane < rows; lane++) {
      const at = <usize>(d * LANES + lane) * 4;
      const error = load<f32>(f + at) - load<f32>(target + at);
      sum += <f64>error * <f64>error;
      store<f32>(target + at, scale * error);
    }
  }
  return sum;
}

/** Writes the mean squared error of each row of a tile. */
function rowErrors(job: Regression, f: usize, target: usize, first: i32): void {
  const dims = job.dims, rows = min(LANES, job.rows - first);
  const out = job.rowLosses + <usize>(job.step * job.rows + first) * 4;
  for (let lane = 0; lane < rows; lane++) {
    let sum: f64 = 0;
    for (let d = 0; d < dims; d++) {
      const at = <usize>(d * LANES + lane) * 4;
      const error = load<f32>(f + at) - load<f32>(target + at);
      sum += <f64>error * <f64>error;
    }
    store<f32>(out + <usize>lane * 4, <f32>(sum / <f64>dims));
  }
}
