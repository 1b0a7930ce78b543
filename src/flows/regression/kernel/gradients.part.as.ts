import { planeBytes } from "../../../ops/mlp_field/simd.part.as";
import {
  LANE_BYTES,
  LANES,
  Net,
  PAIR_BYTES,
  PANEL_BYTES,
} from "../../../ops/mlp_field/net.layout.part.as";
import { addOuterBlock } from "../../../ops/mlp_field/simd_outer.part.as";
import { addPanel, COLUMNS, transposePlane } from "../../../ops/mlp_field/simd_panels.part.as";
import { sumOfLanes } from "../../../ops/mlp_field/simd_planes.part.as";
import { BLOCK_COLUMNS, BLOCK_ROWS, MOST_BLOCK_ROWS, PANEL_ROWS, Regression } from "../regression.layout.part.as";
import { cotangentsOf, outputOf, pointsOf, Scratch, tileAt } from "./scratch.part.as";

/**
 * Gradients of weights and biases by blocks of the four matrices. A block is summed over all rows of
 * a chunk in their order, so its bits depend neither on the threads nor on the blocks.
 */

/** Rows of a matrix: inputs of its layer. */
// @ts-ignore: decorator
@inline
export function inputsOf(net: Net, layer: i32): i32 {
  return layer == 0 ? net.dims : net.hidden;
}

/** Columns of a matrix: outputs of its layer. */
// @ts-ignore: decorator
@inline
export function outputsOf(net: Net, layer: i32): i32 {
  return layer == 3 ? net.dims : net.hidden;
}

/** Position of a layer's weights in the flat vector; its bias follows them. */
export function offsetOf(net: Net, layer: i32): i32 {
  let offset = 0;
  for (let before = 0; before < layer; before++) {
    offset += (inputsOf(net, before) + 1) * outputsOf(net, before);
  }
  return offset;
}

/** Layers in the order of their blocks; tasks are taken from the last, so the small ones come last. */
// @ts-ignore: decorator
@inline
function layerAt(place: i32): i32 {
  return place == 0 ? 0 : place == 1 ? 3 : place - 1;
}

/** Whether a matrix is between hidden layers: then its gradient is a product over panels. */
// @ts-ignore: decorator
@inline
function isInner(layer: i32): bool {
  return layer == 1 || layer == 2;
}

/** Rows per block. */
function blockRows(inputs: i32, layer: i32): i32 {
  const rows = (inputs + MOST_BLOCK_ROWS - 1) / MOST_BLOCK_ROWS;
  return isInner(layer) ? max(PANEL_ROWS, parts(rows, 6) * 6) : max(BLOCK_ROWS, (rows + 1) & ~1);
}

function blockColumns(layer: i32): i32 {
  return isInner(layer) ? COLUMNS : BLOCK_COLUMNS;
}

function parts(count: i32, size: i32): i32 {
  return (count + size - 1) / size;
}

/** Number of blocks of a layer. */
function blocksOf(net: Net, layer: i32): i32 {
  const inputs = inputsOf(net, layer);
  return parts(inputs, blockRows(inputs, layer)) * parts(outputsOf(net, layer), blockColumns(layer));
}

/** Number of blocks of all layers. */
export function blockCount(net: Net): i32 {
  return blocksOf(net, 0) + blocksOf(net, 1) + blocksOf(net, 2) + blocksOf(net, 3);
}

/** Addresses of the pairs of the first or the last layer. */
// @ts-ignore: decorator
@inline
function pairsOf(job: Regression, layer: i32): usize {
  return layer == 0 ? job.pairs : job.pairs + <usize>job.chunkTiles * PAIR_BYTES;
}

/** Bytes per panel. */
// @ts-ignore: decorator
@inline
function panelBytes(job: Regression): usize {
  return <usize>(job.chunkTiles * LANES) * PANEL_BYTES;
}

/** The panels of an inner layer. */
// @ts-ignore: decorator
@inline
function panelsOf(job: Regression, layer: i32): usize {
  return layer == 1 ? job.panels : job.panels + <usize>parts(job.hidden, COLUMNS) * panelBytes(job);
}

/** Addresses of the rows on the left of an inner layer's products. */
// @ts-ignore: decorator
@inline
function leftsOf(job: Regression, layer: i32): usize {
  return layer == 1 ? job.lefts : job.lefts + <usize>(job.chunkTiles * LANES) * 4;
}

/** Lists what is multiplied in the gradients, of all tiles. */
export function listPairs(job: Regression): void {
  const net: Net = job, plane = planeBytes(net);
  for (let tile = 0; tile < job.chunkTiles; tile++) {
    const act = tileAt(job, tile);
    const at = <usize>tile * PAIR_BYTES;
    listPair(pairsOf(job, 0) + at, pointsOf(net, act), cotangentsOf(net, act));
    listPair(pairsOf(job, 3) + at, act + 2 * plane, outputOf(net, act));
    for (let lane = 0; lane < LANES; lane++) {
      const row = <usize>(tile * LANES + lane) * 4, h1 = act + <usize>lane * 4;
      store<u32>(leftsOf(job, 1) + row, <u32>h1);
      store<u32>(leftsOf(job, 2) + row, <u32>(h1 + plane));
    }
  }
}

function listPair(at: usize, left: usize, right: usize): void {
  store<u32>(at, <u32>left);
  store<u32>(at, <u32>right, 4);
}

/** Writes the cotangents of a tile to the panels. */
export function panelTile(job: Regression, tile: i32): void {
  const net: Net = job, plane = planeBytes(net);
  const alpha2 = cotangentsOf(net, tileAt(job, tile)) + plane, bytes = panelBytes(job);
  const at = <usize>((tile - job.firstTile) * LANES) * PANEL_BYTES;
  transposePlane(alpha2, net.hidden, panelsOf(job, 1) + at, bytes);
  transposePlane(alpha2 + plane, net.hidden, panelsOf(job, 2) + at, bytes);
}

/**
 * Adds a block's gradient over the chunk's tiles.
 *
 * @param isFirst Whether the chunk is the batch's first.
 * @param isLast Whether it is the last; then the block's sum of squares is written.
 */
export function takeBlock(
  job: Regression,
  s: Scratch,
  block: i32,
  tiles: i32,
  isFirst: bool,
  isLast: bool,
): void {
  const net: Net = job;
  let place = 0, index = block;
  while (index >= blocksOf(net, layerAt(place))) index -= blocksOf(net, layerAt(place++));
  const layer = layerAt(place);
  const inputs = inputsOf(net, layer), outputs = outputsOf(net, layer);
  const width = blockColumns(layer), size = blockRows(inputs, layer);
  const columnParts = parts(outputs, width), panel = index % columnParts;
  const firstRow = index / columnParts * size, endRow = min(inputs, firstRow + size);
  const firstColumn = panel * width, endColumn = min(outputs, firstColumn + width);
  const out = job.gradient + <usize>offsetOf(net, layer) * 4;
  const bias = out + <usize>(inputs * outputs) * 4;
  const row = <usize>outputs * 4, bytes = <usize>(endColumn - firstColumn) * 4;
  const begin = out + <usize>firstRow * row + <usize>firstColumn * 4;
  if (isFirst) {
    for (let i = firstRow, at = begin; i < endRow; i++, at += row) memory.fill(at, 0, bytes);
    if (firstRow == 0) memory.fill(bias + <usize>firstColumn * 4, 0, bytes);
  }
  if (isInner(layer)) {
    const rows = panelsOf(job, layer) + <usize>panel * panelBytes(job), columns = outputs - firstColumn;
    const lefts = leftsOf(job, layer), end = lefts + <usize>(tiles * LANES) * 4;
    const to = out + <usize>firstColumn * 4;
    addPanel(net.wide, lefts, end, firstRow, endRow, rows, columns, to, row, s.outer);
    if (firstRow == 0) {
      addPanelRows(rows, tiles * LANES, endColumn - firstColumn, bias + <usize>firstColumn * 4, s.outer);
    }
  } else {
    const pairs = pairsOf(job, layer), end = pairs + <usize>tiles * PAIR_BYTES;
    addOuterBlock(net.wide, pairs, end, firstRow, endRow, firstColumn, endColumn, row, out, s.outer);
    if (firstRow == 0) addRows(pairs, end, firstColumn, endColumn, bias, s.outer);
  }
  if (!isLast || !(job.maxNorm > 0)) return;
  let sum: f64 = 0;
  for (let i = firstRow, at = begin; i < endRow; i++, at += row) sum += squaresOf(at, bytes);
  if (firstRow == 0) sum += squaresOf(bias + <usize>firstColumn * 4, bytes);
  store<f64>(job.blockSquares + <usize>block * 8, sum);
}

/** Adds the sums of a panel's rows to `columns` numbers: the gradient of a bias. */
function addPanelRows(panel: usize, rows: i32, columns: i32, out: usize, sums: usize): void {
  const zero = f32x4.splat(0);
  let a = zero, b = zero, c = zero, d = zero;
  for (const end = panel + <usize>rows * PANEL_BYTES; panel < end; panel += PANEL_BYTES) {
    a = f32x4.add(a, v128.load(panel));
    b = f32x4.add(b, v128.load(panel, 16));
    c = f32x4.add(c, v128.load(panel, 32));
    d = f32x4.add(d, v128.load(panel, 48));
  }
  v128.store(sums, b, 16);
  v128.store(sums, a);
  v128.store(sums, d, 48);
  v128.store(sums, c, 32);
  for (let at: usize = 0; at < <usize>columns * 4; at += 4) {
    store<f32>(out + at, load<f32>(out + at) + load<f32>(sums + at));
  }
}

/** Adds the sums of the right planes' features over all rows: the gradient of a bias. */
function addRows(pairs: usize, end: usize, first: i32, last: i32, out: usize, sums: usize): void {
  let feature = first;
  // Two cache lines of each plane at a time.
  for (; feature + 4 <= last; feature += 4) {
    sumRowsOfFour(pairs, end, <usize>feature * LANE_BYTES, sums);
    for (let i = 0; i < 4; i++) addTotal(sums + <usize>i * LANE_BYTES, out, feature + i);
  }
  for (; feature < last; feature++) {
    sumRows(pairs, end, <usize>feature * LANE_BYTES, sums);
    addTotal(sums, out, feature);
  }
}

function addTotal(sums: usize, out: usize, feature: i32): void {
  const to = out + <usize>feature * 4;
  store<f32>(to, load<f32>(to) + sumOfLanes(sums));
}

/** Sums of four features, spread over eight lanes each. */
function sumRowsOfFour(pairs: usize, end: usize, offset: usize, sums: usize): void {
  const zero = f32x4.splat(0);
  let a = zero, b = zero, c = zero, d = zero, e = zero, f = zero, g = zero, h = zero;
  for (; pairs < end; pairs += PAIR_BYTES) {
    const at = <usize>load<u32>(pairs, 4) + offset;
    a = f32x4.add(a, v128.load(at));
    b = f32x4.add(b, v128.load(at, 16));
    c = f32x4.add(c, v128.load(at, 32));
    d = f32x4.add(d, v128.load(at, 48));
    e = f32x4.add(e, v128.load(at, 64));
    f = f32x4.add(f, v128.load(at, 80));
    g = f32x4.add(g, v128.load(at, 96));
    h = f32x4.add(h, v128.load(at, 112));
  }
  v128.store(sums, b, 16);
  v128.store(sums, a);
  v128.store(sums, d, 48);
  v128.store(sums, c, 32);
  v128.store(sums, f, 80);
  v128.store(sums, e, 64);
  v128.store(sums, h, 112);
  v128.store(sums, g, 96);
}

/** The sum of a feature, spread over eight lanes. */
function sumRows(pairs: usize, end: usize, offset: usize, sums: usize): void {
  let low = f32x4.splat(0), high = low;
  for (; pairs < end; pairs += PAIR_BYTES) {
    const at = <usize>load<u32>(pairs, 4) + offset;
    low = f32x4.add(low, v128.load(at));
    high = f32x4.add(high, v128.load(at, 16));
  }
  v128.store(sums, high, 16);
  v128.store(sums, low);
}

/** Sum of squares in float64, which needs no scaling. */
function squaresOf(at: usize, bytes: usize): f64 {
  let sum = f64x2.splat(0);
  const end = at + bytes, pairsEnd = at + (bytes & ~7);
  for (; at < pairsEnd; at += 8) {
    const values = f64x2.promote_low_f32x4(v128.load64_zero(at));
    sum = f64x2.add(sum, f64x2.mul(values, values));
  }
  let total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  if (at < end) total += <f64>load<f32>(at) * <f64>load<f32>(at);
  return total;
}
