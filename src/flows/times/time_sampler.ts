import type { RandomKey } from "../../core/random/random.ts";

/** A range of rows of a batch. */
export interface RowRange {
  /** Index of the first row. */
  readonly first: number;
  /** Number of rows. */
  readonly count: number;
}

/** Distribution of the flow-matching times, which determines the loss weighting over time. */
export interface TimeSampler {
  /** Name including parameters; recorded with a run and compared on loading. */
  readonly name: string;
  /** Times in [0, 1], [count]; row i's is a function of (key, i) alone. */
  draw(key: RandomKey, rows: RowRange): Float32Array;
}
