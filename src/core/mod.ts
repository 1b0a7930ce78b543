/**
 * Errors, message formatting and cooperative cancellation, used by every command. Loads nothing
 * else.
 *
 * @module
 */
export {
  AddressSpaceError,
  DeviceError,
  FailureError,
  InputError,
  OutOfMemoryError,
} from "./errors.ts";
export { named, oneLine, quoted, quotedJson, terminalSafe } from "./quoted.ts";
export { type SystemFault, systemFault, systemPath, systemWords } from "./files/system_fault.ts";
export { shortPaths } from "./short_paths.ts";
export { closeName, suggestion } from "./suggestion.ts";
export { commandLine, shellQuoted } from "./command_line.ts";
export { gigabytes } from "./bytes_text.ts";
export { evenly } from "./numbers/evenly.ts";
export { duration } from "./duration.ts";
export { withThousands } from "./text/thousands.ts";
export { clearStop, Stopped, stopWord, throwIfStopped } from "./stop.ts";
