import type { RandomKey } from "../../core/random/random.ts";

/** Rows of a batch: from `first`, `count` of them. */
export interface RowRange {
  /** Number of the first row. */
  readonly first: number;
  /** How many rows. */
  readonly count: number;
}

/** How the times of flow matching are drawn, and so how a loss weighs them. */
export interface TimeSampler {
  /** With its parameters, if it has any: what a run records, and compares when it is loaded. */
  readonly name: string;
  /** Times in [0, 1] of the rows, [count]: row i's is a function of (key, i) alone. */
  draw(key: RandomKey, rows: RowRange): Float32Array;
}
