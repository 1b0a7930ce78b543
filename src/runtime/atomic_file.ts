import { FailureError } from "./errors.ts";

/**
 * Writes a file so that whoever reads it, at any time and after any crash,
 * finds the old content or the new one, whole.
 *
 * A temporary file beside it is written, flushed to the disk and renamed onto
 * `path`; then the folder's entry is flushed too.
 *
 * @throws {FailureError} If the disk is full; the old content stays, the temporary file is removed.
 * @throws {Deno.errors.NotFound} If the folder does not exist; other errors of the system as they are.
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
  const slash = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  const folder = slash < 0 ? "." : path.slice(0, slash + 1);
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  let bytes = 0;
  try {
    const file = await Deno.open(temporary, { write: true, createNew: true });
    try {
      for await (const piece of pieces) {
        bytes += piece.length;
        for (let written = 0; written < piece.length;) {
          written += await file.write(piece.subarray(written));
        }
      }
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw isDiskFull(error)
      ? new FailureError(
        `${path}: no room left on the disk for ${bytes} bytes; ` +
          `the file is as it was before; free some space and go on`,
      )
      : error;
  }
  await syncFolder(folder);
}

/** The systems' numbers for a full disk and a spent quota; the same numbers mean else elsewhere. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = Number(/os error (\d+)/.exec(error.message)?.[1]);
  switch (Deno.build.os) {
    case "windows":
      return code === 39 || code === 112; // ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL
    case "darwin":
      return code === 28 || code === 69; // ENOSPC, EDQUOT
    default:
      return code === 28 || code === 122; // ENOSPC, EDQUOT
  }
}

/** Flushes a folder's entries; Windows has no such call and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const handle = await Deno.open(folder);
  try {
    await handle.sync();
  } finally {
    handle.close();
  }
}
