import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";

/** Memory limit for the rows of one solve, in bytes. */
const MOST_BYTES = 2 ** 31;

/** The sizes that determine the memory per row of a solve. */
export interface RowSizes {
  /** Width of the state. */
  readonly width: number;
  /** Stages of the Runge-Kutta method. */
  readonly stages: number;
  /** Number of times whose states are kept. Default: 0. */
  readonly times?: number;
}

/** In float64: the state, its slopes and a few temporaries; each kept state also twice in float32. */
function bytesPerRow({ width, stages, times = 0 }: RowSizes): number {
  return 8 * width * (stages + 6 + 2 * times);
}

/** Largest number of rows of one solve that fit into memory. */
export function mostRows(row: RowSizes): number {
  return Math.floor(MOST_BYTES / bytesPerRow(row));
}

/**
 * Checks, before anything is allocated, that the rows of a solve fit into memory.
 *
 * @throws {InputError} If they do not.
 */
export function requireRowsFit(rows: number, row: RowSizes): void {
  const { width, times = 0 } = row;
  const bytes = rows * bytesPerRow(row);
  if (bytes <= MOST_BYTES) return;
  const kept = times > 0 ? ` at ${times} times` : "";
  throw new InputError(
    `${rows} rows of ${width} numbers${kept} in one solve need ${bytes} bytes, more than the ` +
      `${MOST_BYTES} available: use a smaller ${option("controlGroup")} or fewer rows` +
      (times > 0 ? " or times" : ""),
  );
}
