/** Maximum number of elements of an array: 1 GiB in float64, where a byte of a file becomes 8. */
export const MAX_NUMBERS: number = 2 ** 27;

/** An array of numbers read from a file, in row-major order. */
export interface NumberArray {
  /** Length of each axis. */
  readonly shape: readonly number[];
  /** Float32 if that is exact (float16, float32, integers of up to 16 bits), else float64. */
  readonly values: Float32Array | Float64Array;
  /** The exact integer at an index, of integers of 64 bits; absent for other types. */
  readonly exact?: (index: number) => bigint;
}

/** Types of numbers that array files hold. */
export type NumberType =
  | "bool"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float16"
  | "float32"
  | "float64";

interface TypeOfNumber {
  readonly bytes: number;
  /** Numbers of the platform's byte order: every platform of Deno is little-endian. */
  readonly read: (data: ArrayBuffer) => ArrayLike<number | bigint>;
  readonly isExactInFloat32: boolean;
}

const types: Readonly<Record<NumberType, TypeOfNumber>> = {
  bool: {
    bytes: 1,
    read: (data) => new Uint8Array(data).map((byte) => byte === 0 ? 0 : 1),
    isExactInFloat32: true,
  },
  int8: { bytes: 1, read: (data) => new Int8Array(data), isExactInFloat32: true },
  uint8: { bytes: 1, read: (data) => new Uint8Array(data), isExactInFloat32: true },
  int16: { bytes: 2, read: (data) => new Int16Array(data), isExactInFloat32: true },
  uint16: { bytes: 2, read: (data) => new Uint16Array(data), isExactInFloat32: true },
  int32: { bytes: 4, read: (data) => new Int32Array(data), isExactInFloat32: false },
  uint32: { bytes: 4, read: (data) => new Uint32Array(data), isExactInFloat32: false },
  int64: { bytes: 8, read: (data) => new BigInt64Array(data), isExactInFloat32: false },
  uint64: { bytes: 8, read: (data) => new BigUint64Array(data), isExactInFloat32: false },
  float16: { bytes: 2, read: (data) => new Float16Array(data), isExactInFloat32: true },
  float32: { bytes: 4, read: (data) => new Float32Array(data), isExactInFloat32: true },
  float64: { bytes: 8, read: (data) => new Float64Array(data), isExactInFloat32: false },
};

/** Bytes of a number of a type. */
export function bytesOf(type: NumberType): number {
  return types[type].bytes;
}

/**
 * Decodes numbers. 64-bit integers are rounded to float64.
 *
 * @param bytes Whole numbers of the type.
 * @param order Byte order of the file.
 */
export function decodeNumbers(
  bytes: Uint8Array,
  type: NumberType,
  order: "little" | "big",
): Float32Array | Float64Array {
  const { bytes: size, read, isExactInFloat32 } = types[type];
  const copy = bytes.slice(); // typed arrays need alignment
  if (order === "big" && size > 1) {
    for (let at = 0; at < copy.length; at += size) copy.subarray(at, at + size).reverse();
  }
  const raw = read(copy.buffer);
  if (raw instanceof Float32Array || raw instanceof Float64Array) return raw;
  return isExactInFloat32
    ? new Float32Array(raw as ArrayLike<number>)
    : Float64Array.from(raw as ArrayLike<number | bigint>, Number);
}

/**
 * The exact integers of {@link decodeNumbers}, by their index in the file; undefined for types that
 * float64 holds.
 */
export function exactIntegers(
  bytes: Uint8Array,
  type: NumberType,
  order: "little" | "big",
): ((index: number) => bigint) | undefined {
  if (type !== "int64" && type !== "uint64") return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = order === "little";
  return type === "int64"
    ? (index) => view.getBigInt64(8 * index, isLittle)
    : (index) => view.getBigUint64(8 * index, isLittle);
}
