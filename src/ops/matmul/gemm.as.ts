import {
  ADD,
  columnsOfTile,
  RELU,
  tileOfColumns,
  tileOfRows,
} from "../simd/gemm_tile.part.as";
import { TERMS } from "./gemm.layout.part.as";
import { TILE_COLUMNS, TILE_ROWS, WIDE_COLUMNS } from "../simd/tile.layout.part.as";
import { widePanel } from "../simd/wide_panel.part.as";
import {
  copyRows,
  pack,
  packTransposed,
  packWide,
  ROW_IN_PLACE,
} from "../simd/gemm_panels.part.as";

/** Rows of A per pass over B: 120 x 256 numbers stay in a core's L2 cache. */
const BLOCK_ROWS: i32 = 120;

/** Scratch size in numbers for {@link gemm}. */
export function gemmScratch(n: i32, k: i32): i32 {
  const panels = (n + TILE_COLUMNS - 1) / TILE_COLUMNS;
  return panels * TILE_COLUMNS * (min(k, TERMS) + 2) + TILE_ROWS * TILE_COLUMNS;
}

/**
 * C[m, n] = A[m, k] B[k, n] + bias + residual, row-major; a transposed factor is stored as [k, m]
 * or [n, k]. The bits of a row of C do not depend on other rows.
 *
 * @param wide 1: wide tiles, with the same bits.
 * @param bias [n], or 0.
 * @param residual [m, n], added, or 0.
 * @param relu 1: ReLU, which keeps NaN.
 * @param scratch {@link gemmScratch} numbers.
 */
export function gemm(
  wide: i32,
  transposeA: i32,
  transposeB: i32,
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  b: usize,
  bias: usize,
  residual: usize,
  relu: i32,
  c: usize,
  scratch: usize,
): void {
  const width: usize = 4 * TILE_COLUMNS;
  const panels = (n + TILE_COLUMNS - 1) / TILE_COLUMNS;
  const zeros = scratch;
  const start = zeros + <usize>panels * width;
  const edge = start + <usize>panels * width;
  const packed = edge + <usize>TILE_ROWS * width;
  memory.fill(zeros, 0, 2 * <usize>panels * width);
  if (bias) memory.copy(start, bias, <usize>n * 4);

  const inPlace = !transposeB && n % TILE_COLUMNS == 0 && n <= ROW_IN_PLACE;
  // Columns of wide tiles, whose rows of B are one cache line each when packed.
  const wideColumns = wide ? n / WIDE_COLUMNS * WIDE_COLUMNS : 0, rest = n - wideColumns;
  const aRow = transposeA ? 4 : <usize>k * 4, aColumn = transposeA ? <usize>m * 4 : 4;
  const cRow = <usize>n * 4;
  for (let term = 0; term < k; term += TERMS) {
    const terms = min(k - term, TERMS);
    const bTerms = b + <usize>term * cRow;
    const columnBytes = <usize>terms * 4;
    if (!inPlace) {
      const packedRest = packed + <usize>wideColumns * columnBytes;
      if (transposeB) {
        const bColumn = <usize>k * 4, from = b + <usize>term * 4;
        packTransposed(from, bColumn, terms, wideColumns, WIDE_COLUMNS, packed);
        const fromRest = from + <usize>wideColumns * bColumn;
        packTransposed(fromRest, bColumn, terms, rest, TILE_COLUMNS, packedRest);
      } else {
        packWide(bTerms, cRow, terms, wideColumns, packed);
        pack(bTerms + <usize>wideColumns * 4, cRow, terms, rest, packedRest);
      }
    }
    const begin = term == 0 ? start : zeros;
    // The first block of terms is added to the residual, later ones to C.
    const added = term == 0 ? residual : c;
    let mode = added ? ADD : 0;
    if (relu && term + terms == k) mode |= RELU;
    for (let block = 0; block < m; block += BLOCK_ROWS) {
      const blockEnd = min(block + BLOCK_ROWS, m);
      let columns = 0;
      for (let first = 0; first < n; first += columns) {
        columns = columnsOfTile(wide, n - first);
        const column = <usize>first * 4;
        const bTile = inPlace ? bTerms + column : packed + <usize>first * columnBytes;
        const bRow = inPlace ? cRow : columns == WIDE_COLUMNS ? 2 * width : width;
        const from = begin + column;
        if (columns == WIDE_COLUMNS) {
          const aTiles = a + <usize>block * aRow + <usize>term * aColumn;
          const to = c + <usize>block * cRow + column;
          const rows = blockEnd - block, apart = added - c;
          widePanel(
            rows,
            terms,
            aTiles,
            aRow,
            aColumn,
            bTile,
            bRow,
            width,
            from,
            to,
            cRow,
            mode,
            apart,
          );
          continue;
        }
        for (let row = block; row < blockEnd; row += TILE_ROWS) {
          const rows = min(blockEnd - row, TILE_ROWS);
          const aTile = a + <usize>row * aRow + <usize>term * aColumn;
          const cTile = c + <usize>row * cRow + column;
          let to = cTile, toRow = cRow, apart = added - c;
          if (columns < TILE_COLUMNS) {
            to = edge;
            toRow = width;
            if (mode & ADD) copyRows(edge, width, cTile + apart, cRow, rows, columns);
            apart = 0;
          }
          if (transposeA) {
            tileOfColumns(rows, terms, aTile, aColumn, bTile, bRow, from, to, toRow, mode, apart);
          } else {
            tileOfRows(rows, terms, aTile, aRow, bTile, bRow, from, to, toRow, mode, apart);
          }
          if (columns < TILE_COLUMNS) copyRows(cTile, cRow, edge, width, rows, columns);
        }
      }
    }
  }
}
