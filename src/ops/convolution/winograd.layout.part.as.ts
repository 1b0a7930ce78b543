// By deno task build:layouts from winograd.layout.ts.

/** Bytes for the transformed patches of a block of tiles: well inside a core's L2 cache, unless the filter, which is read once per block, fills it. */
export const BLOCK_BYTES: i32 = 400000;

/** Bytes that the transforms of a patch process at a time: 8 channels. */
export const WIDTH: usize = 32;
/** Bytes of a pixel processed by both transforms of a patch at a time: the half transformed patch has constant offsets, and the cache lines of a pixel are used consecutively. */
export const CHUNK: usize = 128;
/** Bytes of a 6x6 patch of a chunk. */
export const PIECE: usize = 4608;
/** Bytes of the constants at the start of the scratch; a half transformed patch follows. */
export const CONSTANTS: usize = 64;
/** Scratch bytes of `winogradFilter`: 18 half transformed and 9 taps. */
export const FILTER_SCRATCH_BYTES: usize = 864;
