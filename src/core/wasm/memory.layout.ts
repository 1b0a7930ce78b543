import { constants, recordLayout } from "./record_layout.ts";

/** Sizes in memories shared between threads. */
export const memorySizes = constants("size", {
  PAGE_BYTES: [65536, "Bytes per page of WebAssembly memory."],
  WORDS_AT: [
    65536,
    "Address of the bookkeeping words: in the second page, because without bounds checks the " +
    "memory in front of this one can reach into its first page (guarded_memory.ts).",
  ],
});

/** Counts of pages. */
export const memoryCounts = constants("i32", {
  PAGE_COUNT: [32768, "Pages of a shared memory, 2 GiB."],
});

/** Allocation state of a memory, shared by the program and its modules. */
export const memoryWords = recordLayout({
  name: "MemoryWords",
  about: "The words at WORDS_AT that record what is allocated, to the program and to its module.",
}, {
  pagesTaken: [
    "i32",
    "Pages allocated so far: atomically adding n claims the n pages from the old value on.",
  ],
  lock: ["i32", "1 while a thread modifies `freeChunks`."],
  freeChunks: [
    "address",
    "Head of the module's free list; each free chunk begins with the address of the next.",
  ],
});
