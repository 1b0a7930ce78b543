import type * as tf from "@tensorflow/tfjs";
import { type SimdBuilds, simdBytes, type SimdChoice } from "../simd/simd_module.ts";
import {
  type Argument,
  type KernelCall,
  KernelCrew,
  type WorkerConstructor,
} from "../worker/kernel_crew.ts";
import { onSharedMemory } from "./shared_memory.ts";
import { TileChoice } from "./tile_choice.ts";
import type { WasmBackend } from "./wasm.ts";
import adamWasm from "./adam.wasm" with { type: "bytes" };
import convPlain from "./conv.plain.wasm" with { type: "bytes" };
import convRelaxed from "./conv.relaxed.wasm" with { type: "bytes" };
import elementwisePlain from "./elementwise.plain.wasm" with { type: "bytes" };
import elementwiseRelaxed from "./elementwise.relaxed.wasm" with { type: "bytes" };
import gemmPlain from "./gemm.plain.wasm" with { type: "bytes" };
import gemmRelaxed from "./gemm.relaxed.wasm" with { type: "bytes" };
import groupNormPlain from "./group_norm_silu.plain.wasm" with { type: "bytes" };
import groupNormRelaxed from "./group_norm_silu.relaxed.wasm" with { type: "bytes" };
import winogradPlain from "./winograd.plain.wasm" with { type: "bytes" };
import winogradRelaxed from "./winograd.relaxed.wasm" with { type: "bytes" };

/** The kernels in AssemblyScript, on the memory of tfjs's instance; addresses are bytes of it, flags 0 or 1. */
export interface SimdKernels {
  /** out = the sum of squares of x. */
  sumOfSquares(count: number, x: number, out: number): void;
  /** A step of Adam and of the weights' moving average; see adam.as.ts. */
  adam(
    count: number,
    weights: number,
    gradient: number,
    firstMoment: number,
    secondMoment: number,
    average: number,
    nextWeights: number,
    nextFirst: number,
    nextSecond: number,
    nextAverage: number,
    squares: number,
    maxNorm: number,
    weightDecay: number,
    secondScale: number,
    rate: number,
    averageDecay: number,
    firstDecay: number,
    secondDecay: number,
    small: number,
    clipSmall: number,
  ): void;
  /** Numbers of scratch that {@link gemm} needs. */
  gemmScratch(n: number, k: number): number;
  /** C[m, n] = A[m, k] B[k, n] + bias + residual; see gemm.as.ts. */
  gemm(
    wide: number,
    transposeA: number,
    transposeB: number,
    m: number,
    n: number,
    k: number,
    a: number,
    b: number,
    bias: number,
    residual: number,
    relu: number,
    c: number,
    scratch: number,
  ): void;
  /** Numbers of scratch that {@link conv} and {@link convFilterGradient} need. */
  convScratch(taps: number, cout: number): number;
  /** A convolution of any size and stride; see conv.as.ts. */
  conv(
    ...call: [
      wide: number,
      ...ConvSizes,
      x: number,
      filter: number,
      bias: number,
      relu: number,
      y: number,
      scratch: number,
    ]
  ): void;
  /** Numbers of scratch that {@link convNarrow} needs. */
  convNarrowScratch(pixels: number, cin: number, products: number): number;
  /** {@link conv} to few channels, with stride 1; see conv.as.ts. */
  convNarrow(
    wide: number,
    n: number,
    h: number,
    w: number,
    cin: number,
    kh: number,
    kw: number,
    oh: number,
    ow: number,
    cout: number,
    ph: number,
    pw: number,
    x: number,
    filter: number,
    bias: number,
    relu: number,
    y: number,
    scratch: number,
  ): void;
  /** Its gradient for the filter; see conv.as.ts. */
  convFilterGradient(
    ...call: [wide: number, ...ConvSizes, x: number, dy: number, dw: number, scratch: number]
  ): void;
  /** to += x, through ReLU. */
  addTo(count: number, x: number, relu: number, to: number): void;
  /** Copies runs of bytes. */
  copyRuns(
    count: number,
    bytes: number,
    from: number,
    fromStep: number,
    to: number,
    toStep: number,
  ): void;
  /** out = exp(x). */
  expOf(count: number, x: number, out: number): void;
  /** out = 1 / (1 + exp(-x)). */
  sigmoidOf(count: number, x: number, out: number, constants: number): void;
  /** Normalisation of groups of four channels, and a SiLU; see group_norm_silu.as.ts. */
  groupNormSilu(
    n: number,
    area: number,
    c: number,
    x: number,
    scale: number,
    offset: number,
    shift: number,
    y: number,
    mean: number,
    inverseStd: number,
    constants: number,
  ): void;
  /** Its pull-back; see group_norm_silu.as.ts. */
  groupNormSiluGradient(
    n: number,
    area: number,
    c: number,
    dy: number,
    x: number,
    scale: number,
    offset: number,
    shift: number,
    mean: number,
    inverseStd: number,
    dx: number,
    dScale: number,
    dOffset: number,
    dShift: number,
    constants: number,
  ): void;
  /** dx = dy where y > 0, else 0, and its sums over the middle axis; see elementwise.as.ts. */
  reluGradient(
    outer: number,
    count: number,
    inner: number,
    dy: number,
    y: number,
    dx: number,
    sums: number,
    scratch: number,
  ): void;
  /** out = a + b. */
  addOf(count: number, a: number, b: number, out: number): void;
  /** Sums over 2x2 pixels; see elementwise.as.ts. */
  sumOfFour(
    rows: number,
    width: number,
    c: number,
    scale: number,
    x: number,
    out: number,
  ): void;
  /** Each pixel four times; see elementwise.as.ts. */
  fourTimes(
    rows: number,
    width: number,
    c: number,
    scale: number,
    x: number,
    out: number,
  ): void;
  /** Sums over the middle axis; see elementwise.as.ts. */
  sumMiddle(
    outer: number,
    count: number,
    inner: number,
    scale: number,
    x: number,
    out: number,
    totals: number,
  ): void;
  /** Sums over the last axis; see elementwise.as.ts. */
  sumLast(outer: number, count: number, scale: number, x: number, out: number): void;
  /** Numbers of scratch that {@link winograd} and {@link winogradFilterGradient} need. */
  winogradScratch(cin: number, cout: number): number;
  /** Bytes of what {@link winogradFilter} makes. */
  winogradFilterBytes(cin: number, cout: number): number;
  /** A filter as {@link winograd} takes it, or a part of it; see winograd.as.ts. */
  winogradFilter(
    first: number,
    count: number,
    cin: number,
    cout: number,
    filter: number,
    turn: number,
    u: number,
    scratch: number,
  ): void;
  /** A convolution of 3x3 that keeps the size; see winograd.as.ts. */
  winograd(
    wide: number,
    n: number,
    h: number,
    w: number,
    cin: number,
    cout: number,
    x: number,
    u: number,
    bias: number,
    residual: number,
    relu: number,
    y: number,
    scratch: number,
  ): void;
  /** Its gradient for the filter; see winograd.as.ts. */
  winogradFilterGradient(
    wide: number,
    n: number,
    h: number,
    w: number,
    cin: number,
    cout: number,
    x: number,
    dy: number,
    dw: number,
    scratch: number,
  ): void;
}

type ConvSizes = [
  n: number,
  h: number,
  w: number,
  cin: number,
  kh: number,
  kw: number,
  oh: number,
  ow: number,
  cout: number,
  sh: number,
  sw: number,
  ph: number,
  pw: number,
];

/** A kernel's parameters, any of which may lie in the thread's own memory. */
type ArgumentsFor<Values extends number[]> = { [At in keyof Values]: Argument };

/** A kernel's call in a chain. */
export function kernelCall<Name extends keyof SimdKernels>(
  name: Name,
  ...values: ArgumentsFor<Parameters<SimdKernels[Name]>>
): KernelCall {
  return { name, values };
}

/** A kernel's arguments without the last. */
export type ScratchlessArguments<Name extends keyof SimdKernels> =
  Parameters<SimdKernels[Name]> extends [...infer Before extends number[], number] ? Before : never;

/** The kernels on all threads: calls of a round are shared among them, in any order. */
export class SimdThreads {
  /** The kernels on the program's own thread. */
  readonly kernels: SimdKernels;
  readonly #backend: WasmBackend;
  readonly #crew: KernelCrew;
  readonly #tiles: TileChoice;

  /**
   * @param backend tfjs's, started.
   * @param worker Makes workers, which a shared memory takes; null: there are to be none.
   */
  constructor(backend: WasmBackend, choice: SimdChoice, worker: WorkerConstructor | null) {
    const builds: readonly SimdBuilds[] = [
      { relaxed: adamWasm, plain: adamWasm },
      { relaxed: gemmRelaxed, plain: gemmPlain },
      { relaxed: convRelaxed, plain: convPlain },
      { relaxed: elementwiseRelaxed, plain: elementwisePlain },
      { relaxed: groupNormRelaxed, plain: groupNormPlain },
      { relaxed: winogradRelaxed, plain: winogradPlain },
    ];
    const { memory } = backend.wasm.asm;
    const shared = memory.buffer instanceof SharedArrayBuffer;
    const modules = builds.map((build) => {
      const bytes = simdBytes(build, choice);
      return new WebAssembly.Module(shared ? onSharedMemory(bytes, "memory") : bytes);
    });
    this.#backend = backend;
    this.#crew = new KernelCrew(modules, memory, shared ? worker : null);
    this.kernels = this.#crew.kernels as unknown as SimdKernels;
    const scratch = (numbers: number, use: (at: number) => void) =>
      withScratch(backend, numbers, use);
    this.#tiles = new TileChoice(this.kernels, memory, scratch);
  }

  /** What kernels take as `wide`: whether wide tiles of products are faster here. */
  get wide(): 0 | 1 {
    return this.#tiles.wide;
  }

  /** So many share a round; without workers it stays 1. */
  set threads(threads: number) {
    this.#crew.threads = threads;
  }

  /**
   * In how many pieces some work pays, of which each gives the same bits whatever the others are:
   * 1 for less than some 50 microseconds, else up to eight a thread, so that one that comes late
   * or is slow for a while leaves what it would be waited for to the others.
   */
  pieces(work: number): number {
    const { threads } = this.#crew;
    return threads === 1
      ? 1
      : Math.max(1, Math.min(PIECES * threads, Math.floor(2 * work / SMALL_WORK)));
  }

  /** Calls a kernel once for each list of arguments. */
  run<Name extends keyof SimdKernels>(
    name: Name,
    calls: readonly Readonly<Parameters<SimdKernels[Name]>>[],
  ): void {
    this.#crew.run(calls.map((values) => [{ name, values }]));
  }

  /**
   * {@link run} of a kernel whose last argument is scratch of so many numbers.
   *
   * @param work Of all calls, in multiply-adds: too little is not shared.
   */
  runWithScratch<Name extends keyof SimdKernels>(
    name: Name,
    numbers: number,
    calls: readonly Readonly<ScratchlessArguments<Name>>[],
    work = Infinity,
  ): void {
    const tasks = calls.map((call) => [{ name, values: [...call, { own: 0 }] }]);
    this.#runTasks(this.pieces(work) > 1 ? tasks : [tasks.flat()], numbers);
  }

  /**
   * Makes chains of calls, each chain's one after the other on one thread: what a call leaves the
   * next one finds in the thread's caches.
   *
   * @param numbers Of memory that each thread has to itself for its calls' own addresses.
   */
  runChains(chains: readonly (readonly KernelCall[])[], numbers: number): void {
    this.#runTasks(chains, numbers);
  }

  #runTasks(tasks: readonly (readonly KernelCall[])[], numbers: number): void {
    // A cache line of its own for each thread.
    const bytes = 64 * Math.ceil(numbers / 16);
    const threads = tasks.length > 1 ? this.#crew.threads : 1;
    withScratch(this.#backend, bytes / 4 * threads, (at) => this.#crew.run(tasks, { at, bytes }));
  }

  /** out = scale * the sum of parts [count, size], in their order. */
  sumParts(count: number, size: number, scale: number, parts: number, out: number): void {
    withScratch(
      this.#backend,
      2 * size,
      (totals) => this.kernels.sumMiddle(1, count, size, scale, parts, out, totals),
    );
  }

  /**
   * A sum of many terms, made of parts that do not depend on the number of threads: `make` gets
   * where each part [size] belongs; then they are added up in their order.
   */
  inParts(
    count: number,
    size: number,
    out: number,
    make: (partAt: (part: number) => number) => void,
  ): void {
    if (count === 1) return make(() => out);
    withScratch(this.#backend, count * size, (parts) => {
      make((part) => parts + 4 * part * size);
      this.sumParts(count, size, 1, parts, out);
    });
  }
}

/** Pieces of a work a thread, at most. */
const PIECES = 8;
/** Multiply-adds, about, that a core takes 50 microseconds for. */
const SMALL_WORK = 1_000_000;

/** Multiply-adds that are worth a part of a sum of its own, where there is a product to make and where not. */
const [PRODUCT_WORK, PASS_WORK] = [8_000_000, 2_000_000];
/** The most parts of a sum. */
const MOST_PARTS = 8;

/** In how many parts a sum of products over `count` items is made: a matter of its size alone. */
export function partsOfSum(count: number, work: number): number {
  return Math.max(1, Math.min(count, MOST_PARTS, Math.floor(work / PRODUCT_WORK)));
}

/**
 * {@link partsOfSum} where what is added up is made in one pass over memory. A power of two,
 * since of five parts one of two threads has three.
 */
export function partsOfPass(count: number, work: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, Math.min(count, MOST_PARTS, work / PASS_WORK))));
}

/** A range of items. */
export interface Range {
  readonly first: number;
  readonly count: number;
}

/** Cuts `count` items into at most so many ranges, about equal; all but the last are multiples of `unit`. */
export function ranges(count: number, pieces: number, unit = 1): Range[] {
  const units = Math.ceil(count / unit);
  const used = Math.max(1, Math.min(pieces, units));
  return Array.from({ length: used }, (_, piece) => {
    const first = Math.floor(units * piece / used) * unit;
    const end = Math.min(count, Math.floor(units * (piece + 1) / used) * unit);
    return { first, count: end - first };
  });
}

/** Multiply-adds that take as long as a number does in an operation that passes once over memory. */
const ELEMENT_WORK = 8;

/** Ranges of elements of an operation that passes once over them. */
export function elementRanges(simd: SimdThreads, count: number): Range[] {
  return ranges(count, simd.pieces(ELEMENT_WORK * count), 16);
}

/** Copies `count` runs of `bytes` bytes, a multiple of four; from one to the next are steps of bytes. */
export function copyRuns(
  simd: SimdThreads,
  count: number,
  bytes: number,
  from: number,
  fromStep: number,
  to: number,
  toStep: number,
): void {
  simd.run(
    "copyRuns",
    ranges(count, simd.pieces(ELEMENT_WORK * count * bytes / 4)).map((range) => [
      ...[range.count, bytes, from + range.first * fromStep, fromStep] as const,
      ...[to + range.first * toStep, toStep] as const,
    ]),
  );
}

/** Where a tensor's numbers begin, in bytes of the memory. */
export function addressOf(backend: WasmBackend, tensor: tf.TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

/** Calls `use` with the address of memory for some numbers, which is given back after. */
export function withScratch<T>(
  backend: WasmBackend,
  numbers: number,
  use: (address: number) => T,
): T {
  const scratch = backend.makeOutput([numbers], "float32");
  try {
    return use(addressOf(backend, scratch));
  } finally {
    backend.disposeData(scratch.dataId);
  }
}
