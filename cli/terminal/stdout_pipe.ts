import { fstatSync } from "node:fs";

/**
 * Whether stdout is a pipe, whose reader (`| head`) may write to the same terminal as stderr and
 * break a progress bar. False for a file or a terminal, or if the system cannot tell.
 */
export function stdoutIsPipe(): boolean {
  try {
    return fstatSync(1).isFIFO();
  } catch {
    return false;
  }
}
