import { InputError } from "../../core/errors.ts";
import {
  bytesOf,
  decodeNumbers,
  MAX_NUMBERS,
  type NumberArray,
  type NumberType,
} from "./number_bytes.ts";

/** Images of an IDX file: grey values, row-major. */
export interface IdxImages {
  /** Number of images. */
  readonly count: number;
  /** Height of an image in pixels. */
  readonly height: number;
  /** Width of an image in pixels. */
  readonly width: number;
  /** [count * height * width], a view of the input bytes. */
  readonly grey: Uint8Array<ArrayBuffer>;
}

const IMAGES_MAGIC = 0x00000803; // unsigned bytes, three dimensions
const LABELS_MAGIC = 0x00000801; // unsigned bytes, one dimension

/** Whether bytes start with the magic number of an IDX file of images. */
export function isIdxImages(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && view(bytes).getUint32(0) === IMAGES_MAGIC;
}

/** Element types by the third byte of the magic number. */
const types: Readonly<Record<number, NumberType>> = {
  0x08: "uint8",
  0x09: "int8",
  0x0b: "int16",
  0x0c: "int32",
  0x0d: "float32",
  0x0e: "float64",
};

/** Axes of an IDX file that is read. */
const MOST_AXES = 4;

/** Most axes of a file that is recognised as IDX although it is not read. */
const MOST_NAMED_AXES = 8;

/** How an IDX file of more axes than are read is called; null if the bytes do not start one. */
export function idxOfManyAxes(bytes: Uint8Array): string | null {
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) return null;
  const type = types[bytes[2]!], axes = bytes[3]!;
  if (type === undefined || axes <= MOST_AXES || axes > MOST_NAMED_AXES) return null;
  return `IDX of ${type}, ${axes} axes: not read; at most ${MOST_AXES} are`;
}

/** Element type and number of axes of an IDX file; null if the bytes do not start one. */
export function idxKind(
  bytes: Uint8Array,
): { readonly type: NumberType; readonly axes: number } | null {
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) return null;
  const type = types[bytes[2]!], axes = bytes[3]!;
  return type === undefined || axes < 1 || axes > MOST_AXES ? null : { type, axes };
}

/**
 * Reads an IDX file of any element type (bytes, 16-bit and 32-bit integers, floats) and one to four
 * axes.
 *
 * Source: as {@link readIdxImages}.
 *
 * @param bytes The uncompressed content of the file.
 * @param place Name for error messages, such as the file name.
 * @throws {InputError} If it is no such file, or its shape does not match its size.
 */
export function readIdx(bytes: Uint8Array, place: string): NumberArray {
  const kind = idxKind(bytes);
  if (kind === null) throw new InputError(`${place}: not an IDX file of 1 to ${MOST_AXES} axes`);
  const { type, axes } = kind;
  const headerBytes = 4 + 4 * axes;
  if (bytes.length < headerBytes) {
    throw new InputError(
      `${place}: ${bytes.length} bytes, too short for the ${headerBytes}-byte header of IDX with ` +
        `${axes} axes`,
    );
  }
  const shape = Array.from({ length: axes }, (_, axis) => view(bytes).getUint32(4 + 4 * axis));
  const declared = shape.reduce((size, length) => size * BigInt(length), BigInt(bytesOf(type)));
  const actual = bytes.length - headerBytes;
  if (declared !== BigInt(actual)) {
    throw new InputError(
      `${place}: the IDX header declares ${shape.join(" x ")} of ${type}, ${declared} bytes, the ` +
        `file has ${actual}; it is ${declared > BigInt(actual) ? "cut short" : "too long"}`,
    );
  }
  if (actual / bytesOf(type) > MAX_NUMBERS) {
    throw new InputError(
      `${place}: has ${actual / bytesOf(type)} numbers; the limit is ${MAX_NUMBERS}`,
    );
  }
  return { shape, values: decodeNumbers(bytes.subarray(headerBytes), type, "big") };
}

/**
 * Reads an IDX file of images (magic 0x00000803, then count, height, width as big-endian 32-bit
 * numbers, then one byte per pixel) without copying.
 *
 * Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits",
 * section "File formats".
 *
 * @param bytes The uncompressed content of the file.
 * @param place Name for error messages, such as the file name.
 * @throws {InputError} If the header is not that of images, or does not match the file's size.
 */
export function readIdxImages(bytes: Uint8Array<ArrayBuffer>, place: string): IdxImages {
  const [count, height, width] = readHeader(bytes, { place, magic: IMAGES_MAGIC, dims: 3 });
  if (height === 0 || width === 0) {
    throw new InputError(
      `${place}: declares images of ${height}x${width} pixels; needs at least 1x1`,
    );
  }
  return { count: count!, height: height!, width: width!, grey: bytes.subarray(16) };
}

/**
 * Reads an IDX file of labels (magic 0x00000801, the count, then one byte per label).
 *
 * @throws {InputError} As {@link readIdxImages}.
 */
export function readIdxLabels(
  bytes: Uint8Array<ArrayBuffer>,
  place: string,
): Uint8Array<ArrayBuffer> {
  readHeader(bytes, { place, magic: LABELS_MAGIC, dims: 1 });
  return bytes.subarray(8);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readHeader(
  bytes: Uint8Array,
  expected: { readonly place: string; readonly magic: number; readonly dims: number },
): readonly number[] {
  const { place, magic, dims } = expected;
  const what = magic === IMAGES_MAGIC ? "images" : "labels";
  const headerBytes = 4 + 4 * dims;
  if (bytes.length < headerBytes) {
    throw new InputError(
      `${place}: ${bytes.length} bytes, too short for the ${headerBytes}-byte header of IDX ${what}`,
    );
  }
  const found = view(bytes).getUint32(0);
  if (found !== magic) {
    throw new InputError(
      `${place}: not an IDX file of ${what}: begins with ${hex(found)}, expected ${hex(magic)}`,
    );
  }
  const shape = Array.from({ length: dims }, (_, d) => view(bytes).getUint32(4 + 4 * d));
  // The product can reach 2^96: in a float, rounding could make a wrong size match by accident.
  const declared = shape.reduce((product, length) => product * BigInt(length), 1n);
  const actual = bytes.length - headerBytes;
  if (declared !== BigInt(actual)) {
    throw new InputError(
      `${place}: the IDX header declares ${shape.join(" x ")} bytes of ${what}, the file has ` +
        `${actual}; it is ${declared > BigInt(actual) ? "cut short" : "too long"}`,
    );
  }
  return shape;
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, "0")}`;
}
