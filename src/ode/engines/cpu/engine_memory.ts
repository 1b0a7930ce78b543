import { FailureError } from "../../../core/errors.ts";
import { fullSharedMemory } from "../../../core/wasm/guarded_memory.ts";
import { memoryCounts, memorySizes, memoryWords } from "../../../core/wasm/memory.layout.ts";
import { PageRanges } from "./page_ranges.ts";
import { option } from "../../../core/options/spelling.ts";

const { PAGE_COUNT } = memoryCounts.values;
const { PAGE_BYTES, WORDS_AT } = memorySizes.values;
/** Reserved pages at the start of the memory, which hold its own bookkeeping. */
const RESERVED_PAGES = Math.ceil((WORDS_AT + memoryWords.bytes) / PAGE_BYTES);

/** A block of the memory. */
export interface Block {
  readonly at: number;
  readonly bytes: number;
}

/** Allocator of the CPU engine's shared memory. It allocates blocks for jobs; the module itself takes pages for records. */
export class EngineMemory {
  readonly memory: WebAssembly.Memory;
  readonly #free: PageRanges = new PageRanges();
  readonly #pagesTaken: Int32Array;

  /** @throws {FailureError} If the memory cannot be reserved. */
  constructor() {
    try {
      this.memory = fullSharedMemory();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new FailureError(
        `the CPU engine cannot reserve its ${
          PAGE_COUNT * PAGE_BYTES / 2 ** 30
        } GiB of addresses: ` +
          `set a higher limit of virtual memory (ulimit -v), or use ${option("backend", "webgpu")}`,
      );
    }
    const at = WORDS_AT + memoryWords.at.pagesTaken;
    this.#pagesTaken = new Int32Array(this.memory.buffer, at, 1);
    this.#pagesTaken[0] = RESERVED_PAGES;
  }

  /**
   * Allocates uninitialised memory; free it with {@link release}.
   *
   * @throws {RangeError} If `bytes` is not a positive whole number below 2^53.
   * @throws {FailureError} If there is not enough memory.
   */
  allocate(bytes: number): Block {
    if (!(Number.isSafeInteger(bytes) && bytes > 0)) {
      throw new RangeError(`allocate: expected a positive whole number of bytes, got ${bytes}`);
    }
    const pages = Math.ceil(bytes / PAGE_BYTES);
    const first = this.#free.take(pages) ?? this.#takeNew(pages);
    if (first === null) {
      throw new FailureError(
        `the CPU engine has no memory left for ${bytes} bytes: try a smaller batch`,
      );
    }
    return { at: first * PAGE_BYTES, bytes: pages * PAGE_BYTES };
  }

  /** Takes `pages` new pages; returns the first, or null if the memory is exhausted. */
  #takeNew(pages: number): number | null {
    // This 32-bit counter also counts the pages taken by the module.
    if (pages > PAGE_COUNT) return null;
    const first = Atomics.add(this.#pagesTaken, 0, pages);
    if (first + pages <= PAGE_COUNT) return first;
    Atomics.sub(this.#pagesTaken, 0, pages);
    return null;
  }

  /** Frees a block. */
  release({ at, bytes }: Block): void {
    this.#free.give({ first: at / PAGE_BYTES, count: bytes / PAGE_BYTES });
  }
}
