import {
  MemoryWords,
  PAGE_BYTES,
  PAGE_COUNT,
  WORDS_AT,
} from "../../../../core/wasm/memory.layout.part.as";
import { activationPlanes, planeBytes } from "../../../../ops/mlp_field/simd.part.as";
import { CHUNK_BYTES, Job, memoryRefused } from "../job.layout.part.as";
import { fail } from "./progress.part.as";
import { Scratch, tilesOf } from "./scratch.part.as";
import { isTraced, usedStages } from "./tableau.part.as";

/**
 * Records of accepted steps and their memory: chunks from a free list or from new pages.
 */

/** An accepted step, followed by the addresses of its stages' activations, y, and the slopes. */
@unmanaged
export class StepRecord {
  /** The previous step's record; 0 for the first step. */
  before: usize;
  t: f64;
  h: f64;
}

/** Byte offset of y in a record. */
export function recordHead(stages: i32): usize {
  return (offsetof<StepRecord>() + <usize>stages * 4 + 15) & ~15;
}

/** The recorded activations of a stage, or 0. */
export function recordedActivations(record: StepRecord, stage: i32): usize {
  const at = changetype<usize>(record) + offsetof<StepRecord>();
  return <usize>load<u32>(at + <usize>stage * 4);
}

const LOCK: usize = WORDS_AT + offsetof<MemoryWords>("lock");
const PAGES_TAKEN: usize = WORDS_AT + offsetof<MemoryWords>("pagesTaken");

function lock(): void {
  while (atomic.cmpxchg<i32>(LOCK, 0, 1) != 0) {}
}

function unlock(): void {
  atomic.store<i32>(LOCK, 0);
}

/** Takes a chunk for this job; 0 if there is no memory left. */
function takeChunk(job: Job): usize {
  lock();
  const words = changetype<MemoryWords>(WORDS_AT);
  let chunk = words.freeChunks;
  if (chunk) words.freeChunks = <usize>load<u32>(chunk);
  else {
    const pages = <i32>(CHUNK_BYTES / PAGE_BYTES);
    const page = atomic.add<i32>(PAGES_TAKEN, pages);
    if (page + pages <= PAGE_COUNT) chunk = <usize>page * PAGE_BYTES;
    else atomic.sub<i32>(PAGES_TAKEN, pages);
  }
  if (chunk) {
    store<u32>(chunk, <u32>job.chunks);
    job.chunks = chunk;
  }
  unlock();
  return chunk;
}

/** Frees all chunks of a job. */
export function giveChunks(job: Job): void {
  lock();
  const words = changetype<MemoryWords>(WORDS_AT);
  let chunk = job.chunks;
  while (chunk) {
    const next = <usize>load<u32>(chunk);
    store<u32>(chunk, <u32>words.freeChunks);
    words.freeChunks = chunk;
    chunk = next;
  }
  job.chunks = 0;
  unlock();
}

/** Bytes at the start of a chunk: the next one of its job, and the next one of its records. */
const CHUNK_HEAD: usize = 32;
const NEXT: usize = 4;

/** Allocates memory for the job's records; 0 if there is none left, or no more for activations. */
function allocate(job: Job, s: Scratch, bytes: usize, isActivation: bool): usize {
  bytes = (bytes + 31) & ~31;
  if (s.free + bytes > s.end) {
    if (bytes + CHUNK_HEAD > CHUNK_BYTES) return 0;
    let chunk = s.chunk ? <usize>load<u32>(s.chunk + NEXT) : 0;
    if (!chunk) {
      const chunksLeft = changetype<usize>(job) + offsetof<Job>("chunksLeft");
      if (isActivation && atomic.load<i32>(chunksLeft) <= 0) return 0;
      atomic.sub<i32>(chunksLeft, 1);
      chunk = takeChunk(job);
      if (!chunk) return 0;
      store<u32>(chunk + NEXT, 0);
      if (s.chunk) store<u32>(s.chunk + NEXT, <u32>chunk);
      else s.firstChunk = chunk;
    }
    useChunk(s, chunk);
  }
  const at = s.free;
  s.free += bytes;
  return at;
}

function useChunk(s: Scratch, chunk: usize): void {
  s.chunk = chunk;
  s.free = chunk + CHUNK_HEAD;
  s.end = chunk + CHUNK_BYTES;
}

/** Forgets the records; the next ones take their memory. */
export function rewindRecords(s: Scratch): void {
  if (s.firstChunk) useChunk(s, s.firstChunk);
}

/** Activation buffer of a stage, reallocated after a record takes ownership; 0 if not kept. */
export function activationBuffer(job: Job, s: Scratch, rows: i32, stage: i32): usize {
  if (!job.keepsRecords) return 0;
  const at = s.kept + <usize>stage * 4;
  let kept = <usize>load<u32>(at);
  if (!kept) {
    const planes = activationPlanes(job, isTraced(s, stage));
    const bytes = <u64>tilesOf(rows) * <u64>planes * <u64>planeBytes(job);
    kept = bytes < <u64>CHUNK_BYTES ? allocate(job, s, <usize>bytes, true) : 0;
    store<u32>(at, <u32>kept);
  }
  return kept;
}

/** Records the current step; returns 0 if there is no memory. */
export function recordStep(job: Job, s: Scratch, t: f64, h: f64, before: usize): usize {
  const used = usedStages(job);
  const head = recordHead(used);
  const record = allocate(job, s, head + <usize>(1 + used) * s.stateBytes, false);
  if (!record) {
    fail(job, memoryRefused);
    return 0;
  }
  const step = changetype<StepRecord>(record);
  step.before = before;
  step.t = t;
  step.h = h;
  memory.copy(record + offsetof<StepRecord>(), s.kept, <usize>used * 4);
  memory.fill(s.kept, 0, <usize>used * 4);
  memory.copy(record + head, s.y, s.stateBytes);
  memory.copy(record + head + s.stateBytes, s.slopes, <usize>used * s.stateBytes);
  return record;
}
