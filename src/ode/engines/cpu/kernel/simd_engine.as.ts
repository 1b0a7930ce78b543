// asc: --enable threads --sharedMemory --initialMemory 32768 --maximumMemory 65536
import {
  parameterCount,
  prepare,
  preparedBytes,
} from "../../../../ops/mlp_field/simd.part.as";
import { addLanes, lanesBytes } from "../../../../ops/mlp_field/simd_gradients.part.as";
import { LANE_BYTES } from "../../../../ops/mlp_field/net.layout.part.as";
import { multiplyPair } from "../../../../ops/mlp_field/simd_planes.part.as";
import { tanhInPlace, writeTanhConstants } from "../../../../ops/mlp_field/simd_tanh.part.as";
import { Job } from "../job.layout.part.as";
import { solveOf } from "./group_solve.part.as";
import { isStopped, takeItem } from "./progress.part.as";
import { pullBackSums } from "./pull_back.part.as";
import { giveChunks, rewindRecords } from "./records.part.as";
import { layScratch, Scratch } from "./scratch.part.as";
import { askedSlopes, askedSlopesOfTwo } from "./slopes.part.as";
import { beginGroup, continueGroup } from "./solve.part.as";
import { markTraced } from "./tableau.part.as";

/**
 * Whole solves of control groups, and their pull-backs, in one call per thread. Jobs are records in
 * shared memory (job.layout.ts); each thread takes groups until none is left.
 *
 * States, slopes, t and h are float64, and all decisions are those of solver/solve.ts and
 * solver/step_control.ts; the field computes in float32.
 *
 * Multithreaded functions take the addresses of the job and of the thread's scratch memory.
 */

/** Prepares the parameters of a job for solves and pull-backs. */
export function prepareJob(job: usize): void {
  const net = changetype<Job>(job);
  const bytes = preparedBytes(net.dims, net.hidden, net.directions);
  if (bytes != <u64>net.preparedBytes) unreachable();
  prepare(net, net.parameters, net.prepared);
}

/** Number of control groups of a job. */
function groupsOf(job: Job): i32 {
  return (job.rows + job.groupRows - 1) / job.groupRows;
}

/** Solves groups until none is left. */
export function solveGroups(job: usize, scratch: usize): void {
  const j = changetype<Job>(job);
  const s = layScratch(j, scratch), isTwo = j.lanes == 2;
  const other = isTwo ? layScratch(j, scratch + j.scratchBytes) : s;
  markTraced(j, s);
  if (isTwo) markTraced(j, other);
  solveTaken(j, s, other, isTwo, 0);
}

/** Offset of {@link PendingGroups} in a thread's scratch memory. */
const PENDING_AT: usize = 448;

/** The next groups of two partial sums: group i belongs to sum i modulo their number. */
@unmanaged
class PendingGroups {
  first: i32;
  second: i32;
}

/** The next group: of the job, or of `pending` sums if that is not 0. */
function takeGroup(job: Job, pending: usize): i32 {
  if (!pending) return takeItem(job);
  const p = changetype<PendingGroups>(pending);
  const group = min(p.first, p.second);
  if (p.first <= p.second) p.first += job.partialSums;
  else p.second += job.partialSums;
  return group;
}

/** Solves groups until none is left, two side by side if there are two memories. */
function solveTaken(j: Job, s: Scratch, other: Scratch, isTwo: bool, pending: usize): void {
  if (!isTwo) {
    while (beginNext(j, s, pending)) solveBegun(j, s);
    return;
  }
  const g = solveOf(s), h = solveOf(other);
  g.asks = 0;
  h.asks = 0;
  while (true) {
    if (!g.asks) beginNext(j, s, pending);
    if (!h.asks) beginNext(j, other, pending);
    if (!g.asks && !h.asks) return;
    // Equal stages are alike in what they compute; a solve that is behind catches up.
    if (g.asks && h.asks && g.stage == h.stage) {
      askedSlopesOfTwo(j, s, other);
      continueGroup(j, s);
      continueGroup(j, other);
    } else {
      const behind = !h.asks || g.asks && g.stage < h.stage ? s : other;
      askedSlopes(j, behind);
      continueGroup(j, behind);
    }
  }
}

/** Begins groups until one asks for slopes; false if none is left. */
function beginNext(job: Job, s: Scratch, pending: usize): bool {
  const groups = groupsOf(job), g = solveOf(s);
  do {
    const group = takeGroup(job, pending);
    if (group >= groups || isStopped(job)) return false;
    beginGroup(job, s, group);
  } while (!g.asks);
  return true;
}

function solveBegun(job: Job, s: Scratch): void {
  const g = solveOf(s);
  while (g.asks) {
    askedSlopes(job, s);
    continueGroup(job, s);
  }
}

/**
 * Computes the VJPs of tiles until none is left. Partial sum i adds the tiles i, i + sums, ... in
 * that order, so the total does not depend on the assignment to threads.
 */
export function pullBackTiles(job: usize, scratch: usize): void {
  const j = changetype<Job>(job);
  const s = layScratch(j, scratch), isTwo = j.lanes == 2;
  const other = isTwo ? layScratch(j, scratch + j.scratchBytes) : s;
  markTraced(j, s);
  if (isTwo) markTraced(j, other);
  pullBackSums(j, s, other, isTwo, -1, -1);
}

/**
 * Solves the groups of two partial sums, or of one behind the job's pairs, and then pulls their tiles back,
 * until no sum is left, so that records live as long as a thread's own sums. Groups are of one tile; the cotangents are those of
 * the job's rule. The bits are those of `solveGroups` and `pullBackTiles`.
 */
export function solveAndPullBack(job: usize, scratch: usize): void {
  const j = changetype<Job>(job);
  const s = layScratch(j, scratch), isTwo = j.lanes == 2;
  const other = isTwo ? layScratch(j, scratch + j.scratchBytes) : s;
  markTraced(j, s);
  if (isTwo) markTraced(j, other);
  const sums = j.partialSums, pending = scratch + PENDING_AT;
  const p = changetype<PendingGroups>(pending);
  const pairs = j.pairedSums / 2;
  while (true) {
    const item = takeItem(j);
    const first = item < pairs ? 2 * item : item + pairs;
    if (first >= sums) return;
    const second = item < pairs ? first + 1 : sums;
    p.first = first;
    p.second = second < sums ? second : groupsOf(j);
    solveTaken(j, s, other, isTwo, pending);
    if (isStopped(j)) return;
    pullBackSums(j, s, other, isTwo, first, second);
    rewindRecords(s);
    rewindRecords(other);
  }
}

/**
 * Solves groups of the adjoint until none is left. Partial sum i adds the groups i, i + sums, ... in
 * that order, so the total does not depend on the assignment to threads.
 */
export function solveAdjointGroups(job: usize, scratch: usize): void {
  const j = changetype<Job>(job);
  const s = layScratch(j, scratch);
  const groups = groupsOf(j);
  const sums = j.partialSums;
  const size = parameterCount(j);
  markTraced(j, s);
  memory.fill(s.lanes, 0, <usize>lanesBytes(j));
  while (true) {
    const sum = takeItem(j);
    if (sum >= sums) return;
    s.gradient = j.gradients + <usize>(sum * size) * 4;
    memory.fill(s.gradient, 0, <usize>size * 4);
    for (let group = sum; group < groups && !isStopped(j); group += sums) {
      beginGroup(j, s, group);
      solveBegun(j, s);
    }
    addLanes(j, s.lanes, s.gradient);
  }
}

/** Adds all partial sums into the first. */
export function addPartialSums(job: usize): void {
  const j = changetype<Job>(job);
  const size = parameterCount(j);
  for (let i = 0; i < size; i++) {
    const at = j.gradients + <usize>i * 4;
    let sum: f32 = load<f32>(at);
    for (let part = 1; part < j.partialSums; part++) {
      sum += load<f32>(at + <usize>(part * size) * 4);
    }
    store<f32>(at, sum);
  }
}

/** Frees the chunks of a job's records. */
export function giveRecords(job: usize): void {
  giveChunks(changetype<Job>(job));
}

/**
 * Computes two products over planes as in the field, for timing. The memory at `at` holds the
 * weights, a plane, zeros, and space for the results.
 */
export function productOf(wide: i32, inputs: i32, outputs: i32, at: usize): void {
  const x = at + <usize>(inputs * outputs) * 4, zeros = x + <usize>inputs * LANE_BYTES;
  const out = zeros + <usize>outputs * 4, next = out + <usize>outputs * LANE_BYTES;
  multiplyPair(wide, at, inputs, outputs, x, x, zeros, out, next);
}

/** tanh of `count` numbers in place, a multiple of 16; constants are stored after them. For tests. */
export function tanhOf(at: usize, count: i32): void {
  const constants = at + <usize>count * 4;
  writeTanhConstants(constants);
  tanhInPlace(at, count, constants);
}
