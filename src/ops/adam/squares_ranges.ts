import { partsOfPass, type Range, ranges } from "../../threads/ranges.ts";

/** Cost of a square, and the unit of partial sums: as in elementwise/sum.ts, for the same bits. */
const SUM_WORK = 8, SUM_UNIT = 64;

/** The partial sums of a gradient's squares, by its size alone. */
export function squaresRanges(size: number): Range[] {
  return ranges(size, partsOfPass(size, SUM_WORK * size), SUM_UNIT);
}
