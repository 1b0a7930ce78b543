/**
 * Atomic file writes (temporary file, then rename), size-limited reads and the order of names.
 *
 * @module
 */
export { writeFileAtomic, writePiecesAtomic } from "./atomic_file.ts";
export { MAX_INPUT_BYTES, MAX_JSON_BYTES, readBounded, readBoundedText } from "./bounded_file.ts";
export { parseJson } from "./bounded_json.ts";
export { naturalOrder } from "./natural_order.ts";
export { isTemporaryName, sweepTemporaries } from "./temporary_file.ts";
