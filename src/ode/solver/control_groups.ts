import { NO_ERRORS } from "./step_control.ts";
import type { SolveFailure, SolveReport } from "../engines/engine.ts";
import type { StatePart } from "./rows.ts";

/**
 * The solver state of a control group: rows that share t, the step size and every accept/reject
 * decision. Updated in place by the solve.
 */
export interface ControlGroup {
  /** First row of the group in the whole problem, and one past its last. */
  readonly rows: readonly [number, number];
  t: number;
  /** Size of the next step, with the sign of the direction. */
  h: number;
  nfe: number;
  accepted: number;
  rejected: number;
  /** Scaled errors of the last two accepted steps, used by the controller. */
  errors: readonly [number, number];
  /** The last attempt had no finite error. */
  sawNonFinite: boolean;
  /** Index of the first requested time not yet reached. */
  nextTime: number;
  failure: SolveFailure | null;
}

/** Rows of the largest of the groups into which `count` rows are cut. */
export function largestGroup(count: number, size: number | "batch"): number {
  return size === "batch" ? count : Math.min(size, count);
}

/**
 * Splits `count` rows by index into groups of `size` rows; the last group may be smaller.
 *
 * @throws {RangeError} If `size` is not a positive whole number or `batch`.
 */
export function cutIntoGroups(count: number, size: number | "batch", t0: number): ControlGroup[] {
  if (size !== "batch" && !(Number.isInteger(size) && size > 0)) {
    throw new RangeError(
      `control group: expected a positive whole number or "batch", got ${size}`,
    );
  }
  const step = size === "batch" ? count : size;
  const groups: ControlGroup[] = [];
  for (let first = 0; first < count; first += step) {
    groups.push({
      rows: [first, Math.min(first + step, count)],
      t: t0,
      h: 0,
      nfe: 0,
      accepted: 0,
      rejected: 0,
      errors: NO_ERRORS,
      sawNonFinite: false,
      nextTime: 0,
      failure: null,
    });
  }
  return groups;
}

/** Number of rows of a group. */
export function groupSize(group: ControlGroup): number {
  return group.rows[1] - group.rows[0];
}

/** Row indices of all rows of `groups`, group by group. */
export function rowIdsOf(groups: readonly ControlGroup[]): Int32Array {
  const ids = new Int32Array(groups.reduce((total, group) => total + groupSize(group), 0));
  let i = 0;
  for (const { rows: [first, end] } of groups) {
    for (let row = first; row < end; row++) ids[i++] = row;
  }
  return ids;
}

/** `value(group)` for every row of `groups`. */
export function perRow(
  groups: readonly ControlGroup[],
  value: (group: ControlGroup, index: number) => number,
): Float64Array {
  const out = new Float64Array(groups.reduce((total, group) => total + groupSize(group), 0));
  let i = 0;
  groups.forEach((group, index) => {
    const end = i + groupSize(group);
    out.fill(value(group, index), i, end);
    i = end;
  });
  return out;
}

/**
 * Error norm per group: the maximum over the counted parts of the state of the root mean square over
 * the group's rows and the part's columns.
 *
 * @param squares [rows of the groups * parts], from `RowSpace.scaledSquares`.
 */
export function groupNorms(
  groups: readonly ControlGroup[],
  squares: Float64Array,
  parts: readonly StatePart[],
): number[] {
  let first = 0;
  return groups.map((group) => {
    const size = groupSize(group);
    let norm = 0;
    parts.forEach(({ width, uncounted }, part) => {
      if (uncounted) return;
      let sum = 0;
      for (let row = first; row < first + size; row++) sum += squares[row * parts.length + part]!;
      // Math.max propagates NaN from either argument.
      norm = Math.max(norm, Math.sqrt(sum / (size * width)));
    });
    first += size;
    return norm;
  });
}

/** Statistics of a group, as reported to callers. */
export function reportOf(group: ControlGroup): SolveReport {
  const { nfe, accepted, rejected, rows, failure } = group;
  return { nfe, accepted, rejected, rows, failure };
}
