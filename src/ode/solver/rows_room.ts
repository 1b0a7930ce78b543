import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";

/** Bytes that the rows of one solve may take. */
const MOST_BYTES = 2 ** 31;

/** What is held of each row of a solve. */
export interface RowRoom {
  /** Numbers of the state. */
  readonly width: number;
  /** Of the Runge-Kutta method. */
  readonly stages: number;
  /** Times whose states are kept; none when left out. */
  readonly times?: number;
}

/** In float64 the state, its slopes and a few more of the kind; each kept one twice in float32 too. */
function bytesOf({ width, stages, times = 0 }: RowRoom): number {
  return 8 * width * (stages + 6 + 2 * times);
}

/** How many rows have room in one solve. */
export function mostRows(row: RowRoom): number {
  return Math.floor(MOST_BYTES / bytesOf(row));
}

/**
 * Checks, before anything is allocated, that rows which are solved together have room.
 *
 * @throws {InputError} If they have not.
 */
export function requireRoomForRows(rows: number, row: RowRoom): void {
  const { width, times = 0 } = row;
  const bytes = rows * bytesOf(row);
  if (bytes <= MOST_BYTES) return;
  const kept = times > 0 ? ` at ${times} times` : "";
  throw new InputError(
    `${rows} rows of ${width} numbers${kept} in one solve take ${bytes} bytes, more than the ` +
      `${MOST_BYTES} that there are: give a smaller ${option("controlGroup")}, or fewer rows` +
      (times > 0 ? " or times" : ""),
  );
}
