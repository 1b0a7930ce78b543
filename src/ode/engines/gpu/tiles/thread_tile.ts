import { range } from "../../../../ops/wgsl/lines.ts";
import { largestDivisor } from "../prelude_wgsl.ts";

/**
 * What a thread computes of its workgroup's rows and features, and how its loops are written. It changes the
 * speed and never the bits: every number is the same sum in the same order.
 */
export interface ThreadTile {
  /** Rows per thread. */
  readonly rows: number;
  /** Quads of features per thread. */
  readonly quads: number;
  /** Columns at a time: the value and the tangents of the field. */
  readonly columns: number;
  /** Iterations of the products' loops that are unrolled. */
  readonly unroll: number;
}

/** A tile as far as shapes and the device allow it; columns by the registers of a thread where none are given. */
export type WantedTile = Omit<ThreadTile, "columns"> & { readonly columns?: number };

/** The tile where none was measured. */
export const USUAL_TILE: WantedTile = { rows: 1, quads: 1, unroll: 2 };

/**
 * Tiles that are timed on a GPU. Their machine code is on record (tools/gpu_machine_code): two quads take more than
 * 128 registers in a pull-back on RDNA 2, four places more than 200 in a solve.
 */
export const CANDIDATE_TILES: readonly WantedTile[] = [
  USUAL_TILE,
  { rows: 2, quads: 1, unroll: 2 },
];

/** A tile whose shader is the smallest: software adapters compile for seconds and gain nothing by another. */
export const SMALL_TILE: WantedTile = { rows: 1, quads: 1, unroll: 1 };

/** Tiles that a device may be given. */
export const ALL_TILES: readonly WantedTile[] = [...CANDIDATE_TILES, SMALL_TILE];

/**
 * Rows x quads x columns x unrolled iterations of a solve, at most: with more a thread exceeds 128 registers on RDNA
 * (tools/gpu_machine_code).
 */
const MOST_ACCUMULATORS = 8;

/** Unrolled iterations that keep within so many accumulators. */
export function unrollWithin(
  { rows, quads, columns, unroll }: ThreadTile,
  mostAccumulators: number,
): number {
  return Math.max(1, Math.min(unroll, Math.floor(mostAccumulators / (rows * quads * columns))));
}

/**
 * The tile of a solve that is nearest to the wanted one among those that a workgroup can be made of.
 *
 * @param columns Of the value and all tangents.
 * @param fits Whether the workgroup's memory suffices for so many columns at a time.
 */
export function tileFor(
  { tileRows, quads, columns }: {
    readonly tileRows: number;
    readonly quads: number;
    readonly columns: number;
  },
  wanted: WantedTile,
  fits: (tile: ThreadTile) => boolean,
): ThreadTile {
  const shape = {
    rows: largestDivisor(tileRows, wanted.rows),
    quads: largestDivisor(quads, wanted.quads),
    unroll: wanted.unroll,
  };
  const most = wanted.columns ??
    Math.max(1, Math.floor(MOST_ACCUMULATORS / (shape.rows * shape.quads)));
  // Passes of equal size.
  for (let passes = Math.ceil(columns / most);; passes++) {
    const tile = { ...shape, columns: Math.ceil(columns / passes) };
    if (tile.columns > 1 && !fits(tile)) continue;
    // With passes more is alive than the accumulators.
    if (passes > 1 && wanted.columns === undefined && shape.rows * shape.quads > 1) {
      return tileFor({ tileRows, quads, columns }, { ...wanted, rows: 1, quads: 1 }, fits);
    }
    return { ...tile, unroll: unrollWithin(tile, MOST_ACCUMULATORS) };
  }
}

/** Threads of a workgroup. */
export function threadsFor(
  { tileRows, tile }: { readonly tileRows: number; readonly tile: ThreadTile },
  quads: number,
): number {
  return tileRows / tile.rows * (quads / tile.quads);
}

/** A row and a quad of a thread, with a suffix for the names of its variables. */
export interface TilePlace {
  readonly r: number;
  readonly c: number;
  readonly rc: string;
}

/** All rows and quads of a thread. */
export function tileRange({ rows, quads }: Pick<ThreadTile, "rows" | "quads">): TilePlace[] {
  return range(rows).flatMap((r) => range(quads).map((c) => ({ r, c, rc: `${r}_${c}` })));
}

/**
 * WGSL that adds the product of planes and a square matrix to the accumulators `a{column}_{row}_{quad}`: the
 * thread has the planes' rows from `row` and the matrix's columns `q0`, `q1`, ... A quad of the matrix's rows
 * follows the other.
 *
 * The index into a row of planes is the same for all threads, so its clamp is scalar.
 *
 * @param base Of the matrix in `weights`.
 */
export function productWgsl({ quads, tile, planes, base }: {
  readonly quads: number;
  readonly tile: ThreadTile;
  readonly planes: string;
  readonly base: string;
}): string {
  const unroll = largestDivisor(quads, tile.unroll);
  const rows = range(tile.rows), columns = range(tile.columns), cs = range(tile.quads);
  return `
    for (var k = 0u; k < Q; k += ${unroll}u) {
${
    range(unroll).map((i) => `
${rows.map((r) => `      let x${i}_${r} = ${planes}[row + ${r}u][k + ${i}u];`).join("\n")}
      let w${i} = ${base} + (k + ${i}u) * 4u * Q;
${
      ["x", "y", "z", "w"].map((component, j) =>
        cs.map((c) =>
          `      { let w = weights[w${i} + ${j}u * Q + q${c}]; ${
            rows.flatMap((r) =>
              columns.map((k) =>
                `a${k}_${r}_${c} = fma(vec4f(x${i}_${r}.c${k}.${component}), w, a${k}_${r}_${c});`
              )
            ).join(" ")
          } }`
        ).join("\n")
      ).join("\n")
    }`).join("\n")
  }
    }`;
}
