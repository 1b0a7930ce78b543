// By deno task build:layouts from conv.layout.ts.

/** Numbers in a block of unfolded input: a part of a core's L2 cache. */
export const BLOCK_NUMBERS: i32 = 60000;
/** Maximum number of pixels in a block. */
export const BLOCK_PIXELS: i32 = 510;
