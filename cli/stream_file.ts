import { FailureError } from "../src/runtime/errors.ts";
import { writeResult } from "./terminal.ts";

/**
 * Writes a file piece by piece, or to stdout for the path `-`.
 *
 * The pieces go to a temporary file beside it that is renamed at the end, so
 * that whoever stops this, or the disk filling up, leaves no half a file.
 *
 * @throws {FailureError} If the disk is full.
 */
export async function writeStream(
  path: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  if (path === "-") {
    for await (const piece of pieces) writeResult(piece);
    return;
  }
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  const file = await Deno.open(temporary, { write: true, createNew: true });
  try {
    try {
      for await (const piece of pieces) {
        for (let at = 0; at < piece.length;) at += await writeSome(file, piece.subarray(at), path);
      }
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

async function writeSome(file: Deno.FsFile, bytes: Uint8Array, path: string): Promise<number> {
  try {
    return await file.write(bytes);
  } catch (error) {
    throw new FailureError(
      `${path}: could not be written (${(error as Error).message}); nothing is left of it`,
    );
  }
}
