import { InputError } from "../../core/errors.ts";
import { named, quoted } from "../../core/quoted.ts";
import {
  bytesOf,
  decodeNumbers,
  exactIntegers,
  MAX_NUMBERS,
  type NumberArray,
  type NumberType,
} from "./number_bytes.ts";

const MAGIC = "\x93NUMPY";
const ALIGNMENT = 64;

/** numpy's limit on the number of axes (NPY_MAXDIMS of numpy 2). */
const MAX_AXES = 64;

/** Element types by numpy's letters. */
const types: Readonly<Record<string, NumberType>> = {
  "b1": "bool",
  "?": "bool",
  "i1": "int8",
  "u1": "uint8",
  "i2": "int16",
  "u2": "uint16",
  "i4": "int32",
  "u4": "uint32",
  "i8": "int64",
  "u8": "uint64",
  "f2": "float16",
  "f4": "float32",
  "f8": "float64",
};

/** Whether bytes start with the NPY magic string. */
export function isNpy(bytes: Uint8Array): boolean {
  return latin1(bytes.subarray(0, MAGIC.length)) === MAGIC;
}

/** The error for a file that should be NPY but lacks the magic string. */
export function notNpy(place: string): InputError {
  return new InputError(`${place}: not an NPY file; save one with numpy.save`);
}

/**
 * Reads an NPY file of real numbers: versions 1 to 3, every type of boolean, integer and float of up
 * to 64 bits, in either byte order, in C or Fortran order.
 *
 * Allocates for the bytes that are present, never for what the header declares.
 * Source: numpy.lib.format, "NPY format".
 *
 * @param place Name for error messages, such as the file name.
 * @throws {InputError} If it is not such a file, its shape does not match its size, or it has more
 *   than 134,217,728 elements.
 */
export function readNpy(bytes: Uint8Array, place: string): NumberArray {
  const { header, dataStart } = readHeader(bytes, place);
  const { type, order, name } = elementType(header, place);
  const fortran = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(header)?.[1];
  const shapeText = /['"]shape['"]\s*:\s*\(([\d\sL,]*)\)/.exec(header)?.[1];
  if (fortran === undefined || shapeText === undefined) {
    throw new InputError(`${place}: the NPY header ${quoted(header)} lacks the order or the shape`);
  }
  const lengths = shapeText.split(",").map((part) => part.trim().replace(/L$/, ""))
    .filter((part) => part !== "");
  if (!lengths.every((length) => /^\d+$/.test(length))) {
    throw new InputError(`${place}: the NPY header's shape ${quoted(`(${shapeText})`)} is damaged`);
  }
  if (lengths.length > MAX_AXES) {
    throw new InputError(
      `${place}: the NPY header declares ${lengths.length} axes, numpy has at most ${MAX_AXES}`,
    );
  }
  const itemBytes = bytesOf(type);
  // BigInt: in a float, rounding could make a wrong size match by accident.
  const declared = lengths.reduce((product, n) => product * BigInt(n), BigInt(itemBytes));
  const actual = bytes.length - dataStart;
  if (declared !== BigInt(actual)) {
    throw new InputError(
      `${place}: the NPY header declares shape ${shortShape(lengths)} of ${name}, ` +
        `${named(String(declared), 30)} bytes, the file has ${actual}; it is ${
          declared > BigInt(actual)
            ? "cut short"
            : "too long: if it holds several arrays, save one alone"
        }`,
    );
  }
  if (actual / itemBytes > MAX_NUMBERS) {
    throw new InputError(
      `${place}: has ${actual / itemBytes} elements; the limit is ${MAX_NUMBERS}`,
    );
  }
  const shape = lengths.map(Number);
  const content = bytes.subarray(dataStart);
  const values = decodeNumbers(content, type, order);
  const integer = exactIntegers(content, type, order);
  if (fortran === "False") return { shape, values, ...(integer && { exact: integer }) };
  const exact = integer && ((index: number) => integer(columnMajorIndex(index, shape)));
  return { shape, values: toRowMajor(values, shape), ...(exact && { exact }) };
}

/** Types of numpy that are no real numbers, by the letter of their kind. */
const others: Readonly<Record<string, readonly [name: string, remedy: string]>> = {
  c: ["complex numbers", 'save real and imaginary parts, as array.view("f8") gives them'],
  O: ["Python objects", 'save numbers, as array.astype("f8") gives them'],
  S: ["text", 'save numbers, as array.astype("f8") gives them'],
  U: ["text", 'save numbers, as array.astype("f8") gives them'],
  M: ["dates (datetime64)", 'save numbers, such as array.astype("i8")'],
  m: ["time spans (timedelta64)", 'save numbers, such as array.astype("i8")'],
  V: ["raw bytes, as bfloat16 is saved", 'save array.astype("f4")'],
  f: ["extended precision (longdouble)", 'save array.astype("f8")'],
  g: ["extended precision (longdouble)", 'save array.astype("f8")'],
};

/** Element type of a header. */
function elementType(header: string, place: string) {
  const found = /['"]descr['"]\s*:\s*(?:'([^']*)'|"([^"]*)"|([[({]))/.exec(header);
  const name = found?.[1] ?? found?.[2];
  if (name === undefined && found !== null) {
    const fields = [...header.matchAll(/\(\s*(?:'([^']*)'|"([^"]*)")\s*,/g)]
      .slice(0, 20).map(([, single, double]) => quoted(single ?? double ?? "", 40));
    throw new InputError(
      `${place}: a structured NPY array${
        fields.length > 0 ? ` (fields ${fields.join(", ")})` : ""
      }; save a plain one, as numpy.lib.recfunctions.structured_to_unstructured gives it`,
    );
  }
  const [, order, letters] = /^([<>|=]?)(.*)$/s.exec(name ?? "")!;
  const type = Object.hasOwn(types, letters!) ? types[letters!] : undefined;
  if (type !== undefined) return { type, order: order === ">" ? "big" : "little", name } as const;
  const kind = letters!.charAt(0);
  const [what, remedy] =
    /^[a-zA-Z](?:\d+|\d*\[.*\]|)$/.test(letters!) && Object.hasOwn(others, kind)
      ? others[kind]!
      : ["elements that are not known", 'save array.astype("f8")'];
  throw new InputError(`${place}: an NPY array of ${what}, type ${quoted(name ?? "")}; ${remedy}`);
}

function readHeader(
  bytes: Uint8Array,
  place: string,
): { readonly header: string; readonly dataStart: number } {
  if (!isNpy(bytes) || bytes.length < 10) throw notNpy(place);
  const major = bytes[6]!;
  if (major < 1 || major > 3) {
    throw new InputError(
      `${place}: NPY version ${major}.${bytes[7]} is not supported; use 1, 2 or 3`,
    );
  }
  const headerStart = major === 1 ? 10 : 12;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1
    ? view.getUint16(8, true)
    : bytes.length >= 12
    ? view.getUint32(8, true)
    : Infinity;
  if (headerStart + length > bytes.length) {
    throw new InputError(
      `${place}: the NPY header should end at byte ${headerStart + length}, the file has ` +
        `${bytes.length}; it is cut short`,
    );
  }
  const dataStart = headerStart + length;
  return { header: latin1(bytes.subarray(headerStart, dataStart)), dataStart };
}

/** A shape in numpy's notation, truncated to 80 characters. */
function shortShape(lengths: readonly string[]): string {
  const text = `(${lengths.join(", ")}${lengths.length === 1 ? "," : ""})`;
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

/** The index in column-major order of the element at an index in row-major order. */
function columnMajorIndex(index: number, shape: readonly number[]): number {
  let left = index, place = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const stride = shape.slice(0, axis).reduce((product, n) => product * n, 1);
    place += left % shape[axis]! * stride;
    left = Math.floor(left / shape[axis]!);
  }
  return place;
}

/** Converts column-major to row-major, for any number of axes. */
function toRowMajor<T extends Float32Array | Float64Array>(values: T, shape: readonly number[]): T {
  const out = values.slice() as T;
  const index = new Array<number>(shape.length).fill(0);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((p, n) => p * n, 1));
  let from = 0;
  for (let to = 0; to < values.length; to++) {
    out[to] = values[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** Element types for writing: float32 or float64. */
export type NpyFloat = "<f4" | "<f8";

/**
 * The header of a version 1.0 NPY file of floats in row-major order, padded with spaces so that the
 * data begin at a multiple of 64 bytes.
 *
 * @throws {RangeError} If a length is not a whole number of at least 0.
 */
export function npyHeader(
  shape: readonly number[],
  type: NpyFloat = "<f4",
): Uint8Array<ArrayBuffer> {
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new RangeError(`npyHeader: not a shape: (${shape.join(", ")})`);
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dictionary = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const total = Math.ceil((10 + dictionary.length + 1) / ALIGNMENT) * ALIGNMENT;
  const text = dictionary.padEnd(total - 11) + "\n";
  const bytes = new Uint8Array(total);
  bytes.set(Uint8Array.from(MAGIC, (letter) => letter.charCodeAt(0)));
  bytes[6] = 1;
  new DataView(bytes.buffer).setUint16(8, text.length, true);
  bytes.set(new TextEncoder().encode(text), 10);
  return bytes;
}

/**
 * Encodes an NPY file of floats as a stream, using the memory of one chunk.
 *
 * @param shape Shape of the whole array.
 * @param chunks Its values in row-major order, split anywhere.
 * @param type Element type; default float32.
 * @throws {RangeError} If the number of values does not match `shape`.
 */
export async function* encodeNpy(
  shape: readonly number[],
  chunks: AsyncIterable<Float32Array | Float64Array> | Iterable<Float32Array | Float64Array>,
  type: NpyFloat = "<f4",
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const expected = shape.reduce((product, length) => product * length, 1);
  let seen = 0;
  yield npyHeader(shape, type);
  for await (const chunk of chunks) {
    seen += chunk.length;
    if (seen > expected) break;
    const values = type === "<f4" ? Float32Array.from(chunk) : Float64Array.from(chunk);
    yield new Uint8Array(values.buffer); // every platform of Deno is little-endian
  }
  if (seen !== expected) {
    throw new RangeError(
      `encodeNpy: shape (${shape.join(", ")}) needs ${expected} values, got ${
        seen > expected ? "more" : seen
      }`,
    );
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 65_536));
}
