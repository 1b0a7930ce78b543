import { InputError } from "../runtime/errors.ts";
import { gunzip, isGzip } from "./gunzip.ts";

/** Most bytes that a compressed data file may inflate to: 1 GiB. */
export const MAX_INFLATED_BYTES = 2 ** 30;

/**
 * Reads a data file whole, inflating it if it is gzip-compressed.
 *
 * @throws {InputError} If there is no such file, it may not be read, or it is a damaged gzip file.
 */
export async function readInputFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readFileBytes(path);
  return isGzip(bytes) ? gunzip(bytes, { place: path, limit: MAX_INFLATED_BYTES }) : bytes;
}

/**
 * Reads a file whole, as it is.
 *
 * @throws {InputError} If there is no such file or it may not be read.
 */
export async function readFileBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new InputError(`${path}: no such file; check the path`);
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new InputError(`${path}: may not be read; check its permissions`);
    }
    if (error instanceof Deno.errors.IsADirectory) {
      throw new InputError(`${path}: is a folder; name a file`);
    }
    throw error;
  }
}

/** What a path is, or null where there is nothing. Follows links. */
export async function fileKind(path: string): Promise<"file" | "folder" | null> {
  try {
    return (await Deno.stat(path)).isDirectory ? "folder" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}
