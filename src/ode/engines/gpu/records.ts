/**
 * Step records of a solve on the GPU. A dispatch of the solve takes a bounded number of step attempts, and
 * leaves the accepted ones in a chunk of its own; a pull-back replays the chunks last to first, and in each
 * the steps of a group last to first.
 *
 * A chunk, in float32:
 *
 *   [groups]                             accepted steps of each group in this chunk (a whole number)
 *   [groups][steps][groupRows][numbers]  per row t, h, y [dims], and a slope [dims] per stage that y1 uses
 *
 * with `steps` the room per group. t and h are those of the group. Columns after z have no influence on
 * the field and are not recorded. Numbers of steps and rows that a group lacks are undefined.
 */
export interface RecordShape {
  readonly groups: number;
  /** Rows per control group, at most those of the problem. */
  readonly groupRows: number;
  readonly dims: number;
  /** Slopes per step: all stages, or all but the last of an FSAL method. */
  readonly slopes: number;
}

/** Numbers per row of a step. */
export function recordNumbers({ dims, slopes }: Pick<RecordShape, "dims" | "slopes">): number {
  return 2 + dims * (1 + slopes);
}

/** Numbers per step of a group. */
function stepNumbers(shape: RecordShape): number {
  return shape.groupRows * recordNumbers(shape);
}

/** Bytes of a chunk with room for `steps` steps per group. */
export function chunkBytes(shape: RecordShape, steps: number): number {
  return 4 * shape.groups * (1 + steps * stepNumbers(shape));
}

/** Steps per group for which a chunk of at most `bytes` has room; 0 if none fits. */
export function stepsThatFit(shape: RecordShape, bytes: number): number {
  return Math.max(0, Math.floor((bytes / (4 * shape.groups) - 1) / stepNumbers(shape)));
}

/** WGSL expressions of the numbers that an index into a chunk is made of. */
export interface RecordNames {
  readonly dims: number;
  /** Of {@link RecordShape}. */
  readonly slopes: string;
  /** Of {@link RecordShape}. */
  readonly groups: string;
  /** Of {@link RecordShape}. */
  readonly groupRows: string;
  /** Room per group. */
  readonly steps: string;
}

/** WGSL expressions of places in a chunk, an `array<f32>`. */
export interface RecordPlaces {
  /** Of the number of steps of a group. */
  count(group: string): string;
  /** Of a row of a step: give the others a variable with this value. */
  row(group: string, step: string, rowInGroup: string): string;
  /** Of t. */
  t(row: string): string;
  /** Of h. */
  h(row: string): string;
  /** Of column d of y. */
  state(row: string, d: string): string;
  /** Of column d of the slope of stage j. */
  slope(row: string, j: string, d: string): string;
}

/** Places in a chunk for a shader that calls its numbers as `names` says. */
export function recordPlaces(
  { dims, slopes, groups, groupRows, steps }: RecordNames,
): RecordPlaces {
  const numbers = `(2u + ${dims}u * (1u + ${slopes}))`;
  return {
    count: (group) => group,
    row: (group, step, row) =>
      `${groups} + ((${group} * ${steps} + ${step}) * ${groupRows} + ${row}) * ${numbers}`,
    t: (row) => row,
    h: (row) => `${row} + 1u`,
    state: (row, d) => `${row} + 2u + ${d}`,
    slope: (row, j, d) => `${row} + 2u + ${dims}u * (1u + ${j}) + ${d}`,
  };
}
