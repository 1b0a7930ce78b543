// By deno task build:layouts from tile.layout.ts.

/** Rows of C per tile: 12 sums, 2 vectors of b and one of a fill 15 registers. */
export const TILE_ROWS: i32 = 6;
/** Columns of C per tile. */
export const TILE_COLUMNS: i32 = 8;
/** Columns of a wide tile: 24 sums, which are 12 if V8 packs pairs into 256-bit vectors (two chains of sums per multiplier and cycle of latency; the six of a narrow tile are too few) or if there are 32 registers. Otherwise the sums do not fit. */
export const WIDE_COLUMNS: i32 = 16;
