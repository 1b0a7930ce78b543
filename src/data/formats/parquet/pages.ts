import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import type { ColumnMetaData, Compressors } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { inflateSnappy } from "./snappy.ts";
import { MAX_INPUT_BYTES } from "../../../core/files/bounded_file.ts";

type Decompress = (input: Uint8Array, outputLength: number) => Uint8Array<ArrayBuffer>;

/** A zlib function that gives up beyond the length that a page's header declares. */
function bounded(
  decompress: (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array,
): Decompress {
  return (input, length) =>
    new Uint8Array(decompress(input, { maxOutputLength: Math.max(1, length) }));
}

/** Decompression of pages. */
export const compressors: Compressors = {
  SNAPPY: inflateSnappy,
  GZIP: bounded(gunzipSync),
  BROTLI: bounded(brotliDecompressSync),
  // Node.js has it since 22.15.
  ...(typeof zstdDecompressSync === "function" ? { ZSTD: bounded(zstdDecompressSync) } : {}),
};

/** Codecs that are read. */
export const codecs: readonly string[] = ["UNCOMPRESSED", ...Object.keys(compressors)];

/** Values that a writer may add to fill the last group of a run. */
const PADDING = 512;

/** A column whose pages are checked. */
export interface CheckedColumn {
  readonly column: ColumnMetaData;
  /** Number of rows of its row group. */
  readonly rows: number;
  /** Decompresses a page to the length that its header declares. */
  readonly decompress: (page: Uint8Array, length: number) => Uint8Array;
  /** Whether values may be missing. */
  readonly isOptional: boolean;
}

/**
 * Checks the sizes in the pages of a column before they are decoded: hyparquet allocates what their
 * headers and runs declare.
 *
 * @returns Bytes of its pages when decompressed.
 * @throws {RangeError} If a size does not fit the file or the number of rows.
 */
export function checkPages(
  bytes: Uint8Array<ArrayBuffer>,
  { column, rows, decompress, isOptional }: CheckedColumn,
): number {
  const start = Number(column.dictionary_page_offset || column.data_page_offset);
  const end = start + Number(column.total_compressed_size);
  demand(start >= 4 && start <= end && end <= bytes.length);
  const reader = { view: new DataView(bytes.buffer, start, end - start), offset: 0 };
  let values = 0, total = 0;
  while (values < rows && reader.offset < end - start - 1) {
    const header = parquetHeader(reader);
    const { compressed_page_size: stored, uncompressed_page_size: size } = header;
    demand(isCount(stored) && isCount(size) && reader.offset + stored <= end - start);
    total += size;
    demand(total <= MAX_INPUT_BYTES);
    const from = start + reader.offset;
    reader.offset += stored;
    const page = bytes.subarray(from, from + stored);
    const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: words } = header;
    if (header.type === "DICTIONARY_PAGE") {
      demand(words !== undefined && isCount(words.num_values) && words.num_values <= 8 * size);
      if (column.type === "BYTE_ARRAY") {
        const content = column.codec === "UNCOMPRESSED" ? page : decompress(page, size);
        checkLengths(content, words!.num_values);
      }
    } else if (header.type === "DATA_PAGE") {
      demand(v1 !== undefined && isCount(v1.num_values) && v1.num_values <= rows - values);
      values += v1!.num_values;
      const content = column.codec === "UNCOMPRESSED" ? page : decompress(page, size);
      let at = 0;
      if (isOptional) {
        at = 4 +
          new DataView(content.buffer, content.byteOffset, content.length).getUint32(0, true);
        demand(at <= content.length);
        checkRuns(content.subarray(4), { width: 1, most: v1!.num_values });
      }
      checkValues(content.subarray(at), v1!.encoding, { column, count: v1!.num_values });
    } else {
      demand(header.type === "DATA_PAGE_V2" && v2 !== undefined);
      const { num_values: count, num_nulls: nulls, num_rows: pageRows } = v2!;
      const repetition = v2!.repetition_levels_byte_length ?? 0;
      const levels = repetition + (v2!.definition_levels_byte_length ?? 0);
      demand([count, nulls, pageRows, repetition, levels].every(isCount));
      demand(nulls <= count && count <= rows - values && levels <= stored && levels <= size);
      values += count;
      if (isOptional && levels > repetition) {
        checkRuns(page.subarray(repetition), { width: 1, most: count });
      }
      const rest = page.subarray(levels);
      const isPlain = column.codec === "UNCOMPRESSED" || v2!.is_compressed === false ||
        size === levels;
      const content = isPlain ? rest : decompress(rest, size - levels);
      checkValues(content, v2!.encoding, { column, count });
    }
  }
  demand(values === rows);
  return total;
}

function checkValues(
  content: Uint8Array,
  encoding: string,
  { column, count }: { readonly column: ColumnMetaData; readonly count: number },
): void {
  if (encoding === "RLE") {
    demand(column.type === "BOOLEAN");
    checkRuns(content.subarray(4), { width: 1, most: count }); // behind their length
  } else if (encoding === "PLAIN_DICTIONARY" || encoding === "RLE_DICTIONARY") {
    if (content.length === 0) return;
    demand(content[0]! <= 32);
    checkRuns(content.subarray(1), { width: content[0]!, most: count });
  } else {
    demand(["PLAIN", "BYTE_STREAM_SPLIT", "DELTA_BINARY_PACKED"].includes(encoding));
    if (column.type === "BYTE_ARRAY") checkLengths(content, count);
  }
}

/** Walks over byte arrays behind their lengths, as far as `most` of them. */
function checkLengths(bytes: Uint8Array, most: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0, seen = 0; seen < most && at < bytes.length; seen++) {
    demand(at + 4 <= bytes.length);
    at += 4 + view.getUint32(at, true);
    demand(at <= bytes.length);
  }
}

/** Walks over the runs of the hybrid of run lengths and packed bits, as far as `most` values. */
function checkRuns(
  bytes: Uint8Array,
  { width, most }: { readonly width: number; readonly most: number },
): void {
  for (let at = 0, seen = 0; seen < most && at < bytes.length;) {
    let header = 0;
    for (let shift = 0;; shift += 7) {
      const byte = bytes[at++];
      demand(byte !== undefined && shift < 35);
      header += (byte! & 0x7f) * 2 ** shift;
      if (byte! < 0x80) break;
    }
    const isPacked = header % 2 === 1, half = Math.floor(header / 2);
    const count = isPacked ? 8 * half : half;
    demand(count > 0 && count <= most + PADDING);
    at += isPacked ? half * width : (width + 7) >> 3;
    seen += count;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function demand(holds: boolean): void {
  if (!holds) throw new RangeError("a size of a page does not fit");
}
