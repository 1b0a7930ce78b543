import { tileSizes } from "./tile.layout.ts";

/** Rows and columns of C that a register tile computes. */
export const { TILE_ROWS, TILE_COLUMNS } = tileSizes.values;

/** Columns of whole tiles. */
export function paddedColumns(columns: number): number {
  return Math.ceil(columns / TILE_COLUMNS) * TILE_COLUMNS;
}
