import { pipeline } from "node:stream/promises";
// @ts-types="./_csv_parse.d.ts"
import { CsvError, parse } from "csv-parse";
import type { PointRows } from "../dataset.ts";
import type { TableOptions } from "../tables/table_builder.ts";
import { type CsvDialect, csvDialect } from "./csv_dialect.ts";
import { CsvTable, HASH_OF_ERROR } from "./csv_table.ts";
import { asUtf8, textEncoding, utf32 } from "./text_encoding.ts";

/** Maximum size of a line in MiB. Longer lines mean missing line ends or an unclosed quote. */
const MAX_LINE_MEBIBYTES = 8;

/** Bytes parsed between checks of the line length. */
const PIECE_BYTES = 2 ** 16;

/** Bytes by which encoding and separator are found. */
const HEAD_BYTES = 2 ** 16;

/** Options of {@link readCsv}. */
export interface CsvOptions extends TableOptions {
  /** Whether the first line is names; default: as the lines look. */
  readonly header?: "yes" | "no" | undefined;
}

/**
 * Reads points from CSV: one point per line, in most spellings that programs write (RFC 4180 is one
 * of them). Fields are separated by commas, semicolons, tabs, vertical bars or spaces, and may be
 * quoted; lines end with LF, CRLF or CR. Empty lines, lines that begin with #, Excel's `sep=;` and
 * trailing columns without names and values are skipped. The text is UTF-8, UTF-16 or Windows-1252.
 *
 * The first line is names or a row: see {@link CsvTable} and `judgeFirstLine`.
 *
 * @param chunks The file's bytes, split anywhere; read as a stream.
 * @param place Name for error messages, such as the file name.
 * @throws {InputError} With line and column of the first fault: a different number of fields than
 *   before, a field that is not a number or not a finite float32, an unclosed quote; no points; or
 *   more than 8 MiB or 1,048,576 numbers on a line, or 67,108,864 numbers in total.
 */
export async function readCsv(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  place: string,
  options: CsvOptions = {},
): Promise<PointRows> {
  const { all, head, isWhole } = await withHead(chunks);
  const encoding = textEncoding(head) ?? "utf-8";
  if (encoding === "utf-32") throw utf32(place);
  const text = new TextDecoder(encoding).decode(head, { stream: true });
  const dialect = csvDialect(text, isWhole);
  const table = new CsvTable(place, {
    columns: options.columns,
    dropMissing: options.dropMissing,
    header: options.header,
    separator: dialect.separator,
  });
  await parseLines(withoutExcelErrors(asUtf8(all, encoding)), { dialect, table });
  return table.rows();
}

/** Passes the fields of every line to the table. */
async function parseLines(
  chunks: AsyncIterable<Uint8Array>,
  { dialect, table }: { readonly dialect: CsvDialect; readonly table: CsvTable },
): Promise<void> {
  const { separator, hasSeparatorLine } = dialect;
  let lineCount = 0;
  const records = parse({
    bom: true,
    comment: "#",
    comment_no_infix: true,
    delimiter: separator === " " ? [" ", "\t"] : separator,
    encoding: "utf8",
    record_delimiter: ["\r\n", "\n", "\r"],
    ltrim: true, // otherwise a quote after a space would not open a quoted field
    relax_quotes: true, // an inch mark in a name is not a quote
    relax_column_count: true,
    skip_empty_lines: true,
    on_record: (fields, { lines }) => {
      lineCount++;
      // Makes the next line count as the first: for each line whose number of fields differs from
      // the first's, the parser creates an error (30 us), even if it does not throw it.
      info.records = 0;
      if (hasSeparatorLine && lineCount === 1) return null;
      // Spaces before the mark are empty fields of their own here.
      const isComment = separator === " " && fields.find((field) => field !== "")?.startsWith("#");
      if (!isComment) table.add(fields, lines);
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
        const lines = lineCount + info.empty_lines + info.comment_lines;
        lineBytes = lines === linesBefore ? lineBytes + piece.length : 0;
        linesBefore = lines;
        if (lineBytes > MAX_LINE_MEBIBYTES * 2 ** 20) throw table.lineTooLong(MAX_LINE_MEBIBYTES);
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
}

/** The first bytes of a stream, and all of it. */
async function withHead(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  const iterator = Symbol.asyncIterator in chunks
    ? chunks[Symbol.asyncIterator]()
    : chunks[Symbol.iterator]();
  const first: Uint8Array[] = [];
  let length = 0, isWhole = false;
  while (length < HEAD_BYTES && !isWhole) {
    const { done, value } = await iterator.next();
    if (done) isWhole = true;
    else {
      first.push(value);
      length += value.length;
    }
  }
  async function* all() {
    try {
      yield* first;
      for (;;) {
        const { done, value } = await iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  const head = new Uint8Array(length);
  first.reduce((at, chunk) => (head.set(chunk, at), at + chunk.length), 0);
  return {
    all: all(),
    head: head.subarray(0, HEAD_BYTES),
    isWhole: isWhole && length <= HEAD_BYTES,
  };
}

/** Excel's error values, which begin with the mark of a comment. */
const EXCEL_ERROR = /^#(?:N\/A|DIV\/0!|VALUE!|REF!|NAME\?|NUM!|NULL!)/;
const LONGEST_ERROR = 8;

/**
 * Puts {@link HASH_OF_ERROR} for the # of an Excel error at the start of a line, or the line, whose
 * first field is `#N/A`, would be a comment.
 *
 * @param chunks UTF-8.
 */
async function* withoutExcelErrors(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let held = new Uint8Array(), before = 10;
  const decoder = new TextDecoder();
  const cleared = (bytes: Uint8Array, end: number) => {
    let copy: Uint8Array | null = null;
    for (let at = bytes.indexOf(35); at >= 0 && at < end; at = bytes.indexOf(35, at + 1)) {
      const previous = at === 0 ? before : bytes[at - 1]!;
      if (previous !== 10 && previous !== 13) continue;
      if (!EXCEL_ERROR.test(decoder.decode(bytes.subarray(at, at + LONGEST_ERROR)))) continue;
      copy ??= bytes.slice();
      copy[at] = HASH_OF_ERROR.charCodeAt(0);
    }
    return (copy ?? bytes).subarray(0, end);
  };
  for await (const chunk of chunks) {
    let bytes = chunk;
    if (held.length > 0) {
      bytes = new Uint8Array(held.length + chunk.length);
      bytes.set(held);
      bytes.set(chunk, held.length);
    }
    const last = bytes.lastIndexOf(35);
    const end = last >= 0 && last > bytes.length - LONGEST_ERROR ? last : bytes.length;
    held = bytes.slice(end);
    if (end === 0) continue;
    yield cleared(bytes, end);
    before = bytes[end - 1]!;
  }
  if (held.length > 0) yield cleared(held, held.length);
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

/** A text as a field of CSV, in quotes where it needs them (RFC 4180). */
function csvField(text: string): string {
  return /[",\n\r]|^\s|\s$|^#/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Encodes numbers as CSV in a stream, using the memory of one chunk.
 *
 * @param columns.names Column names for the header line, quoted where they need it; null for no
 *   header.
 * @param columns.leadingNames Names of the columns of `leading`.
 * @param columns.width Values per line.
 * @param columns.decimals Decimals per column, 0 to 100, without trailing zeros; null or absent
 *   means as many digits as a float32 needs.
 * @param columns.texts Per column the texts that its values are indices of; null: its values are
 *   numbers.
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
    readonly texts?: readonly (readonly string[] | null)[];
    readonly leadingNames?: readonly string[];
    readonly leading?: (line: number) => string;
  },
  chunks: AsyncIterable<Float32Array | Float64Array> | Iterable<Float32Array | Float64Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { names, width, decimals = [], texts = [], leadingNames = [], leading } = columns;
  let line = 0;
  const encoder = new TextEncoder();
  if (names !== null) {
    if (names.length !== width) {
      throw new RangeError(`encodeCsv: ${names.length} names for ${width} columns`);
    }
    yield encoder.encode(`${[...leadingNames, ...names].map(csvField).join(",")}\n`);
  }
  for await (const chunk of chunks) {
    if (chunk.length % width !== 0) {
      throw new RangeError(`encodeCsv: ${chunk.length} values are not whole rows of ${width}`);
    }
    let text = "";
    for (let i = 0; i < chunk.length; i++) {
      if (leading !== undefined && i % width === 0) text += leading(line++);
      const places = decimals[i % width] ?? null;
      const own = texts[i % width];
      const field = own
        ? csvField(own[chunk[i]!]!)
        : places === null
        ? float32Digits(Math.fround(chunk[i]!))
        : String(Number(chunk[i]!.toFixed(places)));
      text += field + ((i + 1) % width === 0 ? "\n" : ",");
    }
    yield encoder.encode(text);
  }
}
