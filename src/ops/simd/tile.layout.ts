import { constants } from "../../core/wasm/record_layout.ts";

/** Sizes of the register tiles of matrix products. */
export const tileSizes = constants("i32", {
  TILE_ROWS: [
    6,
    "Rows of C that a tile computes at a time: 12 sums, 2 vectors of b and one of a fill 15 registers.",
  ],
  TILE_COLUMNS: [8, "Columns of C that a tile computes."],
  WIDE_COLUMNS: [
    16,
    "Columns of a wide tile: 24 sums, which are 12 where V8 makes 256-bit vectors of pairs (two " +
    "chains of sums per multiplier and cycle of latency, where a narrow tile's six are too few), " +
    "or where there are 32 registers. Elsewhere the sums do not fit.",
  ],
});
