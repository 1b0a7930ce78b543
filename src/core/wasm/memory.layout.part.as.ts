// By deno task build:layouts from memory.layout.ts.

/** Pages of a shared memory, 2 GiB. */
export const PAGE_COUNT: i32 = 32768;

/** Bytes per page of WebAssembly memory. */
export const PAGE_BYTES: usize = 65536;
/** Address of the bookkeeping words: in the second page, because without bounds checks the memory in front of this one can reach into its first page (guarded_memory.ts). */
export const WORDS_AT: usize = 65536;

/** The words at WORDS_AT that record what is allocated, to the program and to its module. */
@unmanaged
export class MemoryWords {
  /** Pages allocated so far: atomically adding n claims the n pages from the old value on. */
  pagesTaken: i32;
  /** 1 while a thread modifies `freeChunks`. */
  lock: i32;
  /** Head of the module's free list; each free chunk begins with the address of the next. */
  freeChunks: usize;
}
