import { constants } from "../../core/wasm/record_layout.ts";

/** Bytes that the transforms of a piece handle at a time. */
const WIDTH = 32;
const CHUNK = 128;

/** Counts by which winograd.as.ts lays its scratch memory out. */
export const winogradCounts = constants("i32", {
  BLOCK_BYTES: [
    400_000,
    "Bytes that the transformed pieces of a block of tiles may take: well inside a core's second " +
    "cache, unless the filter, which is read once per block, fills that itself.",
  ],
});

/** Sizes by which winograd.as.ts lays its scratch memory out. */
export const winogradSizes = constants("size", {
  WIDTH: [WIDTH, "Bytes that the transforms of a piece handle at a time: 8 channels."],
  CHUNK: [
    CHUNK,
    "Bytes of a pixel that a piece goes through both its transforms with: the half transformed " +
    "piece has places that the compiler knows, and a pixel's cache lines are met one after the other.",
  ],
  PIECE: [36 * CHUNK, "Bytes of a 6x6 piece of a chunk."],
  CONSTANTS: [
    64,
    "Bytes of the constants in front of the scratch; a half transformed piece follows.",
  ],
  FILTER_SCRATCH_BYTES: [27 * WIDTH, "Bytes of scratch of `winogradFilter`: 18 half and 9 places."],
});
