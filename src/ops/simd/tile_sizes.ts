import { tileSizes } from "./tile.layout.ts";

/** Rows and columns of C per register tile. */
export const { TILE_ROWS, TILE_COLUMNS } = tileSizes.values;

/** Columns rounded up to whole tiles. */
export function paddedColumns(columns: number): number {
  return Math.ceil(columns / TILE_COLUMNS) * TILE_COLUMNS;
}
