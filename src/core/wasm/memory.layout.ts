import { constants, recordLayout } from "./record_layout.ts";

/** Sizes of the memories that threads share. */
export const memorySizes = constants("size", {
  PAGE_BYTES: [65536, "Bytes of a page of WebAssembly memory."],
  WORDS_AT: [
    65536,
    "Where a memory's own words begin: in the second page, since another memory may lie before " +
    "this one and, without bounds checks, reach into the first page of it (guarded_memory.ts).",
  ],
});

/** Counts of pages. */
export const memoryCounts = constants("i32", {
  PAGE_COUNT: [32768, "Pages of a memory, 2 GiB."],
});

/** How a memory is given out, to the program and to modules alike. */
export const memoryWords = recordLayout({
  name: "MemoryWords",
  about: "The words at WORDS_AT by which a memory is given out, to the program and to its module.",
}, {
  pagesTaken: [
    "i32",
    "Pages that are given out: who adds n to it has the n pages from its old value.",
  ],
  lock: ["i32", "1 while a thread changes `freeChunks`."],
  freeChunks: [
    "address",
    "The first of the module's free chunks; each begins with the next one's address.",
  ],
});
