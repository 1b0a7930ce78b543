import { whole } from "../../core/files/bounded_file.ts";
import { InputError } from "../../core/errors.ts";
import { type CsvOptions, readCsv } from "../formats/csv.ts";
import type { PointRows } from "../dataset.ts";
import { type FileArray, readArray } from "../formats/array_file.ts";
import { notRead, otherFormat } from "../formats/other_format.ts";
import { isParquet } from "../formats/parquet/magic.ts";
import { isIdxImages } from "../formats/idx.ts";
import { type InputContent, readContent, readInput } from "../input_file.ts";
import { textEncoding } from "../formats/text_encoding.ts";
import { numberTable } from "./number_table.ts";
import { isRounded, RoundedIntegers } from "./rounded_integers.ts";
import type { TableOptions } from "./table_builder.ts";
import { notNpy } from "../formats/npy.ts";

/** Opens standard input as a stream (`Deno.stdin.readable`). */
export type ReadStdin = () => AsyncIterable<Uint8Array<ArrayBuffer>>;

/** Options of {@link readPoints}. */
export interface PointsOptions extends CsvOptions {
  /** Required for the path `-`. */
  readonly readStdin?: ReadStdin;
}

/**
 * Reads points from an NPY file of shape [n, d] or a CSV file, each plain or gzip-compressed, or
 * from standard input for the path `-`.
 *
 * @throws {InputError} If the file does not exist or does not contain points.
 */
export async function readPoints(
  path: string,
  { readStdin, ...options }: PointsOptions = {},
): Promise<PointRows> {
  const use = (content: InputContent) => parsePoints(content, options);
  if (path === "-") {
    if (readStdin === undefined) {
      throw new InputError("-: the standard input cannot be read here; name a file");
    }
    return await readContent(readStdin(), { place: "standard input", use });
  }
  return await readInput(path, use);
}

/**
 * Reads points from the content of an NPY or CSV file, detecting the format.
 *
 * @throws {InputError} As {@link readPoints}.
 */
export async function parsePoints(
  content: InputContent,
  options: CsvOptions = {},
): Promise<PointRows> {
  const { place, head, chunks } = content;
  if (isIdxImages(head)) {
    throw new InputError(`${place}: contains images (IDX); points are needed, as CSV or NPY`);
  }
  if (isParquet(head)) {
    // Imported on demand: few files are Parquet.
    const { parquetPoints } = await import("./parquet_rows.ts");
    return await parquetPoints(await whole(chunks), place, options);
  }
  const array = await readArray(content);
  if (array !== null) return arrayPoints(array, place, options);
  const other = otherFormat(head);
  if (other !== null) throw notRead(place, other);
  if (/\.npy(\.gz)?$/i.test(place)) throw notNpy(place);
  if (textEncoding(head) === null) {
    throw new InputError(
      `${place}: neither CSV nor NPY nor IDX nor Parquet; save the points as one of these`,
    );
  }
  return await readCsv(chunks, place, options);
}

/**
 * Points of an array of two axes, [points, dimensions].
 *
 * @throws {InputError} If it has other axes, or none are there.
 */
export function arrayPoints(
  { shape, values, exact, called }: FileArray,
  place: string,
  options: TableOptions,
): PointRows {
  const [count, width] = shape;
  if (shape.length !== 2 || width === undefined || count === undefined) {
    const column = shape.length === 1 && count !== undefined && count > 1
      ? "; for points of one number each, save array.reshape(-1, 1)"
      : "";
    throw new InputError(
      `${place}: ${called}; points need two axes, [points, dimensions]${column}`,
    );
  }
  if (count === 0 || width === 0) {
    throw new InputError(`${place}: contains no points, its shape is (${count}, ${width})`);
  }
  const numbers = values instanceof Float64Array ? values : new Float64Array(values);
  const rounded = new RoundedIntegers();
  numbers.forEach((value, index) => {
    if (exact === undefined || Math.abs(value) <= Number.MAX_SAFE_INTEGER) return;
    const integer = exact(index);
    if (!isRounded(integer, value)) return;
    rounded.add(index % width, integer, `row ${Math.floor(index / width) + 1}`);
  });
  return numberTable(place, { names: null, width, values: numbers, rounded }, options);
}
