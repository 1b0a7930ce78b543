import { fileChunks, whole } from "../../core/files/bounded_file.ts";
import { parseJson } from "../../core/files/bounded_json.ts";
import { InputError } from "../../core/errors.ts";
import { named, quotedJson } from "../../core/quoted.ts";

/**
 * A tensor of a safetensors file. F16 and BF16 are widened to float32 on reading; I64 must fit the
 * 53 bits of a double.
 */
export interface NamedTensor {
  /** Its name in the file. */
  readonly name: string;
  /** Its dimensions. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array | Float64Array | BigInt64Array;
}

/** Contents of a safetensors file. */
export interface Safetensors {
  /** Tensors in the order of their data. */
  readonly tensors: readonly NamedTensor[];
  /** The header's `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A tensor of a type that is not read: no weights are stored so. */
export interface OtherTensor {
  /** Its name in the file. */
  readonly name: string;
  /** Its dimensions. */
  readonly shape: readonly number[];
  /** The format's word for its type. */
  readonly dtype: string;
}

/** A decoded safetensors file. */
export interface DecodedSafetensors extends Safetensors {
  /** Tensors of types that are not read. */
  readonly others: readonly OtherTensor[];
}

/** The format's own limit on the header (safetensors' MAX_HEADER_SIZE). */
const MAX_HEADER_BYTES = 100_000_000;

/** Maximum number of tensors read: empty ones take no data; the largest networks have thousands. */
const MAX_TENSORS = 2 ** 16;

const LENGTH_BYTES = 8;

type Values = NamedTensor["values"];

const dtypes: Readonly<Record<string, { bytes: number; decode(bytes: Uint8Array): Values }>> = {
  F64: { bytes: 8, decode: (bytes) => new Float64Array(aligned(bytes)) },
  F32: { bytes: 4, decode: (bytes) => new Float32Array(aligned(bytes)) },
  I64: { bytes: 8, decode: (bytes) => new BigInt64Array(aligned(bytes)) },
  F16: { bytes: 2, decode: (bytes) => Float32Array.from(new Float16Array(aligned(bytes))) },
  BF16: {
    bytes: 2,
    decode: (bytes) =>
      new Float32Array(Uint32Array.from(new Uint16Array(aligned(bytes)), (h) => h << 16).buffer),
  },
};

/** Bits of the types that are not read. */
const otherBits: Readonly<Record<string, number>> = {
  ...{ BOOL: 8, U8: 8, I8: 8, U16: 16, I16: 16, U32: 32, I32: 32, U64: 64, C64: 64 },
  ...{ F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F6_E2M3: 6, F6_E3M2: 6, F4: 4 },
};

/** A copy in its own buffer, since typed arrays need alignment. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

/**
 * Encodes a safetensors file: an 8-byte little-endian length, a JSON header, and the tensors' data
 * in the header's order without gaps.
 *
 * Source: https://github.com/huggingface/safetensors, "Format". The header is padded with spaces so
 * that the data start at a multiple of 8.
 *
 * @throws {RangeError} If a name occurs twice or a shape does not fit its values.
 */
export function encodeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let end = 0;
  for (const { name, shape, values } of tensors) {
    if (Object.hasOwn(header, name)) throw new RangeError(`safetensors: ${name} occurs twice`);
    if (elements(shape) !== values.length) {
      throw new RangeError(
        `safetensors: ${name} has ${values.length} values, shape [${shape}] needs another number`,
      );
    }
    const start = end;
    end += values.byteLength;
    header[name] = { dtype: dtypeOf(values), shape, data_offsets: [start, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const dataStart = LENGTH_BYTES + headerBytes;
  const bytes = new Uint8Array(dataStart + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, LENGTH_BYTES, dataStart);
  bytes.set(json, LENGTH_BYTES);
  let position = dataStart;
  for (const { values } of tensors) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), position);
    position += values.byteLength;
  }
  return bytes;
}

function dtypeOf(values: Values): string {
  if (values instanceof Float32Array) return "F32";
  return values instanceof Float64Array ? "F64" : "I64";
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/**
 * Decodes a safetensors file. The header is untrusted: everything in it is checked against the
 * bytes present.
 *
 * @param place The file's name, for messages.
 * @throws {InputError} If the file is damaged, the header invalid, or a dtype not one of the format.
 */
export function decodeSafetensors(bytes: Uint8Array, place: string): DecodedSafetensors {
  const fail = failure(place);
  if (bytes.length < LENGTH_BYTES) fail(`it has ${bytes.length} bytes`);
  const headerBytes = declaredHeader(bytes, fail);
  const room = bytes.length - LENGTH_BYTES;
  if (headerBytes > room) fail(`its header declares ${headerBytes} bytes, ${room} follow`);
  const dataStart = LENGTH_BYTES + headerBytes;
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, dataStart), fail);
  const data = bytes.subarray(dataStart);
  const declared = Object.entries(header).filter(([name]) => name !== "__metadata__");
  if (declared.length > MAX_TENSORS) {
    fail(`its header declares ${declared.length} tensors; at most ${MAX_TENSORS} are read`);
  }
  const entries = declared
    .map(([name, entry]) => checkEntry(name, entry, fail))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.start !== end) {
      fail(`${named(entry.name)} starts at byte ${entry.start} of the data, expected ${end}`);
    }
    end = entry.end;
  }
  if (end !== data.length) fail(`its header declares ${end} bytes of data, ${data.length} follow`);
  return {
    tensors: entries.filter(({ dtype }) => Object.hasOwn(dtypes, dtype))
      .map(({ name, shape, dtype, start, end }) => ({
        name,
        shape,
        values: dtypes[dtype]!.decode(data.subarray(start, end)),
      })),
    others: entries.filter(({ dtype }) => !Object.hasOwn(dtypes, dtype))
      .map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    metadata: checkMetadata(header.__metadata__, fail),
  };
}

/**
 * Reads the bytes of a safetensors file, checking its start before reading the rest.
 *
 * @param limit Maximum number of bytes.
 * @throws {InputError} If it is not a safetensors file or exceeds the limit.
 * @throws Any system error on reading.
 */
export async function readSafetensorsBytes(
  path: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  await requireDeclaredSize(path, limit);
  async function* checked() {
    let isFirst = true;
    for await (const chunk of fileChunks(path, limit)) {
      if (isFirst && chunk.length >= LENGTH_BYTES) declaredHeader(chunk, failure(path));
      isFirst = false;
      yield chunk;
    }
  }
  return await whole(checked());
}

/**
 * Compares the size of a regular file with what its header declares, without reading the data: it
 * may be truncated, or a sparse file of gigabytes that is a few kB in an archive.
 *
 * @param limit Larger files are left to other checks.
 * @throws {InputError} If the header is invalid or declares another size.
 * @throws Any system error on reading.
 */
export async function requireDeclaredSize(path: string, limit: number): Promise<void> {
  using file = await Deno.open(path);
  const { isFile, size } = await file.stat();
  if (!isFile || size < LENGTH_BYTES || size > limit) return; // reported by other checks
  const fail = failure(path);
  const read = async (length: number) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const count = await file.read(bytes.subarray(at));
      if (count === null) return bytes.subarray(0, at);
      at += count;
    }
    return bytes;
  };
  const headerBytes = declaredHeader(await read(LENGTH_BYTES), fail);
  const room = size - LENGTH_BYTES;
  if (headerBytes > room) fail(`its header declares ${headerBytes} bytes, ${room} follow`);
  let end = 0;
  for (const [name, entry] of Object.entries(parseHeader(await read(headerBytes), fail))) {
    if (name !== "__metadata__") end = Math.max(end, checkEntry(name, entry, fail).end);
  }
  const data = room - headerBytes;
  if (end !== data) fail(`its header declares ${end} bytes of data, ${data} follow`);
}

type Fail = (what: string) => never;

function failure(place: string): Fail {
  return (what) => {
    throw new InputError(`${place}: not a valid safetensors file: ${what}`);
  };
}

/** Header length declared in the first 8 bytes. */
function declaredHeader(bytes: Uint8Array, fail: Fail): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const declared = view.getBigUint64(0, true);
  if (declared === 0n || declared > BigInt(MAX_HEADER_BYTES)) {
    fail(`its header declares ${declared} bytes, a header has 1 to ${MAX_HEADER_BYTES}`);
  }
  return Number(declared);
}

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  try {
    header = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    fail(`its header is not JSON (${(error as Error).message})`);
  }
  return isRecord(header) ? header : fail("its header is not a JSON object");
}

function checkEntry(name: string, entry: unknown, fail: Fail) {
  const called = named(name);
  if (!isRecord(entry)) return fail(`the entry of ${called} is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const bits = typeof dtype !== "string"
    ? undefined
    : Object.hasOwn(dtypes, dtype)
    ? 8 * dtypes[dtype]!.bytes
    : Object.hasOwn(otherBits, dtype)
    ? otherBits[dtype]
    : undefined;
  if (typeof dtype !== "string" || bits === undefined) {
    const known = [...Object.keys(dtypes), ...Object.keys(otherBits)].join(", ");
    return fail(`${called} has dtype ${quotedJson(dtype)}, expected one of ${known}`);
  }
  if (!isCounts(shape)) return fail(`${called} has shape ${quotedJson(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    return fail(`${called} has data_offsets ${quotedJson(offsets)}`);
  }
  const [start, end] = offsets as [number, number];
  const wanted = elements(shape) * bits / 8;
  if (wanted !== end - start) {
    fail(
      `${called} of shape ${quotedJson(shape)} and ${dtype} needs ${wanted} bytes, its range ` +
        `${end - start}`,
    );
  }
  return { name, dtype, shape, start, end };
}

function checkMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value) || Object.values(value).some((text) => typeof text !== "string")) {
    return fail("its __metadata__ is not an object of strings");
  }
  return value as Record<string, string>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
