import { InputError } from "../../core/errors.ts";
import { quoted } from "../../core/quoted.ts";
import { readNpy } from "./npy.ts";
import type { NumberArray } from "./number_bytes.ts";
import { zipContent, type ZipEntry } from "./zip.ts";

/** Arrays named in a message. */
const SHOWN = 20;

/** Whether the files of a ZIP archive are arrays, as `numpy.savez` writes them. */
export function isNpz(entries: readonly ZipEntry[]): boolean {
  return entries.length > 0 && entries.every(({ name }) => name.endsWith(".npy"));
}

/**
 * Reads the one array of an NPZ file.
 *
 * @param entries The files of the archive.
 * @throws {InputError} If there are several, or as {@link readNpy}.
 */
export function readNpz(
  bytes: Uint8Array,
  entries: readonly ZipEntry[],
  place: string,
): NumberArray {
  const [only, ...others] = entries;
  const has = (name: string) => entries.some((entry) => entry.name === `${name}.npy`);
  if (has("format") && has("shape") && has("data")) {
    throw new InputError(
      `${place}: a sparse matrix of scipy; save it with all its zeros, in Python: ` +
        'numpy.save("points.npy", scipy.sparse.load_npz("FILE").toarray())',
    );
  }
  if (only === undefined || others.length > 0) {
    const names = entries.slice(0, SHOWN).map(({ name }) => quoted(name.replace(/\.npy$/, ""), 40));
    throw new InputError(
      `${place}: an NPZ file of ${entries.length} arrays (${names.join(", ")}${
        entries.length > SHOWN ? ", ..." : ""
      }); save one alone, with numpy.save`,
    );
  }
  return readNpy(zipContent(bytes, only, place), `${place}, ${quoted(only.name, 40)}`);
}
