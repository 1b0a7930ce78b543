import { InputError } from "../../core/errors.ts";
import { whole } from "../../core/files/bounded_file.ts";
import type { InputContent } from "../input_file.ts";
import { idxKind, idxOfManyAxes, readIdx } from "./idx.ts";
import { isNpy, readNpy } from "./npy.ts";
import { isNpz, readNpz } from "./npz.ts";
import type { NumberArray } from "./number_bytes.ts";
import { notRead, otherArchive } from "./other_format.ts";
import { isZip, zipEntries } from "./zip.ts";

/** The array of an NPY, NPZ or IDX file. */
export interface FileArray extends NumberArray {
  /** How messages call it: `IDX of float32, 3 axes`. */
  readonly called: string;
  readonly format: "npy" | "npz" | "idx";
}

/**
 * Reads the array of an NPY file, an NPZ file of one array, or an IDX file.
 *
 * @returns null if the file is none of these.
 * @throws {InputError} If it is damaged, or an array of other elements than real numbers; or if it
 *   is a ZIP archive of other files than arrays.
 */
export async function readArray({ place, head, chunks }: InputContent): Promise<FileArray | null> {
  if (isNpy(head)) {
    const array = readNpy(await whole(chunks), place);
    return { ...array, format: "npy", called: `an array of ${shown(array)}` };
  }
  if (isZip(head)) {
    const bytes = await whole(chunks);
    const entries = zipEntries(bytes, place);
    const other = otherArchive(entries);
    if (other !== null && !isNpz(entries)) throw notRead(place, other);
    const array = readNpz(bytes, entries, place);
    return { ...array, format: "npz", called: `an array of ${shown(array)}` };
  }
  const kind = idxKind(head);
  if (kind === null) {
    const other = idxOfManyAxes(head);
    if (other !== null) throw new InputError(`${place}: ${other}`);
    return null;
  }
  const array = readIdx(await whole(chunks), place);
  const { type, axes } = kind;
  const called = `IDX of ${type}, ${axes} ${axes === 1 ? "axis" : "axes"}`;
  return { ...array, format: "idx", called };
}

function shown({ shape }: NumberArray): string {
  return `shape (${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}
