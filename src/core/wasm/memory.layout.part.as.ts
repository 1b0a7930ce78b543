// By deno task build:layouts from memory.layout.ts.

/** Pages of a memory, 2 GiB. */
export const PAGE_COUNT: i32 = 32768;

/** Bytes of a page of WebAssembly memory. */
export const PAGE_BYTES: usize = 65536;
/** Where a memory's own words begin: in the second page, since another memory may lie before this one and, without bounds checks, reach into the first page of it (guarded_memory.ts). */
export const WORDS_AT: usize = 65536;

/** The words at WORDS_AT by which a memory is given out, to the program and to its module. */
@unmanaged
export class MemoryWords {
  /** Pages that are given out: who adds n to it has the n pages from its old value. */
  pagesTaken: i32;
  /** 1 while a thread changes `freeChunks`. */
  lock: i32;
  /** The first of the module's free chunks; each begins with the next one's address. */
  freeChunks: usize;
}
