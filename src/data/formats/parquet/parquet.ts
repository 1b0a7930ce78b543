import {
  type FileMetaData,
  parquetMetadata,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { InputError } from "../../../core/errors.ts";
import { named } from "../../../core/quoted.ts";
import { MAX_NUMBERS } from "../number_bytes.ts";
import { checkPages, codecs, compressors } from "./pages.ts";

/** A column of a Parquet file. */
export interface ParquetColumn {
  readonly name: string;
  /** What it holds if it is no column of numbers: `text`; null for numbers. */
  readonly other: string | null;
}

/** A Parquet file whose columns can be read one by one. */
export interface ParquetTable {
  readonly rows: number;
  /** The columns, without an index that pandas wrote beside them. */
  readonly columns: readonly ParquetColumn[];
  /**
   * The numbers of a column; NaN where they are missing, 0 and 1 for truth values.
   *
   * @throws {InputError} If the file is damaged, or compressed in a way that is not read.
   */
  read(name: string): Promise<Float64Array>;
}

/** Numbers of a table accepted at any ratio to the bytes of the file, and the ratio beyond. */
const ALWAYS_ACCEPTED = 2 ** 24;
const MAX_RATIO = 200;

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
    read: (name) => readColumn(bytes, { metadata, schema, name, place }),
  };
}

async function readColumn(
  bytes: Uint8Array<ArrayBuffer>,
  { metadata, schema, name, place }: {
    readonly metadata: FileMetaData;
    readonly schema: SchemaTree;
    readonly name: string;
    readonly place: string;
  },
): Promise<Float64Array> {
  whole(place, () => requireFitting(bytes, { metadata, schema, name, place }));
  const values = new Float64Array(Number(metadata.num_rows)).fill(NaN);
  let count = 0;
  try {
    await parquetRead({
      file: bytes.buffer,
      metadata,
      columns: [name],
      compressors,
      onChunk({ columnData, rowStart }) {
        for (let i = 0; i < columnData.length; i++) {
          const value = columnData[i];
          if (value !== null && value !== undefined) values[rowStart + i] = Number(value);
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
  { metadata, schema, name, place }: {
    readonly metadata: FileMetaData;
    readonly schema: SchemaTree;
    readonly name: string;
    readonly place: string;
  },
): void {
  const { element } = schema.children.find(({ element }) => element.name === name)!;
  for (const group of metadata.row_groups) {
    const { meta_data: column } = group.columns.find(({ meta_data: data }) =>
      data?.path_in_schema[0] === name
    )!;
    const { codec } = column!;
    if (!codecs.includes(codec)) {
      throw new InputError(
        `${place}: is compressed by ${named(String(codec))}, which is not read; write it with ` +
          'compression="snappy"',
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
function otherKind({ element, children }: SchemaTree): string | null {
  const { type, logical_type: logical, converted_type: converted } = element;
  if (children.length > 0 || element.repetition_type === "REPEATED") return "lists or records";
  const kind = logical?.type ?? converted ?? "";
  if (/^(?:DATE|TIME)/.test(kind) || type === "INT96") return "dates or times";
  if (kind === "DECIMAL" || kind === "FLOAT16") return null;
  if (type === "BYTE_ARRAY" || type === "FIXED_LEN_BYTE_ARRAY") {
    return kind === "" ? "bytes" : "text";
  }
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
