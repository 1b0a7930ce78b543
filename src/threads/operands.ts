import { FailureError } from "../core/errors.ts";
import type { Argument, KernelCall, ThreadScratch } from "./thread_pool.ts";

/**
 * Checks of WebAssembly operands against the memory, once per job or call: the fast build has no bounds
 * checks, and an address that wraps at 2^32 would be silently wrong.
 */

/**
 * Checks that `bytes` bytes from `at` lie inside of `memoryBytes`, in float64.
 *
 * @param what The operand, for the message.
 * @throws {FailureError} If they do not, or are not whole numbers.
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

/** An operand: the position of its address among the arguments, and how many numbers it has. */
export type Operand = readonly [place: number, numbers: number, option?: "optional"];

/** A kernel's signature. */
export interface KernelSignature {
  /** Positions of arguments that are neither sizes, flags nor addresses. */
  readonly reals?: readonly number[];
  /** Its operands, given the arguments `v`, whose sizes are whole numbers. */
  readonly operands: (v: readonly number[]) => readonly Operand[];
}

/** The memory that a call's operands must lie in. */
export interface OperandRoom {
  /** Scratch memory of the threads. */
  readonly scratch: ThreadScratch;
  /** Bytes of the kernels' memory. */
  readonly memoryBytes: number;
}

/**
 * Checks a call's sizes and operands against the memory; kernels check nothing themselves. Addresses in
 * a thread's scratch memory are checked against that.
 *
 * @throws {FailureError} If a size is not a whole number below 2^31, or an operand is not inside.
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
    if (isOperand(operands, place)) continue;
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

/** A loop, since an operand in scratch memory comes here and a training step has thousands. */
function isOperand(operands: readonly Operand[], place: number): boolean {
  for (let i = 0; i < operands.length; i++) if (operands[i]![0] === place) return true;
  return false;
}

/** Whether a number is a valid kernel size. */
function isSize(value: Argument): boolean {
  return typeof value === "number" && value >= 0 && value < 2 ** 31 && Number.isInteger(value);
}
