/**
 * What every command starts with: errors, the words of messages, and how long work is stopped.
 * Loads nothing else.
 *
 * @module
 */
export { AddressSpaceError, FailureError, InputError, OutOfMemoryError } from "./errors.ts";
export { harmless, named, oneLine, quoted, quotedJson } from "./quoted.ts";
export { type SystemFault, systemFault, systemWords } from "./files/system_fault.ts";
export { suggestion } from "./suggestion.ts";
export { commandLine } from "./command_line.ts";
export { gigabytes } from "./bytes_text.ts";
export { settleStop, Stopped, stopWord, throwIfStopped } from "./stop.ts";
