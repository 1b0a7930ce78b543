import {
  type FileMetaData,
  parquetMetadata,
  parquetRead,
  parquetSchema,
  type SchemaElement,
  type SchemaTree,
} from "hyparquet";
import { InputError } from "../../../core/errors.ts";
import { named, quoted } from "../../../core/quoted.ts";
import { isRounded } from "../../tables/rounded_integers.ts";
import { bareField } from "../field_kind.ts";
import { MAX_RATIO } from "../gunzip.ts";
import { MAX_NUMBERS } from "../number_bytes.ts";
import { decimalNumber, decimalScale, withoutDecimals } from "./decimal.ts";
import { checkPages, codecs, compressors } from "./pages.ts";

/** A column of a Parquet file. */
export interface ParquetColumn {
  readonly name: string;
  /** What it holds if it is no column of numbers; null for numbers. */
  readonly other: "text" | "bytes" | "dates or times" | "lists or records" | null;
}

/** The texts of a column. */
export interface ParquetTexts {
  /** By row, the index of its text; NaN where it is missing or blank. */
  readonly values: Float64Array;
  /** Different texts, as CSV would have them as fields. */
  readonly texts: readonly string[];
}

/** A Parquet file whose columns can be read one by one. */
export interface ParquetTable {
  readonly rows: number;
  /** The columns, without an index that pandas wrote beside them. */
  readonly columns: readonly ParquetColumn[];
  /**
   * The numbers of a column; NaN where they are missing, 0 and 1 for truth values.
   *
   * @param onRounded Called with each whole number that float64 rounds, and its row from 0.
   * @throws {InputError} If the file is damaged, or compressed in a way that is not read.
   */
  read(name: string, onRounded?: (row: number, exact: bigint) => void): Promise<Float64Array>;
  /**
   * The texts of a column.
   *
   * @throws {InputError} As `read`, or if its bytes are no UTF-8.
   */
  readTexts(name: string): Promise<ParquetTexts>;
}

/** Annotations of byte arrays that are texts. */
const textKinds = ["", "STRING", "UTF8", "ENUM", "JSON"];

/** Encodings in which hyparquet allocates what the lengths in a page say. */
const unreadEncodings = ["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"];

/** Texts of a column; damaged ones are refused. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Numbers of a table accepted at any ratio to the bytes of the file. */
const ALWAYS_ACCEPTED = 2 ** 24;

/**
 * Opens a Parquet file.
 *
 * @param bytes The whole file, in a buffer of its own.
 * @param place The file's name, for messages.
 * @throws {InputError} If it is damaged, empty, or declares more than 134,217,728 numbers.
 */
export function openParquet(bytes: Uint8Array<ArrayBuffer>, place: string): ParquetTable {
  const { metadata, schema } = whole(place, () => {
    const metadata = parquetMetadata(bytes, { geoparquet: false });
    const schema = parquetSchema(metadata);
    const isNamed = schema.children.every(({ element: { name } }) => typeof name === "string");
    if (!isNamed) throw new RangeError("a column without a name");
    return { metadata, schema };
  });
  const rows = Number(metadata.num_rows);
  const hidden = new Set(pandasIndex(metadata));
  const columns = schema.children.filter(({ element }) => !hidden.has(element.name))
    .map((column) => ({ name: column.element.name, other: otherKind(column) }));
  const numbers = rows * Math.max(1, columns.length);
  const inGroups = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (!Number.isSafeInteger(numbers) || rows < 0 || inGroups !== rows) throw damaged(place);
  if (
    numbers > MAX_NUMBERS || numbers > ALWAYS_ACCEPTED && 8 * numbers > MAX_RATIO * bytes.length
  ) {
    throw new InputError(
      `${place}: declares ${rows} rows of ${columns.length} columns in ${bytes.length} bytes; the ` +
        `limit is ${MAX_NUMBERS} numbers, and ${MAX_RATIO} times its size; take fewer rows`,
    );
  }
  if (rows === 0 || columns.length === 0) throw new InputError(`${place}: contains no points`);
  if (new Set(schema.children.map(({ element }) => element.name)).size < schema.children.length) {
    throw new InputError(`${place}: two columns have the same name; rename one`);
  }
  return {
    rows,
    columns,
    read(name, onRounded) {
      const element = elementOf(schema, name);
      const scale = whole(place, () => decimalScale(element));
      return readColumn(bytes, { metadata, schema, name, place }, (value, row) => {
        const { nearest, whole } = scale === null
          ? { nearest: Number(value), whole: typeof value === "bigint" ? value : null }
          : decimalNumber(value, scale);
        if (whole !== null && isRounded(whole, nearest)) onRounded?.(row, whole);
        return nearest;
      });
    },
    async readTexts(name) {
      const indices = new Map<string, number>();
      const values = await readColumn(bytes, { metadata, schema, name, place }, (value) => {
        const text = bareField(String(value));
        if (text === "") return NaN;
        const index = indices.get(text) ?? indices.size;
        if (index === indices.size) indices.set(text, index);
        return index;
      });
      return { values, texts: [...indices.keys()] };
    },
  };
}

/** A column of an open file. */
interface ColumnOfFile {
  readonly metadata: FileMetaData;
  readonly schema: SchemaTree;
  readonly name: string;
  readonly place: string;
}

/** What a file says of a column that it has. */
function elementOf(schema: SchemaTree, name: string): SchemaElement {
  return schema.children.find(({ element }) => element.name === name)!.element;
}

/** @param numberOf Number of a value that is not missing. */
async function readColumn(
  bytes: Uint8Array<ArrayBuffer>,
  { metadata, schema, name, place }: ColumnOfFile,
  numberOf: (value: unknown, row: number) => number,
): Promise<Float64Array> {
  const stored = whole(place, () => {
    requireFitting(bytes, { metadata, schema, name, place });
    return { ...metadata, schema: withoutDecimals(metadata.schema) };
  });
  const values = new Float64Array(Number(metadata.num_rows)).fill(NaN);
  const element = elementOf(schema, name);
  const isDecimal = whole(place, () => decimalScale(element) !== null);
  const text = (content: Uint8Array) => {
    if (isDecimal) return content; // without an annotation it would be text
    try {
      return utf8.decode(content);
    } catch {
      throw new InputError(
        `${place}: column ${quoted(name, 40)} holds bytes that are no text (UTF-8); leave it out`,
      );
    }
  };
  let count = 0;
  try {
    await parquetRead({
      file: bytes.buffer,
      metadata: stored,
      columns: [name],
      compressors,
      parsers: { stringFromBytes: text, jsonFromBytes: text },
      onChunk({ columnData, rowStart }) {
        for (let i = 0; i < columnData.length; i++) {
          const value = columnData[i];
          const row = rowStart + i;
          if (value !== null && value !== undefined) values[row] = numberOf(value, row);
          count++;
        }
      },
    });
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw damaged(place);
  }
  if (count !== values.length) throw damaged(place);
  return values;
}

/** Checks the pages of a column in every row group before any is decoded. */
function requireFitting(
  bytes: Uint8Array<ArrayBuffer>,
  { metadata, schema, name, place }: ColumnOfFile,
): void {
  const element = elementOf(schema, name);
  for (const group of metadata.row_groups) {
    const { meta_data: column } = group.columns.find(({ meta_data: data }) =>
      data?.path_in_schema[0] === name
    )!;
    const { codec, encodings } = column!;
    if (!codecs.includes(codec)) {
      throw new InputError(
        `${place}: is compressed by ${named(String(codec))}, which is not read; write it with ` +
          'compression="snappy"',
      );
    }
    const encoding = encodings.find((one) => unreadEncodings.includes(one));
    if (encoding !== undefined) {
      throw new InputError(
        `${place}: column ${
          quoted(name, 40)
        } is encoded by ${encoding}, which is not read; write ` +
          "it with a dictionary or plain, as pandas does",
      );
    }
    checkPages(bytes, {
      column: column!,
      rows: Number(group.num_rows),
      isOptional: element.repetition_type === "OPTIONAL",
      decompress: (page, length) => compressors[codec]!(page, length),
    });
  }
}

/** What a column holds if it is no column of numbers. */
function otherKind({ element, children }: SchemaTree): ParquetColumn["other"] {
  const { type, logical_type: logical, converted_type: converted } = element;
  if (children.length > 0 || element.repetition_type === "REPEATED") return "lists or records";
  const kind = logical?.type ?? converted ?? "";
  if (/^(?:DATE|TIME)/.test(kind) || type === "INT96") return "dates or times";
  if (kind === "DECIMAL" || kind === "FLOAT16") return null;
  // Old writers do not annotate text.
  if (type === "BYTE_ARRAY") return textKinds.includes(kind) ? "text" : "bytes";
  if (type === "FIXED_LEN_BYTE_ARRAY") return kind === "UUID" ? "text" : "bytes";
  return null;
}

/** Names of the columns that hold the index of a pandas table. */
function pandasIndex({ key_value_metadata: entries }: FileMetaData): readonly string[] {
  const text = entries?.find(({ key }) => key === "pandas")?.value;
  if (text === undefined || text.length > 2 ** 24) return [];
  try {
    const { index_columns: columns } = JSON.parse(text) as { readonly index_columns?: unknown };
    return Array.isArray(columns) ? columns.filter((name) => typeof name === "string") : [];
  } catch {
    return []; // not as pandas writes it
  }
}

/** @throws {InputError} For anything that the parser throws: it reads outside of a damaged file. */
function whole<T>(place: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw damaged(place);
  }
}

function damaged(place: string): InputError {
  return new InputError(
    `${place}: not a whole Parquet file (damaged or cut short); write or download it again`,
  );
}
