// By deno task build:layouts from winograd.layout.ts.

/** Bytes that the transformed pieces of a block of tiles may take: well inside a core's second cache, unless the filter, which is read once per block, fills that itself. */
export const BLOCK_BYTES: i32 = 400000;

/** Bytes that the transforms of a piece handle at a time: 8 channels. */
export const WIDTH: usize = 32;
/** Bytes of a pixel that a piece goes through both its transforms with: the half transformed piece has places that the compiler knows, and a pixel's cache lines are met one after the other. */
export const CHUNK: usize = 128;
/** Bytes of a 6x6 piece of a chunk. */
export const PIECE: usize = 4608;
/** Bytes of the constants in front of the scratch; a half transformed piece follows. */
export const CONSTANTS: usize = 64;
/** Bytes of scratch of `winogradFilter`: 18 half and 9 places. */
export const FILTER_SCRATCH_BYTES: usize = 864;
