import { pipeline } from "node:stream/promises";
// @ts-types="./_csv_parse.d.ts"
import { CsvError, parse } from "csv-parse";
import { InputError } from "../../core/errors.ts";
import type { ColumnChoice } from "../tables/columns.ts";
import type { PointRows } from "../dataset.ts";
import { isNumber, isNumberOrNotFinite, TableBuilder } from "../tables/table_builder.ts";

/** Possible column names, excluding words for missing values. */
const NAME = /^(?!(?:na|n\/a|none|null|nil|missing)$)\p{L}/iu;

/** Maximum bytes per line: 8 MiB. Longer lines mean missing line ends or an unclosed quote. */
const MAX_LINE_BYTES = 2 ** 23;

/** Maximum numbers per line; in a file with more, a line is hardly a point. */
const MAX_COLUMNS = 2 ** 20;

/** Bytes parsed between checks of the line length. */
const PIECE_BYTES = 2 ** 16;

/**
 * Reads points from CSV (RFC 4180): one point per line, comma-separated coordinates, an optional
 * header line of names. Fields may be quoted, empty lines are skipped.
 *
 * The first line is a header if none of its fields is a number. If some are, such as years, it is a
 * header if a word in it is above a number of the second line or is a column dropped by `columns`.
 * The header that pandas writes for unnamed columns (numbers from 0, beside its index) is skipped.
 *
 * @param chunks The file's bytes, split anywhere; read as a stream.
 * @param place Name for error messages, such as the file name.
 * @param columns Which columns are coordinates, default all; the others may contain anything.
 * @throws {InputError} With line and column of the first fault: a different number of fields than
 *   before, a field that is not a number or not a finite float32, an unclosed quote; no points; or
 *   more than 8 MiB or 1,048,576 numbers on a line, or 67,108,864 numbers in total.
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
    ltrim: true, // otherwise a quote after a space would not open a quoted field
    relax_quotes: true, // an inch mark in a name is not a quote
    relax_column_count: true,
    skip_empty_lines: true,
    on_record: (fields, { lines }) => {
      table.add(fields, lines);
      // Makes the next line count as the first: for each line whose number of fields differs from
      // the first's, the parser creates an error (30 us), even if it does not throw it.
      if (table.count === 0) info.records = 0;
      return null; // the stream emits nothing
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
        if (lineBytes > MAX_LINE_BYTES) throw table.lineTooLong();
      }
    }
  }
  try {
    await pipeline(pieces, records, async (none) => {
      for await (const _ of none);
    });
  } catch (error) {
    // The only error that csv-parse can throw with the options above.
    throw error instanceof CsvError ? table.quoteNotClosed() : error;
  }
  return table.rows();
}

/** Finds the line of names and passes the others on as rows. */
class Table {
  readonly #place: string;
  readonly #builder: TableBuilder;
  #names: readonly string[] | null = null;
  #begun = false;
  /** A first line of both words and numbers, until the second line decides if it is a header. */
  #first: { readonly fields: readonly string[]; readonly lineNumber: number } | null = null;
  /** Number of the last complete line. */
  #lineNumber = 0;

  constructor(place: string, choice: ColumnChoice | null) {
    this.#place = place;
    this.#builder = new TableBuilder(place, choice);
  }

  /** Number of points so far. */
  get count(): number {
    return this.#builder.count;
  }

  /** Adds the fields of a line. */
  add(raw: readonly string[], lineNumber: number): void {
    this.#lineNumber = lineNumber;
    if (raw.length === 1 && raw[0]!.trim() === "") return;
    const at = `${this.#place}, line ${lineNumber}`;
    if (raw.length > MAX_COLUMNS) {
      throw new InputError(
        `${at}: has ${raw.length} numbers; the limit is ${MAX_COLUMNS} per line`,
      );
    }
    const fields = raw.map(bare);
    if (!this.#begun) {
      this.#begun = true;
      const words = fields.filter((field) => !isNumberOrNotFinite(field));
      if (words.length === fields.length) this.#names = fields;
      else if (words.length === 0) this.#addRow(fields, lineNumber);
      else this.#first = { fields, lineNumber };
      return;
    }
    this.#decideFirst(fields);
    this.#addRow(fields, lineNumber);
  }

  /** @param second Fields of the second line; null at the end of the file. */
  #decideFirst(second: readonly string[] | null): void {
    if (this.#first === null) return;
    const { fields, lineNumber } = this.#first;
    this.#first = null;
    if (this.#areNames(fields, second)) this.#names = fields;
    else if (!isPandasHead(fields, second)) this.#addRow(fields, lineNumber);
  }

  #areNames(fields: readonly string[], second: readonly string[] | null): boolean {
    return fields.some((field, column) =>
      NAME.test(field) && (this.#builder.asksFor(field) || isNumber(second?.[column] ?? ""))
    );
  }

  #addRow(fields: readonly string[], lineNumber: number): void {
    if (this.count === 0) {
      // A first line with a different number of fields is a title, not a header.
      const names = this.#names?.length === fields.length ? this.#names : null;
      this.#builder.begin(names, fields.length);
    }
    this.#builder.add(fields, lineNumber);
  }

  /** All points that were added. */
  rows(): PointRows {
    this.#decideFirst(null);
    return this.#builder.rows();
  }

  lineTooLong(): InputError {
    return new InputError(
      `${this.#place}, line ${this.#lineNumber + 1}: longer than ${
        MAX_LINE_BYTES / 2 ** 20
      } MiB, ` +
        "the limit; end each point's line, and close every quote",
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

/** Whether the first lines are ",0,1,2" and "0,...": pandas' default column names and index. */
function isPandasHead(fields: readonly string[], second: readonly string[] | null): boolean {
  return fields[0] === "" && second?.[0] === "0" &&
    fields.every((field, column) => column === 0 || field === String(column - 1));
}

/** A field without surrounding spaces, and without quotes that spaces kept from being parsed. */
function bare(field: string): string {
  const trimmed = field.trim();
  return trimmed.length > 1 && trimmed.startsWith('"') && trimmed.endsWith('"')
    ? trimmed.slice(1, -1).trim()
    : trimmed;
}

/**
 * The shortest decimal that reads back as the same float32.
 *
 * Nine significant digits always suffice (IEEE 754, table in section 5.12.2); fewer are tried from
 * eight down.
 */
export function float32Digits(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const direct = String(value);
  // Decimals of up to seven characters are spaced wider than float32 values: none is shorter.
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
 * Encodes numbers as CSV in a stream, using the memory of one chunk.
 *
 * @param columns.names Column names for the header line; null for no header.
 * @param columns.width Values per line.
 * @param columns.decimals Decimals per column, 0 to 100, without trailing zeros; null or absent
 *   means as many digits as a float32 needs.
 * @param columns.leading Text before the values of line i, from 0: values that float32 cannot
 *   distinguish, such as indices above 2^24, each followed by a comma.
 * @param chunks Values [rows * width], whole rows per chunk.
 * @throws {RangeError} If a chunk does not consist of whole rows, or names and width differ.
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
