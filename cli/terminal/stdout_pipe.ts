import { fstatSync } from "node:fs";

/**
 * Whether stdout is a pipe, whose reader may write on the terminal of stderr (`| head`), into a
 * progress bar; not so for a file or a terminal, or where the system cannot say.
 */
export function stdoutIsPipe(): boolean {
  try {
    return fstatSync(1).isFIFO();
  } catch {
    return false;
  }
}
