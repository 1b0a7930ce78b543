/** A file in an archive; its name has at most 100 bytes of ASCII. */
export interface TarEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

const blockSize = 512;

/**
 * Builds a tar archive whose bytes depend on the entries only: no times, no owners.
 *
 * Source: POSIX.1-1988, the ustar interchange format.
 */
export function writeTar(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  const blocks = (size: number) => Math.ceil(size / blockSize) * blockSize;
  const size = entries.reduce((sum, { bytes }) => sum + blockSize + blocks(bytes.length), 0);
  const archive = new Uint8Array(size + 2 * blockSize); // two zero blocks end it
  let offset = 0;
  for (const entry of entries) {
    archive.set(header(entry), offset);
    archive.set(entry.bytes, offset + blockSize);
    offset += blockSize + blocks(entry.bytes.length);
  }
  return archive;
}

function header({ name, bytes, executable }: TarEntry): Uint8Array {
  const block = new Uint8Array(blockSize);
  const put = (text: string, at: number) => block.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new RangeError(`not a tar name: ${name}`);
  put(name, 0);
  put(octal(executable ? 0o755 : 0o644, 7), 100);
  put(octal(0, 7), 108); // owner
  put(octal(0, 7), 116); // group
  put(octal(bytes.length, 11), 124);
  put(octal(0, 11), 136); // time
  put("        ", 148); // the checksum counts as spaces
  put("0", 156); // a plain file
  put("ustar\u000000", 257);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  put(`${octal(checksum, 6)}\u0000 `, 148);
  return block;
}
