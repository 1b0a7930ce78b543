import { crc32, inflateRawSync } from "node:zlib";
import { MAX_INPUT_BYTES } from "../../core/files/bounded_file.ts";
import { InputError } from "../../core/errors.ts";
import { quoted } from "../../core/quoted.ts";
import { inflatesTooMuch, MAX_RATIO } from "./gunzip.ts";

/** A file in a ZIP archive. */
export interface ZipEntry {
  /** Its name. */
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly crc: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  /** Where its local header begins. */
  readonly at: number;
}

/** Maximum number of files of an archive that is read. */
const MAX_ENTRIES = 2 ** 16;

/** Longest comment at the end of an archive, and the record before it. */
const END_BYTES = 22 + 2 ** 16;

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, end64: 0x06064b50 };
const END64_LOCATOR = 0x07064b50;

/** Whether bytes start like a ZIP archive. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5) &&
    bytes[3] === bytes[2]! + 1;
}

/**
 * The files of a ZIP archive, as its central directory lists them.
 *
 * Source: PKWARE, APPNOTE.TXT, sections 4.3 and 4.5.3 (Zip64).
 *
 * @param place Name for error messages, such as the file name.
 * @throws {InputError} If it is damaged, cut short, split over several files, or has more than
 *   65,536 files.
 */
export function zipEntries(bytes: Uint8Array, place: string): readonly ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const { count, at: start } = directory(view, bytes);
    if (count > MAX_ENTRIES) {
      throw new InputError(`${place}: a ZIP archive of ${count} files; at most ${MAX_ENTRIES}`);
    }
    const entries: ZipEntry[] = [];
    for (let at = start; entries.length < count;) {
      const { entry, end } = centralHeader(view, bytes, at);
      entries.push(entry);
      at = end;
    }
    return entries;
  } catch (error) {
    // DataView's RangeError: a header lies outside of the file.
    throw error instanceof RangeError ? damaged(place) : error;
  }
}

/** Number of files and start of the central directory. */
function directory(view: DataView, bytes: Uint8Array): { count: number; at: number } {
  const least = Math.max(0, bytes.length - END_BYTES);
  let end = bytes.length - 22;
  while (end >= least && view.getUint32(end, true) !== signatures.end) end--;
  if (end < least) throw new RangeError("no end of central directory");
  const count = view.getUint16(end + 10, true), at = view.getUint32(end + 16, true);
  const locator = end - 20;
  if (locator < 0 || view.getUint32(locator, true) !== END64_LOCATOR) return { count, at };
  const end64 = safe(view.getBigUint64(locator + 8, true));
  if (view.getUint32(end64, true) !== signatures.end64) throw new RangeError("no Zip64 end");
  return {
    count: safe(view.getBigUint64(end64 + 32, true)),
    at: safe(view.getBigUint64(end64 + 48, true)),
  };
}

function centralHeader(view: DataView, bytes: Uint8Array, at: number) {
  if (view.getUint32(at, true) !== signatures.central) throw new RangeError("no central header");
  const nameBytes = view.getUint16(at + 28, true), extraBytes = view.getUint16(at + 30, true);
  const nameStart = at + 46, extraStart = nameStart + nameBytes, extraEnd = extraStart + extraBytes;
  const end = extraEnd + view.getUint16(at + 32, true);
  if (end > bytes.length) throw new RangeError("cut short");
  let size = view.getUint32(at + 24, true), compressedBytes = view.getUint32(at + 20, true);
  let offset = view.getUint32(at + 42, true);
  for (let extra = extraStart; extra + 4 <= extraEnd;) {
    const length = view.getUint16(extra + 2, true);
    if (view.getUint16(extra, true) === 1) {
      // Zip64: those of the three that do not fit 32 bits, in this order.
      let field = extra + 4;
      const next = () => safe(view.getBigUint64((field += 8) - 8, true));
      if (size === 0xffffffff) size = next();
      if (compressedBytes === 0xffffffff) compressedBytes = next();
      if (offset === 0xffffffff) offset = next();
    }
    extra += 4 + length;
  }
  const entry: ZipEntry = {
    name: new TextDecoder().decode(bytes.subarray(nameStart, extraStart)),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    compressedBytes,
    bytes: size,
    at: offset,
  };
  return { entry, end };
}

/**
 * The content of a file of a ZIP archive.
 *
 * @throws {InputError} If it is damaged, encrypted, compressed by another method than deflate, or
 *   exceeds 1 GiB, or both 16 MiB and 200 times its compressed size.
 */
export function zipContent(bytes: Uint8Array, entry: ZipEntry, place: string): Uint8Array {
  const { name, method, compressedBytes, bytes: size } = entry;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = entry.at;
  if (at + 30 > bytes.length || view.getUint32(at, true) !== signatures.local) throw damaged(place);
  if ((view.getUint16(at + 6, true) & 1) !== 0) {
    throw new InputError(`${place}: ${quoted(name, 40)} is encrypted; save it without a password`);
  }
  const start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  const data = bytes.subarray(start, start + compressedBytes);
  if (data.length !== compressedBytes) throw damaged(place);
  if (size > MAX_INPUT_BYTES || inflatesTooMuch(size, compressedBytes)) {
    throw new InputError(
      `${place}: ${
        quoted(name, 40)
      } inflates from ${compressedBytes} to ${size} bytes; the limit ` +
        `is 1 GiB and ${MAX_RATIO} times its size`,
    );
  }
  if (method !== 0 && method !== 8) {
    throw new InputError(
      `${place}: ${
        quoted(name, 40)
      } is compressed by ZIP method ${method}, which is not read; use ` +
        "deflate",
    );
  }
  let content: Uint8Array;
  try {
    // A Buffer's own slice() would not copy.
    content = method === 0
      ? data
      : new Uint8Array(inflateRawSync(data, { maxOutputLength: Math.max(1, size) }));
  } catch {
    throw damaged(place);
  }
  if (content.length !== size || crc32(content) !== entry.crc) throw damaged(place);
  return content;
}

/** @throws {RangeError} If a number is beyond any file. */
function safe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError("beyond any file");
  return Number(value);
}

function damaged(place: string): InputError {
  return new InputError(
    `${place}: not a whole ZIP archive (damaged or cut short); make or download it again`,
  );
}
