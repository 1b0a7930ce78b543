// asc: --enable threads --sharedMemory --initialMemory 32768 --maximumMemory 65536
import {
  activationPlanes,
  addLanes,
  addListed,
  evaluate,
  lanesBytes,
  listOuterProducts,
  Net,
  planeBytes,
  prepare,
  preparedBytes,
  probeDirections,
  pullBackDivergence,
  pullBackVelocity,
  recompute,
  stagePlanes,
  timeBias,
} from "../../../ops/mlp_field/simd.part.as";
import { OUTER_BYTES, PAIR_BYTES } from "../../../ops/mlp_field/simd_outer.part.as";
import { LANE_BYTES, LANES, multiplyPair } from "../../../ops/mlp_field/simd_planes.part.as";
import { tanhInPlace, writeTanhConstants } from "../../../ops/mlp_field/simd_tanh.part.as";
import {
  chunkBytes,
  freeChunks,
  jobAdjoint,
  jobAtol,
  jobChunks,
  jobChunksLeft,
  jobCotangent,
  jobFailed,
  jobFirstSameAsLast,
  jobGradients,
  jobGroupRows,
  jobHasMiddle,
  jobKeepsRecords,
  jobLastRecords,
  jobMaxSteps,
  jobNextItem,
  jobOfY0,
  jobOrder,
  jobParameters,
  jobPartialSums,
  jobPrepared,
  jobPreparedBytes,
  jobProbes,
  jobPulls,
  jobReports,
  jobRows,
  jobRtol,
  jobScratch,
  jobScratchBytes,
  jobStages,
  jobSteps,
  jobT0,
  jobT1,
  jobTableau,
  jobTimeCount,
  jobTimes,
  jobTimeStates,
  jobWidth,
  jobY0,
  jobY1,
  maxStepsReached,
  memoryRefused,
  noFailure,
  nonFinite,
  reportBytes,
  stepSizeUnderflow,
  stopped,
} from "./simd_job";
import { pageBytes, pageCount, pagesTaken } from "../../../core/wasm/pool_pages";

/**
 * Whole solves of control groups, and their pull-backs, in one call a thread. Jobs lie in a
 * shared memory as simd_job.ts says; a thread takes group after group until none is left.
 *
 * States, slopes, t and h are float64 and every decision is that of solve.ts and
 * step_control.ts; the field computes in float32. The state of a group lies tile after tile,
 * [tiles][width][8]: rows are lanes, those of the last tile beyond the group are zeros.
 */

@external("math", "pow")
declare function pow(x: f64, y: f64): f64;

@external("stop", "isAsked")
declare function isStopAsked(): i32;

/** Bytes of one column of a tile in float64. */
const COLUMN_BYTES: usize = 64;
/** Room for class {@link Scratch} at the beginning of a thread's memory. */
const HEAD_BYTES: usize = 256;
/** The first step where nothing is known of the scale of time. */
const SMALLEST_START: f64 = 1e-6;

/** A step that was accepted: the address of the one before; t, h; the addresses of the stages' activations (0: not kept); y; slopes. */
const RECORD_T: usize = 8;
const RECORD_H: usize = 16;
const RECORD_ACTIVATIONS: usize = 24;

/** The memory of one thread. */
@unmanaged
class Scratch {
  /** Where the next record goes, and the end of its chunk. */
  free: usize;
  end: usize;
  /** float64 states of a group: where a step begins, and where it ends. */
  y: usize;
  y1: usize;
  /** Where a stage is evaluated, unless that is y1; then what is measured by the norm. */
  spareState: usize;
  /** Slopes of the stages, and one more. */
  slopes: usize;
  /** Bytes of a state. */
  stateBytes: usize;
  /** int32 [stages]: 1 where a stage needs the trace. */
  traced: usize;
  /** uint32 [stages]: activations of the stages in hand, or 0. */
  kept: usize;
  /** [hidden]. */
  bias: usize;
  /** Planes [dims], one a stage. */
  x: usize;
  /** Velocity and divergence of a tile. */
  f: usize;
  /** Three planes. */
  spare: usize;
  /** Of the outer products. */
  outer: usize;
  /** Activations of one tile, one set a stage. */
  act: usize;
  /** Planes e W0, W3 e of each tile's probes, and before them the probes as planes [dims]. */
  directions: usize;
  probes: usize;
  /** Of the pull-back. */
  stage: usize;
  lanes: usize;
  /** What the adjoint's slopes leave of each stage and tile, see adjointBytes; only one set where a group is large. */
  adjoint: usize;
  /** The flat gradient that an adjoint solve adds to; 0 in other solves. */
  gradient: usize;
  ofW1: usize;
  ofW2: usize;
  /** float64 [stages][width][8] and [width][8]: cotangents. */
  pulled: usize;
  cotangent: usize;
}

// @ts-ignore: decorator
@inline
function word(job: usize, at: usize): i32 {
  return load<i32>(job + at);
}

// @ts-ignore: decorator
@inline
function address(job: usize, at: usize): usize {
  return <usize>load<u32>(job + at);
}

// @ts-ignore: decorator
@inline
function netOf(job: usize): Net {
  return changetype<Net>(job);
}

/** Tiles of a group that has all of its rows. */
function tilesOf(rows: i32): i32 {
  return (rows + LANES - 1) / LANES;
}

/** Weights of the tableau: part 0 c, 1 b, 2 bError, 3 bMid. */
// @ts-ignore: decorator
@inline
function weight(job: usize, part: i32, stage: i32): f64 {
  return load<f64>(address(job, jobTableau) + <usize>(part * word(job, jobStages) + stage) * 8);
}

/** Weight of `slope` in the input of `stage`. */
// @ts-ignore: decorator
@inline
function stageWeight(job: usize, stage: i32, slope: i32): f64 {
  return weight(job, 4 + stage, slope);
}

/** Stages that the end of a step is made of. */
function usedStages(job: usize): i32 {
  return word(job, jobStages) - word(job, jobFirstSameAsLast);
}

/** Prepares the parameters of a job for solves and pull-backs. */
export function prepareJob(job: usize): void {
  const net = netOf(job);
  const bytes = preparedBytes(net.dims, net.hidden, net.directions);
  if (bytes != <u64>load<u32>(job + jobPreparedBytes)) unreachable();
  prepare(net, address(job, jobParameters), address(job, jobPrepared));
}

/**
 * Lays a thread's scratch memory out at `base`, by the rules of simd_layout.ts, which says how many
 * bytes it has: where this counts another number nothing may be written.
 */
function layScratch(job: usize, base: usize): Scratch {
  const net = netOf(job), s = changetype<Scratch>(base);
  const pulls = word(job, jobPulls) != 0;
  const stages = <u64>word(job, jobStages), stageSets: u64 = pulls ? stages : 1;
  const tiles = <u64>tilesOf(min(word(job, jobGroupRows), word(job, jobRows)));
  const plane = <u64>planeBytes(net), narrow = <u64>net.dims * LANE_BYTES;
  const width = <u64>word(job, jobWidth);
  const state = tiles * width * COLUMN_BYTES;
  let at = <u64>HEAD_BYTES;
  s.free = 0;
  s.end = 0;
  s.gradient = 0;
  s.stateBytes = <usize>state;
  s.y = placeAt(base, at);
  at += state;
  s.y1 = placeAt(base, at);
  at += state;
  s.spareState = placeAt(base, at);
  at += state;
  s.slopes = placeAt(base, at);
  at += (stages + 1) * state;
  s.pulled = placeAt(base, at);
  at += pulls ? stages * width * COLUMN_BYTES : 0;
  s.cotangent = placeAt(base, at);
  at += pulls ? width * COLUMN_BYTES : 0;
  s.x = placeAt(base, at);
  at += stageSets * narrow;
  s.f = placeAt(base, at);
  at += narrow + LANE_BYTES;
  s.spare = placeAt(base, at);
  at += 3 * plane;
  s.outer = placeAt(base, at);
  at += OUTER_BYTES;
  s.act = placeAt(base, at);
  at += stageSets * <u64>activationPlanes(net, net.directions > 0) * plane;
  s.directions = placeAt(base, at);
  at += net.probed ? tiles * 2 * plane : 0;
  s.probes = placeAt(base, at);
  at += net.probed ? tiles * narrow : 0;
  s.stage = placeAt(base, at);
  at += pulls ? stages * <u64>stagePlanes(net) * plane : (stages * 8 + 8 + 15) & ~15;
  s.lanes = placeAt(base, at);
  at += pulls ? lanesBytes(net) : 0;
  s.adjoint = placeAt(base, at);
  if (word(job, jobAdjoint)) {
    at += adjointBytes(net) * (keepsAdjoint(job) ? (stages + 1) * tiles : 1);
  }
  const lists: u64 = pulls ? stages * <u64>(1 + net.directions) * PAIR_BYTES : 0;
  s.ofW1 = placeAt(base, at);
  at += lists;
  s.ofW2 = placeAt(base, at);
  at += lists;
  s.bias = placeAt(base, at);
  at += (<u64>net.hidden * 4 + 15) & ~15;
  s.traced = placeAt(base, at);
  at += stages * 4;
  s.kept = placeAt(base, at);
  at += stages * 4;
  if (((at + 127) & ~127) != <u64>load<u32>(job + jobScratchBytes)) unreachable();
  return s;
}

// @ts-ignore: decorator
@inline
function placeAt(base: usize, offset: u64): usize {
  return base + <usize>offset;
}

/** A thread's scratch memory, laid out. */
function scratchOf(job: usize, thread: i32): Scratch {
  const base = address(job, jobScratch) + <usize>thread * address(job, jobScratchBytes);
  return layScratch(job, base);
}

/** Whether the job is to end early; it counts as given up then. */
function isStopped(job: usize): bool {
  if (!isStopAsked()) return false;
  atomic.store<i32>(job + jobFailed, stopped);
  return true;
}

// ---------------------------------------------------------------------------------------------
// Memory for records: chunks, taken from a list of free ones or of new pages.

function lock(): void {
  while (atomic.cmpxchg<i32>(freeChunks - 4, 0, 1) != 0) {}
}

function unlock(): void {
  atomic.store<i32>(freeChunks - 4, 0);
}

/** A chunk for this job, or 0 where there is no memory left. */
function takeChunk(job: usize): usize {
  lock();
  let chunk = <usize>load<u32>(freeChunks);
  if (chunk) store<u32>(freeChunks, load<u32>(chunk));
  else {
    const pages = chunkBytes / pageBytes;
    const page = atomic.add<i32>(pagesTaken, pages);
    if (page + pages <= pageCount) chunk = <usize>page * pageBytes;
    else atomic.sub<i32>(pagesTaken, pages);
  }
  if (chunk) {
    store<u32>(chunk, load<u32>(job + jobChunks));
    store<u32>(job + jobChunks, <u32>chunk);
  }
  unlock();
  return chunk;
}

/** Gives all chunks of a job back. */
export function giveChunks(job: usize): void {
  lock();
  let chunk = <usize>load<u32>(job + jobChunks);
  while (chunk) {
    const next = <usize>load<u32>(chunk);
    store<u32>(chunk, load<u32>(freeChunks));
    store<u32>(freeChunks, <u32>chunk);
    chunk = next;
  }
  store<u32>(job + jobChunks, 0);
  unlock();
}

/** Memory behind the job's records; 0 where there is none, or no more of it for activations. */
function allocate(job: usize, s: Scratch, bytes: usize, isActivation: bool): usize {
  bytes = (bytes + 31) & ~31;
  if (isActivation && atomic.load<i32>(job + jobChunksLeft) <= 0) return 0;
  if (s.free + bytes > s.end) {
    if (bytes + 32 > <usize>chunkBytes) return 0;
    atomic.sub<i32>(job + jobChunksLeft, 1);
    const chunk = takeChunk(job);
    if (!chunk) return 0;
    s.free = chunk + 32;
    s.end = chunk + chunkBytes;
  }
  const at = s.free;
  s.free += bytes;
  return at;
}

// ---------------------------------------------------------------------------------------------
// Arithmetic on states.

/** out = base + h * sum of weights(part, i) * slopes[i] for i < count; without the base where that is 0. */
function combine(
  job: usize,
  base: usize,
  h: f64,
  part: i32,
  count: i32,
  slopes: usize,
  stride: usize,
  bytes: usize,
  out: usize,
): void {
  const weights = address(job, jobTableau) + <usize>(part * word(job, jobStages)) * 8;
  combineWith(weights, base, h, count, slopes, stride, bytes, out);
}

function combineWith(
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
  for (let i: usize = 0; i < bytes; i += 16) {
    let sum = f64x2.splat(0);
    let slope = slopes + i;
    for (let j = 0; j < count; j++) {
      const w = load<f64>(weights + <usize>j * 8);
      if (w != 0) sum = f64x2.add(sum, f64x2.mul(f64x2.splat(w), v128.load(slope)));
      slope += stride;
    }
    sum = f64x2.mul(sum, scale);
    v128.store(out + i, base ? f64x2.add(v128.load(base + i), sum) : sum);
  }
}

/**
 * The norm of a group: the largest over the state's parts of the root mean square of
 * value / (atol + rtol * max(|reference|, |other|)); NaN where a number is not finite.
 */
function norm(
  job: usize,
  s: Scratch,
  rows: i32,
  value: usize,
  reference: usize,
  other: usize,
  rtol: f64,
  atol: f64,
): f64 {
  const dims = netOf(job).dims, width = word(job, jobWidth);
  const tile = <usize>width * COLUMN_BYTES;
  const half = word(job, jobAdjoint) ? width / 2 : width;
  let norm: f64 = 0;
  for (let first = 0, columns = 0; first < width; first += columns) {
    columns = min(dims, half - first % half);
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
        // An infinite state would make every error look like zero.
        sum += largest < Infinity ? scaled * scaled : NaN;
        at += COLUMN_BYTES;
      }
      total += sum < Infinity ? sum : NaN;
    }
    norm = max<f64>(norm, Math.sqrt(total / <f64>(rows * columns)));
  }
  return norm;
}

// ---------------------------------------------------------------------------------------------
// The field over a group.

/** The float64 columns of a tile's positions as a float32 plane [dims]. */
function narrow(state: usize, dims: i32, plane: usize): void {
  for (let i = 0; i < dims * LANES; i++) {
    store<f32>(plane, <f32>load<f64>(state));
    state += 8;
    plane += 4;
  }
}

/** Planes e W0, W3 e of a tile of the group in hand. */
// @ts-ignore: decorator
@inline
function directionsOf(net: Net, s: Scratch, tile: i32): usize {
  return net.probed ? s.directions + <usize>tile * 2 * planeBytes(net) : net.unitDirections;
}

/** dy/dt of all tiles of a group at time t; `kept` receives the activations where it is not 0. */
function slopesAt(
  job: usize,
  s: Scratch,
  rows: i32,
  t: f64,
  state: usize,
  traced: bool,
  kept: usize,
  out: usize,
): void {
  if (word(job, jobAdjoint)) {
    adjointSlopesAt(job, s, rows, t, state, out);
    return;
  }
  const net = netOf(job);
  const dims = net.dims, width = word(job, jobWidth);
  timeBias(net, t, s.bias);
  const actBytes = <usize>activationPlanes(net, traced) * planeBytes(net);
  const tiles = tilesOf(rows);
  for (let tile = 0; tile < tiles; tile++) {
    if (tile > 0 && isStopped(job)) return;
    narrow(state, dims, s.x);
    const act = kept ? kept + <usize>tile * actBytes : s.act;
    evaluate(net, s.bias, s.x, act, directionsOf(net, s, tile), s.spare, traced, s.f);
    const finite = dims * LANES;
    for (let i = 0; i < finite; i++) {
      store<f64>(out + <usize>i * 8, <f64>load<f32>(s.f + <usize>i * 4));
    }
    if (width > dims) {
      for (let i = finite; i < finite + LANES; i++) {
        store<f64>(out + <usize>i * 8, traced ? -<f64>load<f32>(s.f + <usize>i * 4) : 0);
      }
    }
    state += <usize>width * COLUMN_BYTES;
    out += <usize>width * COLUMN_BYTES;
  }
}

/** Brings rows [rows, columns] from the problem's float32 into a group's tiles of `width` columns; the lanes that are left are zeros. */
function gatherRows(
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

/** Writes a group's states to the problem's rows in float32. */
function scatterRows(state: usize, rows: i32, columns: i32, to: usize): void {
  for (let row = 0; row < rows; row++) {
    const place = (row / LANES) * columns * LANES + row % LANES;
    for (let column = 0; column < columns; column++) {
      store<f32>(to, <f32>load<f64>(state + <usize>(place + column * LANES) * 8));
      to += 4;
    }
  }
}

/** The probes of some rows, as planes, and what the field makes of them. */
function prepareProbes(job: usize, s: Scratch, first: i32, rows: i32): void {
  const net = netOf(job);
  if (!net.probed) return;
  const dims = net.dims;
  const narrowBytes = <usize>dims * LANE_BYTES;
  const tiles = tilesOf(rows);
  const from = address(job, jobProbes) + <usize>(first * dims) * 4;
  gatherRows(from, rows, dims, s.probes, <usize>tiles * narrowBytes, false);
  for (let tile = 0; tile < tiles; tile++) {
    probeDirections(net, s.probes + <usize>tile * narrowBytes, directionsOf(net, s, tile));
  }
}

// ---------------------------------------------------------------------------------------------
// Solving.

/** Solves groups until none is left. */
export function solveGroups(job: usize, thread: i32): void {
  const s = scratchOf(job, thread);
  const rows = word(job, jobRows), groupRows = word(job, jobGroupRows);
  const groups = (rows + groupRows - 1) / groupRows;
  markTraced(job, s);
  while (true) {
    const group = atomic.add<i32>(job + jobNextItem, 1);
    if (group >= groups || isStopped(job)) return;
    solveGroup(job, s, group);
  }
}

/** Nothing depends on logp, so a stage without weight in it and in its error needs no trace. */
function markTraced(job: usize, s: Scratch): void {
  const stages = word(job, jobStages);
  const has = netOf(job).directions > 0;
  const everywhere = word(job, jobTimeCount) > 0;
  for (let stage = 0; stage < stages; stage++) {
    const counts = stage == 0 || weight(job, 1, stage) != 0 || weight(job, 2, stage) != 0;
    store<i32>(s.traced + <usize>stage * 4, has && (everywhere || counts) ? 1 : 0);
  }
  // It is the next step's first.
  if (has && word(job, jobFirstSameAsLast)) store<i32>(s.traced + <usize>(stages - 1) * 4, 1);
}

// @ts-ignore: decorator
@inline
function isTraced(s: Scratch, stage: i32): bool {
  return load<i32>(s.traced + <usize>stage * 4) != 0;
}

/** Memory for the activations of a stage, once a step that is accepted has taken the last. */
function keptFor(job: usize, s: Scratch, rows: i32, stage: i32): usize {
  if (!word(job, jobKeepsRecords)) return 0;
  const at = s.kept + <usize>stage * 4;
  let kept = <usize>load<u32>(at);
  if (!kept) {
    const net = netOf(job);
    const bytes = <u64>tilesOf(rows) * <u64>activationPlanes(net, isTraced(s, stage)) *
      <u64>planeBytes(net);
    kept = bytes < <u64>chunkBytes ? allocate(job, s, <usize>bytes, true) : 0;
    store<u32>(at, <u32>kept);
  }
  return kept;
}

function solveGroup(job: usize, s: Scratch, group: i32): void {
  const net = netOf(job);
  const first = group * word(job, jobGroupRows);
  const rows = min(word(job, jobGroupRows), word(job, jobRows) - first);
  const width = word(job, jobWidth), stages = word(job, jobStages);
  const fsal = word(job, jobFirstSameAsLast) != 0;
  const offset = <usize>(first * width) * 4;
  const t0 = load<f64>(job + jobT0), t1 = load<f64>(job + jobT1);
  const rtol = load<f64>(job + jobRtol), atol = load<f64>(job + jobAtol);
  const steps = word(job, jobSteps), maxSteps = word(job, jobMaxSteps);
  const timeCount = word(job, jobTimeCount);
  const direction: f64 = t1 > t0 ? 1 : -1;
  const report = address(job, jobReports) + <usize>(group * reportBytes);
  const lastRecord = address(job, jobLastRecords) + <usize>group * 4;
  // A group that has fewer rows has fewer tiles.
  s.stateBytes = <usize>(tilesOf(rows) * width) * COLUMN_BYTES;
  const bytes = s.stateBytes;
  store<u32>(lastRecord, 0);
  memory.fill(s.kept, 0, <usize>stages * 4);
  gatherRows(address(job, jobY0) + offset, rows, width, s.y, bytes, true);
  prepareProbes(job, s, first, rows);

  let nfe = 0, accepted = 0, rejected = 0, failure = noFailure;
  let failedT: f64 = 0, failedH: f64 = 0;
  let nextTime = 0;
  for (let i = 0; i < timeCount; i++) {
    if (load<f64>(address(job, jobTimes) + <usize>i * 8) != t0) continue;
    writeTime(job, i, offset, s.y, rows);
    nextTime = i + 1;
  }
  let t = t0, h = steps > 0 ? (t1 - t0) / <f64>steps : 0;
  const fixed = h;
  let sawNonFinite = false, knowsSlope = false;
  if (steps == 0 && t0 != t1) {
    const slope = s.slopes, slope1 = s.slopes + bytes;
    slopesAt(job, s, rows, t, s.y, isTraced(s, 0), keptFor(job, s, rows, 0), slope);
    const stateNorm = norm(job, s, rows, s.y, s.y, s.y, rtol, atol);
    const slopeNorm = norm(job, s, rows, slope, s.y, s.y, rtol, atol);
    const trial = trialStepSize(stateNorm, slopeNorm);
    for (let i: usize = 0; i < bytes; i += 8) {
      store<f64>(
        s.spareState + i,
        load<f64>(s.y + i) + direction * trial * load<f64>(slope + i),
      );
    }
    slopesAt(job, s, rows, t + direction * trial, s.spareState, isTraced(s, 0), 0, slope1);
    for (let i: usize = 0; i < bytes; i += 8) {
      store<f64>(s.spareState + i, load<f64>(slope1 + i) - load<f64>(slope + i));
    }
    const changeNorm = norm(job, s, rows, s.spareState, s.y, s.y, rtol, atol);
    const size = initialStepSize(trial, slopeNorm, changeNorm, <f64>word(job, jobOrder));
    // A start whose norms are not finite leaves the trial's size to the first attempts.
    h = direction * (isFinite(size) ? size : SMALLEST_START);
    sawNonFinite = !isFinite(slopeNorm);
    nfe = 2;
    knowsSlope = true;
  }

  while (steps > 0 ? accepted < steps && t0 != t1 : t != t1) {
    if (isStopped(job)) return;
    let end: f64;
    if (steps > 0) {
      t = t0 + <f64>accepted * fixed;
      end = accepted + 1 == steps ? t1 : t0 + <f64>(accepted + 1) * fixed;
    } else {
      if (accepted + rejected >= maxSteps) failure = maxStepsReached;
      else if (!(Math.abs(h) > 0) || t + h == t) {
        failure = sawNonFinite ? nonFinite : stepSizeUnderflow;
      } else if (Math.abs(h) >= Math.abs(t1 - t)) h = t1 - t;
      if (failure != noFailure) {
        failedT = t;
        failedH = h;
        break;
      }
      end = h == t1 - t ? t1 : t + h;
    }

    for (let stage = knowsSlope ? 1 : 0; stage < stages; stage++) {
      let state = s.y;
      if (stage > 0) {
        state = fsal && stage == stages - 1 ? s.y1 : s.spareState;
        combine(job, s.y, h, 4 + stage, stage, s.slopes, bytes, bytes, state);
      }
      const at = t + weight(job, 0, stage) * h;
      const kept = keptFor(job, s, rows, stage);
      const out = s.slopes + <usize>stage * bytes;
      slopesAt(job, s, rows, at, state, isTraced(s, stage), kept, out);
      nfe++;
    }
    if (!fsal) combine(job, s.y, h, 1, stages, s.slopes, bytes, bytes, s.y1);
    knowsSlope = true;

    let ratio: f64 = 0;
    if (steps > 0) {
      if (failure == noFailure && isNaN(norm(job, s, rows, s.y1, s.y1, s.y1, 0, 1))) {
        failure = nonFinite;
        failedT = t;
        failedH = h;
      }
    } else {
      combine(job, 0, h, 2, stages, s.slopes, bytes, bytes, s.spareState);
      ratio = norm(job, s, rows, s.spareState, s.y, s.y1, rtol, atol);
    }

    if (ratio <= 1) {
      if (nextTime < timeCount) {
        nextTime = writeTimes(job, s, rows, offset, nextTime, t, h, end, direction, report, nfe);
        nfe = load<i32>(report);
      }
      if (s.gradient) addQuadrature(job, s, rows, t, h);
      if (word(job, jobKeepsRecords)) {
        const record = keepStep(job, s, t, h, load<u32>(lastRecord));
        if (!record) return;
        store<u32>(lastRecord, record);
      }
      const y = s.y;
      s.y = s.y1;
      s.y1 = y;
      const last = stages - 1;
      if (fsal) {
        memory.copy(s.slopes, s.slopes + <usize>last * bytes, bytes);
        if (s.gradient && keepsAdjoint(job)) {
          const kept = <usize>adjointBytes(net) * <usize>tilesOf(rows);
          memory.copy(s.adjoint, s.adjoint + <usize>last * kept, kept);
        }
        store<u32>(s.kept, load<u32>(s.kept + <usize>last * 4));
        store<u32>(s.kept + <usize>last * 4, 0);
      } else knowsSlope = false;
      accepted++;
      t = end;
    } else rejected++;
    if (steps == 0) {
      sawNonFinite = !isFinite(ratio);
      h = nextStepSize(h, ratio, <f64>word(job, jobOrder));
    }
  }
  scatterRows(s.y, rows, width, address(job, jobY1) + offset);
  store<i32>(report, nfe);
  store<i32>(report, accepted, 4);
  store<i32>(report, rejected, 8);
  store<i32>(report, failure, 12);
  store<f64>(report, failedT, 16);
  store<f64>(report, failedH, 24);
}

/** Keeps the step in hand; 0 where there is no memory. */
function keepStep(job: usize, s: Scratch, t: f64, h: f64, before: u32): u32 {
  const used = usedStages(job);
  const head = (RECORD_ACTIVATIONS + <usize>used * 4 + 15) & ~15;
  const record = allocate(job, s, head + <usize>(1 + used) * s.stateBytes, false);
  if (!record) {
    atomic.store<i32>(job + jobFailed, memoryRefused);
    return 0;
  }
  store<u32>(record, before);
  store<f64>(record, t, RECORD_T);
  store<f64>(record, h, RECORD_H);
  memory.copy(record + RECORD_ACTIVATIONS, s.kept, <usize>used * 4);
  memory.fill(s.kept, 0, <usize>used * 4);
  memory.copy(record + head, s.y, s.stateBytes);
  memory.copy(record + head + s.stateBytes, s.slopes, <usize>used * s.stateBytes);
  return <u32>record;
}

/** torchdiffeq's rules; see step_control.ts. */
function trialStepSize(stateNorm: f64, slopeNorm: f64): f64 {
  return stateNorm < 1e-5 || slopeNorm < 1e-5 ? 1e-6 : 0.01 * stateNorm / slopeNorm;
}

function initialStepSize(trial: f64, slopeNorm: f64, changeNorm: f64, order: f64): f64 {
  const curvature = changeNorm / trial;
  const size = slopeNorm <= 1e-15 && curvature <= 1e-15
    ? max<f64>(1e-6, trial * 1e-3)
    : pow(0.01 / max<f64>(slopeNorm, curvature), 1 / order);
  return min<f64>(100 * trial, size);
}

function nextStepSize(h: f64, ratio: f64, order: f64): f64 {
  if (!isFinite(ratio)) return h * 0.2;
  if (ratio == 0) return h * 10;
  const least: f64 = ratio < 1 ? 1 : 0.2;
  const wanted = 0.9 / pow(ratio, 1 / order);
  return h * min<f64>(10, max<f64>(wanted, least));
}

/** Writes the states of a group at time number `index`. */
function writeTime(job: usize, index: i32, offset: usize, state: usize, rows: i32): void {
  const width = word(job, jobWidth);
  const all = <usize>(word(job, jobRows) * width) * 4;
  scatterRows(state, rows, width, address(job, jobTimeStates) + <usize>index * all + offset);
}

/**
 * Writes the states at all times up to the end of an accepted step, by dense output (see
 * dense_output.ts); returns the number of the next time, and leaves `nfe` in the report.
 */
function writeTimes(
  job: usize,
  s: Scratch,
  rows: i32,
  offset: usize,
  next: i32,
  t: f64,
  h: f64,
  end: f64,
  direction: f64,
  report: usize,
  nfe: i32,
): i32 {
  const stages = word(job, jobStages), times = address(job, jobTimes);
  const bytes = s.stateBytes;
  const fsal = word(job, jobFirstSameAsLast) != 0;
  const slopeCount = fsal ? stages : stages + 1;
  const hasMiddle = word(job, jobHasMiddle) != 0;
  // Weights take the place of a stage's planes: only the pull-back needs those.
  const weights = s.stage;
  let knowsEnd = fsal;
  while (next < word(job, jobTimeCount)) {
    const time = load<f64>(times + <usize>next * 8);
    if ((time - end) * direction > 0) break;
    if (!knowsEnd) {
      slopesAt(job, s, rows, end, s.y1, netOf(job).directions > 0, 0, s.slopes + <usize>stages * bytes);
      nfe++;
      knowsEnd = true;
    }
    if (time == end) writeTime(job, next, offset, s.y1, rows);
    else {
      const theta = (time - t) / (end - t);
      const theta2 = theta * theta, theta3 = theta2 * theta, theta4 = theta2 * theta2;
      let ofEnd = 3 * theta2 - 2 * theta3, ofMiddle: f64 = 0;
      let ofSlope0 = theta - 2 * theta2 + theta3, ofSlope1 = theta3 - theta2;
      if (hasMiddle) {
        ofEnd = -8 * theta4 + 14 * theta3 - 5 * theta2;
        ofMiddle = 16 * theta4 - 32 * theta3 + 16 * theta2;
        ofSlope0 = -2 * theta4 + 5 * theta3 - 4 * theta2 + theta;
        ofSlope1 = 2 * theta4 - 3 * theta3 + theta2;
      }
      for (let i = 0; i < slopeCount; i++) {
        let w = i < stages ? ofEnd * weight(job, 1, i) : 0;
        if (hasMiddle && i < stages) w += ofMiddle * weight(job, 3, i);
        if (i == 0) w += ofSlope0;
        if (i == slopeCount - 1) w += ofSlope1;
        store<f64>(weights + <usize>i * 8, w);
      }
      combineWith(weights, s.y, h, slopeCount, s.slopes, bytes, bytes, s.spareState);
      writeTime(job, next, offset, s.spareState, rows);
    }
    next++;
  }
  store<i32>(report, nfe);
  return next;
}

// ---------------------------------------------------------------------------------------------
// Pulling back.

/**
 * Pulls tiles back until none is left: partial sum number i takes the tiles i, i + sums, ... in
 * that order, so that the total does not depend on who takes it.
 */
export function pullBackTiles(job: usize, thread: i32): void {
  const s = scratchOf(job, thread);
  const net = netOf(job);
  const rows = word(job, jobRows), groupRows = word(job, jobGroupRows);
  const groups = (rows + groupRows - 1) / groupRows;
  const tilesOfGroup = tilesOf(groupRows);
  const sums = word(job, jobPartialSums);
  const size = parameterCount(net);
  markTraced(job, s);
  memory.fill(s.lanes, 0, <usize>lanesBytes(net));
  while (true) {
    const sum = atomic.add<i32>(job + jobNextItem, 1);
    if (sum >= sums) return;
    const gradient = address(job, jobGradients) + <usize>(sum * size) * 4;
    memory.fill(gradient, 0, <usize>size * 4);
    for (let tile = sum; tile < groups * tilesOfGroup && !isStopped(job); tile += sums) {
      const group = tile / tilesOfGroup, place = tile % tilesOfGroup;
      const first = group * groupRows + place * LANES;
      const end = min((group + 1) * groupRows, rows);
      if (first < end) {
        pullBackTile(job, s, group, place, first, min(LANES, end - first), gradient);
      }
    }
    addLanes(net, s.lanes, gradient);
  }
}

/** Length of the flat parameter vector. */
function parameterCount(net: Net): i32 {
  return (net.dims + 1) * net.hidden + 2 * (net.hidden + 1) * net.hidden +
    (net.hidden + 1) * net.dims;
}

/** The total of the partial sums, in the place of the first. */
export function addPartialSums(job: usize): void {
  const size = parameterCount(netOf(job));
  const total = address(job, jobGradients);
  for (let i = 0; i < size; i++) {
    const at = total + <usize>i * 4;
    let sum: f32 = load<f32>(at);
    for (let j = 1; j < word(job, jobPartialSums); j++) {
      sum += load<f32>(at + <usize>(j * size) * 4);
    }
    store<f32>(at, sum);
  }
}

function pullBackTile(
  job: usize,
  s: Scratch,
  group: i32,
  place: i32,
  first: i32,
  rows: i32,
  gradient: usize,
): void {
  const width = word(job, jobWidth);
  const offset = <usize>(first * width) * 4;
  const tileBytes = <usize>width * COLUMN_BYTES;
  const groupRows = min(
    word(job, jobGroupRows),
    word(job, jobRows) - group * word(job, jobGroupRows),
  );
  s.stateBytes = <usize>tilesOf(groupRows) * tileBytes;
  gatherRows(address(job, jobCotangent) + offset, rows, width, s.cotangent, tileBytes, true);
  prepareProbes(job, s, first, rows);
  let record = <usize>load<u32>(address(job, jobLastRecords) + <usize>group * 4);
  while (record && !isStopped(job)) {
    pullBackStep(job, s, record, place, gradient);
    record = <usize>load<u32>(record);
  }
  scatterRows(s.cotangent, rows, width, address(job, jobOfY0) + offset);
}

/** The adjoint of one step of one tile, see replay.ts. */
function pullBackStep(job: usize, s: Scratch, record: usize, place: i32, gradient: usize): void {
  const net = netOf(job);
  const dims = net.dims, width = word(job, jobWidth);
  const used = usedStages(job);
  const plane = planeBytes(net);
  const narrowBytes = <usize>dims * LANE_BYTES;
  const tileBytes = <usize>width * COLUMN_BYTES;
  const zBytes = <usize>dims * COLUMN_BYTES;
  const hasTrace = width > dims;
  const t = load<f64>(record, RECORD_T), h = load<f64>(record, RECORD_H);
  const head = (RECORD_ACTIVATIONS + <usize>used * 4 + 15) & ~15;
  const y = record + head + <usize>place * tileBytes;
  const slopes = y + s.stateBytes;
  const directions = directionsOf(net, s, 0);
  const actBytes = <usize>activationPlanes(net, hasTrace) * plane;
  const stageBytes = <usize>stagePlanes(net) * plane;
  const cotangent = s.cotangent;
  const c = s.f;

  for (let stage = 0; stage < used; stage++) {
    const x = s.x + <usize>stage * narrowBytes;
    let state = y;
    if (stage > 0) {
      state = s.spareState;
      combine(job, y, h, 4 + stage, stage, slopes, s.stateBytes, zBytes, state);
    }
    narrow(state, dims, x);
    const b = weight(job, 1, stage);
    const traced = hasTrace && b != 0;
    const act = actOf(s, record, place, stage, actBytes, plane);
    if (!<usize>load<u32>(record + RECORD_ACTIVATIONS + <usize>stage * 4)) {
      timeBias(net, t + weight(job, 0, stage) * h, s.bias);
      recompute(net, s.bias, x, act, directions, s.spare, traced);
    }
    if (!traced) continue;
    // dlogp/dt = -div f, and the cotangent of logp stays what it is.
    for (let i: usize = 0; i < <usize>LANES; i++) {
      store<f32>(c + i * 4, <f32>(-(h * (b * load<f64>(cotangent + zBytes + i * 8)))));
    }
    const at = s.stage + <usize>stage * stageBytes;
    pullBackDivergence(net, act, directions, s.probes, c, at, s.spare, s.lanes);
  }

  let listed: usize = 0;
  for (let stage = used - 1; stage >= 0; stage--) {
    const b = weight(job, 1, stage);
    const traced = hasTrace && b != 0;
    const act = actOf(s, record, place, stage, actBytes, plane);
    const at = s.stage + <usize>stage * stageBytes;
    const a = s.f;
    for (let i: usize = 0; i < <usize>(dims * LANES); i++) {
      let sum = b != 0 ? b * load<f64>(cotangent + i * 8) : 0;
      for (let later = stage + 1; later < used; later++) {
        const w = stageWeight(job, later, stage);
        if (w != 0) sum += w * load<f64>(s.pulled + <usize>later * tileBytes + i * 8);
      }
      store<f32>(a + i * 4, <f32>(sum * h));
    }
    const ofX = s.spare + 2 * plane;
    const x = s.x + <usize>stage * narrowBytes;
    pullBackVelocity(net, act, x, a, at, traced, s.spare, s.lanes, ofX);
    for (let i: usize = 0; i < <usize>(dims * LANES); i++) {
      store<f64>(s.pulled + <usize>stage * tileBytes + i * 8, <f64>load<f32>(ofX + i * 4));
    }
    listed += listOuterProducts(net, act, at, traced, s.ofW1 + listed, s.ofW2 + listed);
  }
  addListed(net, s.ofW1, s.ofW2, listed, gradient, s.outer);
  for (let i: usize = 0; i < <usize>(dims * LANES); i++) {
    let sum: f64 = 0;
    for (let stage = 0; stage < used; stage++) {
      sum += load<f64>(s.pulled + <usize>stage * tileBytes + i * 8);
    }
    store<f64>(cotangent + i * 8, load<f64>(cotangent + i * 8) + sum);
  }
}

/** A stage's activations of a tile: kept with the record, or where they are computed again. */
function actOf(
  s: Scratch,
  record: usize,
  place: i32,
  stage: i32,
  actBytes: usize,
  plane: usize,
): usize {
  const kept = <usize>load<u32>(record + RECORD_ACTIVATIONS + <usize>stage * 4);
  if (!kept) return s.act + <usize>stage * actBytes;
  const bytes = isTraced(s, stage) ? actBytes : 3 * plane;
  return kept + <usize>place * bytes;
}

/** A product of two planes as the field has them, of what lies at `at`: weights, a plane, zeros, and where it goes. To be timed. */
export function productOf(wide: i32, inputs: i32, outputs: i32, at: usize): void {
  const x = at + <usize>(inputs * outputs) * 4, zeros = x + <usize>inputs * LANE_BYTES;
  const out = zeros + <usize>outputs * 4, next = out + <usize>outputs * LANE_BYTES;
  multiplyPair(wide, at, inputs, outputs, x, x, zeros, out, next);
}

/** tanh of `count` numbers in place, a multiple of 16; the constants go behind them. For its test. */
export function tanhOf(at: usize, count: i32): void {
  const constants = at + <usize>count * 4;
  writeTanhConstants(constants);
  tanhInPlace(at, count, constants);
}

// ---------------------------------------------------------------------------------------------
// The continuous adjoint, see adjoint.ts: a solve of (y, a), backwards, that sums the parameters'
// cotangent up after each accepted step.

/**
 * Solves groups of the adjoint until none is left: partial sum number i takes the groups i,
 * i + sums, ... in that order, so that the total does not depend on who takes it.
 */
export function solveAdjointGroups(job: usize, thread: i32): void {
  const s = scratchOf(job, thread);
  const net = netOf(job);
  const rows = word(job, jobRows), groupRows = word(job, jobGroupRows);
  const groups = (rows + groupRows - 1) / groupRows;
  const sums = word(job, jobPartialSums);
  const size = parameterCount(net);
  markTraced(job, s);
  memory.fill(s.lanes, 0, <usize>lanesBytes(net));
  while (true) {
    const sum = atomic.add<i32>(job + jobNextItem, 1);
    if (sum >= sums) return;
    s.gradient = address(job, jobGradients) + <usize>(sum * size) * 4;
    memory.fill(s.gradient, 0, <usize>size * 4);
    for (let group = sum; group < groups && !isStopped(job); group += sums) {
      solveGroup(job, s, group);
    }
    addLanes(net, s.lanes, s.gradient);
  }
}

/** Tiles of a group up to which what the adjoint's slopes leave is kept for the quadrature: larger ones would take memory without bound. */
const MOST_KEPT_TILES: i32 = 4;

/** Whether the quadrature finds what it needs, or computes it again. */
function keepsAdjoint(job: usize): bool {
  return tilesOf(min(word(job, jobGroupRows), word(job, jobRows))) <= MOST_KEPT_TILES;
}

/** Bytes of the activations of a tile, of its pull-back's planes, and of its sums in lanes. */
function adjointBytes(net: Net): u64 {
  const planes = activationPlanes(net, net.directions > 0) + stagePlanes(net);
  return <u64>planes * <u64>planeBytes(net) + lanesBytes(net);
}

/** d(y, a)/dt = (f, -(df/dy)^T a) of all tiles of a group at time t. */
function adjointSlopesAt(
  job: usize,
  s: Scratch,
  rows: i32,
  t: f64,
  state: usize,
  out: usize,
): void {
  const net = netOf(job);
  const dims = net.dims, width = word(job, jobWidth);
  const hasTrace = net.directions > 0;
  const half = <usize>(width / 2) * COLUMN_BYTES;
  const finite = dims * LANES;
  const ofX = s.spare + 2 * planeBytes(net);
  const actBytes = <usize>activationPlanes(net, hasTrace) * planeBytes(net);
  const stageBytes = <usize>stagePlanes(net) * planeBytes(net);
  const tiles = tilesOf(rows);
  const keeps = keepsAdjoint(job);
  // The place of the slopes says which stage they are.
  const index = keeps ? (out - s.slopes) / s.stateBytes * <usize>tiles : 0;
  let act = s.adjoint + index * <usize>adjointBytes(net);
  timeBias(net, t, s.bias);
  for (let tile = 0; tile < tiles; tile++) {
    if (tile > 0 && isStopped(job)) return;
    const directions = directionsOf(net, s, tile);
    const stage = act + actBytes, lanes = stage + stageBytes;
    narrow(state, dims, s.x);
    memory.fill(lanes, 0, <usize>lanesBytes(net));
    evaluate(net, s.bias, s.x, act, directions, s.spare, hasTrace, s.f);
    for (let i = 0; i < finite; i++) {
      store<f64>(out + <usize>i * 8, <f64>load<f32>(s.f + <usize>i * 4));
    }
    if (hasTrace) {
      for (let i = finite; i < finite + LANES; i++) {
        store<f64>(out + <usize>i * 8, -<f64>load<f32>(s.f + <usize>i * 4));
        store<f64>(out + half + <usize>i * 8, 0);
      }
    }
    pullBackCotangent(s, net, tile, state + half, 1, s.x, act, stage, lanes);
    for (let i = 0; i < finite; i++) {
      store<f64>(out + half + <usize>i * 8, -<f64>load<f32>(ofX + <usize>i * 4));
    }
    if (keeps) act += <usize>adjointBytes(net);
    state += 2 * half;
    out += 2 * half;
  }
}

/**
 * Pulls `scale` times the cotangents of a tile's state back through a stage whose activations
 * are known; that of x is left in the third plane of `s.spare`.
 */
function pullBackCotangent(
  s: Scratch,
  net: Net,
  tile: i32,
  cotangent: usize,
  scale: f64,
  x: usize,
  act: usize,
  stage: usize,
  lanes: usize,
): void {
  const dims = net.dims;
  const hasTrace = net.directions > 0;
  const finite = dims * LANES;
  if (hasTrace) {
    // dlogp/dt = -div f.
    for (let i = 0; i < LANES; i++) {
      const ofLogp = load<f64>(cotangent + <usize>(finite + i) * 8);
      store<f32>(s.f + <usize>i * 4, <f32>(-scale * ofLogp));
    }
    const probes = s.probes + <usize>(tile * dims) * LANE_BYTES;
    pullBackDivergence(net, act, directionsOf(net, s, tile), probes, s.f, stage, s.spare, lanes);
  }
  for (let i = 0; i < finite; i++) {
    store<f32>(s.f + <usize>i * 4, <f32>(scale * load<f64>(cotangent + <usize>i * 8)));
  }
  const ofX = s.spare + 2 * planeBytes(net);
  pullBackVelocity(net, act, x, s.f, stage, hasTrace, s.spare, lanes, ofX);
}

/** Adds -h b_i (df/dtheta)^T a of every stage of the step in hand: h points backwards. */
function addQuadrature(job: usize, s: Scratch, rows: i32, t: f64, h: f64): void {
  const net = netOf(job);
  const dims = net.dims, width = word(job, jobWidth), stages = word(job, jobStages);
  const hasTrace = net.directions > 0;
  const plane = planeBytes(net);
  const tileBytes = <usize>width * COLUMN_BYTES;
  const actBytes = <usize>activationPlanes(net, hasTrace) * plane;
  const stageBytes = <usize>stagePlanes(net) * plane;
  const tiles = tilesOf(rows);
  const keeps = keepsAdjoint(job);
  for (let tile = 0; tile < tiles; tile++) {
    if (tile > 0 && isStopped(job)) return;
    const y = s.y + <usize>tile * tileBytes, slopes = s.slopes + <usize>tile * tileBytes;
    let listed: usize = 0;
    for (let stage = 0; stage < stages; stage++) {
      const b = weight(job, 1, stage);
      if (b == 0) continue;
      if (keeps) {
        const kept = s.adjoint + <usize>(stage * tiles + tile) * <usize>adjointBytes(net);
        const at = kept + actBytes;
        scaleCotangents(net, <f32>(-h * b), at, at + stageBytes, s.lanes);
        listed += listOuterProducts(net, kept, at, hasTrace, s.ofW1 + listed, s.ofW2 + listed);
        continue;
      }
      let state = y;
      if (stage > 0) {
        state = s.spareState;
        combine(job, y, h, 4 + stage, stage, slopes, s.stateBytes, tileBytes, state);
      }
      const x = s.x + <usize>(stage * dims) * LANE_BYTES;
      const act = s.act + <usize>stage * actBytes, at = s.stage + <usize>stage * stageBytes;
      narrow(state, dims, x);
      timeBias(net, t + weight(job, 0, stage) * h, s.bias);
      recompute(net, s.bias, x, act, directionsOf(net, s, tile), s.spare, hasTrace);
      const cotangent = state + <usize>(width / 2) * COLUMN_BYTES;
      pullBackCotangent(s, net, tile, cotangent, -h * b, x, act, at, s.lanes);
      listed += listOuterProducts(net, act, at, hasTrace, s.ofW1 + listed, s.ofW2 + listed);
    }
    addListed(net, s.ofW1, s.ofW2, listed, s.gradient, s.outer);
  }
}

/**
 * What a pull-back left in `stage` for the outer products becomes `scale` times as large, as it
 * is linear in the cotangents; `scale` times its `sums` is added to `lanes`.
 */
function scaleCotangents(net: Net, scale: f32, stage: usize, sums: usize, lanes: usize): void {
  const plane = planeBytes(net), factor = f32x4.splat(scale);
  scalePlanes(stage, 2 * plane, factor);
  for (let k = 0; k < net.directions; k++) {
    // Cotangents of v2 and of u.
    scalePlanes(stage + <usize>(6 + 4 * k) * plane, 2 * plane, factor);
  }
  const end = sums + <usize>lanesBytes(net);
  for (; sums < end; sums += 32, lanes += 32) {
    v128.store(lanes, f32x4.add(v128.load(lanes), f32x4.mul(v128.load(sums), factor)));
    v128.store(lanes, f32x4.add(v128.load(lanes, 16), f32x4.mul(v128.load(sums, 16), factor)), 16);
  }
}

function scalePlanes(at: usize, bytes: usize, factor: v128): void {
  const end = at + bytes;
  for (; at < end; at += 32) {
    v128.store(at, f32x4.mul(v128.load(at), factor));
    v128.store(at, f32x4.mul(v128.load(at, 16), factor), 16);
  }
}
