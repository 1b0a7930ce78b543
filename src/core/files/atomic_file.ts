import { FailureError, InputError } from "../errors.ts";
import { systemFault, systemWords } from "./system_fault.ts";
import { folderOf, makeTemporaryFile } from "./temporary_file.ts";

/**
 * Writes a file atomically: readers see either the old or the new content in full, at any time and
 * after any crash.
 *
 * Writes a temporary file beside it, flushes it to disk, renames it onto `path`, and flushes the
 * directory entry.
 *
 * @throws {FailureError} If the disk is full or fails, or the folder is gone; the old content
 *   is kept and the temporary file removed.
 * @throws {InputError} If the name is too long or the file system is read-only. Other system errors
 *   are passed on unchanged.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  await writePiecesAtomic(path, [
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  ]);
}

/**
 * Like {@link writeFileAtomic}, for streamed content: one piece is in memory at a time.
 *
 * @throws Whatever {@link writeFileAtomic} and the pieces throw; the old content is kept.
 */
export async function writePiecesAtomic(
  path: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  let bytes = 0;
  try {
    const { path: temporary, file } = await makeTemporaryFile(path);
    try {
      for await (const piece of pieces) {
        bytes += piece.length;
        for (let written = 0; written < piece.length;) {
          written += await file.write(piece.subarray(written));
        }
      }
      await file.sync();
      // Rename while it is locked, or a concurrent sweep would remove it as abandoned.
      await Deno.rename(temporary, path);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw error;
    } finally {
      file.close();
    }
    await syncFolder(folderOf(path));
  } catch (error) {
    throw await writingFailed(error, path, bytes);
  }
}

/** A system error as a message with a remedy; other errors unchanged. */
async function writingFailed(error: unknown, path: string, bytes: number): Promise<unknown> {
  const unchanged = "the file is unchanged";
  switch (systemFault(error)) {
    case "full":
      return new FailureError(
        `${path}: no room left on the disk for ${bytes} bytes; ${unchanged}; ` +
          "free some space and try again",
      );
    case "tooLarge":
      return new FailureError(
        `${path}: ${bytes} bytes exceed the largest file size here; ${unchanged}; ` +
          "raise the limit (ulimit -f), or write to another file system",
      );
    case "device":
      return new FailureError(
        `${path}: the disk failed while it was written (${systemWords(error)}); ` +
          "whether the file is on the disk is not known; check the disk before you continue",
      );
    case "gone":
      // The missing file may be one that the pieces are read from.
      if (await Deno.stat(folderOf(path)).catch(() => null) !== null) return error;
      return new FailureError(
        `${path}: its folder ${folderOf(path)} is gone; it was removed in the meantime`,
      );
    case "nameTooLong":
      return new InputError(
        `${path}: the name is too long for the file system; choose a shorter one`,
      );
    case "readOnly":
      return new InputError(`${path}: on a read-only file system; choose another place`);
    default:
      return error;
  }
}

/**
 * Flushes a folder's entries. Windows neither has nor needs such a call; some network file systems
 * refuse it (EINVAL, ENOTSUP).
 */
async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const handle = await Deno.open(folder);
  try {
    await handle.sync();
  } catch (error) {
    if (!/os error (22|45|95)\b/.test(String(error))) throw error;
  } finally {
    handle.close();
  }
}
