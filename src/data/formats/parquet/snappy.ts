/**
 * Inflates a Snappy block (raw, without frames). hyparquet's own takes a negative length in damaged
 * data for one and may not end.
 *
 * Source: https://github.com/google/snappy, "format_description.txt".
 *
 * @param length Length of the content.
 * @throws {RangeError} If the block is damaged or its content has another length.
 */
export function inflateSnappy(input: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length);
  let at = 0, end = 0;
  const byte = () => {
    if (at >= input.length) throw new RangeError("snappy: cut short");
    return input[at++]!;
  };
  const number = (bytes: number) => {
    let value = 0;
    for (let i = 0; i < bytes; i++) value += byte() * 2 ** (8 * i);
    return value;
  };
  while (byte() >= 128); // the declared length
  while (at < input.length) {
    const tag = byte(), kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const size = 1 + (short < 60 ? short : number(short - 59));
      if (size > input.length - at || size > length - end) throw new RangeError("snappy: literal");
      out.set(input.subarray(at, at + size), end);
      at += size;
      end += size;
      continue;
    }
    const size = kind === 1 ? 4 + (tag >> 2 & 7) : 1 + (tag >> 2);
    const offset = kind === 1 ? (tag >> 5) * 256 + byte() : number(kind === 2 ? 2 : 4);
    if (offset === 0 || offset > end || size > length - end) throw new RangeError("snappy: copy");
    if (offset >= size) out.copyWithin(end, end - offset, end - offset + size);
    else for (let i = 0; i < size; i++) out[end + i] = out[end - offset + i]!;
    end += size;
  }
  if (end !== length) throw new RangeError("snappy: another length");
  return out;
}
