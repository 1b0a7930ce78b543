import { InputError } from "../runtime/errors.ts";

/** Bytes that the rows of one solve may take. */
const MOST_BYTES = 2 ** 31;

/**
 * Checks, before anything is allocated, that rows which are solved together have room: in float64 the
 * state, its slopes and a few more of the kind.
 *
 * @throws {InputError} If they have not.
 */
export function requireRoomForRows({ rows, width, stages }: {
  readonly rows: number;
  readonly width: number;
  readonly stages: number;
}): void {
  const bytes = 8 * rows * width * (stages + 6);
  if (bytes <= MOST_BYTES) return;
  throw new InputError(
    `${rows} rows of ${width} numbers in one solve take ${bytes} bytes, more than the ` +
      `${MOST_BYTES} that there are: give a smaller --control-group, or fewer rows`,
  );
}
