import { FailureError } from "../core/errors.ts";
import { requireInside } from "../threads/operands.ts";
import type { Argument, KernelCall, ThreadScratch } from "../threads/kernel_crew.ts";
import { scratchSizes } from "./scratch_sizes.ts";
import type { SimdKernels } from "./simd_kernels.ts";

/** The kernels that work on memory. */
export type MemoryKernel = Exclude<keyof SimdKernels, keyof typeof scratchSizes>;

/** An operand: the place of its address in the call, and how many numbers lie there. */
type Operand = readonly [place: number, numbers: number, option?: "optional"];

/** What a kernel's arguments are. */
interface Signature {
  /** Places of what is neither a size or a flag nor an address. */
  readonly reals?: readonly number[];
  /** Its operands; `v` are the arguments, whose sizes are whole numbers. */
  readonly operands: (v: readonly number[]) => readonly Operand[];
}

const { gemmScratch, convScratch, convNarrowScratch, winogradScratch, winogradFilterBytes } =
  scratchSizes;

/**
 * Numbers behind an input that are read beside its last ones, and not used: a short run is read as
 * one vector, and a transposed factor of one or two rows as if it had six.
 */
const BEYOND = 4;

/** Where the kernels' operands lie and how long they are; see simd_kernels.ts for the arguments. */
export const signatures: Readonly<Record<MemoryKernel, Signature>> = {
  sumOfSquares: { operands: ([count]) => [[1, count!], [2, 1]] },
  adam: {
    reals: [11, 12, 13, 14, 15, 16, 17, 18, 19],
    operands: ([count]) => [
      ...[1, 2, 3, 4, 6, 7, 8].map((place) => [place, count!] as const),
      [5, count!, "optional"],
      [9, count!, "optional"],
      [10, 1],
    ],
  },
  gemm: {
    operands: ([, transposeA, , m, n, k]) => [
      [6, m! * k! + (transposeA === 0 ? 0 : BEYOND)],
      [7, k! * n!],
      [8, n!, "optional"],
      [9, m! * n!, "optional"],
      [11, m! * n!],
      [12, gemmScratch(n!, k!)],
    ],
  },
  conv: {
    operands: ([, n, h, w, cin, kh, kw, oh, ow, cout]) => [
      [14, n! * h! * w! * cin! + BEYOND],
      [15, kh! * kw! * cin! * cout!],
      [16, cout!, "optional"],
      [18, n! * oh! * ow! * cout!],
      [19, convScratch(kh! * kw! * cin!, cout!)],
    ],
  },
  convNarrow: {
    operands: ([, n, h, w, cin, kh, kw, oh, ow, cout]) => [
      [12, n! * h! * w! * cin!],
      [13, kh! * kw! * cin! * cout!],
      [14, cout!, "optional"],
      [16, n! * oh! * ow! * cout!],
      [17, convNarrowScratch(h! * w!, cin!, kh! * kw! * cout!)],
    ],
  },
  convFilterGradient: {
    operands: ([, n, h, w, cin, kh, kw, oh, ow, cout]) => [
      [14, n! * h! * w! * cin! + BEYOND],
      [15, n! * oh! * ow! * cout!],
      [16, kh! * kw! * cin! * cout!],
      [17, convScratch(kh! * kw! * cin!, cout!)],
    ],
  },
  addTo: { operands: ([count]) => [[1, count!], [3, count!]] },
  copyRuns: {
    operands: ([count, bytes, , fromStep, , toStep]) => [
      [2, runNumbers(count!, bytes!, fromStep!)],
      [4, runNumbers(count!, bytes!, toStep!)],
    ],
  },
  expOf: { operands: ([count]) => [[1, count!], [2, count!]] },
  sigmoidOf: { operands: ([count]) => [[1, count!], [2, count!], [3, 16]] },
  groupNormSilu: {
    operands: ([n, area, c]) => [
      [3, n! * area! * c!],
      [4, c!],
      [5, c!],
      [6, n! * c!, "optional"],
      [7, n! * area! * c!],
      [8, n! * c! / 4],
      [9, n! * c! / 4],
      [10, 48],
    ],
  },
  groupNormSiluGradient: {
    operands: ([n, area, c]) => [
      [3, n! * area! * c!],
      [4, n! * area! * c!],
      [5, c!],
      [6, c!],
      [7, n! * c!, "optional"],
      [8, n! * c! / 4],
      [9, n! * c! / 4],
      [10, n! * area! * c!],
      [11, c!],
      [12, c!],
      [13, n! * c!],
      [14, 48],
    ],
  },
  reluGradient: {
    operands: ([outer, count, inner]) => [
      ...[3, 4, 5].map((place) => [place, outer! * count! * inner!] as const),
      [6, outer! * inner!],
      [7, 3 * inner!],
    ],
  },
  addOf: { operands: ([count]) => [[1, count!], [2, count!], [3, count!]] },
  sumOfFour: {
    reals: [3],
    operands: ([rows, width, c]) => [[4, 4 * rows! * width! * c!], [5, rows! * width! * c!]],
  },
  fourTimes: {
    reals: [3],
    operands: ([rows, width, c]) => [[4, rows! * width! * c!], [5, 4 * rows! * width! * c!]],
  },
  sumMiddle: {
    reals: [3],
    operands: ([outer, count, inner]) => [
      [4, outer! * count! * inner!],
      [5, outer! * inner!],
      [6, 2 * inner!],
    ],
  },
  sumLast: {
    reals: [2],
    operands: ([outer, count]) => [[3, outer! * count!], [4, outer!]],
  },
  winogradFilter: {
    operands: ([, , cin, cout]) => [
      [4, 9 * cin! * cout!],
      [6, winogradFilterBytes(cin!, cout!) / 4],
      [7, 216],
    ],
  },
  winograd: {
    operands: ([, n, h, w, cin, cout]) => [
      [6, n! * h! * w! * cin!],
      [7, winogradFilterBytes(cin!, cout!) / 4],
      [8, cout!, "optional"],
      [9, n! * h! * w! * cout!, "optional"],
      [11, n! * h! * w! * cout!],
      [12, winogradScratch(cin!, cout!)],
    ],
  },
  winogradFilterGradient: {
    operands: ([, n, h, w, cin, cout]) => [
      [6, n! * h! * w! * cin!],
      [7, n! * h! * w! * cout!],
      [8, 9 * cin! * cout!],
      [9, winogradScratch(cin!, cout!)],
    ],
  },
};

/** Numbers from the first run to the end of the last. */
function runNumbers(count: number, bytes: number, step: number): number {
  return count === 0 ? 0 : ((count - 1) * step + bytes) / 4;
}

/**
 * Compares a call's sizes and operands with the memory before the kernel gets them: it checks
 * nothing itself. Addresses in a thread's own memory are compared with that.
 *
 * @param memoryBytes Of the kernels' memory.
 * @throws {FailureError} If a size is no whole number of 31 bits, or an operand is not inside.
 */
export function requireOperands(
  { name, values }: KernelCall,
  scratch: ThreadScratch,
  memoryBytes: number,
): void {
  const signature = signatures[name as MemoryKernel];
  const v = values as readonly number[];
  const operands = signature.operands(v);
  for (let place = 0; place < values.length; place++) {
    const value = values[place]!;
    if (isSize(value) || signature.reals?.includes(place)) continue;
    if (operands.some(([operand]) => operand === place)) continue;
    throw new FailureError(
      `a kernel of the CPU backend, ${name}: argument ${place} is ${value}, no whole number of ` +
        "31 bits: take a smaller batch",
    );
  }
  for (const [place, numbers, option] of operands) {
    const address: Argument = values[place]!;
    if (numbers === 0 || option === "optional" && address === 0) continue;
    if (typeof address !== "number") {
      requireInside(scratch.bytes, address.own, 4 * numbers, `${name}: scratch ${place}`);
    } else if (address === 0) {
      throw new FailureError(
        `the CPU backend has no memory left for ${
          4 * numbers
        } bytes (${name}): take a smaller batch`,
      );
    } else requireInside(memoryBytes, address, 4 * numbers, `${name}: operand ${place}`);
  }
}

/** Whether a number is one that the kernels' sizes can be. */
function isSize(value: Argument): boolean {
  return typeof value === "number" && value >= 0 && value < 2 ** 31 && Number.isInteger(value);
}
