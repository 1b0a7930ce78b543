/**
 * Files that are whole or not there: written under another name and renamed, read up to a ceiling.
 *
 * @module
 */
export { writeFileAtomic, writePiecesAtomic } from "./atomic_file.ts";
export { MOST_INPUT_BYTES, MOST_JSON_BYTES, readBounded, readBoundedText } from "./bounded_file.ts";
export { parseJson } from "./bounded_json.ts";
export { isTemporaryName, sweepTemporaries } from "./temporary_file.ts";
