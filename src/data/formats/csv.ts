import { pipeline } from "node:stream/promises";
// @ts-types="./_csv_parse.d.ts"
import { CsvError, parse } from "csv-parse";
import { InputError } from "../../core/errors.ts";
import { named, quoted } from "../../core/quoted.ts";
import {
  type ColumnChoice,
  dropArgument,
  type DroppedColumn,
  droppedColumns,
  keptColumns,
} from "../tables/columns.ts";
import type { PointRows } from "../dataset.ts";
import { option } from "../../core/options/spelling.ts";

// No two parts can match the same digits: a line of them takes time in proportion to its length.
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;
/** What could be a column's name: words for a value that is missing are none. */
const NAME = /^(?!(?:na|n\/a|none|null|nil|missing)$)\p{L}/iu;

/** Most bytes of a line: 8 MiB. What is longer has no line ends, or a quote that is not closed. */
const MOST_LINE_BYTES = 2 ** 23;

/** Most numbers of a line: more are a file whose lines are not points. */
const MOST_COLUMNS = 2 ** 20;

/** Most numbers of a file: 512 MiB of float64. */
const MOST_NUMBERS = 2 ** 26;

/** Numbers of the first and of the largest block of memory that they are kept in at first. */
const FIRST_BLOCK = 2 ** 10;
const LARGEST_BLOCK = 2 ** 20;

/** Bytes that are parsed at once, after which the length of the line is looked at. */
const PIECE_BYTES = 2 ** 16;

/**
 * Reads points from CSV (RFC 4180): a point a line, commas between the coordinates, an
 * optional first line of names. Fields may be quoted, empty lines are skipped.
 *
 * A first line is one of names if none of its fields is a number. Where some are, such as years, it
 * is one if a word stands above a number of the second line, or is what `columns` leaves out;
 * and so is pandas' line of numbers from 0 above its index.
 *
 * @param chunks The file's bytes, cut anywhere; read as a stream.
 * @param place What to call the text in an error, such as the file's name.
 * @param columns Which columns are the coordinates, all of them when left out; the others may hold
 *   whatever they like.
 * @throws {InputError} With line and column of the first fault: another count of numbers than in
 *   the lines before, something that is not a number or not a finite float32, a quote that is not
 *   closed; no points at all; or a line of more than 8 MiB or 1,048,576 numbers, or more than
 *   67,108,864 numbers in all.
 */
export async function readCsv(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  place: string,
  columns?: ColumnChoice,
): Promise<PointRows> {
  const table = new Table(place, columns ?? null);
  const records = parse({
    bom: true,
    encoding: "utf8",
    record_delimiter: ["\n", "\r\n"],
    ltrim: true, // or a quote after a space would not be one
    relax_quotes: true, // an inch mark in a name is no quote
    relax_column_count: true,
    skip_empty_lines: true,
    on_record: (fields, { lines }) => {
      table.add(fields, lines);
      // The next line is the first as far as the count of fields goes: for every line with another
      // count than the first's it makes an error, 30 us each, also where it may not throw them.
      if (table.count === 0) info.records = 0;
      return null; // nothing is kept in the stream
    },
  });
  const { info } = records;
  async function* pieces() {
    let linesBefore = 0, lineBytes = 0;
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        const piece = chunk.subarray(at, at + PIECE_BYTES);
        yield piece;
        const lines = info.records + info.empty_lines;
        lineBytes = lines === linesBefore ? lineBytes + piece.length : 0;
        linesBefore = lines;
        if (lineBytes > MOST_LINE_BYTES) throw table.lineTooLong();
      }
    }
  }
  try {
    await pipeline(pieces, records, async (none) => {
      for await (const _ of none);
    });
  } catch (error) {
    // With the options above, it has no other fault to find.
    throw error instanceof CsvError ? table.quoteNotClosed() : error;
  }
  return table.rows();
}

/** Points as they come, line by line. */
class Table {
  readonly #place: string;
  readonly #full: Float64Array[] = [];
  #block = new Float64Array(FIRST_BLOCK);
  #used = 0;
  #columns: readonly string[] | null = null;
  /** Fields of a line. */
  #fields = 0;
  /** Which columns are taken: those that are left are the coordinates. */
  readonly #choice: ColumnChoice | null;
  #dropped: readonly DroppedColumn[] = [];
  #kept: readonly number[] = [];
  /** Of whole lines. */
  count = 0;
  #begun = false;
  /** A first line of words and numbers: the second one tells what it is. */
  #first: { readonly fields: readonly string[]; readonly lineNumber: number } | null = null;
  /** Of the last whole line. */
  #lineNumber = 0;

  constructor(place: string, choice: ColumnChoice | null) {
    this.#place = place;
    this.#choice = choice;
  }

  /** Takes a line's fields. */
  add(raw: readonly string[], lineNumber: number): void {
    this.#lineNumber = lineNumber;
    if (raw.length === 1 && raw[0]!.trim() === "") return;
    const at = `${this.#place}, line ${lineNumber}`;
    if (raw.length > MOST_COLUMNS) {
      throw new InputError(
        `${at}: holds ${raw.length} numbers; at most ${MOST_COLUMNS} on a line are read`,
      );
    }
    const fields = raw.map(bare);
    if (!this.#begun) {
      this.#begun = true;
      const words = fields.filter((field) => !NUMBER.test(field) && !NOT_FINITE.test(field));
      if (words.length === fields.length) this.#columns = fields;
      else if (words.length === 0) this.#addPoint(fields, lineNumber);
      else this.#first = { fields, lineNumber };
      return;
    }
    this.#decideFirst(fields);
    this.#addPoint(fields, lineNumber);
  }

  /** @param second Fields of the second line; null: the file ends. */
  #decideFirst(second: readonly string[] | null): void {
    if (this.#first === null) return;
    const { fields, lineNumber } = this.#first;
    this.#first = null;
    if (this.#areNames(fields, second)) this.#columns = fields;
    else if (!isPandasHead(fields, second)) this.#addPoint(fields, lineNumber);
  }

  #areNames(fields: readonly string[], second: readonly string[] | null): boolean {
    const choice = this.#choice;
    const wanted = choice?.kind === "drop" ? choice.drop : choice?.dropped.map(({ name }) => name);
    return fields.some((field, column) =>
      NAME.test(field) && (wanted?.includes(field) || NUMBER.test(second?.[column] ?? ""))
    );
  }

  #addPoint(fields: readonly string[], lineNumber: number): void {
    const at = `${this.#place}, line ${lineNumber}`;
    if (this.count === 0) this.#choose(fields.length);
    if (fields.length !== this.#fields) {
      throw new InputError(
        `${at}: expected ${this.#fields} ${this.#fields === 1 ? "number" : "numbers"}, ` +
          `found ${fields.length}; every line needs as many as the first`,
      );
    }
    if ((this.count + 1) * this.#kept.length > MOST_NUMBERS) {
      throw new InputError(
        `${at}: more than ${MOST_NUMBERS} numbers, the most that are read from CSV; save the ` +
          "points as NPY (numpy.save), or take fewer",
      );
    }
    for (const column of this.#kept) {
      if (this.#used === this.#block.length) {
        this.#full.push(this.#block);
        this.#block = new Float64Array(Math.min(2 * this.#block.length, LARGEST_BLOCK));
        this.#used = 0;
      }
      this.#block[this.#used++] = this.#number(
        fields[column]!,
        `${at}, column ${column + 1}`,
        column,
      );
    }
    this.count++;
  }

  /** Decides which columns are taken, at the first line of numbers. */
  #choose(count: number): void {
    this.#fields = count;
    // A title above the columns names none of them.
    if (this.#columns?.length !== count) this.#columns = null;
    if (this.#choice !== null) {
      const file = { names: this.#columns, count };
      this.#dropped = droppedColumns(file, this.#choice, this.#place);
    }
    this.#kept = keptColumns(count, this.#dropped);
  }

  #number(field: string, at: string, column: number): number {
    if (this.#choice?.kind !== "drop" || NUMBER.test(field) || NOT_FINITE.test(field)) {
      return finiteNumber(field, at);
    }
    const name = this.#columns?.[column];
    // Left out by number, the rest of a line of names would be read as a point.
    const mayBeName = this.count === 0 && name === undefined &&
      /^\p{L}[\p{L}\d_.-]{0,59}$/u.test(field);
    const byName = mayBeName
      ? `with ${option("drop", field)} if this is a line of names, else `
      : "";
    throw new InputError(
      `${at}${name ? ` (${quoted(name, 40)})` : ""}: ${quoted(field, 40)} is not a number; ` +
        "separate numbers with commas, or leave the column out " +
        `${byName}with ${option("drop", dropArgument(this.#columns, column))}`,
    );
  }

  /** All that came. */
  rows(): PointRows {
    this.#decideFirst(null);
    const dims = this.#kept.length, count = this.count;
    if (count === 0) {
      throw new InputError(
        `${this.#place}: holds no points; needs a line of comma-separated numbers for each`,
      );
    }
    const points = new Float64Array(count * dims);
    let offset = 0;
    for (const block of [...this.#full, this.#block.subarray(0, this.#used)]) {
      points.set(block, offset);
      offset += block.length;
    }
    const columns = this.#columns && this.#kept.map((column) => this.#columns![column]!);
    return { points, columns, dropped: this.#dropped, count, dims };
  }

  lineTooLong(): InputError {
    return new InputError(
      `${this.#place}, line ${this.#lineNumber + 1}: longer than ${
        MOST_LINE_BYTES / 2 ** 20
      } MiB, ` +
        "the most that is read; end each point's line, and close every quote",
    );
  }

  quoteNotClosed(): InputError {
    return new InputError(
      `${this.#place}, line ${
        this.#lineNumber + 1
      }: a quote begins here and is not closed before ` +
        'the file ends; write a quote inside a field twice ("")',
    );
  }
}

/** Whether a line is ",0,1,2" above "0,...": the columns that pandas numbered, and its index. */
function isPandasHead(fields: readonly string[], second: readonly string[] | null): boolean {
  return fields[0] === "" && second?.[0] === "0" &&
    fields.every((field, column) => column === 0 || field === String(column - 1));
}

/** A field without spaces around, and without quotes that have spaces around. */
function bare(field: string): string {
  const trimmed = field.trim();
  return trimmed.length > 1 && trimmed.startsWith('"') && trimmed.endsWith('"')
    ? trimmed.slice(1, -1).trim()
    : trimmed;
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
