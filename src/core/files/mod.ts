/**
 * Atomic file writes (temporary file, then rename) and size-limited reads.
 *
 * @module
 */
export { writeFileAtomic, writePiecesAtomic } from "./atomic_file.ts";
export { MAX_INPUT_BYTES, MAX_JSON_BYTES, readBounded, readBoundedText } from "./bounded_file.ts";
export { parseJson } from "./bounded_json.ts";
export { readOwn, readOwnText, requireOwnFileIfAny } from "./own_file.ts";
export { isTemporaryName, sweepTemporaries } from "./temporary_file.ts";
