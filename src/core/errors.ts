import { oneLine } from "./quoted.ts";

/**
 * What a person did that cannot be done: a wrong option, a broken file, a missing device.
 *
 * The message is one line that names the value, the place and the remedy; control characters in
 * it are escaped, whatever file, path or option they came from. The command line prints it as it
 * is and exits with 2; nothing has been written.
 */
export class InputError extends Error {
  /** What the class is called. */
  override readonly name = "InputError";

  /** With a message as above; `options` are those of `Error`. */
  constructor(message: string, options?: ErrorOptions) {
    super(oneLine(message), options);
  }
}

/**
 * Work that was well asked for and failed on the way: a full disk, a loss that
 * became NaN, a solve that could not go on.
 *
 * The message is for people too, as that of {@link InputError}; the command line exits with 1.
 */
export class FailureError extends Error {
  /** What the class is called. */
  override readonly name = "FailureError";

  /** With a message as above; `options` are those of `Error`. */
  constructor(message: string, options?: ErrorOptions) {
    super(oneLine(message), options);
  }
}

/**
 * V8 was started without checks of WebAssembly's bounds where a memory cannot have all the addresses
 * that an index reaches, so that nothing would keep a wrong one inside.
 */
export class AddressSpaceError extends FailureError {}

/** There is no memory for what was asked for. */
export class OutOfMemoryError extends FailureError {
  /** Of the allocation that failed. */
  readonly bytes: number;

  /** With a message as above, and the bytes that were asked for. */
  constructor(message: string, bytes: number) {
    super(message);
    this.bytes = bytes;
  }
}
