import { InputError } from "../runtime/errors.ts";

/** Bytes that the rows of one solve may take. */
const MOST_BYTES = 2 ** 31;

/** Of a row: in float64 the state, its slopes and a few more of the kind. */
function bytesOf({ width, stages }: { readonly width: number; readonly stages: number }): number {
  return 8 * width * (stages + 6);
}

/** How many rows have room in one solve. */
export function mostRows(row: { readonly width: number; readonly stages: number }): number {
  return Math.floor(MOST_BYTES / bytesOf(row));
}

/**
 * Checks, before anything is allocated, that rows which are solved together have room.
 *
 * @throws {InputError} If they have not.
 */
export function requireRoomForRows({ rows, width, stages }: {
  readonly rows: number;
  readonly width: number;
  readonly stages: number;
}): void {
  const bytes = rows * bytesOf({ width, stages });
  if (bytes <= MOST_BYTES) return;
  throw new InputError(
    `${rows} rows of ${width} numbers in one solve take ${bytes} bytes, more than the ` +
      `${MOST_BYTES} that there are: give a smaller --control-group, or fewer rows`,
  );
}
