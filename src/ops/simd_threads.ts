import { fromBase64 } from "../core/base64.ts";
import { type SimdBuilds, simdBytes, type SimdChoice } from "../threads/simd_module.ts";
import { onSharedMemory } from "../core/wasm/memory_rewrite.ts";
import { type KernelCall, KernelCrew, type WorkerConstructor } from "../threads/kernel_crew.ts";
import { requireOperands } from "./operands.ts";
import { agreedSizes } from "./scratch_sizes.ts";
import type { ScratchlessArguments, SimdKernels } from "./simd_kernels.ts";
import { TileChoice } from "./matmul/tile_choice.ts";
import { type WasmBackend, withScratch } from "../threads/wasm.ts";
import adamWasm from "./adam/adam.wasm.b64" with { type: "text" };
import convPlain from "./convolution/conv.plain.wasm.b64" with { type: "text" };
import convRelaxed from "./convolution/conv.relaxed.wasm.b64" with { type: "text" };
import elementwisePlain from "./elementwise/elementwise.plain.wasm.b64" with { type: "text" };
import elementwiseRelaxed from "./elementwise/elementwise.relaxed.wasm.b64" with { type: "text" };
import gemmPlain from "./matmul/gemm.plain.wasm.b64" with { type: "text" };
import gemmRelaxed from "./matmul/gemm.relaxed.wasm.b64" with { type: "text" };
import groupNormPlain from "./group_norm_silu/group_norm_silu.plain.wasm.b64" with { type: "text" };
import groupNormRelaxed from "./group_norm_silu/group_norm_silu.relaxed.wasm.b64" with {
  type: "text",
};
import winogradPlain from "./convolution/winograd.plain.wasm.b64" with { type: "text" };
import winogradRelaxed from "./convolution/winograd.relaxed.wasm.b64" with { type: "text" };

/** Pieces of a work a thread, at most. */
const PIECES = 8;
/** Multiply-adds, about, that a core takes 50 microseconds for. */
const SMALL_WORK = 1_000_000;

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
    const embedded: readonly Readonly<Record<keyof SimdBuilds, string>>[] = [
      { relaxed: adamWasm, plain: adamWasm },
      { relaxed: gemmRelaxed, plain: gemmPlain },
      { relaxed: convRelaxed, plain: convPlain },
      { relaxed: elementwiseRelaxed, plain: elementwisePlain },
      { relaxed: groupNormRelaxed, plain: groupNormPlain },
      { relaxed: winogradRelaxed, plain: winogradPlain },
    ];
    const { memory } = backend.wasm.asm;
    const shared = memory.buffer instanceof SharedArrayBuffer;
    const modules = embedded.map(({ relaxed, plain }) => {
      const builds = { relaxed: fromBase64(relaxed), plain: fromBase64(plain) };
      const bytes = simdBytes(builds, choice);
      return new WebAssembly.Module(shared ? onSharedMemory(bytes, "memory") : bytes);
    });
    this.#backend = backend;
    this.#crew = new KernelCrew(modules, memory, shared ? worker : null, requireOperands);
    const { kernels } = this.#crew;
    this.kernels = { ...kernels, ...agreedSizes(kernels) } as unknown as SimdKernels;
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
    this.runChains(this.pieces(work) > 1 ? tasks : [tasks.flat()], numbers);
  }

  /**
   * Makes chains of calls, each chain's one after the other on one thread: what a call leaves the
   * next one finds in the thread's caches.
   *
   * @param numbers Of memory that each thread has to itself for its calls' own addresses.
   */
  runChains(chains: readonly (readonly KernelCall[])[], numbers: number): void {
    // A cache line of its own for each thread.
    const bytes = 64 * Math.ceil(numbers / 16);
    const threads = chains.length > 1 ? this.#crew.threads : 1;
    withScratch(this.#backend, bytes / 4 * threads, (at) => this.#crew.run(chains, { at, bytes }));
  }

  /** out = scale * the sum of parts [count, size], in their order. */
  sumParts(count: number, size: number, scale: number, parts: number, out: number): void {
    withScratch(
      this.#backend,
      2 * size,
      (totals) => this.run("sumMiddle", [[1, count, size, scale, parts, out, totals]]),
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
