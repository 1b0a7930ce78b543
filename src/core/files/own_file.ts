import { InputError } from "../errors.ts";
import { fileChunks, readBounded, readBoundedText } from "./bounded_file.ts";

/**
 * Checks, before it is opened, that a file which the program itself writes is no pipe or device: opening
 * a pipe waits for another process to write to it, and no signal ends that. Data of users may be pipes.
 *
 * @throws {InputError} If it is one.
 * @throws The system's error if there is no file.
 */
export async function requireOwnFile(path: string): Promise<void> {
  const { isFile, isDirectory } = await Deno.stat(path);
  if (isFile || isDirectory) return; // reading a folder has its own error
  throw new InputError(`${path}: a pipe or a device, where a regular file belongs; remove it`);
}

/** {@link requireOwnFile} of a file that may not exist yet. */
export async function requireOwnFileIfAny(path: string): Promise<void> {
  try {
    await requireOwnFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * {@link fileChunks} of a file that the program itself writes.
 *
 * @throws As {@link requireOwnFile} and {@link fileChunks}.
 */
export async function* ownFileChunks(
  path: string,
  limit: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  await requireOwnFile(path);
  yield* fileChunks(path, limit);
}

/**
 * {@link readBounded} of a file that the program itself writes.
 *
 * @throws As {@link ownFileChunks}.
 */
export async function readOwn(path: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  await requireOwnFile(path);
  return await readBounded(path, limit);
}

/**
 * {@link readBoundedText} of a file that the program itself writes.
 *
 * @throws As {@link ownFileChunks}.
 */
export async function readOwnText(path: string, limit: number): Promise<string> {
  await requireOwnFile(path);
  return await readBoundedText(path, limit);
}
