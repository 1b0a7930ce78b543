/**
 * How the shared memory of a pool is given out, to the program and to the module alike: whoever
 * wants pages adds their number to a word, whose value before is the first of them.
 */

/** Bytes of a page of WebAssembly memory. */
export const pageBytes = 65536;
/** Pages of the memory, 2 GiB. */
export const pageCount = 32768;
/** Byte address of the word that counts the pages that are given out. */
export const pagesTaken = 1016;
