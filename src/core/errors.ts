import { oneLine } from "./quoted.ts";

/**
 * A user error: a wrong option, a broken file, a missing device.
 *
 * The message is one line that names the value, the place and the remedy; control characters are
 * escaped, whatever file, path or option they came from. The command line prints it unchanged and
 * exits with 2; nothing has been written.
 */
export class InputError extends Error {
  /** The class name. */
  override readonly name = "InputError";

  /** Takes a message as described above, and the options of `Error`. */
  constructor(message: string, options?: ErrorOptions) {
    super(oneLine(message), options);
  }
}

/**
 * A valid request that failed at run time: a full disk, a loss that became NaN, a solve that
 * could not continue.
 *
 * The message follows the rules of {@link InputError}; the command line exits with 1.
 */
export class FailureError extends Error {
  /** The class name. */
  override readonly name = "FailureError";

  /** Takes a message as described above, and the options of `Error`. */
  constructor(message: string, options?: ErrorOptions) {
    super(oneLine(message), options);
  }
}

/**
 * V8 runs without WebAssembly bounds checks but cannot reserve the full 4 GiB that a 32-bit index
 * can address, so an out-of-bounds access would not fault.
 */
export class AddressSpaceError extends FailureError {}

/** A device was lost, or refused a command: what was computed since may be wrong. */
export class DeviceError extends FailureError {}

/**
 * An allocation failed. The memory does not know for what, so its remedy is that of work on a caller's rows and
 * network; other work gives its own by {@link OutOfMemoryError.withRemedy}.
 */
export class OutOfMemoryError extends FailureError {
  /** Size of the allocation that failed; null if the device does not tell. */
  readonly bytes: number | null;
  /** What happened: the message without the remedy. */
  readonly what: string;

  /** Takes the two halves of a message as described above, and the number of bytes requested. */
  constructor(
    what: string,
    bytes: number | null,
    remedy = "take fewer rows or a smaller network",
  ) {
    super(`${what}: ${remedy}`);
    this.what = what;
    this.bytes = bytes;
  }

  /** The same failure, with what to do about it in the work that it ended. */
  withRemedy(remedy: string): OutOfMemoryError {
    return new OutOfMemoryError(this.what, this.bytes, remedy);
  }
}
