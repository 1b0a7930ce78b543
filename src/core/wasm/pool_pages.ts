/**
 * How the shared memory of a pool is given out, to the program and to the module alike: whoever
 * wants pages adds their number to a word, whose value before is the first of them.
 */

/** Bytes of a page of WebAssembly memory. */
export const pageBytes = 65536;
/** Pages of the memory, 2 GiB. */
export const pageCount = 32768;
/**
 * Where the words of the pool, its module and its workers begin: in the second page, since another
 * memory may lie before this one and, without checks of bounds, reach into the first page of it
 * (`guarded` in wasm/guarded_memory.ts).
 */
export const wordsAt = 65536;
/** Byte address of the word that counts the pages that are given out: 1016 behind {@link wordsAt}. */
export const pagesTaken = 66552;
