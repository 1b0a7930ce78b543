import { FailureError, InputError } from "../errors.ts";
import { systemFault, systemWords } from "./system_fault.ts";
import { folderOf, makeTemporaryFile } from "./temporary_file.ts";

/**
 * Writes a file so that whoever reads it, at any time and after any crash,
 * finds the old content or the new one, whole.
 *
 * A temporary file beside it is written, flushed to the disk and renamed onto
 * `path`; then the folder's entry is flushed too.
 *
 * @throws {FailureError} If the disk is full or fails, or the folder is gone; the old content
 *   stays, the temporary file is removed.
 * @throws {InputError} If the name is too long; other errors of the system as they are.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  await writePiecesAtomic(path, [
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  ]);
}

/**
 * The same as {@link writeFileAtomic} for content that comes piece by piece, of
 * which one at a time is in memory.
 *
 * @throws Whatever {@link writeFileAtomic} and the pieces throw; the old content stays.
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
      // While it is locked: nobody takes it for one that was left behind.
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

/** What the system refused, as a person can mend it; what is no system's error as it is. */
async function writingFailed(error: unknown, path: string, bytes: number): Promise<unknown> {
  const asBefore = "the file is as it was before";
  switch (systemFault(error)) {
    case "full":
      return new FailureError(
        `${path}: no room left on the disk for ${bytes} bytes; ${asBefore}; ` +
          "free some space and go on",
      );
    case "tooLarge":
      return new FailureError(
        `${path}: ${bytes} bytes are more than a file may have here; ${asBefore}; ` +
          "raise the limit (ulimit -f), or write to another file system",
      );
    case "device":
      return new FailureError(
        `${path}: the disk failed while it was written (${systemWords(error)}); ` +
          "whether the file is on the disk is not known; look at the disk before you go on",
      );
    case "gone":
      // The pieces may come from a file that is gone; that is not this one's affair.
      if (await Deno.stat(folderOf(path)).catch(() => null) !== null) return error;
      return new FailureError(
        `${path}: its folder ${folderOf(path)} is gone; it was removed meanwhile`,
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
 * Flushes a folder's entries. Windows has no such call and needs none; of network file systems
 * some refuse it (EINVAL, ENOTSUP).
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
