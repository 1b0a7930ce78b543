// By deno task build:layouts from tile.layout.ts.

/** Rows of C that a tile computes at a time: 12 sums, 2 vectors of b and one of a fill 15 registers. */
export const TILE_ROWS: i32 = 6;
/** Columns of C that a tile computes. */
export const TILE_COLUMNS: i32 = 8;
/** Columns of a wide tile: 24 sums, which are 12 where V8 makes 256-bit vectors of pairs (two chains of sums per multiplier and cycle of latency, where a narrow tile's six are too few), or where there are 32 registers. Elsewhere the sums do not fit. */
export const WIDE_COLUMNS: i32 = 16;
