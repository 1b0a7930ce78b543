import { constants } from "../../core/wasm/record_layout.ts";

/** Bytes that the transforms of a patch process at a time. */
const WIDTH = 32;
const CHUNK = 128;

/** Counts in the layout of winograd.as.ts's scratch memory. */
export const winogradCounts = constants("i32", {
  BLOCK_BYTES: [
    400_000,
    "Bytes for the transformed patches of a block of tiles: well inside a core's L2 cache, unless " +
    "the filter, which is read once per block, fills it.",
  ],
});

/** Sizes in the layout of winograd.as.ts's scratch memory. */
export const winogradSizes = constants("size", {
  WIDTH: [WIDTH, "Bytes that the transforms of a patch process at a time: 8 channels."],
  CHUNK: [
    CHUNK,
    "Bytes of a pixel processed by both transforms of a patch at a time: the half transformed " +
    "patch has constant offsets, and the cache lines of a pixel are used consecutively.",
  ],
  PIECE: [36 * CHUNK, "Bytes of a 6x6 patch of a chunk."],
  CONSTANTS: [
    64,
    "Bytes of the constants at the start of the scratch; a half transformed patch follows.",
  ],
  FILTER_SCRATCH_BYTES: [
    27 * WIDTH,
    "Scratch bytes of `winogradFilter`: 18 half transformed and 9 taps.",
  ],
});
