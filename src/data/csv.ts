import { InputError } from "../runtime/errors.ts";
import { named, quoted } from "../runtime/quoted.ts";
import type { PointRows } from "./dataset.ts";

// No two parts can match the same digits: a line of them takes time in proportion to its length.
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;

/**
 * Reads points from CSV: a point a line, commas between the coordinates, an
 * optional first line of names. Empty lines are skipped.
 *
 * A first line is one of names if none of its fields is a number.
 *
 * @param place What to call the text in an error, such as the file's name.
 * @throws {InputError} With line and column of the first fault: another count of numbers than in
 *   the lines before, something that is not a number or not a finite float32; or no points at all.
 */
export function readCsv(bytes: Uint8Array, place: string): PointRows {
  const text = new TextDecoder().decode(bytes); // drops a byte order mark
  let points = new Float64Array(1024);
  let columns: readonly string[] | null = null;
  let dims = 0, count = 0, lineNumber = 0, firstLine = 0;
  for (const line of lines(text)) {
    lineNumber++;
    if (line.trim() === "") continue;
    const fields = line.split(",").map((field) => field.trim());
    if (firstLine === 0) {
      firstLine = lineNumber;
      if (fields.every((field) => !NUMBER.test(field) && !NOT_FINITE.test(field))) {
        columns = fields;
        continue;
      }
    }
    if (count === 0) dims = fields.length;
    if (fields.length !== dims) {
      throw new InputError(
        `${place}, line ${lineNumber}: expected ${dims} ${dims === 1 ? "number" : "numbers"}, ` +
          `found ${fields.length}; every line needs as many as the first`,
      );
    }
    if ((count + 1) * dims > points.length) {
      const larger = new Float64Array(Math.max(2 * points.length, (count + 1) * dims));
      larger.set(points);
      points = larger;
    }
    for (let column = 0; column < dims; column++) {
      const at = `${place}, line ${lineNumber}, column ${column + 1}`;
      points[count * dims + column] = finiteNumber(fields[column]!, at);
    }
    count++;
  }
  if (count === 0) {
    throw new InputError(
      `${place}: holds no points; needs a line of comma-separated numbers for each`,
    );
  }
  // A comma inside quotes makes more names than columns here: such names are nobody's.
  if (columns?.length !== dims) columns = null;
  return { points: points.slice(0, count * dims), columns, count, dims };
}

/** Lines one by one, ended by \n or \r\n: splitting at once would hold a large file twice. */
function* lines(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf("\n", start);
    yield end < 0 ? text.slice(start) : text.slice(start, end);
    if (end < 0) return;
    start = end + 1;
  }
}

function finiteNumber(field: string, at: string): number {
  if (!NUMBER.test(field)) {
    if (NOT_FINITE.test(field)) {
      throw new InputError(`${at}: ${field} is not finite; leave such points out`);
    }
    throw new InputError(
      `${at}: ${quoted(field, 40)} is not a number; separate numbers with commas`,
    );
  }
  const value = Number(field);
  if (!Number.isFinite(Math.fround(value))) {
    throw new InputError(
      `${at}: ${named(field, 40)} is beyond float32's range of 3.4e38; rescale the data`,
    );
  }
  return value;
}

/**
 * The fewest digits that read back as the same float32.
 *
 * Nine significant digits always do (IEEE 754, table of section 5.12.2); from
 * eight down, the last that still does is taken.
 */
export function float32Digits(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const direct = String(value);
  // Decimals of up to seven letters are farther apart than float32's: none is shorter.
  if (direct.length <= 7 || !Number.isFinite(value)) return direct;
  let best = Number(value.toPrecision(9));
  for (let digits = 8; digits >= 1; digits--) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) !== value) break;
    best = shorter;
  }
  return String(best);
}

/**
 * The bytes of a CSV file of numbers, piece by piece, in the memory of one chunk.
 *
 * @param columns.names The columns' names, written as the first line; null for no such line.
 * @param columns.width Values a line.
 * @param columns.decimals Digits after the point of each column, 0 to 100, trailing zeros left out;
 *   null or left out: as many as a float32 needs.
 * @param columns.leading Whatever comes before the values of line i, counted from 0: values that float32
 *   cannot tell apart, such as indices above 2^24, each followed by a comma.
 * @param chunks Values [rows * width], whole rows in each.
 * @throws {RangeError} If a chunk does not hold whole rows, or there is not a name a column.
 */
export async function* encodeCsv(
  columns: {
    readonly names: readonly string[] | null;
    readonly width: number;
    readonly decimals?: readonly (number | null)[];
    readonly leading?: (line: number) => string;
  },
  chunks: AsyncIterable<Float32Array | Float64Array> | Iterable<Float32Array | Float64Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { names, width, decimals = [], leading } = columns;
  let line = 0;
  const encoder = new TextEncoder();
  if (names !== null) {
    if (names.length !== width) {
      throw new RangeError(`encodeCsv: ${names.length} names for ${width} columns`);
    }
    yield encoder.encode(`${names.join(",")}\n`);
  }
  for await (const chunk of chunks) {
    if (chunk.length % width !== 0) {
      throw new RangeError(`encodeCsv: ${chunk.length} values are not whole rows of ${width}`);
    }
    let text = "";
    for (let i = 0; i < chunk.length; i++) {
      if (leading !== undefined && i % width === 0) text += leading(line++);
      const places = decimals[i % width] ?? null;
      const digits = places === null
        ? float32Digits(Math.fround(chunk[i]!))
        : String(Number(chunk[i]!.toFixed(places)));
      text += digits + ((i + 1) % width === 0 ? "\n" : ",");
    }
    yield encoder.encode(text);
  }
}
