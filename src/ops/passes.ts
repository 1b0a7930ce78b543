import { type Range, ranges } from "../threads/ranges.ts";
import type { SimdThreads } from "./simd_threads.ts";

/** Multiply-adds that take as long as a number does in an operation that passes once over memory. */
const ELEMENT_WORK = 8;

/** Ranges of elements of an operation that passes once over them. */
export function elementRanges(simd: SimdThreads, count: number): Range[] {
  return ranges(count, simd.pieces(ELEMENT_WORK * count), 16);
}

/** Copies `count` runs of `bytes` bytes, a multiple of four; from one to the next are steps of bytes. */
export function copyRuns(
  simd: SimdThreads,
  count: number,
  bytes: number,
  from: number,
  fromStep: number,
  to: number,
  toStep: number,
): void {
  simd.run(
    "copyRuns",
    ranges(count, simd.pieces(ELEMENT_WORK * count * bytes / 4)).map((range) => [
      ...[range.count, bytes, from + range.first * fromStep, fromStep] as const,
      ...[to + range.first * toStep, toStep] as const,
    ]),
  );
}
