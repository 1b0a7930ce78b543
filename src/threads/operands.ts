import { FailureError } from "../core/errors.ts";
import type { Argument, KernelCall, ThreadScratch } from "./thread_pool.ts";

/**
 * The place where operands of WebAssembly are compared with its memory, once per job or call:
 * the fast build checks no access, and an address that wraps at 2^32 would be a wrong one in silence.
 */

/**
 * Checks that `bytes` bytes from `at` lie inside of `memoryBytes`, in float64.
 *
 * @param what The operand, for the message.
 * @throws {FailureError} If they do not, or are no whole numbers.
 */
export function requireInside(memoryBytes: number, at: number, bytes: number, what: string): void {
  if (
    Number.isSafeInteger(at) && Number.isSafeInteger(bytes) && at >= 0 && bytes >= 0 &&
    at + bytes <= memoryBytes
  ) return;
  throw new FailureError(
    `${what}: ${bytes} bytes from ${at} are not inside the ${memoryBytes} bytes of WebAssembly's ` +
      "memory; this is an error in the program, please report it",
  );
}

/** An operand: the place of its address in the call, and how many numbers lie there. */
export type Operand = readonly [place: number, numbers: number, option?: "optional"];

/** What the arguments of a kernel are. */
export interface KernelSignature {
  /** Places of what is neither a size or a flag nor an address. */
  readonly reals?: readonly number[];
  /** Its operands; `v` are the arguments, whose sizes are whole numbers. */
  readonly operands: (v: readonly number[]) => readonly Operand[];
}

/** What a call's operands are compared with. */
export interface OperandRoom {
  /** The memory of a thread's own addresses. */
  readonly scratch: ThreadScratch;
  /** Bytes of the kernels' memory. */
  readonly memoryBytes: number;
}

/**
 * Compares a call's sizes and operands with the memory before the kernel gets them: it checks
 * nothing itself. Addresses in a thread's own memory are compared with that.
 *
 * @throws {FailureError} If a size is no whole number of 31 bits, or an operand is not inside.
 */
export function requireOperands(
  { name, values }: KernelCall,
  signature: KernelSignature,
  { scratch, memoryBytes }: OperandRoom,
): void {
  const operands = signature.operands(values as readonly number[]);
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
