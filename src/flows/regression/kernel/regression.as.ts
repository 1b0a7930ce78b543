// asc: --enable threads --sharedMemory --initialMemory 32768 --maximumMemory 65536
import { storeRadiusConstants, storeTurnConstants } from "../../../core/random/random_kernels.as";
import { prepare, preparedBytes } from "../../../ops/mlp_field/simd.part.as";
import { LANES, Net } from "../../../ops/mlp_field/net.layout.part.as";
import { gradientPhase, RADIUS_BYTES, Regression, rowsPhase, updatePhase } from "../regression.layout.part.as";
import { blockCount, listPairs, takeBlock } from "./gradients.part.as";
import { awaitPhase, beginPhase, endPhases, isLast, takeTask } from "./phases.part.as";
import { takeTiles } from "./rows.part.as";
import { layScratch, Scratch, tileBytes } from "./scratch.part.as";
import { groupCount, takeGroup } from "./update.part.as";

/**
 * Training steps of the regression of a ConditionalMLP on velocities, several per call and on all
 * threads: forward, mean squared error, backward, gradients, clipping, Adam and the moving average.
 *
 * A step has three phases (phases.part.as.ts): tiles of rows, blocks of weight gradients, groups of
 * weights. What is summed is summed in an order that depends on shapes alone, so the bits depend
 * neither on the number of threads nor on the number of steps per call.
 */

@external("stop", "isAsked")
declare function isStopAsked(): i32;

/** Prepares new weights and the lists of planes. Traps if a size differs from the host program's. */
export function prepareRegression(job: usize): void {
  const j = changetype<Regression>(job), net: Net = j;
  const isAsCounted = preparedBytes(net.dims, net.hidden, net.directions) == <u64>j.preparedBytes &&
    tileBytes(net) == <u64>j.tileBytes && blockCount(net) == j.blocks;
  if (!isAsCounted) unreachable();
  prepare(net, j.weights, j.prepared);
  storeRadiusConstants(j.drawConstants);
  storeTurnConstants(j.drawConstants + RADIUS_BYTES);
  j.firstTile = 0;
  listPairs(j);
}

/** Makes the steps of a call ready for {@link takeSteps}; at least one. */
export function beginSteps(job: usize): void {
  const j = changetype<Regression>(job);
  j.step = 0;
  beginRows(j, 0);
}

/** Takes part in the steps until they are done; every thread calls it. */
export function takeSteps(job: usize, scratch: usize): void {
  const j = changetype<Regression>(job);
  const s = layScratch(j, scratch);
  do {
    for (let task = takeTask(j); task >= 0; task = takeTask(j)) {
      takeTaskOf(j, s, task);
      if (isLast(j)) nextPhase(j);
    }
  } while (awaitPhase(j));
}

/** Tiles per task: products of two planes load each weight once. */
const TASK_TILES: i32 = 2;

function tilesOf(job: Regression): i32 {
  return (job.rows + LANES - 1) / LANES;
}

/** Tiles of the current chunk. */
function chunkOf(job: Regression): i32 {
  return min(job.chunkTiles, tilesOf(job) - job.firstTile);
}

function takeTaskOf(job: Regression, s: Scratch, task: i32): void {
  if (job.phase == rowsPhase) {
    const first = TASK_TILES * task;
    takeTiles(job, s, job.firstTile + first, min(TASK_TILES, chunkOf(job) - first));
  } else if (job.phase == updatePhase) takeGroup(job, task);
  else {
    const isEnd = job.firstTile + job.chunkTiles >= tilesOf(job);
    takeBlock(job, s, task, chunkOf(job), job.firstTile == 0, isEnd);
  }
}

function beginRows(job: Regression, firstTile: i32): void {
  job.phase = rowsPhase;
  job.firstTile = firstTile;
  beginPhase(job, (chunkOf(job) + TASK_TILES - 1) / TASK_TILES);
}

/** Goes on after the last task of a phase; no other thread reads or writes the job meanwhile. */
function nextPhase(job: Regression): void {
  const phase = job.phase;
  const isLastChunk = job.firstTile + job.chunkTiles >= tilesOf(job);
  if (phase == updatePhase || (job.rowLosses && isLastChunk)) job.step++;
  // A step whose weights are not updated yet is discarded.
  if (isStopAsked() || job.step == job.steps) {
    endPhases(job);
    return;
  }
  if (job.rowLosses) beginRows(job, isLastChunk ? 0 : job.firstTile + job.chunkTiles);
  else if (phase == rowsPhase) {
    job.phase = gradientPhase;
    beginPhase(job, job.blocks);
  } else if (phase == updatePhase) beginRows(job, 0);
  else if (!isLastChunk) beginRows(job, job.firstTile + job.chunkTiles);
  else {
    finishGradient(job);
    job.phase = updatePhase;
    beginPhase(job, groupCount(job));
  }
}

/** Writes the step's loss and the gradient's sum of squares. */
function finishGradient(job: Regression): void {
  let sum: f64 = 0;
  for (let tile = 0; tile < tilesOf(job); tile++) sum += load<f64>(job.tileLosses + <usize>tile * 8);
  const mean = sum / (<f64>job.rows * <f64>job.dims);
  store<f32>(job.losses + <usize>job.step * 4, <f32>mean);
  if (!(job.maxNorm > 0)) return;
  let squares: f64 = 0;
  for (let block = 0; block < job.blocks; block++) {
    squares += load<f64>(job.blockSquares + <usize>block * 8);
  }
  store<f32>(job.squares, <f32>squares);
}
