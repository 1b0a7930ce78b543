import { FailureError } from "../core/errors.ts";

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
