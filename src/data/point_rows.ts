import { InputError } from "../runtime/errors.ts";
import { readCsv } from "./csv.ts";
import type { PointRows } from "./dataset.ts";
import { isIdxImages } from "./idx.ts";
import { readInputFile } from "./input_file.ts";
import { isNpy, readNpy } from "./npy.ts";

/** Reads the standard input to its end. */
export type ReadStdin = () => Promise<Uint8Array>;

/**
 * Reads points from an NPY file of shape [n, d] or a CSV file, each plain or
 * gzip-compressed, or as CSV from the standard input for the path `-`.
 *
 * @throws {InputError} If there is no such file, or it does not hold points.
 */
export async function readPoints(path: string, readStdin?: ReadStdin): Promise<PointRows> {
  if (path === "-") {
    if (readStdin === undefined) {
      throw new InputError("-: the standard input cannot be read here; name a file");
    }
    return parsePoints(await readStdin(), "standard input");
  }
  return parsePoints(await readInputFile(path), path);
}

/**
 * Reads points from the content of an NPY or CSV file: whichever it begins as.
 *
 * @throws {InputError} As {@link readPoints}.
 */
export function parsePoints(bytes: Uint8Array, place: string): PointRows {
  if (isNpy(bytes) || /\.npy(\.gz)?$/i.test(place)) return npyPoints(bytes, place);
  if (isIdxImages(bytes)) {
    throw new InputError(`${place}: holds images (IDX); points are needed, as CSV or NPY`);
  }
  if (bytes.subarray(0, 1024).includes(0)) {
    throw new InputError(`${place}: neither CSV nor NPY nor IDX; save the points as one of these`);
  }
  return readCsv(bytes, place);
}

function npyPoints(bytes: Uint8Array, place: string): PointRows {
  const { shape, values } = readNpy(bytes, place);
  const [count, dims] = shape;
  if (shape.length !== 2 || dims === undefined || count === undefined) {
    throw new InputError(
      `${place}: an array of shape (${
        shape.join(", ")
      }); points need two axes, [points, dimensions]`,
    );
  }
  if (count === 0 || dims === 0) {
    throw new InputError(`${place}: holds no points, its shape is (${count}, ${dims})`);
  }
  const points = Float64Array.from(values);
  const bad = points.findIndex((value) => !Number.isFinite(Math.fround(value)));
  if (bad >= 0) {
    throw new InputError(
      `${place}, row ${Math.floor(bad / dims) + 1}, column ${bad % dims + 1}: ${values[bad]} is ` +
        `not a finite float32; leave such points out or rescale the data`,
    );
  }
  return { points, columns: null, count, dims };
}
