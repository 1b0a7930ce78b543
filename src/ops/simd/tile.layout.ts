import { constants } from "../../core/wasm/record_layout.ts";

/** Sizes of the register tiles of matrix products. */
export const tileSizes = constants("i32", {
  TILE_ROWS: [
    6,
    "Rows of C per tile: 12 sums, 2 vectors of b and one of a fill 15 registers.",
  ],
  TILE_COLUMNS: [8, "Columns of C per tile."],
  WIDE_COLUMNS: [
    16,
    "Columns of a wide tile: 24 sums, which are 12 if V8 packs pairs into 256-bit vectors (two " +
    "chains of sums per multiplier and cycle of latency; the six of a narrow tile are too few) or " +
    "if there are 32 registers. Otherwise the sums do not fit.",
  ],
});
