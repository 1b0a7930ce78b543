// By deno task build:layouts from conv.layout.ts.

/** Numbers of a block of unfolded input: a part of a core's second cache. */
export const BLOCK_NUMBERS: i32 = 60000;
/** Pixels of a block at most. */
export const BLOCK_PIXELS: i32 = 510;
