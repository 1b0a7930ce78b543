import { writePiecesAtomic } from "@fluxion/fluxion/files";
import { writeResult } from "./terminal.ts";

/**
 * Writes a file piece by piece, or to stdout for the path `-`. The file is written atomically, so
 * an interruption or a full disk leaves no partial file.
 *
 * @throws {FailureError} If the disk is full.
 */
export async function writeStream(
  path: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  if (path !== "-") return await writePiecesAtomic(path, pieces);
  for await (const piece of pieces) writeResult(piece);
}
